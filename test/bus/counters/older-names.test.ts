import assert from 'node:assert/strict'
import {test} from 'node:test'
import {OLDER_NAMES} from '../../../src/bus/counters/older-names.ts'
import {COUNTERS} from '../../../src/bus/counters/table.ts'

test('an older name stands for counters that there are, and is none itself', () => {
  const known = new Set(COUNTERS.map(({name}) => name))
  for (const {older, now} of OLDER_NAMES) {
    assert.ok(!known.has(older), older)
    for (const name of now) assert.ok(known.has(name), name)
  }
})
