import assert from 'node:assert/strict'
import {test} from 'node:test'
import {assess} from '../../src/tui/status/assess.ts'
import {checkStatus} from '../../src/tui/status/check.ts'
import type {HostFacts} from '../../src/tui/status/facts.ts'
import {DEFAULT_LIMITS, type Limits, MEASURED, parseThresholds} from '../../src/tui/status/thresholds.ts'

const T0 = 1_700_000_000_000

const WELL: HostFacts = {
  endpoint: 'tcp://127.0.0.1:23232',
  responder: 'tcp://127.0.0.1:23233',
  nowMs: T0,
  watchedMs: 2300,
  bus: {heardMs: T0 - 100, firstHeardMs: T0 - 2300, lagMs: 0.7, dropped: 0},
  services: [{name: 'msg-forwarder', endpoint: 'tcp://127.0.0.1:23232', alive: true}],
  children: {
    busy: 3,
    idle: 7,
    peak: 3,
    maximum: 10,
    states: new Map([['S', 3]]),
    oldest: {ms: 4200, pid: 28039, taskId: '28039-01'},
  },
  mails: {perMinute: 12.34, watchedMs: 2300, perMinuteOfTen: undefined},
  tasks: undefined,
  sections: [],
  counters: new Map(),
  name: 'mx.example.com',
  version: 'amavis',
  generation: 1,
  startedMs: T0 - 1000,
  countedSinceMs: T0 - 1000,
  nextHop: {sentMs: undefined, lastFailure: undefined, recentFailures: 0},
  anvil: undefined,
  queues: [],
  scanners: [],
  incidents: [],
  troubles: [],
  master: {
    pid: 4711,
    name: 'mx.example.com',
    version: 'amavis',
    generation: 1,
    startedMs: T0 - 1000,
    maximum: 10,
    waiting: {length: 0, limit: 100, longestMs: 0},
    reload: undefined,
    services: undefined,
    evidence: [],
  },
  isMasterLost: false,
}

function check(facts: readonly HostFacts[], limits: Limits = DEFAULT_LIMITS) {
  return checkStatus(
    facts.map(one => ({facts: one, assessment: assess(one, limits)})),
    limits,
  )
}

test('a check is one line with the state first and performance data last', () => {
  assert.deepEqual(check([WELL]), {
    status: 0,
    text:
      'AMAVIS OK - 3 busy, 7 idle, 12 mails a minute | busy=30%;90;;0 oldest=4.2s;300;600;0 waiting=0;1;;0 ' +
      'age=0.1s;;3.5;0 lag=0.7ms;;;0 failures=0;0;;0 incidents=0;0;;0 evidence=0;0;;0 rate=12.3',
  })
})

const {master} = WELL
const oldest = (ms: number) => ({...WELL.children, oldest: {ms, pid: 1, taskId: undefined}})

test('what is above a threshold decides the status, the worst first', () => {
  const cases: [Partial<HostFacts>, 1 | 2, RegExp][] = [
    [{children: oldest(301_000)}, 1, /^AMAVIS WARNING - oldest 301s is above 300, /],
    [{children: oldest(601_000)}, 2, /^AMAVIS CRITICAL - oldest 601s is above 600, /],
    [{children: {...WELL.children, busy: 10, idle: 0}}, 1, /busy 100% is above 90/],
    [{children: {...WELL.children, busy: 0, idle: 0}}, 2, /no children/],
    [
      {
        bus: {...WELL.bus, heardMs: T0 - 9000},
        master: {...master!, waiting: {length: 5, limit: 9, longestMs: 10}},
      },
      2,
      /^AMAVIS CRITICAL - age 9s is above 3\.5, waiting 5 is above 1,/,
    ],
    [{services: [{name: 'snmp-responder', endpoint: 'x', alive: false}]}, 2, /snmp-responder is silent/],
    [{nextHop: {...WELL.nextHop, recentFailures: 3}}, 1, /failures 3 is above 0/],
    [{master: {...master!, evidence: [{folder: '/f', reason: 'r', atMs: T0}]}}, 1, /evidence 1 is above 0/],
    [
      {master: {...master!, reload: {atMs: T0, ok: false, problems: ['no such file']}}},
      1,
      /the last reload was refused/,
    ],
    [
      {scanners: [{name: 'ClamAV-clamd', state: 'failing', sinceMs: T0, text: 'no | socket'}]},
      1,
      /scanner ClamAV-clamd fails: no \/ socket,/,
    ],
    [{bus: {...WELL.bus, dropped: 2}}, 1, /2 messages were dropped here/],
  ]
  for (const [change, status, pattern] of cases) {
    const result = check([{...WELL, ...change}])
    assert.equal(result.status, status, result.text)
    assert.match(result.text, pattern)
  }
})

test('of several hosts each is named, the worst decides, and labels of performance data are words', () => {
  const other = {...WELL, name: undefined, endpoint: 'tcp://mx2:1', children: oldest(601_000)}
  const {status, text} = check([WELL, other])
  assert.equal(status, 2)
  assert.match(text, /^AMAVIS CRITICAL - tcp:\/\/mx2:1: oldest 601s is above 600, 6 busy, 14 idle, 25 mails/)
  assert.match(text, / mx\.example\.com_busy=30%.* tcp___mx2_1_busy=30%/)
})

test('thresholds of the command line go over the defaults; anything else is refused', () => {
  assert.deepEqual(parseThresholds(['busy=80,oldest=10.5', 'age=1'], {busy: 90, waiting: 1}), {
    busy: 80,
    waiting: 1,
    oldest: 10.5,
    age: 1,
  })
  for (const name of MEASURED) assert.deepEqual(parseThresholds([`${name}=1`], {}), {[name]: 1})
  for (const text of ['', 'busy', 'busy=', 'busy=x', 'load=1', 'busy=-1']) {
    assert.equal(parseThresholds([text], {}), undefined)
  }
  assert.match(check([WELL], {warning: {busy: 20}, critical: {}}).text, /WARNING - busy 30% is above 20/)
})
