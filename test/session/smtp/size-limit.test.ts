import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Scalar} from '../../../src/config/value.ts'
import {command} from '../../../src/session/smtp/commands.ts'
import {sessionPolicy} from '../../../src/session/smtp/policy.ts'
import {newState} from '../../../src/session/smtp/state.ts'
import {settingsFrom} from './harness.ts'

const TEMPFAIL = -4
const PASS = 1
const BOUNCE = -2

const hashRef = (entries: Readonly<Record<string, Scalar>>): Scalar => ({
  kind: 'ref',
  to: {kind: 'hash', entries: new Map(Object.entries(entries))},
})

/** What RCPT is answered after MAIL with this SIZE, and the session's state. */
function rcpt(address: string, size: number | undefined, destiny: number) {
  const settings = settingsFrom({
    '@message_size_limit_maps': [hashRef({'small@a.test': 100_000, 'tiny@a.test': 10, 'free@a.test': 0})],
    '%final_destiny_maps_by_ccat': new Map<string, Scalar>([['3', destiny]]),
    $recipient_delimiter: undefined,
    $localpart_is_case_sensitive: undefined,
  })
  const policy = sessionPolicy(settings, {address: '127.0.0.1'} as never, {name: 'amavis', version: '1'})
  const state = newState()
  command(`MAIL FROM:<s@b.test>${size === undefined ? '' : ` SIZE=${size}`}`, state, policy)
  const answer = command(`RCPT TO:<${address}>`, state, policy)
  assert(!(answer instanceof Promise))
  return {reply: answer.text.slice(0, 9), limit: state.mail?.sizeLimit, counted: answer.error === true}
}

const INFINITY = Number.POSITIVE_INFINITY
const CASES: readonly [string, string, number | undefined, number, string, number][] = [
  ['more than the limit is refused', 'small@a.test', 100_001, BOUNCE, '552 5.3.4', 0],
  ['as much as the limit is taken', 'small@a.test', 100_000, BOUNCE, '250 2.1.5', 100_000],
  [
    'nothing declared is taken, and bounded at the end',
    'small@a.test',
    undefined,
    BOUNCE,
    '250 2.1.5',
    100_000,
  ],
  ['a limit below 64 KiB is raised', 'tiny@a.test', 65_536, BOUNCE, '250 2.1.5', 65_536],
  ['a destiny TEMPFAIL asks to come again', 'small@a.test', 100_001, TEMPFAIL, '452 4.3.4', 0],
  [
    'a destiny TEMPFAIL leaves the end of data to the verdict',
    'small@a.test',
    1,
    TEMPFAIL,
    '250 2.1.5',
    INFINITY,
  ],
  ['a destiny PASS refuses nothing', 'small@a.test', 100_001, PASS, '250 2.1.5', INFINITY],
  ['0 is no limit', 'free@a.test', 10_000_000, BOUNCE, '250 2.1.5', INFINITY],
  ['who is not listed has no limit', 'other@a.test', 10_000_000, BOUNCE, '250 2.1.5', INFINITY],
]

for (const [title, address, size, destiny, reply, limit] of CASES) {
  test(`a recipient's size limit: ${title}`, () => {
    assert.deepEqual(rcpt(address, size, destiny), {reply, limit, counted: false})
  })
}
