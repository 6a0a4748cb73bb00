/**
 * plain — the timing table as text or JSON: what was heard so far, again and again.
 */
import type {DisplayOptions} from '../display-options.ts'
import {pause} from '../pause.ts'
import {silenceText} from '../silence.ts'
import {timingJson, timingText} from './report.ts'
import {createTimingStore, feedTimings} from './store.ts'

export interface TimingOptions extends DisplayOptions {
  readonly endpoints: readonly string[]
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
