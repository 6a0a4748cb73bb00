import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import type {CountedMail} from '../../src/verdict/counters.ts'
import {blocked, countedMail, countersOf, delivery, outcome, relayed, verdict} from './make.ts'

const mail = (more: Partial<CountedMail> = {}) => countedMail({size: 237, outcomes: [relayed()], ...more})

/** Counters as the bus carries them, in alphabetical order. */
const lines = (of: CountedMail) =>
  countersOf(of)
    .map(({name, type, value}) => `${name} ${type} ${value}`)
    .sort()

const foreign = outcome(verdict({local: false}), {delivery: delivery()})

test('a clean mail for us', () => {
  assert.deepEqual(lines(mail()), [
    'ContentCleanMsgs C32 1',
    'ContentCleanMsgsInbound C32 1',
    'InMsgs C32 1',
    'InMsgsInbound C32 1',
    'InMsgsRecips C32 1',
    'InMsgsRecipsInbound C32 1',
    'InMsgsRecipsLocal C32 1',
    'InMsgsSize C64 237',
    'InMsgsSizeInbound C64 237',
    'InMsgsStatusRelayed C32 1',
    'InMsgsStatusRelayedUntagged C32 1',
    'InMsgsStatusRelayedUntaggedInbound C32 1',
  ])
})

test('an originating mail to us and to others counts in both directions and as originating', () => {
  assert.deepEqual(lines(mail({originating: true, outcomes: [relayed(), foreign, foreign]})), [
    'ContentCleanMsgs C32 1',
    'ContentCleanMsgsInternal C32 1',
    'ContentCleanMsgsOriginating C32 1',
    'ContentCleanMsgsOutbound C32 1',
    'InMsgs C32 1',
    'InMsgsInternal C32 1',
    'InMsgsOriginating C32 1',
    'InMsgsOutbound C32 1',
    'InMsgsRecips C32 3',
    'InMsgsRecipsInternal C32 1',
    'InMsgsRecipsLocal C32 1',
    'InMsgsRecipsOriginating C32 3',
    'InMsgsRecipsOutbound C32 2',
    'InMsgsSize C64 237',
    'InMsgsSizeInternal C64 237',
    'InMsgsSizeOriginating C64 237',
    'InMsgsSizeOutbound C64 237',
    'InMsgsStatusRelayed C32 1',
    'InMsgsStatusRelayedUntagged C32 1',
    'InMsgsStatusRelayedUntaggedInternal C32 1',
    'InMsgsStatusRelayedUntaggedOriginating C32 1',
    'InMsgsStatusRelayedUntaggedOutbound C32 1',
  ])
})

test('a quarantined virus: by category, by name, and as a delivery to a file', () => {
  const virus = mail({
    sender: '',
    outcomes: [outcome(blocked('DISCARD', MAJOR.Virus))],
    virusNames: ['Eicar-Test-Signature'],
    quarantines: [{categories: ['Virus'], result: 'stored'}],
    deliveries: [{purpose: 'Quar', protocol: 'Local', size: 280, result: 'delivered'}],
    counted: new Map([['OpsVirusCheck', 1]]),
  })
  const all = lines(virus)
  for (const line of [
    'ContentVirusMsgsInbound C32 1',
    'InMsgsBounceNullRPath C32 1',
    'InMsgsStatusDiscarded C32 1',
    'InMsgsStatusDiscardedInbound C32 1',
    'OpsVirusCheck C32 1',
    'OutMsgsDelivers C32 1',
    'OutMsgsProtoLocalSubmit C32 1',
    'OutMsgsSizeSubmitQuar C64 280',
    'OutMsgsSubmitQuar C32 1',
    'QuarMsgs C32 1',
    'QuarMsgsSize C64 237',
    'QuarMsgsSizeVirus C64 237',
    'QuarMsgsVirus C32 1',
    'virus.byname.Eicar-Test-Signature C32 1',
  ]) {
    assert.ok(all.includes(line), line)
  }
})

test('a quarantine that failed counts as attempted and failed', () => {
  const all = lines(mail({quarantines: [{categories: ['Spam'], result: 'failed'}]}))
  assert.deepEqual(
    all.filter(line => line.startsWith('Quar')),
    ['QuarAttemptTempFails C32 1', 'QuarMsgs C32 1', 'QuarMsgsSize C64 237'],
  )
})

test('a next hop that cannot be reached began no transaction', () => {
  const event = {purpose: 'Relay', protocol: 'SMTP', size: 1} as const
  const outOf = (result: 'unreachable' | 'failed') =>
    lines(mail({deliveries: [{...event, result}]})).filter(line => line.startsWith('OutMsgs'))
  assert.deepEqual(outOf('unreachable'), ['OutMsgsAttemptFails C32 1'])
  assert.deepEqual(outOf('failed'), [
    'OutMsgs C32 1',
    'OutMsgsAttemptFails C32 1',
    'OutMsgsProtoSMTP C32 1',
    'OutMsgsProtoSMTPRelay C32 1',
    'OutMsgsRelay C32 1',
  ])
})

test('statuses count once a message, however many recipients', () => {
  const all = lines(mail({outcomes: [outcome(blocked('REJECT')), outcome(blocked('REJECT')), relayed()]}))
  assert.deepEqual(
    all.filter(line => line.startsWith('InMsgsStatus')),
    [
      'InMsgsStatusRejected C32 1',
      'InMsgsStatusRejectedInbound C32 1',
      'InMsgsStatusRelayed C32 1',
      'InMsgsStatusRelayedUntagged C32 1',
      'InMsgsStatusRelayedUntaggedInbound C32 1',
    ],
  )
  assert.ok(all.includes('ContentSpamMsgs C32 1'))
})

test('what pen pals kept below a level counts for each recipient to whom the mail passed', () => {
  const levels = {tag: undefined, tag2: 5, tag3: undefined, kill: 9}
  const saved = (score: number, bonus: number) =>
    verdict({score, tests: [{name: 'AM.PENPAL', score: bonus}], levels, reached: {...NONE, tag2: score >= 5}})
  const counted = (...of: Parameters<typeof outcome>[0][]) =>
    lines(mail({outcomes: of.map(one => outcome(one, {delivery: delivery()}))})).filter(line =>
      /^PenPals/.test(line),
    )
  assert.deepEqual(counted(saved(2, -8), saved(4, -3)), [
    'PenPalsSavedFromKill C32 1',
    'PenPalsSavedFromTag2 C32 2',
  ])
  assert.deepEqual(
    counted(saved(6, -4)),
    ['PenPalsSavedFromKill C32 1'],
    'it has reached the lower one all the same',
  )
  assert.deepEqual(counted(saved(2, -1), verdict({score: 2, levels})), [])
  assert.deepEqual(
    counted({...saved(2, -8), blocking: {major: MAJOR.Virus, minor: 0}, destiny: 'DISCARD'}),
    [],
    'a mail that does not pass is not saved',
  )
})

const NONE = {tag: false, tag2: false, tag3: false, kill: false}

test('log entries count by level and, cumulatively, by priority', () => {
  const log = {
    byLevel: new Map([
      [-3, 1],
      [-1, 2],
      [0, 3],
      [1, 4],
      [7, 5],
    ]),
    lines: 16,
  }
  assert.deepEqual(
    lines(mail({log})).filter(line => line.startsWith('Log')),
    [
      'LogEntries C64 15',
      'LogEntriesCrit C64 1',
      'LogEntriesDebug C64 15',
      'LogEntriesErr C64 1',
      'LogEntriesInfo C64 10',
      'LogEntriesLevel0 C64 6',
      'LogEntriesLevel1 C64 4',
      'LogEntriesLevel5 C64 5',
      'LogEntriesNotice C64 6',
      'LogEntriesWarning C64 3',
      'LogLines C64 16',
    ],
  )
})

test('times are whole milliseconds', () => {
  const elapsed = new Map([
    ['Total', 108.7],
    ['Sending', 0.2],
  ])
  assert.deepEqual(
    lines(mail({elapsed})).filter(line => line.startsWith('Time')),
    ['TimeElapsedSending C32 0', 'TimeElapsedTotal C32 109'],
  )
})
