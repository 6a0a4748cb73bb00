/**
 * store — gathers what the buses say and publishes the table of children at a steady pace.
 *
 * Knows no React, but has the two functions that `useSyncExternalStore` wants. However much arrives, there
 * is one new snapshot a period, and some more at first and after `clear`: nobody likes to wait for the first
 * picture. With nothing new there is one a second while somebody listens, because ages go on.
 */
import {type Frame, parseFrame} from '../../bus/grammar.ts'
import {INCIDENT_PREFIX, type Incident, parseIncident} from '../../bus/incident.ts'
import {credible} from '../visible.ts'
import {TableDraft} from './draft.ts'
import {type FinishedTask, FinishedTasks} from './finished.ts'
import {type ChildTable, childKey} from './table.ts'

export interface Snapshot {
  readonly table: ChildTable
  /** the moment it shows, Unix ms */
  readonly nowMs: number
}

/** An incident and the bus that told of it. */
export interface BusIncident extends Incident {
  readonly endpoint: string
}

export interface ChildStore {
  /** A message as it arrived, now or, of a recording, at its time. */
  put(endpoint: string, frames: readonly (Buffer | string)[], atMs?: number): void
  /** The last published snapshot; the same object until the next. */
  getSnapshot(): Snapshot
  /** Publish what has arrived up to now, at once. */
  refresh(): Snapshot
  /** The last tasks of a child, newest first; of children that the log channel told of. */
  finishedOf(key: string): readonly FinishedTask[]
  /** The last incidents, newest first. */
  incidents(): readonly BusIncident[]
  /** An incident that a responder remembers. */
  recall(endpoint: string, frame: Frame): void
  /** Forget everything: what follows is of another time. */
  clear(): void
  /** @returns how to stop listening */
  subscribe(listener: () => void): () => void
  close(): void
}

export interface StoreOptions {
  readonly now?: () => number
  readonly periodMs?: number
  readonly tickMs?: number
}

const MOST_INCIDENTS = 100
/** At first there are so many snapshots so soon after something was heard. */
const EAGER_SNAPSHOTS = 8
const SOON_MS = 200

export function createChildStore({
  now = Date.now,
  periodMs = 200,
  tickMs = 1000,
}: StoreOptions = {}): ChildStore {
  const listeners = new Set<() => void>()
  let finished = new FinishedTasks()
  let draft = new TableDraft()
  let incidents: BusIncident[] = []
  let heard = false
  let snapshot: Snapshot = {table: draft.publish(now()), nowMs: now()}
  let timer: NodeJS.Timeout | undefined
  let soon: NodeJS.Timeout | undefined
  let eager = EAGER_SNAPSHOTS

  const publish = () => {
    heard = false
    const nowMs = now()
    snapshot = {table: draft.publish(nowMs), nowMs}
    for (const listener of listeners) listener()
  }
  const tick = () => {
    if (heard || Math.abs(now() - snapshot.nowMs) >= tickMs) publish()
  }
  const publishSoon = () => {
    if (eager === 0 || soon !== undefined || listeners.size === 0 || periodMs <= SOON_MS) return
    soon = setTimeout(() => {
      soon = undefined
      eager--
      if (heard) publish()
    }, SOON_MS).unref()
  }
  const start = () => {
    timer ??= setInterval(tick, periodMs).unref()
  }
  const stop = () => {
    clearInterval(timer)
    clearTimeout(soon)
    timer = undefined
    soon = undefined
  }
  /** Any frame but the usual one. */
  const hearText = (endpoint: string, text: string, nowMs: number) => {
    const frame = credible(parseFrame(text))
    if (frame?.kind !== 'log') return frame && draft.hear(endpoint, frame, nowMs)
    if (!text.startsWith(INCIDENT_PREFIX)) return finished.add(childKey(endpoint, frame.pid), frame)
    remember(endpoint, frame)
  }
  const remember = (endpoint: string, frame: Frame) => {
    const incident = parseIncident(frame)
    if (!incident) return
    draft.hearIncident(endpoint, incident)
    if (incidents.some(known => isSame(known, {...incident, endpoint}))) return
    incidents = [...incidents, {...incident, endpoint}].slice(-MOST_INCIDENTS)
  }
  return {
    put(endpoint, frames, nowMs = now()) {
      heard = true
      if (eager > 0) publishSoon()
      draft.touch(endpoint, nowMs)
      for (const frame of frames) {
        if (typeof frame === 'string') hearText(endpoint, frame, nowMs)
        else if (!draft.hearOctets(endpoint, frame, nowMs)) hearText(endpoint, frame.toString(), nowMs)
      }
    },
    getSnapshot: () => snapshot,
    refresh() {
      publish()
      return snapshot
    },
    finishedOf: key => finished.of(key),
    incidents: () => incidents.toSorted((a, b) => b.timeMs - a.timeMs),
    recall(endpoint, frame) {
      const known = credible(frame)
      if (known) remember(endpoint, known)
    },
    clear() {
      finished = new FinishedTasks()
      draft = new TableDraft()
      incidents = []
      heard = true
      eager = EAGER_SNAPSHOTS
      publishSoon()
    },
    subscribe(listener) {
      listeners.add(listener)
      start()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) stop()
      }
    },
    close() {
      listeners.clear()
      stop()
    },
  }
}

/** The responder tells the last ones again. */
function isSame(a: BusIncident, b: BusIncident): boolean {
  return a.timeMs === b.timeMs && a.pid === b.pid && a.kind === b.kind && a.endpoint === b.endpoint
}
