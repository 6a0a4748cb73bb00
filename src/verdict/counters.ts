/**
 * counters — which SNMP-like counters a finished mail adds to.
 *
 * Source: spec/monitoring §5. Values are increments; a name occurs once. Pure.
 */
import type {Counter, CounterType} from '../bus/publisher.ts'
import {AmavisError} from '../errors.ts'
import {directionOf, statusOf} from './status.ts'
import {leadingCategory, mainCategory, majorName} from './summary.ts'
import type {RecipientOutcome} from './verdict.ts'

/** One attempt to hand a mail, or one of our own making, to a file; the forwarder counts its own. */
export interface DeliveryEvent {
  readonly purpose: 'Relay' | 'Quar' | 'Dsn' | 'Notif'
  readonly protocol: 'Local' | 'SMTP' | 'LMTP' | 'BSMTP' | 'Pipe' | 'SQL'
  /** octets */
  readonly size: number
  /** `unreachable`: no transaction was begun */
  readonly result: 'delivered' | 'failed' | 'rejected' | 'unreachable'
}

/** One attempt to quarantine. */
export interface QuarantineEvent {
  /** display name's major of why; `Arch` for an archive copy */
  readonly categories: readonly string[]
  readonly result: 'stored' | 'failed' | 'rejected'
}

export interface LogCounts {
  /** entries by level; levels below 0 and above 5 have their own keys */
  readonly byLevel: ReadonlyMap<number, number>
  readonly lines: number
}

export interface CountedMail {
  readonly originating: boolean
  readonly sender: string
  /** octets */
  readonly size: number
  readonly outcomes: readonly RecipientOutcome[]
  readonly virusNames: readonly string[]
  readonly quarantines: readonly QuarantineEvent[]
  readonly deliveries: readonly DeliveryEvent[]
  /** counted on the way: `OpsDec`, `OpsVirusCheck`, and all that the forwarder counts */
  readonly counted: ReadonlyMap<string, number>
  readonly log: LogCounts
  /** ms by name without prefix: `Total`, `Receiving`, `Sending`, `Decoding`, `VirusCheck`, `SpamCheck` */
  readonly elapsed: ReadonlyMap<string, number>
}

export function countersOf(mail: CountedMail): Counter[] {
  const sums = new Sums()
  countArrival(mail, sums)
  for (const [name, n] of mail.counted) sums.add(name, n)
  for (const name of mail.virusNames) sums.add(`virus.byname.${name}`)
  for (const event of mail.quarantines) countQuarantine(event, mail.size, sums)
  countContent(mail, sums)
  for (const event of mail.deliveries) countDelivery(event, sums)
  countStatus(mail, sums)
  countDsns(mail, sums)
  countLog(mail.log, sums)
  for (const [name, ms] of mail.elapsed) sums.add(`TimeElapsed${name}`, Math.max(0, Math.round(ms)))
  return sums.counters()
}

/** Of a mail that ended in an error: which kind that was, and what had been counted until then. */
export function countersOfFailure(error: unknown, counted: ReadonlyMap<string, number>): Counter[] {
  const sums = new Sums()
  for (const [name, n] of counted) sums.add(name, n)
  sums.add(`Failure${failureKind(error)}`)
  return sums.counters()
}

const RELEASE_WORDS = {release: 'Released', requeue: 'Requeued', report: 'Reported'} as const

/** Of a mail that somebody wanted out of quarantine; counters of our own, and what its delivery has counted. */
export function countersOfRelease(
  kind: keyof typeof RELEASE_WORDS,
  isDone: boolean,
  counted: ReadonlyMap<string, number>,
  log: LogCounts,
): Counter[] {
  const sums = new Sums()
  for (const [name, n] of counted) sums.add(name, n)
  sums.add(isDone ? `QuarMsgs${RELEASE_WORDS[kind]}` : 'QuarReleaseFails')
  countLog(log, sums)
  return sums.counters()
}

function failureKind(error: unknown): 'Timeout' | 'Protocol' | 'Storage' | 'Internal' {
  // the system's own errors have a code such as ENOSPC
  if (!(error instanceof AmavisError)) return hasErrno(error) ? 'Storage' : 'Internal'
  switch (error.code) {
    case 'AM_TIMEOUT':
      return 'Timeout'
    case 'AM_PROTOCOL':
      return 'Protocol'
    case 'AM_STORAGE':
      return 'Storage'
    default:
      return 'Internal'
  }
}

function hasErrno(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

/** Increments by name, in order of first mention. */
class Sums {
  readonly #sums = new Map<string, number>()

  add(name: string, increment = 1): void {
    this.#sums.set(name, (this.#sums.get(name) ?? 0) + increment)
  }

  counters(): Counter[] {
    const counters: Counter[] = []
    for (const [name, value] of this.#sums) counters.push({name, type: typeOf(name), value})
    return counters
  }
}

const WIDE = ['InMsgsSize', 'OutMsgsSize', 'QuarMsgsSize', 'Log'] as const

/** Octets and log entries are 64 bits wide, everything else is a C32. */
function typeOf(name: string): CounterType {
  for (const begin of WIDE) if (name.startsWith(begin)) return 'C64'
  return 'C32'
}

function countArrival({originating, sender, size, outcomes}: CountedMail, sums: Sums): void {
  const all = outcomes.length
  const local = outcomes.filter(({verdict}) => verdict.local).length
  const count = (suffix: string, recipients: number) => {
    sums.add(`InMsgs${suffix}`)
    sums.add(`InMsgsRecips${suffix}`, recipients)
    sums.add(`InMsgsSize${suffix}`, size)
  }
  count('', all)
  if (originating) count('Originating', all)
  if (local > 0) {
    count(directionOf(true, originating), local)
    sums.add('InMsgsRecipsLocal', local)
  }
  if (local < all) count(directionOf(false, originating), all - local)
  if (sender === '') sums.add('InMsgsBounceNullRPath')
}

function countQuarantine({categories, result}: QuarantineEvent, size: number, sums: Sums): void {
  sums.add('QuarMsgs')
  sums.add('QuarMsgsSize', size)
  if (result === 'failed') sums.add('QuarAttemptTempFails')
  else if (result === 'rejected') sums.add('QuarAttemptFails')
  else {
    for (const category of categories) {
      sums.add(`QuarMsgs${category}`)
      sums.add(`QuarMsgsSize${category}`, size)
    }
  }
}

/** By what the mail is, not by what a next hop said of it. */
function countContent({outcomes, originating}: CountedMail, sums: Sums): void {
  const name = `Content${majorName(mainCategory(outcomes.map(({verdict}) => verdict)).major)}Msgs`
  sums.add(name)
  for (const suffix of orientations(outcomes, originating)) sums.add(name + suffix)
}

function countDelivery({purpose, protocol, size, result}: DeliveryEvent, sums: Sums): void {
  const role = purpose === 'Relay' ? 'Relay' : 'Submit'
  const suffixes = ['', role, `Proto${protocol}`, `Proto${protocol}${role}`]
  if (purpose !== 'Relay') suffixes.push(`Submit${purpose}`)
  if (result !== 'unreachable') for (const suffix of suffixes) sums.add(`OutMsgs${suffix}`)
  if (result === 'delivered') {
    sums.add('OutMsgsDelivers')
    for (const suffix of suffixes) sums.add(`OutMsgsSize${suffix}`, size)
  } else sums.add(result === 'rejected' ? 'OutMsgsRejects' : 'OutMsgsAttemptFails')
}

/** Each status and each status with its orientation once, however many recipients have it. */
function countStatus({outcomes, originating}: CountedMail, sums: Sums): void {
  const names = new Set<string>()
  for (const outcome of outcomes) {
    const status = statusOf(outcome)
    if (status === 'RelayedTagged' || status === 'RelayedUntagged') names.add('Relayed')
    names.add(status)
    names.add(status + directionOf(outcome.verdict.local, originating))
    if (originating) names.add(`${status}Originating`)
  }
  for (const name of names) sums.add(`InMsgsStatus${name}`)
}

const DSN_WORDS = {sent: 'Sent', suppressed: 'Suppressed', failed: 'Failed', refused: 'Failed'} as const

/** What became of the DSN for each recipient, by what the mail was to him; a counter of our own. */
function countDsns({outcomes}: CountedMail, sums: Sums): void {
  for (const outcome of outcomes) {
    if (outcome.dsn === 'none') continue
    sums.add(`Dsn${DSN_WORDS[outcome.dsn]}${majorName(leadingCategory([outcome]).major)}`)
  }
}

function orientations(outcomes: readonly RecipientOutcome[], originating: boolean): Set<string> {
  const suffixes = new Set<string>(outcomes.map(({verdict}) => directionOf(verdict.local, originating)))
  if (originating) suffixes.add('Originating')
  return suffixes
}

/** Priorities are cumulative: a warning is counted as a notice too, and so on. */
const PRIORITIES: readonly (readonly [name: string, upTo: number])[] = [
  ['LogEntriesCrit', -3],
  ['LogEntriesErr', -2],
  ['LogEntriesWarning', -1],
  ['LogEntriesNotice', 0],
  ['LogEntriesInfo', 1],
  ['LogEntriesDebug', Number.POSITIVE_INFINITY],
]

function countLog({byLevel, lines}: LogCounts, sums: Sums): void {
  if (lines > 0) sums.add('LogLines', lines)
  let all = 0
  for (const [level, entries] of byLevel) {
    for (const [name, upTo] of PRIORITIES) if (level <= upTo) sums.add(name, entries)
    sums.add(`LogEntriesLevel${Math.min(5, Math.max(0, level))}`, entries)
    all += entries
  }
  if (all > 0) sums.add('LogEntries', all)
}
