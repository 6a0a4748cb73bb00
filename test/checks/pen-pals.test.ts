import assert from 'node:assert/strict'
import test from 'node:test'
import {askPenPals, type PenPalMail, type PenPalQuery, penPalBonus} from '../../src/checks/pen-pals.ts'
import type {Log} from '../../src/log/log.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope, recipient} from '../verdict/make.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const HOUR = 3_600_000
const CONF = '$penpals_bonus_score = 8; $penpals_halflife = 7*24*60*60;'

async function ask(
  conf: string,
  more: Partial<PenPalMail> = {},
  sentAtMs: number | Error | 'never' = NOW - HOUR,
) {
  const lines: string[] = []
  const counted: string[] = []
  const queries: PenPalQuery[] = []
  const log: Log = {
    enabled: () => true,
    write: (level: number, text: string) => void lines.push(`${level} ${text}`),
    forTask: () => log,
  } as unknown as Log
  const mail: PenPalMail = {
    envelope: envelope(),
    settings: settingsFrom(`${CONF}${conf}\n1;`),
    messageIds: ['<m1@example.com>'],
    subject: 'Re: hello',
    isKnownBounce: false,
    isInfected: false,
    scores: [4],
    isLocal: address => address.endsWith('example.com'),
    ...more,
  }
  const store = {
    async latest(query: PenPalQuery) {
      queries.push(query)
      if (sentAtMs instanceof Error) throw sentAtMs
      return sentAtMs === 'never' ? undefined : {mailId: 'abc', sentAtMs, subject: 'hello'}
    },
  }
  const hits = await askPenPals(mail, store, {log, count: name => counted.push(name)}, NOW)
  return {hits, lines, counted, queries, points: hits.map(({finding}) => finding.test.score)}
}

test('who was written to an hour ago has nearly the whole bonus', async () => {
  const {hits, lines, counted, queries} = await ask('')
  assert.deepEqual(queries, [
    {sender: 'sender@remote.test', recipient: 'user@example.com', messageIds: ['<m1@example.com>']},
  ])
  assert.deepEqual(hits, [
    {
      ageMs: HOUR,
      finding: {kind: 'points', test: {name: 'AM.PENPAL', score: -7.967}, recipients: [0]},
    },
  ])
  assert.deepEqual(lines, [
    '2 penpals: adj.bonus 7.967, age 0 1:00:00 (3600), SA score 4.000, <sender@remote.test> replying to ' +
      '<user@example.com>, ref mail_id: abc, prev.Subject: hello, this Subject: Re: hello',
  ])
  assert.deepEqual(counted, ['PenPalsAttempts', 'PenPalsHits'])
})

test('the bonus is halved with each half-life', async () => {
  assert.deepEqual((await ask('', {}, NOW - 7 * 24 * HOUR)).points, [-4])
  assert.deepEqual((await ask('', {}, NOW - 14 * 24 * HOUR)).points, [-2])
  assert.deepEqual((await ask('', {}, NOW + HOUR)).points, [-8])
})

const asked: readonly (readonly [title: string, conf: string, more: Partial<PenPalMail>, indices: string])[] =
  [
    ['below the low threshold', '', {scores: [0.9]}, ''],
    ['at the low threshold', '', {scores: [1]}, '0'],
    [
      'the highest score counts',
      '',
      {scores: [0, 1], envelope: envelope({recipients: [recipient(), recipient('b@example.com')]})},
      '0 1',
    ],
    ['above the high threshold even with the bonus', '$penpals_threshold_high = 5;', {scores: [13.1]}, ''],
    ['below it with the bonus', '$penpals_threshold_high = 5;', {scores: [13]}, '0'],
    [
      'thresholds are not for known bounces',
      '$penpals_threshold_high = 5;',
      {scores: [99], isKnownBounce: true},
      '0',
    ],
    ['infected', '', {isInfected: true}, ''],
    ['a recipient elsewhere', '', {envelope: envelope({recipients: [recipient('x@remote.test')]})}, ''],
    ['to oneself', '', {envelope: envelope({sender: 'User@example.com'})}, ''],
    ['who claims to be ours', '', {envelope: envelope({sender: 'other@example.com'})}, ''],
    ['who is ours', '$originating = 1;', {envelope: envelope({sender: 'other@example.com'})}, '0'],
    ['no bonus', '$penpals_bonus_score = 0;', {}, ''],
    ['no half-life', '$penpals_halflife = 0;', {}, ''],
  ]
for (const [title, conf, more, indices] of asked) {
  test(`pen pals are asked for [${indices}]: ${title}`, async () => {
    const {hits} = await ask(conf, more)
    assert.equal(hits.map(({finding}) => finding.recipients?.[0]).join(' '), indices)
  })
}

test('a stranger has no bonus, nor has anybody when the store fails', async () => {
  const stranger = await ask('', {}, 'never')
  assert.deepEqual([stranger.points, stranger.counted], [[], ['PenPalsAttempts', 'PenPalsMisses']])
  const failed = await ask('', {}, new Error('gone'))
  assert.deepEqual(failed.points, [])
  assert.deepEqual(failed.lines, ['-1 penpals: the store cannot be asked: gone'])
})

test('pen pals are off unless they are given a bonus', () => {
  assert.equal(penPalBonus(settingsFrom('1;')), undefined)
  assert.deepEqual(penPalBonus(settingsFrom(`${CONF}\n1;`)), {bonus: 8, halfLife: 604_800})
})
