/**
 * table — all children that the buses speak of, from frames to values.
 *
 * `applyMessages` is a reducer: a table and what has arrived since give the next table; the old one is not
 * changed. Late joiners learn a child from its repeated state (a delta frame whose base is then estimated)
 * or from the lists of busy and idle pids; what such a child did before is `?` (UNSEEN).
 * Source: spec/monitoring §1.2, 1.3, 2.4.
 */
import type {Frame} from '../../bus/grammar.ts'
import {decayPeak} from './load-bar.ts'
import {isIdle, UNSEEN} from './states.ts'

/** A state of the current task and when it began, in Unix ms. */
export interface Step {
  readonly state: string
  readonly atMs: number
}

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
}

/** A message as it arrived. */
export interface Arrival {
  readonly endpoint: string
  readonly frames: readonly Frame[]
  readonly nowMs: number
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

/** A child that neither it nor a list has named for so long is dropped. */
export const FORGET_MS = 600_000
/** One that went away is shown for so long. */
export const SHOW_GONE_MS = 10_000
/** Rates are over so many seconds. */
export const RATE_SECONDS = 60
/** A mail in the first moment is no sixty a minute; a look of two seconds says how short it was. */
const SHORTEST_RATE_SECONDS = 2
/** A list that contradicts a child's own word is believed when the child has been silent for so long. */
const LIST_OVERRULES_MS = 5000
/** States of one task that are kept; a task with more of them keeps the newest. */
const MOST_STEPS = 100
/** Children beyond this are not taken in. */
const MOST_CHILDREN = 10_000
/** Estimated bases of one task differ by the time frames take to arrive. */
const BASE_JITTER_MS = 1500

/** A pid is unique on its machine only. */
export function childKey(endpoint: string, pid: number): string {
  return `${endpoint} ${pid}`
}

/** The table after these messages, in order. */
export function applyMessages(table: ChildTable, arrivals: readonly Arrival[], nowMs: number): ChildTable {
  const draft: Draft = {children: new Map(table.children), buses: new Map(table.buses)}
  for (const arrival of arrivals) {
    touchBus(draft, arrival)
    for (const frame of arrival.frames) {
      if (frame.kind === 'state') applyState(draft, arrival, frame)
      else if (frame.kind === 'proc') applyList(draft, arrival, frame)
    }
  }
  for (const [key, child] of draft.children) {
    const old =
      child.goneMs === undefined ? nowMs - child.heardMs > FORGET_MS : nowMs - child.goneMs > SHOW_GONE_MS
    if (old) draft.children.delete(key)
  }
  const {busy} = countChildren(draft.children.values())
  return {...draft, peak: decayPeak(table.peak, busy, Math.max(0, nowMs - table.atMs)), atMs: nowMs}
}

interface Draft {
  readonly children: Map<string, Child>
  readonly buses: Map<string, Bus>
}

function touchBus(draft: Draft, {endpoint, nowMs}: Arrival): void {
  const bus = draft.buses.get(endpoint)
  draft.buses.set(
    endpoint,
    bus
      ? {...bus, heardMs: nowMs}
      : {heardMs: nowMs, listsMs: undefined, flushes: 0, mailsBySecond: new Map(), firstHeardMs: nowMs},
  )
}

function applyState(draft: Draft, arrival: Arrival, frame: Frame & {kind: 'state'}): void {
  const {endpoint, nowMs} = arrival
  const key = childKey(endpoint, frame.pid)
  const known = draft.children.get(key)
  switch (frame.state) {
    case 'FLUSH': {
      const bus = draft.buses.get(endpoint)!
      draft.buses.set(endpoint, {...bus, flushes: bus.flushes + 1})
      for (const [other, child] of draft.children)
        if (child.endpoint === endpoint) draft.children.delete(other)
      return
    }
    case 'exiting':
      draft.children.delete(key)
      return
    case 'purged':
      if (known && known.goneMs === undefined) draft.children.set(key, {...known, goneMs: nowMs})
      return
  }
  if (!known && draft.children.size >= MOST_CHILDREN) return
  const live = known?.goneMs === undefined ? known : undefined
  const next = nextChild(live, arrival, frame)
  draft.children.set(key, next)
  if (frame.state === '.' && live !== undefined && live.state !== '.') countMail(draft, arrival)
}

function nextChild(
  known: Child | undefined,
  {endpoint, nowMs}: Arrival,
  frame: Frame & {kind: 'state'},
): Child {
  const {pid, state, taskId, time} = frame
  const common = {endpoint, pid, state, taskId, heardMs: nowMs, goneMs: undefined}
  if (time.kind === 'abs') return {...common, baseMs: time.ms, steps: [{state, atMs: time.ms}]}
  const estimatedMs = nowMs - time.ms
  const sameTask = taskId !== undefined && known?.taskId === taskId
  if (
    known === undefined ||
    known.state === UNSEEN ||
    (!sameTask && Math.abs(estimatedMs - known.baseMs) > BASE_JITTER_MS)
  ) {
    // joined late, or its last base was missed: what it did since then was not seen
    const steps = isIdle(state, taskId)
      ? [{state, atMs: estimatedMs}]
      : [
          {state: UNSEEN, atMs: estimatedMs},
          {state, atMs: nowMs},
        ]
    return {...common, baseMs: estimatedMs, steps}
  }
  if (known.state === state && known.taskId === taskId) return {...known, heardMs: nowMs}
  const steps = [...known.steps, {state, atMs: known.baseMs + time.ms}].slice(-MOST_STEPS)
  return {...common, baseMs: known.baseMs, steps}
}

function countMail(draft: Draft, {endpoint, nowMs}: Arrival): void {
  const bus = draft.buses.get(endpoint)!
  const second = Math.floor(nowMs / 1000)
  const mails = new Map([...bus.mailsBySecond].filter(([at]) => at > second - RATE_SECONDS))
  mails.set(second, (mails.get(second) ?? 0) + 1)
  draft.buses.set(endpoint, {...bus, mailsBySecond: mails})
}

function applyList(draft: Draft, {endpoint, nowMs}: Arrival, frame: Frame & {kind: 'proc'}): void {
  draft.buses.set(endpoint, {...draft.buses.get(endpoint)!, listsMs: nowMs})
  const busy = frame.list === 'busy'
  for (const pid of frame.pids) {
    const key = childKey(endpoint, pid)
    const known = draft.children.get(key)
    const agrees = known && known.goneMs === undefined && isIdle(known.state, known.taskId) !== busy
    if (known && agrees) {
      draft.children.set(key, {...known, heardMs: nowMs})
    } else if (known ? nowMs - known.heardMs > LIST_OVERRULES_MS : draft.children.size < MOST_CHILDREN) {
      const state = busy ? UNSEEN : '-'
      const steps = [{state, atMs: nowMs}]
      const child = {endpoint, pid, state, taskId: undefined, baseMs: nowMs, steps, heardMs: nowMs}
      draft.children.set(key, {...child, goneMs: undefined})
    }
  }
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
