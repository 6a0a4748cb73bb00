import assert from 'node:assert/strict'
import test from 'node:test'
import type {Bounce} from '../../src/checks/bounce.ts'
import {bounceLine, judgeBounce} from '../../src/checks/bounce-killer.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope} from '../verdict/make.ts'

const DAY = 86_400_000
const bounce = (messageId: string | undefined): Bounce => ({form: 'DSN', from: 'user@example.com', messageId})
const ours = bounce('<m1@example.com>')
const foreign = bounce('<m1@remote.test>')

const rows: readonly (readonly [
  title: string,
  bounce: Bounce,
  conf: string,
  hasPenPals: boolean,
  ages: readonly number[],
  says: string,
])[] = [
  ['known to pen pals', foreign, '', true, [DAY], 'rescued by pen pals'],
  ['known, but too old', foreign, '', true, [8 * DAY], 'killed'],
  ['of our own users', foreign, '$originating = 1;', true, [], 'rescued by originating'],
  ['of a local domain', ours, '', true, [], 'rescued by domain'],
  ['of nobody here', foreign, '', true, [], 'killed'],
  ['without a Message-ID', bounce(undefined), '', true, [], 'killed'],
  ['with one that has no domain', bounce('<m1>'), '', true, [], 'killed'],
  ['where nobody remembers', foreign, '', false, [], 'rescued by: pen pals disabled'],
  ['of a local domain where nobody remembers', ours, '', false, [], 'rescued by domain'],
]
for (const [title, returned, conf, hasPenPals, ages, says] of rows) {
  test(`a bounce ${title}: ${says}`, () => {
    const settings = settingsFrom(`$bounce_killer_score = 100;\n${conf}\n1;`)
    const isLocal = (address: string) => address.endsWith('@example.com')
    const verdict = judgeBounce({bounce: returned, settings, isLocal, hasPenPals}, ages)
    assert.equal(verdict.kind === 'killed' ? verdict.score : 100, 100)
    const id = returned.messageId === undefined ? '' : `, Message-ID: ${returned.messageId}`
    assert.equal(
      bounceLine(verdict, returned, envelope({sender: ''})),
      `bounce ${says} (DSN), <> -> <user@example.com>, From: user@example.com${id}`,
    )
  })
}

test('one that does not say what it returns is unverifiable', () => {
  assert.equal(
    bounceLine({kind: 'unverifiable'}, undefined, envelope({sender: ''})),
    'bounce unverifiable, <> -> <user@example.com>',
  )
})
