import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {INCIDENT_PREFIX, type Incident, incidentFrame, parseIncident} from '../../src/bus/incident.ts'
import {MinderTable, type ProcessFate} from '../../src/bus/minder-table.ts'
import {VariableStore} from '../../src/bus/variable-store.ts'

const T0 = 1_700_000_000_000
const ONE: Incident = {
  kind: 'KILL sent',
  pid: 28187,
  taskId: '28187-03',
  letters: 'md=DV',
  ageMs: 631_200,
  timeMs: T0,
}

test('an incident is the same after its way over the bus, and has the prefix that listeners subscribe to', () => {
  for (const incident of [ONE, {...ONE, kind: 'went away', taskId: undefined, letters: ''} as const]) {
    const text = incidentFrame(incident)
    assert.ok(text.startsWith(INCIDENT_PREFIX), text)
    assert.deepEqual(parseIncident(parseFrame(text)), incident)
  }
})

test('other log entries, and an incident of another process than the frame, are none', () => {
  const stamp = `am.log.******* 7 ${(T0 / 1000).toFixed(3)}`
  for (const text of [
    `${stamp} (00007-01) childproc-minder: PID 7 went away, task -, states -, age 1.0 s`,
    `${stamp} childproc-minder: PID 8 went away, task -, states -, age 1.0 s`,
    `${stamp} childproc-minder: PID 7 went away`,
    'am.snmp InMsgs C32 1',
  ])
    assert.equal(parseIncident(parseFrame(text)), undefined, text)
})

test('a process that is deaf to TERM leaves a trail of incidents with its states', () => {
  let fate: ProcessFate = 'alive'
  const table = new MinderTable(
    {probe: () => fate, signal: () => 'alive'},
    {active: 60, idle: 60, kill: 30, giveUp: 600},
  )
  const hear = (text: string) => table.hear(parseFrame(text), T0)
  for (const state of ['A', 'b']) hear(`am.st 7 ${(T0 / 1000).toFixed(3)} ${state}`)
  hear(`am.st 7 ${(T0 / 1000).toFixed(3)} m 00007-01`)
  for (const state of ['d', '=', 'V', 'V']) hear(`am.st 7 5 ${state} 00007-01`)
  const kinds = (sec: number) => {
    table.check(T0 + sec * 1000)
    return table.takeIncidents().map(({kind, letters, ageMs}) => `${kind} ${letters} ${ageMs}`)
  }
  assert.deepEqual(kinds(60), [])
  assert.deepEqual(kinds(61), ['TERM sent md=V 61000'])
  assert.deepEqual(kinds(91), ['KILL sent md=V 91000'])
  fate = 'gone'
  assert.deepEqual(kinds(93), ['terminated md=V 93000'])
  assert.deepEqual(kinds(95), [])
})

test('the last hundred incidents are remembered, also when the daemon starts anew', () => {
  const store = new VariableStore(T0)
  assert.deepEqual(store.answer('am.incidents?'), [''])
  for (let pid = 1; pid <= 120; pid++) store.hear(parseFrame(incidentFrame({...ONE, pid})), T0)
  store.hear(parseFrame('am.snmp FLUSH'), T0)
  const frames = store.answer('am.incidents?')
  assert.equal(frames.length, 100)
  assert.equal(frames[0], incidentFrame({...ONE, pid: 21}))
  assert.equal(frames.at(-1), incidentFrame({...ONE, pid: 120}))
})
