/**
 * plain — the timing table as text or JSON: what was heard so far, again and again.
 */
import {pause} from '../pause.ts'
import {silenceText} from '../silence.ts'
import {timingJson, timingText} from './report.ts'
import {createTimingStore, feedTimings} from './store.ts'

export interface TimingOptions {
  readonly endpoints: readonly string[]
  /** displays to show; undefined: without end */
  readonly count: number | undefined
  /** listened to for so long before each display */
  readonly waitMs: number
  readonly json: boolean
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}

/** @returns the exit status: 1 when no bus says anything */
export async function printTiming(options: TimingOptions): Promise<number> {
  const {endpoints, count, waitMs, json, stdout, stderr} = options
  const store = createTimingStore()
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const feeding = feedTimings(store, endpoints, signal)
  const failed = feeding.then(() => false)
  try {
    for (let shown = 0; count === undefined || shown < count; shown++) {
      if (!(await Promise.race([pause(waitMs, signal), failed]))) break
      const snapshot = store.refresh()
      if (snapshot.heardMs === undefined) {
        stderr(silenceText(endpoints))
        if (count !== undefined) return 1
        continue
      }
      stdout(json ? `${timingJson(snapshot)}\n` : (shown > 0 ? '\n' : '') + timingText(snapshot))
    }
    return 0
  } finally {
    stop.abort()
    await feeding
  }
}
