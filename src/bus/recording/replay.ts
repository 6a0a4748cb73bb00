/**
 * replay — a recording in the place of a bus: it is listened to and asked as one.
 *
 * Its address says everything, so that each listener of a view is at the same moment of the recording:
 *
 *     replay:/var/lib/amavis/bus-record?at=1795361882047&begun=1795400000000&speed=2
 *
 * A view that has a clock of its own for it (clock.ts) gets the frames as they were said, at the clock's time,
 * and the address tells it only which recording. For one that goes by our time the address is the clock, and the
 * absolute times in the frames are moved to the present: a child that was 3 s busy then is 3 s busy now.
 * When the recording ends there is silence, as with a bus that has died.
 */
import {AmavisError} from '../../errors.ts'
import {parseFrame} from '../grammar.ts'
import type {BusMessage} from '../subscriber.ts'
import {VariableStore} from '../variable-store.ts'
import {ReplayClock} from './clock.ts'
import {readRecords, segmentsAt, segmentsFrom} from './segments.ts'

export interface Replay {
  /** folder or file */
  readonly recording: string
  /** the moment that is shown first, Unix ms */
  readonly atMs: number
  /** when it was shown, Unix ms */
  readonly begunMs: number
  /** seconds of the recording in a second */
  readonly speed: number
}

/** Every child says its state every 2 s: so much before the first moment tells all of them. */
const LEAD_MS = 10_000
const LAST_MS = 8e15

export function isReplay(endpoint: string): boolean {
  return endpoint.startsWith('replay:')
}

/**
 * The address of a recording from a moment on.
 * @param at `start`, `end`, Unix seconds, or a time as `Date` reads it, such as 2026-11-22T21:00 (local time)
 * @throws AmavisError AM_USAGE when there is no recording, or the time is none
 */
export async function replayEndpoint(
  {recording, at = 'start', speed = 1}: {recording: string; at?: string; speed?: number},
  nowMs: number,
): Promise<string> {
  const segments = await segmentsAt(recording)
  const atMs = at === 'start' || at === 'end' ? await edge(segments, at) : momentOf(at)
  return formatReplay({recording, atMs, begunMs: nowMs, speed})
}

export function formatReplay({recording, atMs, begunMs, speed}: Replay): string {
  const path = recording.split('/').map(encodeURIComponent).join('/')
  return `replay:${path}?at=${Math.floor(atMs)}&begun=${Math.floor(begunMs)}&speed=${speed}`
}

function parseReplay(endpoint: string): Replay {
  const match = /^replay:(.+)\?at=(\d+)&begun=(\d+)&speed=([\d.]+)$/.exec(endpoint)
  if (!match) throw new AmavisError('AM_USAGE', `"${endpoint}" is no address of a recording`)
  return {
    recording: decodeURIComponent(match[1] ?? ''),
    atMs: Number(match[2]),
    begunMs: Number(match[3]),
    speed: Number(match[4]),
  }
}

/** As `subscribe` does with a bus; silent from the end of the recording until the signal is aborted. */
export async function* replay(
  endpoint: string,
  prefixes: readonly string[],
  {signal, clock, now = Date.now}: ReplayOptions,
): AsyncGenerator<BusMessage> {
  const plan = parseReplay(endpoint)
  const shown = clock ?? addressClock(plan, now)
  const fromMs = (clock?.now() ?? plan.atMs) - LEAD_MS
  for await (const record of readRecords(segmentsFrom(await segmentsAt(plan.recording), fromMs))) {
    if (signal.aborted) return
    if (record.state || record.timeMs < fromMs) continue
    const first = record.frames[0] ?? ''
    if (!prefixes.some(prefix => first.startsWith(prefix))) continue
    if (shown.now() < record.timeMs && !(await shown.reached(record.timeMs, signal))) return
    const nowMs = now()
    const byMs = nowMs - positionMs(plan, nowMs)
    yield clock
      ? {endpoint, frames: record.frames, atMs: record.timeMs}
      : {
          endpoint,
          frames: record.frames.map(frame => movedFrame(frame, byMs)),
          atMs: Math.min(nowMs, record.timeMs + byMs),
        }
  }
  await shown.reached(LAST_MS, signal)
}

export interface ReplayOptions {
  readonly signal: AbortSignal
  /** the view's, in recorded time */
  readonly clock?: ReplayClock | undefined
  /** our time, where the view goes by it */
  readonly now?: () => number
}

/** What a responder would have answered at the moment that is shown now; in recorded time when there is a clock. */
export async function askReplay(
  endpoint: string,
  question: string,
  nowMs: number = Date.now(),
  clock?: ReplayClock,
): Promise<readonly string[]> {
  const plan = parseReplay(endpoint)
  const untilMs = clock?.now() ?? positionMs(plan, nowMs)
  const byMs = clock ? 0 : nowMs - untilMs
  const store = new VariableStore(plan.atMs + byMs)
  for await (const {timeMs, frames} of readRecords(segmentsFrom(await segmentsAt(plan.recording), untilMs))) {
    if (timeMs > untilMs) break
    for (const frame of frames) store.hear(parseFrame(movedFrame(frame, byMs)), timeMs + byMs)
  }
  return store.answer(question)
}

/**
 * One clock for recordings that are shown side by side.
 * @param at as `replayEndpoint` has it; start is that of the oldest, end that of the newest
 * @throws AmavisError AM_USAGE when there is no recording, or the time is none
 */
export async function replayClock(
  recordings: readonly string[],
  {at = 'start', speed = 1, now = Date.now}: {at?: string; speed?: number; now?: () => number} = {},
): Promise<ReplayClock> {
  const found = await Promise.all(recordings.map(segmentsAt))
  const starts = await Promise.all(found.map(segments => edge(segments, 'start')))
  const ends = await Promise.all(found.map(segments => edge(segments, 'end')))
  const startMs = Math.min(...starts)
  const endMs = Math.max(...ends)
  const atMs = at === 'start' ? startMs : at === 'end' ? endMs : momentOf(at)
  return new ReplayClock({startMs, endMs, atMs, speed, now})
}

/** The frame with its absolute time later by so much; one that has none as it is. */
export function movedFrame(frame: string, byMs: number): string {
  const stamped = /^(am\.(?:st|log\.\*{1,7}) \d+ +)(\d{10}\.\d+)(.*)$/s.exec(frame)
  if (stamped) return `${stamped[1]}${(Number(stamped[2]) + byMs / 1000).toFixed(3)}${stamped[3]}`
  const start = /^(am\.snmp sysUpTime INT )(\d{10})$/.exec(frame)
  return start ? `${start[1]}${Math.floor(Number(start[2]) + byMs / 1000)}` : frame
}

function positionMs({atMs, begunMs, speed}: Replay, nowMs: number): number {
  return atMs + (nowMs - begunMs) * speed
}

function addressClock(plan: Replay, now: () => number): ReplayClock {
  return new ReplayClock({startMs: 0, endMs: LAST_MS, atMs: positionMs(plan, now()), speed: plan.speed, now})
}

async function edge(
  segments: Awaited<ReturnType<typeof segmentsAt>>,
  which: 'start' | 'end',
): Promise<number> {
  let last: number | undefined
  // a segment that has just begun may have nothing in it yet
  for (const segment of which === 'start' ? segments : segments.toReversed()) {
    for await (const {timeMs} of readRecords([segment])) {
      if (which === 'start') return timeMs
      last = Math.max(last ?? 0, timeMs)
    }
    if (last !== undefined) return last
  }
  throw new AmavisError('AM_USAGE', `nothing is recorded in ${segments[0].file}`)
}

/**
 * A moment as a person writes it, Unix ms.
 * @throws AmavisError AM_USAGE for any other text
 */
export function momentOf(text: string): number {
  const ms = /^\d{9,11}(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (!Number.isFinite(ms) || ms < 0)
    throw new AmavisError(
      'AM_USAGE',
      `expected a time such as 2026-11-22T21:00, start or end, found "${text}"`,
    )
  return ms
}
