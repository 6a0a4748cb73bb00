/**
 * control — what a viewer can do with a recording: keys, what they do to its clock, and how it is told.
 *
 * Shared by all screens that show recordings; use-replay.ts is their side of it.
 */

import {FASTEST, type ReplayClock, SLOWEST} from '../../bus/recording/clock.ts'
import {momentOf} from '../../bus/recording/replay.ts'
import {AmavisError} from '../../errors.ts'

export interface ReplayBinding {
  /** as `keyNames` gives them */
  readonly keys: readonly string[]
  readonly help: string
  readonly footer?: string
  /** @returns a line for the viewer */
  readonly act: (clock: ReplayClock) => string | undefined
}

const SECOND = 1000

/** These come before a screen's own keys while it shows a recording. */
export const REPLAY_BINDINGS: readonly ReplayBinding[] = [
  {
    keys: ['space'],
    help: 'hold the recording, and go on',
    footer: 'space hold',
    act: clock => void clock.setPaused(!clock.paused),
  },
  {keys: ['left'], help: '10 s back, forth', footer: '←→ 10 s', act: by(-10 * SECOND)},
  {keys: ['right'], help: '10 s back, forth', act: by(10 * SECOND)},
  {keys: ['[', 'shift-left'], help: 'a minute back, forth', footer: '[ ] 1 min', act: by(-60 * SECOND)},
  {keys: [']', 'shift-right'], help: 'a minute back, forth', act: by(60 * SECOND)},
  {keys: ['home'], help: 'start, end of the recording', act: clock => void clock.seek(clock.startMs)},
  {keys: ['end'], help: 'start, end of the recording', act: clock => void clock.seek(clock.endMs)},
  {keys: ['+', '='], help: 'twice, half as fast', footer: '+- speed', act: times(2)},
  {keys: ['-'], help: 'twice, half as fast', act: times(0.5)},
]

/** Asks for a moment, and takes what is typed then. */
export const GOTO_KEY = 't'

function by(ms: number): ReplayBinding['act'] {
  return clock => void clock.seek(clock.now() + ms)
}

function times(factor: number): ReplayBinding['act'] {
  return clock => {
    clock.setSpeed(Math.max(SLOWEST, Math.min(FASTEST, clock.speed * factor)))
    return `${clock.speed} s of the recording in a second`
  }
}

export const REPLAY_HELP: readonly (readonly [string, string])[] = [
  ...[...Map.groupBy(REPLAY_BINDINGS, ({help}) => help)].map(
    ([help, bindings]) => [bindings.flatMap(({keys}) => keys).join(' '), help] as const,
  ),
  [GOTO_KEY, 'go to a time'],
]

/**
 * Go to a moment as typed: `14:03` or `14:03:22` of the day that is shown, or as `--at` has it.
 * @returns a line for the viewer when it is none
 */
export function goTo(clock: ReplayClock, text: string): string | undefined {
  const time = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text.trim())
  try {
    clock.seek(
      time
        ? new Date(clock.now()).setHours(Number(time[1]), Number(time[2]), Number(time[3] ?? 0), 0)
        : momentOf(text.trim()),
    )
    return undefined
  } catch (error) {
    if (error instanceof AmavisError) return error.message
    throw error
  }
}

/** `RECORDING 2026-11-22 14:03:22 x2 HELD`, the local time of then. */
export function replayMark(clock: ReplayClock, nowMs: number): string {
  const date = new Date(nowMs)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const state = clock.ended ? ' END' : clock.paused ? ' HELD' : ''
  return `RECORDING ${day} ${time} x${clock.speed}${state}`
}

/**
 * Feed a view until the signal is aborted; from the new moment, and into an empty view, after each jump.
 * @param clock undefined for a view of live buses, which is fed once
 */
export async function feedReplayed(
  clock: ReplayClock | undefined,
  signal: AbortSignal,
  clear: () => void,
  feed: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (!clock) return feed(signal)
  while (!signal.aborted) {
    const jump = clock.untilJump
    await feed(AbortSignal.any([signal, jump]))
    if (!jump.aborted) return
    clear()
  }
}
