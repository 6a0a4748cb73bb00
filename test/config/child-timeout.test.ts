import assert from 'node:assert/strict'
import {test} from 'node:test'
import {childTimeoutMs} from '../../src/config/child-timeout.ts'

for (const {seconds, ms} of [
  {seconds: undefined, ms: 480_000},
  {seconds: 0, ms: 480_000},
  {seconds: -1, ms: 480_000},
  {seconds: 90, ms: 90_000},
  {seconds: 10_000_000, ms: 604_800_000},
]) {
  test(`$child_timeout of ${seconds} s means ${ms} ms, which a timer can hold`, () => {
    assert.equal(childTimeoutMs({number: () => seconds}), ms)
  })
}
