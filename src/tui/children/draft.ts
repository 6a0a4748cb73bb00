/**
 * draft — the table of children in the making: frames go in, and now and then a table comes out.
 *
 * A table that was given out is never changed: a child that is heard of again is copied first, once for each
 * table. So what a frame costs is a look-up and a few assignments, however many of them there are a second.
 *
 * Late joiners learn a child from its repeated state (a delta frame whose base is then estimated) or from the
 * lists of busy and idle pids; what such a child did before is `?` (UNSEEN). Source: spec/monitoring §1.2, 1.3,
 * 2.4.
 */
import type {Frame} from '../../bus/grammar.ts'
import type {Incident} from '../../bus/incident.ts'
import {decayPeak} from './load-bar.ts'
import {emptyStateOctets, isText, readStateOctets} from './state-octets.ts'
import {isIdle, UNSEEN} from './states.ts'
import {
  type Bus,
  type Child,
  type ChildTable,
  childKey,
  EMPTY_TABLE,
  isBusy,
  RATE_SECONDS,
  type Step,
} from './table.ts'

/** A message as it arrived. */
export interface Arrival {
  readonly endpoint: string
  readonly frames: readonly Frame[]
  readonly nowMs: number
}

/** A child that neither it nor a list has named for so long is dropped. */
const FORGET_MS = 600_000
/** One that went away is shown for so long. */
const SHOW_GONE_MS = 10_000
/** A list that contradicts a child's own word is believed when the child has been silent for so long. */
const LIST_OVERRULES_MS = 5000
/** States of one task that are kept; a task with more of them keeps the newest. */
const MOST_STEPS = 100
/** Children beyond this are not taken in. */
const MOST_CHILDREN = 10_000
/** Estimated bases of one task differ by the time frames take to arrive. */
const BASE_JITTER_MS = 1500

type Writable<T> = {-readonly [K in keyof T]: T[K]}

/** A child and whether the table given out last has it: then it is copied before it is changed. */
interface Entry {
  child: Writable<Child>
  readonly key: string
  edition: number
  /** whether `steps` may be appended to */
  ownSteps: boolean
}

interface BusDraft extends Writable<Bus> {
  readonly endpoint: string
  mailsBySecond: Map<number, number>
  readonly children: Map<number, Entry>
}

export class TableDraft {
  readonly #buses = new Map<string, BusDraft>()
  readonly #octets = emptyStateOctets()
  #children = 0
  #edition = 0
  #peak: number
  #atMs: number

  constructor({children, buses, peak, atMs}: ChildTable = EMPTY_TABLE) {
    this.#peak = peak
    this.#atMs = atMs
    for (const [endpoint, bus] of buses)
      this.#buses.set(endpoint, {
        ...bus,
        endpoint,
        mailsBySecond: new Map(bus.mailsBySecond),
        children: new Map(),
      })
    for (const [key, child] of children) {
      this.#buses.get(child.endpoint)?.children.set(child.pid, {child, key, edition: -1, ownSteps: false})
      this.#children++
    }
  }

  /** A message came from this bus. */
  touch(endpoint: string, nowMs: number): void {
    this.#bus(endpoint, nowMs).heardMs = nowMs
  }

  /** Take in a frame of the usual kind, from its octets. @returns false for any other, which is left alone */
  hearOctets(endpoint: string, frame: Buffer, nowMs: number): boolean {
    const octets = this.#octets
    if (!readStateOctets(frame, octets)) return false
    const {pid, idStart, idEnd} = octets
    const bus = this.#bus(endpoint, nowMs)
    const entry = bus.children.get(pid)
    const known = entry?.child.taskId
    const taskId =
      idStart === idEnd
        ? undefined
        : known !== undefined && isText(frame, idStart, idEnd, known)
          ? known
          : frame.toString('latin1', idStart, idEnd)
    this.#said(bus, entry, pid, octets.absolute, octets.ms, octets.state, taskId, nowMs)
    return true
  }

  hear(endpoint: string, frame: Frame, nowMs: number): void {
    const bus = this.#bus(endpoint, nowMs)
    if (frame.kind === 'state') this.#hearState(bus, frame, nowMs)
    else if (frame.kind === 'proc') this.#hearList(bus, frame, nowMs)
  }

  /** What the minder says of a child's end comes before the `purged` of that child. */
  hearIncident(endpoint: string, {kind, pid}: Incident): void {
    const entry = this.#buses.get(endpoint)?.children.get(pid)
    if (entry && (kind === 'went away' || kind === 'terminated' || kind === 'forgotten'))
      this.#own(entry).end = kind
  }

  /** The table of now; what is heard from here on is in the next. */
  publish(nowMs: number): ChildTable {
    const children = new Map<string, Child>()
    const buses = new Map<string, Bus>()
    let busy = 0
    for (const bus of this.#buses.values()) {
      const {heardMs, listsMs, flushes, mailsBySecond, firstHeardMs} = bus
      buses.set(bus.endpoint, {
        heardMs,
        listsMs,
        flushes,
        mailsBySecond: new Map(mailsBySecond),
        firstHeardMs,
      })
      for (const [pid, {key, child}] of bus.children) {
        if (isOver(child, nowMs)) {
          bus.children.delete(pid)
          this.#children--
          continue
        }
        children.set(key, child)
        if (isBusy(child)) busy++
      }
    }
    this.#edition++
    this.#peak = decayPeak(this.#peak, busy, Math.max(0, nowMs - this.#atMs))
    this.#atMs = nowMs
    return {children, buses, peak: this.#peak, atMs: nowMs}
  }

  #bus(endpoint: string, nowMs: number): BusDraft {
    let bus = this.#buses.get(endpoint)
    if (bus) return bus
    bus = {
      endpoint,
      heardMs: nowMs,
      listsMs: undefined,
      flushes: 0,
      mailsBySecond: new Map(),
      firstHeardMs: nowMs,
      children: new Map(),
    }
    this.#buses.set(endpoint, bus)
    return bus
  }

  #hearState(bus: BusDraft, frame: Frame & {kind: 'state'}, nowMs: number): void {
    const {pid, state, taskId, time} = frame
    const entry = bus.children.get(pid)
    switch (state) {
      case 'FLUSH':
        bus.flushes++
        this.#children -= bus.children.size
        bus.children.clear()
        return
      case 'exiting':
        if (bus.children.delete(pid)) this.#children--
        return
      case 'purged':
        if (entry && entry.child.goneMs === undefined) {
          const child = this.#own(entry)
          child.goneMs = nowMs
          child.end ??= 'went away'
        }
        return
    }
    this.#said(bus, entry, pid, time.kind === 'abs', time.ms, state, taskId, nowMs)
  }

  #said(
    bus: BusDraft,
    entry: Entry | undefined,
    pid: number,
    absolute: boolean,
    ms: number,
    state: string,
    taskId: string | undefined,
    nowMs: number,
  ): void {
    const live = entry?.child.goneMs === undefined ? entry : undefined
    if (state === '.' && live && live.child.state !== '.') countMail(bus, nowMs)
    if (absolute) {
      this.#begin(bus, entry, pid, ms, [{state, atMs: ms}], state, taskId, nowMs)
      return
    }
    const estimatedMs = nowMs - ms
    if (!live || isAnotherBase(live.child, taskId, estimatedMs)) {
      // joined late, or its last base was missed: what it did since then was not seen
      const steps = isIdle(state, taskId)
        ? [{state, atMs: estimatedMs}]
        : [
            {state: UNSEEN, atMs: estimatedMs},
            {state, atMs: nowMs},
          ]
      this.#begin(bus, entry, pid, estimatedMs, steps, state, taskId, nowMs)
      return
    }
    const child = this.#own(live)
    child.heardMs = nowMs
    if (child.state === state && child.taskId === taskId) return
    child.state = state
    child.taskId = taskId
    if (!live.ownSteps) child.steps = child.steps.slice(1 - MOST_STEPS)
    live.ownSteps = true
    const steps = child.steps as Step[]
    if (steps.length >= MOST_STEPS) steps.shift()
    steps.push({state, atMs: child.baseMs + ms})
  }

  /** The child with a new base, or a new child. */
  #begin(
    bus: BusDraft,
    entry: Entry | undefined,
    pid: number,
    baseMs: number,
    steps: readonly Step[],
    state: string,
    taskId: string | undefined,
    nowMs: number,
  ): void {
    if (!entry) {
      if (this.#children >= MOST_CHILDREN) return
      this.#children++
      const {endpoint} = bus
      const fresh = {endpoint, pid, state, taskId, baseMs, steps, heardMs: nowMs}
      bus.children.set(pid, {
        child: {...fresh, goneMs: undefined, end: undefined},
        key: childKey(endpoint, pid),
        edition: this.#edition,
        ownSteps: true,
      })
      return
    }
    const child = this.#own(entry)
    child.state = state
    child.taskId = taskId
    child.baseMs = baseMs
    child.steps = steps
    child.heardMs = nowMs
    child.goneMs = undefined
    child.end = undefined
    entry.ownSteps = true
  }

  #hearList(bus: BusDraft, frame: Frame & {kind: 'proc'}, nowMs: number): void {
    bus.listsMs = nowMs
    const busy = frame.list === 'busy'
    for (const pid of frame.pids) {
      const entry = bus.children.get(pid)
      const known = entry?.child
      if (entry && known && known.goneMs === undefined && isBusy(known) === busy) {
        this.#own(entry).heardMs = nowMs
      } else if (!known || nowMs - known.heardMs > LIST_OVERRULES_MS) {
        const state = busy ? UNSEEN : '-'
        this.#begin(bus, entry, pid, nowMs, [{state, atMs: nowMs}], state, undefined, nowMs)
      }
    }
  }

  /** The child as one that may be changed. */
  #own(entry: Entry): Writable<Child> {
    if (entry.edition !== this.#edition) {
      entry.child = {...entry.child}
      entry.edition = this.#edition
      entry.ownSteps = false
    }
    return entry.child
  }
}

function isAnotherBase(known: Child, taskId: string | undefined, estimatedMs: number): boolean {
  if (known.state === UNSEEN) return true
  const sameTask = taskId !== undefined && known.taskId === taskId
  return !sameTask && Math.abs(estimatedMs - known.baseMs) > BASE_JITTER_MS
}

function isOver({goneMs, heardMs}: Child, nowMs: number): boolean {
  return goneMs === undefined ? nowMs - heardMs > FORGET_MS : nowMs - goneMs > SHOW_GONE_MS
}

function countMail({mailsBySecond}: BusDraft, nowMs: number): void {
  const second = Math.floor(nowMs / 1000)
  mailsBySecond.set(second, (mailsBySecond.get(second) ?? 0) + 1)
  for (const at of mailsBySecond.keys()) {
    if (at > second - RATE_SECONDS) break
    mailsBySecond.delete(at)
  }
}
