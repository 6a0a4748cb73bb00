/**
 * table — all children that the buses speak of, as values; draft.ts makes them from frames. Pure.
 */
import {isIdle} from './states.ts'

/** A state of the current task and when it began, in Unix ms. */
export interface Step {
  readonly state: string
  readonly atMs: number
}

/** `terminated`: it had been signalled; `forgotten`: it cannot be ended, or may not be. */
export type ChildEnd = 'went away' | 'terminated' | 'forgotten'

export interface Child {
  readonly endpoint: string
  readonly pid: number
  readonly state: string
  readonly taskId: string | undefined
  /** Unix ms that its deltas count from: birth, accept or MAIL FROM; an estimate for late joiners */
  readonly baseMs: number
  /** states since the base, oldest first */
  readonly steps: readonly Step[]
  /** when anything spoke of it last, Unix ms of our clock */
  readonly heardMs: number
  /** when `purged` told that it is no more without having said so itself */
  readonly goneMs: number | undefined
  /** how it ended, as its childproc-minder told before; `went away` when nothing was told */
  readonly end: ChildEnd | undefined
}

/** What is known of one bus. */
export interface Bus {
  readonly heardMs: number
  /** when a list of pids came last: its childproc-minder lives */
  readonly listsMs: number | undefined
  /** times that its children were forgotten, by a start of the daemon or of the minder */
  readonly flushes: number
  /** mails whose checking ended, by the whole second of our clock in which we heard of it */
  readonly mailsBySecond: ReadonlyMap<number, number>
  readonly firstHeardMs: number
}

export interface ChildTable {
  /** by `childKey` */
  readonly children: ReadonlyMap<string, Child>
  /** by endpoint, for those that have spoken */
  readonly buses: ReadonlyMap<string, Bus>
  /** recent peak of busy children, sinking (load-bar.ts) */
  readonly peak: number
  /** the moment that this is the table of, Unix ms */
  readonly atMs: number
}

export const EMPTY_TABLE: ChildTable = {children: new Map(), buses: new Map(), peak: 0, atMs: 0}

/** Rates are over so many seconds. */
export const RATE_SECONDS = 60
/** A mail in the first moment is no sixty a minute; a look of two seconds says how short it was. */
const SHORTEST_RATE_SECONDS = 2
/** A pid is unique on its machine only. */
export function childKey(endpoint: string, pid: number): string {
  return `${endpoint} ${pid}`
}

/** Mails a minute over the last minute, or since the first bus was heard if that is less but not too little. */
export function mailsPerMinute(table: ChildTable, nowMs: number): number {
  let mails = 0
  let firstMs = nowMs
  for (const {mailsBySecond, firstHeardMs} of table.buses.values()) {
    firstMs = Math.min(firstMs, firstHeardMs)
    for (const [second, n] of mailsBySecond) if (second > nowMs / 1000 - RATE_SECONDS) mails += n
  }
  const seconds = Math.min(RATE_SECONDS, Math.max(SHORTEST_RATE_SECONDS, (nowMs - firstMs) / 1000))
  return (mails * 60) / seconds
}

/** When any bus was heard last; undefined when none has spoken. */
export function lastHeardMs(table: ChildTable): number | undefined {
  const times = [...table.buses.values()].map(bus => bus.heardMs)
  return times.length > 0 ? Math.max(...times) : undefined
}

export function isBusy(child: Child): boolean {
  return child.goneMs === undefined && !isIdle(child.state, child.taskId)
}

/** Counts of live children. */
export function countChildren(children: Iterable<Child>): {readonly busy: number; readonly idle: number} {
  let busy = 0
  let idle = 0
  for (const child of children) {
    if (isBusy(child)) busy++
    else if (child.goneMs === undefined) idle++
  }
  return {busy, idle}
}
