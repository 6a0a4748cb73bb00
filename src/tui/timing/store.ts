/**
 * store — gathers the TIMING entries of the buses and publishes their sums once a second.
 */
import {parseFrame} from '../../bus/grammar.ts'
import type {ReplayClock} from '../../bus/recording/clock.ts'
import {subscribe} from '../../bus/subscriber.ts'
import {TIMING_PREFIX} from '../children/finished.ts'
import {credible} from '../visible.ts'
import type {TimingSnapshot} from './report.ts'
import {TimingSums} from './sums.ts'
import {parseTiming} from './timing-text.ts'

/** The lists come every 2 s, whether there is mail or not: they tell that the bus lives. */
const PREFIXES = [TIMING_PREFIX, 'am.proc.']
const PERIOD_MS = 1000

export interface TimingStore {
  put(frames: readonly string[], atMs?: number): void
  /** The last published; the same object until the next. */
  getSnapshot(): TimingSnapshot
  /** Publish now. */
  refresh(): TimingSnapshot
  /** Forget everything: what follows is of another time. */
  clear(): void
  /** @returns how to stop listening */
  subscribe(listener: () => void): () => void
}

export function createTimingStore(now: () => number = Date.now): TimingStore {
  let sums = new TimingSums()
  const listeners = new Set<() => void>()
  let startMs = now()
  let heardMs: number | undefined
  let timer: NodeJS.Timeout | undefined
  const take = (): TimingSnapshot => {
    const nowMs = now()
    return {nowMs, watchedMs: nowMs - startMs, heardMs, tasks: sums.tasks, sections: sums.sections()}
  }
  let snapshot = take()
  const refresh = () => {
    snapshot = take()
    for (const listener of listeners) listener()
    return snapshot
  }
  return {
    put(frames, atMs = now()) {
      heardMs = atMs
      // the beginning of a recording comes at once, but is of the time before
      startMs = Math.min(startMs, atMs)
      for (const text of frames) {
        const frame = credible(parseFrame(text))
        const entry = frame?.kind === 'log' ? parseTiming(frame.text) : undefined
        if (frame?.kind === 'log' && entry) sums.add(entry, frame.pid)
      }
    },
    getSnapshot: () => snapshot,
    refresh,
    clear() {
      sums = new TimingSums()
      startMs = now()
      heardMs = undefined
    },
    subscribe(listener) {
      listeners.add(listener)
      timer ??= setInterval(refresh, PERIOD_MS).unref()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/**
 * Fill the store until the signal is aborted.
 * @throws AmavisError AM_USAGE for an endpoint that is no address
 */
export async function feedTimings(
  store: TimingStore,
  endpoints: readonly string[],
  signal: AbortSignal,
  clock?: ReplayClock,
): Promise<void> {
  for await (const {frames, atMs} of subscribe(endpoints, PREFIXES, {signal, clock})) store.put(frames, atMs)
}
