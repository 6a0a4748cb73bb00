import assert from 'node:assert/strict'
import {test} from 'node:test'
import {checkSummary, DEFAULT_LIMITS, parseThresholds} from '../../src/tui/status/check.ts'
import type {Summary} from '../../src/tui/status/summary.ts'

const WELL: Summary = {
  nowMs: 1_700_000_000_000,
  busy: 3,
  idle: 7,
  peak: 3,
  states: new Map([['S', 3]]),
  oldestTaskMs: 4200,
  mailsPerMinute: 12.34,
  waitingLine: {waiting: 0, limit: 100},
  watchedMs: 2300,
  dataAgeMs: 100,
  services: [{name: 'msg-forwarder', endpoint: 'tcp://127.0.0.1:23232', alive: true}],
  uptimeMs: 1000,
  counters: new Map(),
}

test('a check is one line with the state first and performance data last', () => {
  assert.deepEqual(checkSummary(WELL, DEFAULT_LIMITS), {
    status: 0,
    text: 'AMAVIS OK - 3 busy, 7 idle, 12.3 mails a minute | busy=30%;90;;0 oldest=4.2s;300;600;0 waiting=0;1;;0 age=0.1s;;3.5;0 rate=12.3',
  })
})

test('what is above a threshold decides the status, the worst first', () => {
  const cases: [Partial<Summary>, 1 | 2, RegExp][] = [
    [{oldestTaskMs: 301_000}, 1, /^AMAVIS WARNING - oldest 301s is above 300, /],
    [{oldestTaskMs: 601_000}, 2, /^AMAVIS CRITICAL - oldest 601s is above 600, /],
    [{busy: 10, idle: 0}, 1, /busy 100% is above 90/],
    [{busy: 0, idle: 0}, 2, /no children/],
    [
      {dataAgeMs: 9000, waitingLine: {waiting: 5, limit: 9}},
      2,
      /^AMAVIS CRITICAL - age 9s is above 3\.5, waiting 5 is above 1,/,
    ],
    [{services: [{name: 'snmp-responder', endpoint: 'x', alive: false}]}, 2, /snmp-responder is silent/],
  ]
  for (const [change, status, pattern] of cases) {
    const result = checkSummary({...WELL, ...change}, DEFAULT_LIMITS)
    assert.equal(result.status, status)
    assert.match(result.text, pattern)
  }
})

test('thresholds of the command line go over the defaults; anything else is refused', () => {
  assert.deepEqual(parseThresholds(['busy=80,oldest=10.5', 'age=1'], {busy: 90, waiting: 1}), {
    busy: 80,
    waiting: 1,
    oldest: 10.5,
    age: 1,
  })
  for (const text of ['', 'busy', 'busy=', 'busy=x', 'load=1', 'busy=-1']) {
    assert.equal(parseThresholds([text], {}), undefined)
  }
})
