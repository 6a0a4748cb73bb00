import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {variablesOf} from '../../src/tui/agent/text.ts'
import {applyMessages, EMPTY_TABLE} from '../../src/tui/children/table.ts'
import {summarize, summaryJson, summaryText} from '../../src/tui/status/summary.ts'

const T0 = 1_700_000_000_000
const BUS = 'tcp://127.0.0.1:23232'
const RESPONDER = 'tcp://127.0.0.1:23233'
const FRAMES = [
  'am.st 28039 1700000000.000 S 28039-01',
  'am.st 28040 1700000000.000 S 28040-01',
  'am.st 28041 1700000000.000 V 28041-01',
  'am.st 28048 1700000000.000 -',
  'am.proc.busy 28039 28040 28041',
]
const COUNTERS = variablesOf(
  [
    'am.snmp sysUpTime INT 1699913600',
    'am.snmp InMsgs C32 2880',
    'am.snmp InMsgsRecips C32 3000',
    'am.snmp InMsgsSize C64 10485760',
    'am.snmp ContentCleanMsgs C32 2800',
    'am.snmp ContentVirusMsgs C32 80',
    'am.snmp OutMsgs C32 2800',
    'am.snmp QuarMsgs C32 80',
    'am.snmp TimeElapsedTotal C32 360000',
    'am.snmp LogEntriesErr C64 1',
  ].map(parseFrame),
)

function snapshotAt(seconds: number, frames = FRAMES) {
  const heard = applyMessages(EMPTY_TABLE, [{endpoint: BUS, frames: frames.map(parseFrame), nowMs: T0}], T0)
  const nowMs = T0 + seconds * 1000
  return {table: applyMessages(heard, [], nowMs), nowMs}
}

test('a summary says what is alive, how busy it is, and what became of the mail', () => {
  assert.equal(
    summaryText(summarize(snapshotAt(0.4), [BUS], RESPONDER, COUNTERS, {waiting: 3, limit: 200})),
    [
      'time       2023-11-14T22:13:20.400Z, data 0.4 s old',
      'services   msg-forwarder alive, childproc-minder alive, snmp-responder alive',
      'children   3 busy, 1 idle of 4',
      'load       ***.',
      'states     2 spam, 1 virus',
      'oldest     a task of 0.4 s',
      'waiting    3 connections for a free child, at most 200',
      'mail       0.0 a minute, watched for 0 s',
      'received   2880 messages, 3000 recipients, 10.0 MB in 1 days 0:00:00, 2.0 a minute',
      'contents   2800 clean, 80 virus',
      'sent       2800 messages, 0 failed attempts, 80 quarantined',
      'elapsed    0.125 s a message',
      'log        1 errors, 0 warnings or worse',
      '',
    ].join('\n'),
  )
})

test('services that say nothing are silent, and without counters the rest is still shown', () => {
  const text = summaryText(summarize(snapshotAt(60), [BUS], RESPONDER, undefined))
  assert.match(text, /msg-forwarder SILENT, childproc-minder SILENT, snmp-responder SILENT/)
  assert.match(text, /counters {3}no answer from the snmp-responder/)
  const withoutLists = summaryText(summarize(snapshotAt(1, FRAMES.slice(0, 4)), [BUS], RESPONDER, undefined))
  assert.match(withoutLists, /msg-forwarder alive, childproc-minder SILENT/)
})

test('the JSON says the same', () => {
  const json = JSON.parse(summaryJson(summarize(snapshotAt(0.4), [BUS], RESPONDER, COUNTERS)))
  assert.equal(json.data_age_ms, 400)
  assert.deepEqual([json.busy, json.idle, json.states], [3, 1, {S: 2, V: 1}])
  assert.equal(json.uptime_s, 86_400)
  assert.equal(json.counters.InMsgs, 2880)
  assert.deepEqual(json.services[2], {name: 'snmp-responder', endpoint: RESPONDER, alive: true})
  assert.equal(JSON.parse(summaryJson(summarize(snapshotAt(1), [BUS], RESPONDER, undefined))).counters, null)
})
