/**
 * counters — which SNMP-like counters a finished mail adds to.
 *
 * Source: spec/monitoring §5. A name may be counted several times; its increments add up. Pure but for `count`.
 */
import type {Count} from '../bus/publisher.ts'
import {AmavisError} from '../errors.ts'
import {levelsReached} from './judge.ts'
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

export function countMail(mail: CountedMail, count: Count): void {
  countArrival(mail, count)
  for (const [name, n] of mail.counted) count(name, n)
  for (const name of mail.virusNames) count(`virus.byname.${name}`)
  for (const event of mail.quarantines) countQuarantine(event, mail.size, count)
  countContent(mail, count)
  for (const event of mail.deliveries) countDelivery(event, count)
  countStatus(mail, count)
  countDsns(mail, count)
  countSavings(mail, count)
  countLog(mail.log, count)
  for (const [name, ms] of mail.elapsed) count(timeElapsed(name), Math.max(0, Math.round(ms)))
}

/** Of a mail that ended in an error: which kind that was, and what had been counted until then. */
export function countFailure(error: unknown, counted: ReadonlyMap<string, number>, count: Count): void {
  for (const [name, n] of counted) count(name, n)
  count(`Failure${failureKind(error)}`)
}

const RELEASE_WORDS = {release: 'Released', requeue: 'Requeued', report: 'Reported'} as const

/** Of a mail that somebody wanted out of quarantine; counters of our own, and what its delivery has counted. */
export function countRelease(
  kind: keyof typeof RELEASE_WORDS,
  isDone: boolean,
  counted: ReadonlyMap<string, number>,
  log: LogCounts,
  count: Count,
): void {
  for (const [name, n] of counted) count(name, n)
  count(isDone ? `QuarMsgs${RELEASE_WORDS[kind]}` : 'QuarReleaseFails')
  countLog(log, count)
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

/**
 * Counters whose names differ in one word: each is put together once, not for each mail.
 *
 * The words are ours, never the mail's.
 */
function family(begin: string, end = ''): (word: string) => string {
  const names = new Map<string, string>()
  return word => {
    const known = names.get(word)
    if (known !== undefined) return known
    const name = begin + word + end
    names.set(word, name)
    return name
  }
}

const timeElapsed = family('TimeElapsed')
const inMsgs = family('InMsgs')
const inMsgsRecips = family('InMsgsRecips')
const inMsgsSize = family('InMsgsSize')
const inMsgsStatus = family('InMsgsStatus')
const content = family('Content', 'Msgs')
const outMsgs = family('OutMsgs')
const outMsgsSize = family('OutMsgsSize')
const logLevel = family('LogEntriesLevel')

function countArrival({originating, sender, size, outcomes}: CountedMail, count: Count): void {
  const all = outcomes.length
  let local = 0
  for (const {verdict} of outcomes) if (verdict.local) local++
  const arrived = (suffix: string, recipients: number) => {
    count(inMsgs(suffix))
    count(inMsgsRecips(suffix), recipients)
    count(inMsgsSize(suffix), size)
  }
  arrived('', all)
  if (originating) arrived('Originating', all)
  if (local > 0) {
    arrived(directionOf(true, originating), local)
    count('InMsgsRecipsLocal', local)
  }
  if (local < all) arrived(directionOf(false, originating), all - local)
  if (sender === '') count('InMsgsBounceNullRPath')
}

const SAVED = [
  ['tag2', 'PenPalsSavedFromTag2'],
  ['tag3', 'PenPalsSavedFromTag3'],
  ['kill', 'PenPalsSavedFromKill'],
] as const

/** Recipients of mail that passed, and would have reached a level without the points that pen pals took off. */
function countSavings({outcomes}: CountedMail, count: Count): void {
  for (const {verdict} of outcomes) {
    const {blocking, score, tests, levels, reached, blacklisted, whitelisted} = verdict
    if (blocking !== undefined || score === undefined) continue
    const bonus = tests.find(({name}) => name === 'AM.PENPAL')?.score
    if (bonus === undefined) continue
    const otherwise = levelsReached(score - bonus, levels, blacklisted, whitelisted)
    for (const [level, name] of SAVED) if (otherwise[level] && !reached[level]) count(name)
  }
}

function countQuarantine({categories, result}: QuarantineEvent, size: number, count: Count): void {
  count('QuarMsgs')
  count('QuarMsgsSize', size)
  if (result === 'failed') count('QuarAttemptTempFails')
  else if (result === 'rejected') count('QuarAttemptFails')
  else {
    for (const category of categories) {
      count(`QuarMsgs${category}`)
      count(`QuarMsgsSize${category}`, size)
    }
  }
}

/** By what the mail is, not by what a next hop said of it. */
function countContent({outcomes, originating}: CountedMail, count: Count): void {
  const name = content(majorName(mainCategory(outcomes.map(({verdict}) => verdict)).major))
  count(name)
  for (const suffix of orientations(outcomes, originating)) count(name + suffix)
}

function countDelivery({purpose, protocol, size, result}: DeliveryEvent, count: Count): void {
  const role = purpose === 'Relay' ? 'Relay' : 'Submit'
  const suffixes = ['', role, `Proto${protocol}`, `Proto${protocol}${role}`]
  if (purpose !== 'Relay') suffixes.push(`Submit${purpose}`)
  if (result !== 'unreachable') for (const suffix of suffixes) count(outMsgs(suffix))
  if (result === 'delivered') {
    count('OutMsgsDelivers')
    for (const suffix of suffixes) count(outMsgsSize(suffix), size)
  } else count(result === 'rejected' ? 'OutMsgsRejects' : 'OutMsgsAttemptFails')
}

/** Each status and each status with its orientation once, however many recipients have it. */
function countStatus({outcomes, originating}: CountedMail, count: Count): void {
  const names = new Set<string>()
  for (const outcome of outcomes) {
    const status = statusOf(outcome)
    if (status === 'RelayedTagged' || status === 'RelayedUntagged') names.add('Relayed')
    names.add(status)
    names.add(status + directionOf(outcome.verdict.local, originating))
    if (originating) names.add(`${status}Originating`)
  }
  for (const name of names) count(inMsgsStatus(name))
}

const DSN_WORDS = {sent: 'Sent', suppressed: 'Suppressed', failed: 'Failed', refused: 'Failed'} as const

/** What became of the DSN for each recipient, by what the mail was to him; a counter of our own. */
function countDsns({outcomes}: CountedMail, count: Count): void {
  for (const outcome of outcomes) {
    if (outcome.dsn === 'none') continue
    count(`Dsn${DSN_WORDS[outcome.dsn]}${majorName(leadingCategory([outcome]).major)}`)
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

function countLog({byLevel, lines}: LogCounts, count: Count): void {
  if (lines > 0) count('LogLines', lines)
  let all = 0
  for (const [level, entries] of byLevel) {
    for (const [name, upTo] of PRIORITIES) if (level <= upTo) count(name, entries)
    count(logLevel(String(Math.min(5, Math.max(0, level)))), entries)
    all += entries
  }
  if (all > 0) count('LogEntries', all)
}
