import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {incidentFrame} from '../../src/bus/incident.ts'
import {parseScannerState, ScannerStates, scannerCounter} from '../../src/bus/scanner-state.ts'
import {variablesOf} from '../../src/tui/agent/text.ts'
import {assess} from '../../src/tui/status/assess.ts'
import type {MasterFacts} from '../../src/tui/status/facts.ts'
import {statusJson} from '../../src/tui/status/json.ts'
import {summaryText} from '../../src/tui/status/text.ts'
import {createStatusWatch} from '../../src/tui/status/watch.ts'

const T0 = 1_700_000_000_000
const BUS = 'tcp://127.0.0.1:23232'
const RESPONDER = 'tcp://127.0.0.1:23233'
const PLACE = {endpoint: BUS, responder: RESPONDER}
const FRAMES = [
  'am.st 28039 1700000000.000 S 28039-01',
  'am.st 28040 1700000000.000 S 28040-01',
  'am.st 28041 1700000000.000 V 28041-01',
  'am.st 28048 1700000000.000 -',
  'am.proc.busy 28039 28040 28041',
  'am.log.**** 28039 1699999999.998 (28039-00) size: 9, TIMING [total 50 ms] - SMTP DATA: 40 (80%)80, AV-scan-1: 10 (20%)100',
]
const ANSWER = [
  'am.snmp sysUpTime INT 1699913600',
  'am.snmp sysName STR mx.example.com',
  'am.snmp sysDescr STR amavis 1',
  'am.snmp InMsgs C32 2880',
  'am.snmp InMsgsRecips C32 3000',
  'am.snmp InMsgsSize C64 10485760',
  'am.snmp ContentCleanMsgs C32 2800',
  'am.snmp ContentVirusMsgs C32 80',
  'am.snmp OutMsgs C32 2800',
  'am.snmp MtaQueueEntriesDeferred G32 14',
  'am.snmp MtaQueueOldestDeferred G32 7200',
]
const MASTER: MasterFacts = {
  pid: 4711,
  name: 'mx.example.com',
  version: 'amavis 1',
  generation: 2,
  startedMs: T0 - 86_400_000,
  maximum: 5,
  waiting: {length: 0, limit: 200, longestMs: 0},
  reload: {atMs: T0 - 60_000, ok: true, problems: []},
  services: [{name: 'msg-forwarder', pid: 5, startedMs: T0 - 1000, restarts: 0}],
  evidence: [],
}

/** A watch at a moment of its own clock. */
function watchAt(places = [PLACE]) {
  const clock = {nowMs: T0}
  const watch = createStatusWatch(places, () => clock.nowMs)
  return {clock, watch}
}

function wellWatch() {
  const {clock, watch} = watchAt()
  watch.put(BUS, FRAMES)
  watch.answered(RESPONDER, variablesOf(ANSWER.map(parseFrame)))
  watch.told(BUS, MASTER)
  clock.nowMs = T0 + 400
  return {clock, watch}
}

test('a summary has a line for each section, and none is in trouble', () => {
  const {watch} = wellWatch()
  const [facts] = watch.refresh().hosts
  assert.equal(
    summaryText(facts!, assess(facts!)),
    [
      'mx.example.com  2023-11-14T22:13:20.400Z  WELL',
      '  daemon     mx.example.com, amavis 1, generation 2, up 1 days 0:00:00',
      '  reload     done at 2023-11-14 22:12:20Z, 1:00 ago',
      '  children   3 busy, 1 idle, maximum 5; oldest task 0.4 s  ***.',
      '  waiting    0 connections for a free child, at most 200',
      '  mail       0.0 a minute now; 2880 since the start, 2.0 a minute',
      '  contents   2800 clean, 80 virus',
      '  elapsed    p50/p95 50.0/50.0 ms, SMTP DATA 40.0/40.0, AV-scan-1 10.0/10.0',
      '- scanners   not told',
      '  next hop   nothing sent while watched; 2800 sent, 0 failed since the start, 0 lately',
      '  bus        data 0.4 s old, lag 2 ms, 0 dropped',
      '  services   msg-forwarder alive, childproc-minder alive, snmp-responder alive',
      '  mta queues deferred 14 (oldest 2:00:00)',
      '  evidence   none preserved',
      '  incidents  none while watched',
      '',
    ].join('\n'),
  )
})

test('the counting server is mentioned where it runs, or is to limit our own sessions', () => {
  const line = (master: MasterFacts['anvil'] | 'nobody', more: readonly string[] = []) => {
    const {watch} = wellWatch()
    watch.answered(RESPONDER, variablesOf([...ANSWER, ...more].map(parseFrame)))
    watch.told(BUS, master === 'nobody' ? undefined : {...MASTER, anvil: master})
    const facts = watch.refresh().hosts[0]!
    const {sections, warnings} = assess(facts)
    const [section] = sections.filter(({name}) => name === 'anvil')
    const found = warnings.filter(one => one.section === 'anvil').map(({text, todo}) => `${text}: ${todo}`)
    return [section?.text, ...found, section?.level].filter(text => text !== undefined)
  }
  const COUNTERS = [
    'am.snmp AnvilClients G32 12',
    'am.snmp AnvilStreams G32 4',
    'am.snmp AnvilRequestsConnections C32 100',
    'am.snmp AnvilRequestsMessages C32 50',
  ]
  const numbers = '12 clients, 4 connected, 150 requests'
  assert.deepEqual(line(undefined), [])
  assert.deepEqual(line({pid: 4, isAsked: false}), ['running', 'ok'])
  assert.deepEqual(line({pid: 4, isAsked: true}, COUNTERS), [`running, ${numbers}`, 'ok'])
  const limits = ['am.snmp ClientLimitMessages C32 7', 'am.snmp ClientLimitNotCounted C32 9']
  assert.deepEqual(line('nobody', [...COUNTERS, ...limits]), [
    `${numbers}, 7 refused by our limits, 9 not counted`,
    'ok',
  ])
  assert.deepEqual(line({pid: undefined, isAsked: true}, COUNTERS), [
    'does not run',
    'clients are to be limited, and the counting server does not run: nothing is limited: ' +
      '"amavis anvil start"; children find it by themselves',
    'warning',
  ])
})

test('data grows old, and a host that says nothing is critical with what to do', () => {
  const {clock, watch} = wellWatch()
  clock.nowMs = T0 + 60_000
  watch.answered(RESPONDER, undefined)
  const [facts] = watch.refresh().hosts
  const {level, warnings, sections} = assess(facts!)
  assert.equal(level, 'critical')
  assert.deepEqual(
    warnings.map(({text}) => text),
    [
      'msg-forwarder is silent',
      'childproc-minder is silent',
      'snmp-responder is silent',
      'age 60s is above 3.5',
    ],
  )
  assert.ok(warnings.every(({todo}) => todo.includes('amavis')))
  assert.equal(sections.find(({name}) => name === 'contents')?.level, 'unknown')
})

test('incidents, failed forwarding and refused reloads are told of, newest first', () => {
  const {watch} = wellWatch()
  const incident = {pid: 28039, taskId: '28039-01', letters: 'mdS', ageMs: 9000, timeMs: T0 + 100} as const
  watch.put(BUS, [incidentFrame({...incident, kind: 'TERM sent'})])
  watch.put(BUS, [incidentFrame({...incident, kind: 'terminated', timeMs: T0 + 200})])
  const failed = '(28040-01) AbC FWD from <a@example.net> -> <b@example.com>, 451 4.4.1 no answer'
  watch.put(BUS, [`am.log.******* 28040 1700000000.300 ${failed}`])
  watch.told(BUS, {...MASTER, reload: {atMs: T0, ok: false, problems: ['a', 'b']}})
  watch.answered(RESPONDER, variablesOf([...ANSWER, 'am.snmp OutMsgsAttemptFails C32 3'].map(parseFrame)))
  const [facts] = watch.refresh().hosts
  assert.deepEqual(
    facts!.incidents.map(({kind}) => kind),
    ['terminated', 'TERM sent'],
  )
  assert.equal(facts!.nextHop.recentFailures, 3)
  const {warnings, sections} = assess(facts!)
  assert.deepEqual(
    warnings.map(({section}) => section),
    ['reload', 'next hop', 'incidents'],
  )
  const textOf = (name: string) => sections.find(section => section.name === name)!
  assert.match(
    textOf('next hop').text,
    /^last attempt FAILED 0 s ago; .* 3 failed since the start, 3 lately$/,
  )
  assert.ok(textOf('next hop').details.some(line => line.endsWith(failed)))
  assert.match(textOf('reload').text, /^REFUSED at .*: a$/)
})

test('growth of the counters gives mails over ten minutes and when a mail was sent last', () => {
  const {clock, watch} = wellWatch()
  const answer = (messages: number, sent: number) =>
    watch.answered(
      RESPONDER,
      variablesOf(
        [
          `am.snmp InMsgs C32 ${messages}`,
          `am.snmp OutMsgs C32 ${sent}`,
          'am.snmp sysUpTime INT 1699913600',
        ].map(parseFrame),
      ),
    )
  clock.nowMs = T0 + 120_000
  answer(2880 + 60, 2801)
  assert.equal(watch.refresh().hosts[0]!.mails.perMinuteOfTen, 30)
  assert.equal(watch.refresh().hosts[0]!.nextHop.sentMs, T0 + 120_000)
  clock.nowMs += 1_200_000
  answer(2880 + 60, 2801)
  clock.nowMs += 600_000
  answer(2880 + 80, 2801)
  assert.equal(watch.refresh().hosts[0]!.mails.perMinuteOfTen, 2)
})

test('a scanner that fails says so on the bus, and is warned of', () => {
  const state = {name: 'ClamAV-clamd', state: 'open', sinceMs: T0, text: 'no answer | in 3 s'} as const
  const {name, type, value} = scannerCounter(state)
  assert.deepEqual([name, type], ['Scanner.ClamAV-clamd', 'STR'])
  assert.deepEqual(parseScannerState(name, String(value)), state)
  assert.equal(parseScannerState('Scanner.x', 'well'), undefined)
  const {watch} = wellWatch()
  watch.answered(RESPONDER, new Map([[name, {type, value: String(value)}]]))
  const [facts] = watch.refresh().hosts
  const {warnings} = assess(facts!)
  assert.deepEqual(
    warnings.filter(({section}) => section === 'scanners').map(({text}) => text),
    ['scanner ClamAV-clamd is not asked any more: no answer | in 3 s'],
  )
})

test('the JSON says the same, with sums over the hosts', () => {
  const {watch} = wellWatch()
  const {nowMs, hosts} = watch.refresh()
  const assessed = hosts.map(facts => ({facts, assessment: assess(facts)}))
  const json = JSON.parse(statusJson(nowMs, assessed))
  assert.equal(json.level, 'ok')
  assert.equal(json.data_age_ms, 400)
  assert.deepEqual([json.busy, json.idle, json.states], [3, 1, {S: 2, V: 1}])
  assert.equal(json.uptime_s, 86_400)
  assert.equal(json.counters.InMsgs, 2880)
  assert.deepEqual([json.waiting, json.waiting_limit], [0, 200])
  assert.deepEqual(json.services[2], {name: 'snmp-responder', endpoint: RESPONDER, alive: true})
  assert.equal(json.hosts[0].measures.deferred, 14)
  assert.equal(json.hosts[0].sections[0].name, 'SMTP DATA')
  const two = JSON.parse(statusJson(nowMs, [...assessed, ...assessed]))
  assert.deepEqual([two.busy, two.idle, two.counters.InMsgs, two.hosts.length], [6, 2, 5760, 2])
  const silent = watchAt().watch.refresh()
  const none = silent.hosts.map(facts => ({facts, assessment: assess(facts)}))
  assert.equal(JSON.parse(statusJson(silent.nowMs, none)).counters, null)
})

test('hosts are apart: what one bus says changes nothing of the other', () => {
  const other = {endpoint: 'tcp://mx2:23232', responder: 'tcp://mx2:23233'}
  const {watch} = watchAt([PLACE, other])
  watch.put(BUS, FRAMES)
  watch.put('tcp://nobody:1', FRAMES)
  const [first, second] = watch.refresh().hosts
  assert.deepEqual([first!.children.busy, second!.children.busy], [3, 0])
  assert.equal(second!.bus.heardMs, undefined)
})

test('a child speaks of a scanner only when it is in another state than before', () => {
  const said: unknown[] = []
  const states = new ScannerStates(
    {counters: counters => said.push(...counters.map(({value}) => value))},
    () => T0,
  )
  states.report('A', 'ok')
  states.report('A', 'ok')
  states.report('A', 'failing', 'refused')
  states.report('A', 'failing', 'refused again')
  states.report('B', 'ok')
  states.report('A', 'ok')
  assert.deepEqual(said, [`ok ${T0}`, `failing ${T0} refused`, `ok ${T0}`, `ok ${T0}`])
})

test('incidents of before are recalled, and those that were heard meanwhile are not told twice', () => {
  const {watch} = wellWatch()
  const incident = {pid: 28039, taskId: undefined, letters: '', ageMs: 9000, kind: 'went away'} as const
  const [old, heard] = [T0 - 500_000, T0 + 100].map(timeMs => incidentFrame({...incident, timeMs}))
  watch.put(BUS, [heard!])
  for (let n = 0; n < 2; n++) watch.recalled(BUS, [old!, heard!].map(parseFrame))
  const [facts] = watch.refresh().hosts
  assert.deepEqual(
    facts!.incidents.map(({timeMs}) => timeMs),
    [T0 + 100, T0 - 500_000],
  )
  assert.match(
    assess(facts!).warnings.find(({section}) => section === 'incidents')?.text ?? '',
    /^incidents 2 /,
  )
  const many = Array.from({length: 200}, (_, n) => incidentFrame({...incident, timeMs: T0 + 1000 + n}))
  watch.recalled(BUS, many.map(parseFrame))
  assert.equal(watch.refresh().hosts[0]!.incidents.length, 100)
})

test('a master that answered before and is silent now is critical; one that was never asked is not', () => {
  const {watch} = wellWatch()
  watch.told(BUS, undefined)
  const texts = () => assess(watch.refresh().hosts[0]!).warnings.map(({text}) => text)
  assert.deepEqual(texts(), ['the master does not answer any more'])
  watch.told(BUS, MASTER)
  assert.deepEqual(texts(), [])
  const other = watchAt().watch
  other.put(BUS, FRAMES)
  other.told(BUS, undefined)
  other.answered(RESPONDER, new Map())
  assert.equal(assess(other.refresh().hosts[0]!).level, 'ok')
})
