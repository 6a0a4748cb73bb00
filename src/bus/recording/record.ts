/**
 * record — one message of the bus as a line of a recording.
 *
 *     {"t":1795361882.047803,"frames":["am.st 29856 1795361882.047 FLUSH"]}
 *
 * `t` is the Unix time of arrival in seconds. With `"state":true` the frames were not said then: they are the
 * counters at the beginning of a segment, so that a recording whose older segments are gone still has them.
 * Pure.
 */
import {LARGEST_FRAME_BYTES} from '../grammar.ts'

export interface BusRecord {
  /** arrival, Unix ms */
  readonly timeMs: number
  readonly frames: readonly string[]
  readonly state?: true
}

const MOST_FRAMES = 50_000
/** Beyond this a `Date` has no meaning, nor has a recording. */
const LATEST_SECONDS = 1e11

/** With its line end. */
export function formatRecord({timeMs, frames, state}: BusRecord): string {
  return `${JSON.stringify({t: timeMs / 1000, ...(state && {state}), frames})}\n`
}

/** Undefined for whatever is not a record: a torn line, something of another program's, hostile sizes. */
export function parseRecord(line: string): BusRecord | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const {t, frames, state} = value as {t?: unknown; frames?: unknown; state?: unknown}
  if (typeof t !== 'number' || !(t >= 0 && t < LATEST_SECONDS)) return undefined
  if (!Array.isArray(frames) || frames.length === 0 || frames.length > MOST_FRAMES) return undefined
  if (!frames.every(frame => typeof frame === 'string' && frame.length <= LARGEST_FRAME_BYTES))
    return undefined
  return {timeMs: t * 1000, frames, ...(state === true && {state})}
}
