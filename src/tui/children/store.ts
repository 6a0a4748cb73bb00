/**
 * store — gathers what the buses say and publishes the table of children at a steady pace.
 *
 * Knows no React, but has the two functions that `useSyncExternalStore` wants. However much arrives, there
 * is one new snapshot a period; with nothing new there is one a second while somebody listens, because
 * ages go on.
 */
import {type Frame, parseFrame} from '../../bus/grammar.ts'
import {credible} from '../visible.ts'
import {type FinishedTask, FinishedTasks} from './finished.ts'
import {type Arrival, applyMessages, type ChildTable, childKey, EMPTY_TABLE} from './table.ts'

/** Messages that wait for a publication that may be long in coming. */
const MOST_WAITING = 2000

export interface Snapshot {
  readonly table: ChildTable
  /** the moment it shows, Unix ms */
  readonly nowMs: number
}

export interface ChildStore {
  /** A message as it arrived. */
  put(endpoint: string, frames: readonly string[]): void
  /** The last published snapshot; the same object until the next. */
  getSnapshot(): Snapshot
  /** Publish what has arrived up to now, at once. */
  refresh(): Snapshot
  /** The last tasks of a child, newest first; of children that the log channel told of. */
  finishedOf(key: string): readonly FinishedTask[]
  /** @returns how to stop listening */
  subscribe(listener: () => void): () => void
  close(): void
}

export interface StoreOptions {
  readonly now?: () => number
  readonly periodMs?: number
  readonly tickMs?: number
}

export function createChildStore({
  now = Date.now,
  periodMs = 200,
  tickMs = 1000,
}: StoreOptions = {}): ChildStore {
  const listeners = new Set<() => void>()
  const finished = new FinishedTasks()
  let waiting: Arrival[] = []
  let table = EMPTY_TABLE
  let snapshot: Snapshot = {table, nowMs: now()}
  let timer: NodeJS.Timeout | undefined

  const absorb = () => {
    table = applyMessages(table, waiting, now())
    waiting = []
  }
  const publish = () => {
    absorb()
    snapshot = {table, nowMs: now()}
    for (const listener of listeners) listener()
  }
  const tick = () => {
    if (waiting.length > 0 || now() - snapshot.nowMs >= tickMs) publish()
  }
  const start = () => {
    timer ??= setInterval(tick, periodMs).unref()
  }
  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    put(endpoint, texts) {
      const frames: Frame[] = []
      for (const text of texts) {
        const frame = credible(parseFrame(text))
        if (frame?.kind === 'log') finished.add(childKey(endpoint, frame.pid), frame)
        else if (frame) frames.push(frame)
      }
      waiting.push({endpoint, frames, nowMs: now()})
      if (waiting.length >= MOST_WAITING) absorb()
    },
    getSnapshot: () => snapshot,
    refresh() {
      publish()
      return snapshot
    },
    finishedOf: key => finished.of(key),
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
