/**
 * facts — what is known of one host at one moment: what its bus said, its responder answered and, on this
 * machine, its master told. Values only; assess.ts judges them.
 */
import type {Incident} from '../../bus/incident.ts'
import type {ScannerState} from '../../bus/scanner-state.ts'
import {isNumeric, startedMs, type Variables} from '../agent/classic.ts'
import {SILENCE_MS} from '../children/feed.ts'
import type {Snapshot} from '../children/store.ts'
import {type Child, countChildren, isBusy} from '../children/table.ts'
import {ageMs} from '../children/trail.ts'
import type {SectionSum, Sum} from '../timing/sums.ts'

/** Where a host is heard and asked. */
export interface Place {
  /** its bus */
  readonly endpoint: string
  readonly responder: string
}

export interface Service {
  readonly name: string
  readonly endpoint: string
  readonly alive: boolean
}

/** What a master says of itself on its control socket. Times are Unix ms. */
export interface MasterFacts {
  readonly pid: number
  readonly name: string | undefined
  readonly version: string
  readonly generation: number | undefined
  readonly startedMs: number
  /** children that are to be there */
  readonly maximum: number
  readonly waiting: {readonly length: number; readonly limit: number; readonly longestMs: number}
  readonly reload:
    | {readonly atMs: number; readonly ok: boolean; readonly problems: readonly string[]}
    | undefined
  /** as amavis-mc has them; undefined where it does not run, or not for this daemon */
  readonly services: readonly SupervisedService[] | undefined
  readonly evidence: readonly Evidence[]
  /** amavis anvil; undefined where it neither runs nor is asked by our own sessions */
  readonly anvil?: {readonly pid?: number | undefined; readonly isAsked: boolean} | undefined
}

export interface SupervisedService {
  readonly name: string
  readonly pid?: number | undefined
  readonly startedMs?: number | undefined
  readonly restarts: number
  readonly lastEnd?: string | undefined
}

/** A work folder that was left for a person to look at. */
export interface Evidence {
  readonly folder: string
  readonly reason: string
  readonly atMs: number
}

export interface Trouble {
  readonly atMs: number
  readonly pid: number
  readonly text: string
}

export interface MtaQueueFacts {
  readonly name: string
  readonly entries: number
  readonly oldestSec: number | undefined
}

/** What is known of the counting server. */
export interface AnvilFacts {
  /** undefined: its master does not tell, as on another machine */
  readonly runs: boolean | undefined
  readonly pid: number | undefined
  /** our own sessions are limited by it */
  readonly isAsked: boolean | undefined
  /** as it said last on the bus: clients it remembers, connections to it, requests by kind */
  readonly clients: number | undefined
  readonly streams: number | undefined
  readonly requests: ReadonlyMap<string, number>
  /** what our own sessions refused, by limit */
  readonly refused: ReadonlyMap<string, number>
  /** events of our own sessions that it was not asked about, as it did not answer */
  readonly notCounted: number
}

export interface HostFacts extends Place {
  readonly nowMs: number
  /** since we began to listen */
  readonly watchedMs: number
  readonly bus: {
    /** when it was heard last and first, Unix ms of our clock */
    readonly heardMs: number | undefined
    readonly firstHeardMs: number | undefined
    /** median time from the stamp of a message to its arrival; wrong clocks show here */
    readonly lagMs: number | undefined
    /** messages that we were too slow for */
    readonly dropped: number
  }
  readonly services: readonly Service[]
  readonly children: {
    readonly busy: number
    readonly idle: number
    readonly peak: number
    /** as configured; undefined: not told */
    readonly maximum: number | undefined
    /** busy ones by state letter, most first */
    readonly states: ReadonlyMap<string, number>
    readonly oldest:
      | {readonly ms: number; readonly pid: number; readonly taskId: string | undefined}
      | undefined
  }
  readonly mails: {
    /** in the last minute, or as much of it as was watched */
    readonly perMinute: number
    readonly watchedMs: number
    /** over the last ten minutes, or as much of them as the counters were watched, if at least one */
    readonly perMinuteOfTen: number | undefined
  }
  readonly tasks: Sum | undefined
  readonly sections: readonly SectionSum[]
  /** numbers by name; undefined without an answer from the responder */
  readonly counters: ReadonlyMap<string, number> | undefined
  readonly name: string | undefined
  readonly version: string | undefined
  readonly generation: number | undefined
  /** of the daemon */
  readonly startedMs: number | undefined
  /** since when the counters count: a responder that was started anew has forgotten what was before */
  readonly countedSinceMs: number | undefined
  readonly nextHop: {
    /** when the counters last told of a mail sent, Unix ms */
    readonly sentMs: number | undefined
    readonly lastFailure: Trouble | undefined
    /** failed attempts in the last ten minutes, or as much of them as was watched */
    readonly recentFailures: number
  }
  readonly queues: readonly MtaQueueFacts[]
  /** undefined where there is none */
  readonly anvil: AnvilFacts | undefined
  readonly scanners: readonly ScannerState[]
  /** newest first */
  readonly incidents: readonly Incident[]
  /** other entries of the log that speak of trouble, newest first */
  readonly troubles: readonly Trouble[]
  readonly master: MasterFacts | undefined
  /** it has answered before, and does not any more */
  readonly isMasterLost: boolean
}

/** What the children of a host are at, from their table. */
export function childFacts({table, nowMs}: Snapshot, maximum: number | undefined): HostFacts['children'] {
  const children = [...table.children.values()]
  const busy = children.filter(isBusy)
  let oldest: Child | undefined
  for (const child of busy) if (!oldest || ageMs(child, nowMs) > ageMs(oldest, nowMs)) oldest = child
  return {
    ...countChildren(children),
    peak: table.peak,
    maximum,
    states: countBy(busy.map(child => child.state)),
    oldest: oldest && {ms: ageMs(oldest, nowMs), pid: oldest.pid, taskId: oldest.taskId},
  }
}

function countBy(letters: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  return new Map([...counts].sort((a, b) => b[1] - a[1]))
}

/** The services of the bus, as far as they can be told by what comes from them. */
export function serviceFacts(
  {endpoint, responder}: Place,
  {table, nowMs}: Snapshot,
  answered: boolean,
): readonly Service[] {
  const bus = table.buses.get(endpoint)
  const isRecent = (ms: number | undefined) => ms !== undefined && nowMs - ms <= SILENCE_MS
  return [
    {name: 'msg-forwarder', endpoint, alive: isRecent(bus?.heardMs)},
    {name: 'childproc-minder', endpoint, alive: isRecent(bus?.listsMs)},
    {name: 'snmp-responder', endpoint: responder, alive: answered},
  ]
}

/** The numbers among the variables. */
function numbersOf(variables: Variables): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>()
  for (const [name, {type, value}] of variables) {
    if (isNumeric(type) || type === 'G32') numbers.set(name, Number(value) || 0)
  }
  return numbers
}

const QUEUES = ['Maildrop', 'Incoming', 'Active', 'Deferred'] as const

/** Postfix's queues, where they are counted. */
function queueFacts(counters: ReadonlyMap<string, number> | undefined): readonly MtaQueueFacts[] {
  return QUEUES.flatMap(name => {
    const entries = counters?.get(`MtaQueueEntries${name}`)
    if (entries === undefined) return []
    return [{name: name.toLowerCase(), entries, oldestSec: counters?.get(`MtaQueueOldest${name}`)}]
  })
}

const LIMIT_NOT_COUNTED = 'ClientLimitNotCounted'

/** The counting server, as far as the master and the counters tell. */
export function anvilFacts(
  counters: ReadonlyMap<string, number> | undefined,
  master: MasterFacts | undefined,
): AnvilFacts | undefined {
  const clients = counters?.get('AnvilClients')
  const told = master?.anvil
  if (clients === undefined && told === undefined) return undefined
  return {
    runs: master && told?.pid !== undefined,
    pid: told?.pid,
    isAsked: master && told?.isAsked === true,
    clients,
    streams: counters?.get('AnvilStreams'),
    requests: named(counters, 'AnvilRequests'),
    refused: named(counters, 'ClientLimit', LIMIT_NOT_COUNTED),
    notCounted: counters?.get(LIMIT_NOT_COUNTED) ?? 0,
  }
}

/** Counters that begin so, by the rest of their names. */
function named(
  counters: ReadonlyMap<string, number> | undefined,
  start: string,
  except?: string,
): ReadonlyMap<string, number> {
  const found = [...(counters ?? [])].filter(([name]) => name.startsWith(start) && name !== except)
  return new Map(found.map(([name, value]) => [name.slice(start.length), value]))
}

/** Facts that come from the variables of the responder. */
export function variableFacts(variables: Variables | undefined) {
  const numbers = variables && numbersOf(variables)
  const version = variables?.get('DaemonVersion')?.value || variables?.get('sysDescr')?.value
  return {
    counters: numbers,
    name: variables?.get('sysName')?.value || undefined,
    version: version || undefined,
    generation: numbers?.get('DaemonGeneration'),
    maximum: numbers?.get('DaemonChildren'),
    startedMs: variables && startedMs(variables),
    queues: queueFacts(numbers),
  }
}
