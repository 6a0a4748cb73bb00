import assert from 'node:assert/strict'
import {test} from 'node:test'
import {countTransaction} from '../../src/actions/forward/report.ts'
import {RequestCounts} from '../../src/anvil/counters.ts'
import {type CounterEvent, EVENTS_TO_COME} from '../../src/bus/counters/definition.ts'
import {isOwnCounter} from '../../src/bus/counters/own.ts'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {parseFrame} from '../../src/bus/grammar.ts'
import {MinderTable} from '../../src/bus/minder-table.ts'
import {silentPublisher} from '../../src/bus/publisher.ts'
import {startFrames} from '../../src/bus/start-frames.ts'
import {MAJOR} from '../../src/config/category.ts'
import {AmavisError, type ErrorCode} from '../../src/errors.ts'
import {octetsOf} from '../../src/message/octets.ts'
import type {Counted} from '../../src/session/limits/anvil-client.ts'
import {createGate} from '../../src/session/limits/gate.ts'
import type {LimitName} from '../../src/session/limits/limits.ts'
import {countFailure} from '../../src/verdict/counters.ts'
import type {RecipientOutcome} from '../../src/verdict/verdict.ts'
import {
  blocked,
  CLEAN,
  category,
  countedMail,
  countersBy,
  countersOf,
  delivery,
  outcome,
  verdict,
} from '../verdict/make.ts'

const byName = new Map(COUNTERS.map(counter => [counter.name, counter]))

test('a name and a time series stand in the table once', () => {
  assert.equal(byName.size, COUNTERS.length)
  const series = COUNTERS.flatMap(({metric}) => (metric ? [JSON.stringify(metric)] : []))
  assert.equal(new Set(series).size, series.length)
})

test('series of one metric have the same labels and the same type', () => {
  const shapes = new Map<string, string>()
  for (const {metric, type} of COUNTERS) {
    if (!metric) continue
    const shape = `${Object.keys(metric.labels)} ${type === 'G32' || type === 'INT'}`
    assert.equal(shapes.get(metric.name) ?? shape, shape, metric.name)
    shapes.set(metric.name, shape)
  }
})

test('metrics are named as Prometheus wants it: a counter ends in _total, a gauge does not', () => {
  for (const {metric, type} of COUNTERS) {
    if (!metric) continue
    assert.match(metric.name, /^[a-z][a-z0-9_]*$/)
    assert.equal(metric.name.endsWith('_total'), type === 'C32' || type === 'C64', metric.name)
  }
})

test('our own counters, and no others but the queues of the MTA, are kept from the displays of the original', () => {
  for (const {name, own} of COUNTERS) {
    assert.equal(isOwnCounter(name), own || name.startsWith('MtaQueue'), name)
  }
})

/** One recipient of each end and category. */
function ends(): RecipientOutcome[] {
  const majors = Object.values(MAJOR).filter(major => major !== MAJOR.CatchAll)
  return majors.flatMap(major =>
    [true, false].flatMap(local => {
      const categories = major === MAJOR.Clean ? [CLEAN] : [category(major), CLEAN]
      const passing = verdict({local, categories})
      return [
        outcome(passing, {delivery: delivery(undefined, {tagged: true})}),
        outcome(passing, {delivery: delivery()}),
        outcome(passing, {delivery: delivery(undefined, {byClient: true})}),
        outcome(passing, {delivery: delivery('550 5.1.1 no')}),
        outcome(passing, {delivery: delivery('450 4.2.0 busy')}),
        outcome(blocked('DISCARD', major, {local})),
        ...(['sent', 'suppressed', 'failed'] as const).map(dsn =>
          outcome(blocked('BOUNCE', major, {local}), {dsn}),
        ),
      ]
    }),
  )
}

const ANVIL_REQUESTS = [
  'connect',
  'disconnect',
  'message',
  'recipient',
  'newtls',
  'auth',
  'lookup',
  'nothing',
]

/** What the counting server says of each event, all beyond a limit of 1; nothing of the last. */
const COUNTED: readonly (readonly [LimitName, Counted | undefined])[] = [
  ['count', {count: 2, rate: 1}],
  ['rate', {count: 1, rate: 2}],
  ['message', {count: 0, rate: 2}],
  ['recipient', {count: 0, rate: 2}],
  ['recipient', undefined],
]

/** All that can be counted with what is there, by whoever counts it. */
async function counted(): Promise<Map<string, string>> {
  const types = new Map<string, string>()
  const take = (counters: readonly {readonly name: string; readonly type: string}[]) => {
    for (const {name, type} of counters) types.set(name, type)
  }
  const results = ['delivered', 'failed', 'rejected'] as const
  for (const end of ends()) {
    for (const originating of [true, false]) {
      take(countersOf(countedMail({outcomes: [end], originating, sender: ''})))
    }
  }
  const names = ['Arch', ...Object.keys(MAJOR).filter(name => name !== 'CatchAll')]
  for (const result of ['stored', 'failed', 'rejected'] as const) {
    take(countersOf(countedMail({quarantines: [{categories: names, result}]})))
  }
  for (const result of results) {
    take(countersOf(countedMail({deliveries: [{purpose: 'Quar', protocol: 'Local', size: 1, result}]})))
  }
  const byLevel = new Map([-3, -2, -1, 0, 1, 2, 3, 4, 5].map(level => [level, 1]))
  take(countersOf(countedMail({log: {byLevel, lines: 9}})))
  const sections = ['Total', 'Receiving', 'Sending', 'Decoding', 'VirusCheck', 'SpamCheck']
  take(countersOf(countedMail({elapsed: new Map(sections.map(name => [name, 1]))})))
  const count = new Map<string, number>()
  const methods = ['smtp:[h]:1', 'lmtp:[h]:1', 'pipe:argv=x', 'bsmtp:x', 'local:x']
  const jobs = (['Relay', 'SubmitQuar', 'SubmitDsn'] as const).flatMap(purpose =>
    methods.map(method => ({purpose, method})),
  )
  for (const {purpose, method} of jobs) {
    const job = {purpose, method, head: Buffer.alloc(0), octets: octetsOf(Buffer.alloc(1)), from: 0}
    for (const code of [250, 450, 550]) {
      const result = {reply: {code, enhanced: '2.0.0', text: ''}}
      countTransaction({...job, count: (name: string) => void count.set(name, 1)} as never, [result as never])
    }
  }
  take(countersOf(countedMail({counted: count})))
  for (const code of ['AM_TIMEOUT', 'AM_PROTOCOL', 'AM_STORAGE', 'AM_BUG'] as ErrorCode[]) {
    take(countersBy(count => countFailure(new AmavisError(code, ''), new Map(), count)))
  }
  const system = {sysDescr: 'x', sysObjectID: 'x', sysContact: 'x', sysName: 'x', sysLocation: 'x'}
  const table = new MinderTable({probe: () => 'gone', signal: () => 'gone'})
  table.hear(parseFrame('am.st 7 1700000000.000 A'), 0)
  for (const text of [...startFrames(system, 1, 0), ...table.check(1e6)].flat()) {
    const frame = parseFrame(text)
    if (frame.kind === 'snmp' || frame.kind === 'nanny') take([frame])
  }
  const publisher = {...silentPublisher, counters: take}
  const asked = new RequestCounts()
  for (const request of ANVIL_REQUESTS) asked.add(request)
  asked.publish(publisher, 1, 1)
  for (const [limit, answer] of COUNTED) {
    const limits = {count: 0, rate: 0, message: 0, recipient: 0, [limit]: 1}
    const anvil = {ask: async () => answer}
    const gate = createGate({anvil, limits, address: '192.0.2.7', port: 25, bankPath: '', publisher})
    await gate.connected()
    await gate.mail()
    await gate.recipient()
  }
  return types
}

test('what is there to be counted is counted, under the names and types of the table', async () => {
  const found = await counted()
  for (const [name, type] of found) assert.equal(byName.get(name)?.type, type, name)
  const elsewhere: ReadonlySet<CounterEvent> = new Set([
    'connection',
    'decoding',
    'generation',
    'check',
    'mta queues',
    'never',
  ])
  for (const {name, event} of COUNTERS) {
    if (elsewhere.has(event) || EVENTS_TO_COME.has(event)) continue
    assert.ok(found.has(name), `${name} is never counted`)
  }
})

test('an error of the system counts as a failure of storage, a mistake of ours as an internal one', () => {
  const names = (error: unknown) =>
    countersBy(count => countFailure(error, new Map([['OpsDec', 1]]), count)).map(({name}) => name)
  const full = Object.assign(new Error('no space'), {code: 'ENOSPC', syscall: 'write'})
  assert.deepEqual(names(full), ['OpsDec', 'FailureStorage'])
  assert.deepEqual(names(new TypeError('x')), ['OpsDec', 'FailureInternal'])
})
