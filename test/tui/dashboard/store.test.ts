import assert from 'node:assert/strict'
import test from 'node:test'
import {logPrefix} from '../../../src/bus/grammar.ts'
import {dashboardJson, dashboardText, number} from '../../../src/tui/dashboard/report.ts'
import {DashboardStore} from '../../../src/tui/dashboard/store.ts'

const HOST = 'tcp://192.0.2.1:23232'
const OTHER = 'tcp://192.0.2.2:23232'

function start() {
  const clock = {ms: 1_795_360_061_000}
  const store = new DashboardStore(() => clock.ms)
  const say = (endpoint: string, ...frames: string[]) =>
    store.put(
      endpoint,
      frames.map(text => Buffer.from(text)),
    )
  const second = () => {
    store.tick()
    clock.ms += 1000
  }
  return {clock, store, say, second}
}
const seconds = (ms: number) => (ms / 1000).toFixed(3)

test('counters become rates, of a host and of all together', () => {
  const {store, say, second} = start()
  say(HOST, 'am.snmp InMsgs C32 2', 'am.snmp InMsgsSize C64 4096', 'am.snmp ContentSpammyMsgs C32 1')
  say(OTHER, 'am.snmp InMsgs C32 3', 'am.snmp ContentSpamMsgs C32 1')
  second()
  assert.equal(store.series(HOST, 'mails').last, 120)
  assert.equal(store.series(undefined, 'mails').last, 300)
  assert.equal(store.series(undefined, 'spam').last, 120)
  assert.equal(store.series(HOST, 'size').last, 240)
  second()
  assert.equal(store.series(HOST, 'mails').last, 0)
  assert.deepEqual(store.hosts, [HOST, OTHER])
})

test('times are means of the mails that ended; without any nothing is known', () => {
  const {store, say, second} = start()
  say(HOST, 'am.snmp InMsgs C32 4', 'am.snmp TimeElapsedTotal TIM 1000')
  second()
  second()
  assert.equal(store.series(HOST, 'total').last, 250)
  assert.equal(store.series(HOST, 'total').mean(1), undefined)
})

test('queues stand as they were told last, and are added up over hosts', () => {
  const {store, say, second} = start()
  say(HOST, 'am.snmp MtaQueueEntriesActive G32 7')
  say(OTHER, 'am.snmp MtaQueueEntriesActive G32 5')
  second()
  second()
  assert.equal(store.series(HOST, 'active').last, 7)
  assert.equal(store.series(undefined, 'active').last, 12)
  assert.equal(store.series(undefined, 'mails').last, undefined)
})

test('children are counted, busy ones apart', () => {
  const {clock, store, say, second} = start()
  say(
    HOST,
    `am.st 100 ${seconds(clock.ms)} -`,
    `am.st 101 ${seconds(clock.ms)} A`,
    `am.st 101 0.100 m 101-01`,
  )
  second()
  assert.equal(store.series(HOST, 'children').last, 2)
  assert.equal(store.series(HOST, 'busy').last, 1)
})

test('the slowest mails come from TIMING, the log shows entries and warnings', () => {
  const {clock, store, say} = start()
  const log = (level: number, text: string) =>
    say(HOST, `${logPrefix(level)} 101 ${seconds(clock.ms)} ${text}`)
  log(2, '(101-01) size: 2048, TIMING [total 1200 ms] - SMTP DATA: 200 (17%)17, AV-scan-1: 1000 (83%)100')
  log(2, '(101-02) size: 10, TIMING [total 3000 ms] - SA check: 3000 (100%)100')
  log(0, '(101-01) Passed CLEAN \x1b[31m{RelayedInbound}')
  assert.deepEqual(
    store.slow(undefined).map(({taskId, totalMs, section}) => [taskId, totalMs, section]),
    [
      ['101-02', 3000, 'SA check'],
      ['101-01', 1200, 'AV-scan-1'],
    ],
  )
  assert.deepEqual(
    store.lines(HOST).map(({text}) => text),
    ['(101-01) Passed CLEAN ?[31m{RelayedInbound}'],
  )
  assert.equal(store.lines(OTHER).length, 0)
})

test('text and JSON tell the same, and what is not known is not zero', () => {
  const {store, say, second} = start()
  say(HOST, 'am.snmp InMsgs C32 2')
  second()
  assert.match(dashboardText(store), /^mails +120 a minute$/m)
  assert.match(dashboardText(store), /^busy +-$/m)
  const {values, slow, hosts} = JSON.parse(dashboardJson(store)) as {
    values: Record<string, number | null>
    slow: unknown[]
    hosts: string[]
  }
  assert.equal(values['mails'], 120)
  assert.equal(values['busy'], null)
  assert.deepEqual(slow, [])
  assert.deepEqual(hosts, [HOST])
})

test('rubbish from the bus changes nothing and takes no room', () => {
  const {store, say, second} = start()
  for (let n = 0; n < 5000; n++) {
    say(
      HOST,
      `am.snmp X${n} C32 1`,
      'am.snmp InMsgs C32 NaN',
      'am.log.0 101',
      `am.log.0 1 1795360061.0 ${'x'.repeat(5000)}`,
      'am.st',
      '\xff\xfe',
    )
  }
  second()
  assert.equal(store.series(HOST, 'mails').last, undefined)
  assert.ok(store.lines(HOST).length <= 200)
  assert.ok(store.lines(HOST).every(({text}) => text.length <= 400))
})

test('numbers are short', () => {
  assert.deepEqual([0, 3, 0.421, 12.345, 1234.5].map(number), ['0', '3', '0.42', '12.3', '1235'])
})
