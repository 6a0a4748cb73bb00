/**
 * Counters of the real daemon's mails against ours: what a mail was is read from its recorded counters,
 * ours are made from that, and names, types and values are compared.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import {isOwnCounter} from '../../src/bus/counters/own.ts'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {MAJOR, type Major} from '../../src/config/category.ts'
import type {CountedMail, DeliveryEvent} from '../../src/verdict/counters.ts'
import type {RecipientOutcome} from '../../src/verdict/verdict.ts'
import {
  blocked,
  CLEAN,
  category,
  countedMail,
  countersOf,
  delivery,
  outcome,
  verdict,
} from '../verdict/make.ts'
import {type Captured, readFixture, readJsonLines} from './shared.ts'

type Values = ReadonlyMap<string, number>

/** The recorded mails; a name that was sent in several frames (log entries) is summed, as a receiver does. */
function recordedMails(): readonly Values[] {
  return (
    readJsonLines<Captured>('zmq-capture.jsonl')
      .filter(({frames}) => frames.some(frame => frame.startsWith('am.snmp InMsgs C32')))
      .map(({frames}) => {
        const values = new Map<string, number>()
        for (const frame of frames) {
          const [, name = '', , value = ''] = frame.split(' ')
          values.set(name, (values.get(name) ?? 0) + Number(value))
        }
        return values
      })
      // Mails of AM.PDP, whose delivery is left to the client.
      .filter(values => !values.has('InMsgsStatusAccepted'))
  )
}

/** Names that say what happened on the way, which checks, pipeline and forwarder count. */
const COUNTED = /^(?:Ops|OutConn|OutMsgs|InMsgsBounce(?!NullRPath))/

function mailOf(recorded: Values): CountedMail {
  const has = (name: string) => recorded.has(name)
  const of = (name: string) => recorded.get(name) ?? 0
  const size = of('InMsgsSize')
  const deliveries: DeliveryEvent[] = has('OutMsgsProtoLocal')
    ? [{purpose: 'Quar', protocol: 'Local', size, result: 'delivered'}]
    : []
  const elapsed = new Map<string, number>()
  const counted = new Map<string, number>()
  for (const [name, value] of recorded) {
    if (name.startsWith('TimeElapsed')) elapsed.set(name.slice('TimeElapsed'.length), value)
    if (COUNTED.test(name)) counted.set(name, value)
  }
  // What our own account of the local delivery must bring about by itself.
  for (const event of deliveries) {
    for (const {name, value} of countersOf(countedMail({deliveries: [event]}))) {
      if (counted.has(name)) counted.set(name, counted.get(name)! - Number(value))
      if (counted.get(name) === 0) counted.delete(name)
    }
  }
  const byLevel = new Map<number, number>()
  for (let level = 1; level <= 5; level++) {
    if (has(`LogEntriesLevel${level}`)) byLevel.set(level, of(`LogEntriesLevel${level}`))
  }
  const critical = of('LogEntriesCrit')
  const errors = of('LogEntriesErr') - critical
  const warnings = of('LogEntriesWarning') - critical - errors
  const notices = of('LogEntriesLevel0') - critical - errors - warnings
  for (const [level, n] of [
    [-3, critical],
    [-2, errors],
    [-1, warnings],
    [0, notices],
  ] as const) {
    if (n > 0) byLevel.set(level, n)
  }
  const virusNames = [...recorded.keys()].flatMap(name => /^virus\.byname\.(.*)/.exec(name)?.[1] ?? [])
  return {
    originating: has('InMsgsOriginating'),
    sender: has('InMsgsBounceNullRPath') ? '' : 'sender@remote.test',
    size,
    outcomes: outcomesOf(recorded),
    virusNames,
    quarantines: has('QuarMsgs') ? [{categories: quarantinedAs(recorded), result: 'stored'}] : [],
    deliveries,
    counted,
    log: {byLevel, lines: of('LogLines')},
    elapsed,
  }
}

const STATUSES = [
  'Discarded',
  'NoBounce',
  'Bounced',
  'Rejected',
  'TempFailed',
  'RelayedTagged',
  'RelayedUntagged',
]

function quarantinedAs(recorded: Values): string[] {
  return Object.keys(MAJOR).filter(name => recorded.has(`QuarMsgs${name}`))
}

/** As many recipients of each kind as were counted; every one with the mail's category. */
function outcomesOf(recorded: Values): RecipientOutcome[] {
  const of = (name: string) => recorded.get(name) ?? 0
  const [name] = Object.keys(MAJOR).filter(candidate => of(`Content${candidate}Msgs`) > 0)
  const major = MAJOR[name as keyof typeof MAJOR] as Major
  const local = of('InMsgsRecipsLocal')
  const ends: RecipientOutcome[] = []
  for (const isLocal of [true, false]) {
    const n = isLocal ? local : of('InMsgsRecips') - local
    const mine = STATUSES.filter(status =>
      (isLocal ? ['Inbound', 'Internal'] : ['Outbound', 'OpenRelay']).some(
        direction => of(`InMsgsStatus${status}${direction}`) > 0,
      ),
    )
    for (let k = 0; k < n; k++) ends.push(endOf(mine[k % mine.length]!, major, isLocal))
  }
  return ends
}

function endOf(status: string, major: Major, local: boolean): RecipientOutcome {
  const categories = major === MAJOR.Clean ? [CLEAN] : [category(major), CLEAN]
  const passing = verdict({local, categories})
  const byNextHop = (words: string) => outcome(passing, {delivery: delivery(words)})
  switch (status) {
    case 'Discarded':
      return outcome(blocked('DISCARD', major, {local}))
    case 'NoBounce':
      return outcome(blocked('BOUNCE', major, {local}), {dsn: 'suppressed'})
    case 'Bounced':
      return outcome(blocked('BOUNCE', major, {local}), {dsn: 'sent'})
    case 'Rejected':
      return byNextHop('550 5.1.1 no')
    case 'TempFailed':
      return byNextHop('450 4.2.0 busy')
    default:
      return outcome(passing, {delivery: delivery(undefined, {tagged: status === 'RelayedTagged'})})
  }
}

test('the counters of every recorded mail are those that we would send', () => {
  const mails = recordedMails()
  assert.ok(mails.length > 50, `${mails.length} mails in the capture`)
  for (const recorded of mails) {
    const ours = new Map(
      countersOf(mailOf(recorded))
        .filter(({name}) => !isOwnCounter(name))
        .map(({name, value}) => [name, Number(value)]),
    )
    const sorted = (values: Values) => [...values].sort(([a], [b]) => (a < b ? -1 : 1))
    assert.deepEqual(sorted(ours), sorted(recorded))
  }
})

interface Variable {
  readonly name: string
  readonly wire_type: string
}

test('every counter has the wire type of the list of variables', () => {
  const {variables} = JSON.parse(readFixture('snmp-counters.json')) as {variables: readonly Variable[]}
  const types = new Map(variables.map(({name, wire_type}) => [name, wire_type]))
  const seen = new Set<string>()
  for (const recorded of recordedMails()) {
    for (const {name, type} of countersOf(mailOf(recorded))) {
      // Names with a part that the mail brings along.
      if (/^(?:virus\.byname\.|OpsDecType-)/.test(name) || isOwnCounter(name)) continue
      seen.add(name)
      assert.equal(type, types.get(name) ?? `${name} is not in the list`, name)
    }
  }
  assert.ok(seen.size > 60, `${seen.size} names`)
})

test('statuses, contents and quarantine kinds that we can send are all in the list', () => {
  const {variables} = JSON.parse(readFixture('snmp-counters.json')) as {variables: readonly Variable[]}
  const known = new Set(variables.map(({name}) => name))
  for (const status of STATUSES) {
    for (const major of Object.values(MAJOR)) {
      if (major === MAJOR.CatchAll) continue
      for (const originating of [true, false]) {
        const outcomes = [endOf(status, major, true), endOf(status, major, false)]
        for (const {name} of countersOf(countedMail({originating, outcomes})))
          assert.ok(known.has(name) || isOwnCounter(name), name)
      }
    }
  }
  const purposes = ['Relay', 'Quar', 'Dsn', 'Notif'] as const
  for (const purpose of purposes) {
    for (const protocol of ['Local', 'SMTP', 'LMTP', 'BSMTP', 'Pipe', 'SQL'] as const) {
      const event = {purpose, protocol, size: 1, result: 'delivered'} as const
      for (const {name} of countersOf(countedMail({deliveries: [event]}))) assert.ok(known.has(name), name)
    }
  }
})

test('our table of counters has the variables of the list, with their types, and beside them only our own', () => {
  const {variables} = JSON.parse(readFixture('snmp-counters.json')) as {variables: readonly Variable[]}
  assert.equal(variables.length, 350)
  const sorted = (rows: readonly (readonly [string, string])[]) => rows.map(row => row.join(' ')).sort()
  assert.deepEqual(
    sorted(COUNTERS.filter(({own}) => !own).map(({name, type}) => [name, type])),
    sorted(variables.map(({name, wire_type}) => [name, wire_type])),
  )
})
