import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {VariableStore} from '../../src/bus/variable-store.ts'

const T0 = 1_700_000_000_700
const INITIAL = [
  'am.snmp sysUpTime INT 1700000000',
  'am.snmp sysObjectID OID 1.3.6.1.4.1.15312.2',
  'am.snmp sysServices INT 64',
]

function hearing(...texts: string[]): VariableStore {
  const store = new VariableStore(T0)
  for (const text of texts) store.hear(parseFrame(text), T0)
  return store
}

test('a new store knows the three variables that never change', () => {
  assert.deepEqual(hearing().answer('am.snmp?'), INITIAL)
})

test('counters add up, other types take the last value', () => {
  const store = hearing(
    'am.snmp InMsgs C32 1',
    'am.snmp InMsgs C32 2',
    'am.snmp InMsgsSize C64 4000000000',
    'am.snmp InMsgsSize C64 4000000000',
    'am.snmp sysName STR mx1',
    'am.snmp sysName STR mx 2',
  )
  assert.deepEqual(store.answer('am.snmp?').slice(3), [
    'am.snmp InMsgs C32 3',
    'am.snmp InMsgsSize C64 8000000000',
    'am.snmp sysName STR mx 2',
  ])
})

test('a variable that was 0 or empty takes the type of the next frame', () => {
  const store = hearing('am.snmp X INT 0', 'am.snmp X C32 4', 'am.snmp X C32 1')
  assert.deepEqual(store.answer('am.snmp?').at(-1), 'am.snmp X C32 5')
})

test('what is no number adds nothing', () => {
  const store = hearing('am.snmp X C32 4', 'am.snmp X C32 many')
  assert.deepEqual(store.answer('am.snmp?').at(-1), 'am.snmp X C32 4')
})

test('FLUSH forgets everything, the process counts too', () => {
  const store = hearing('am.snmp InMsgs C32 1', 'am.nanny ProcAll G32 3', 'am.snmp FLUSH')
  assert.deepEqual(store.answer('am.snmp?'), INITIAL)
  assert.deepEqual(store.answer('am.nanny?'), [''])
})

test('am.nanny? gets what begins with Proc, am.snmp? all else', () => {
  const store = hearing('am.nanny ProcAll G32 3', 'am.snmp InMsgs C32 1')
  assert.deepEqual(store.answer('am.nanny?'), ['am.nanny ProcAll G32 3'])
  assert.equal(store.answer('am.snmp?').length, 4)
})

test('an unknown question and one without an answer get an empty frame', () => {
  assert.deepEqual(hearing().answer('am.weather?'), [''])
  assert.deepEqual(hearing().answer('am.nanny?'), [''])
})

test('what childproc-minder said is nothing any more when it has been silent for half a minute', () => {
  const store = hearing('am.nanny ProcGone C32 2', 'am.nanny ProcAll G32 3')
  assert.equal(store.answer('am.nanny?', T0 + 30_000).length, 2)
  assert.deepEqual(store.answer('am.nanny?', T0 + 30_001), [''])
  store.hear(parseFrame('am.nanny ProcAll G32 4'), T0 + 40_000)
  assert.deepEqual(store.answer('am.nanny?', T0 + 40_001), [
    'am.nanny ProcGone C32 2',
    'am.nanny ProcAll G32 4',
  ])
})
