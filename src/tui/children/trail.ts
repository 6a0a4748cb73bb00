/**
 * trail — the states of one task as they accrued, not as a display happened to sample them.
 *
 * Pure. Each state has one letter, and one more for each further whole second it lasted: `GSSSr` is a
 * mail-id made at once, a spam scan of three seconds, and a result being decided now.
 */
import {type DetailsLevel, isDrawn, isIdle} from './states.ts'
import type {Child, Step} from './table.ts'

interface Run {
  readonly state: string
  length: number
}

/** Steps with how long each lasted, ms; the last one is still going on. */
export function durations(
  steps: readonly Step[],
  nowMs: number,
): readonly {readonly state: string; readonly ms: number}[] {
  return steps.map(({state, atMs}, i) => ({
    state,
    ms: Math.max(0, (steps[i + 1]?.atMs ?? nowMs) - atMs),
  }))
}

/**
 * Letters of a busy child, dots of an idle one, in at most `width` columns.
 *
 * What does not fit is taken from the longest states, which then end in `>`: the clock tells their length.
 * States that the level leaves out go on with the letter before them, at first with `=`.
 */
export function accruedBar(child: Child, nowMs: number, width: number, level: DetailsLevel = 2): string {
  if (isIdle(child.state, child.taskId)) {
    const dots = Math.floor(Math.max(0, nowMs - idleSinceMs(child)) / 1000)
    return '.'.repeat(Math.min(width, dots))
  }
  const runs: Run[] = durations(drawnSteps(child.steps, level), nowMs).map(({state, ms}) => ({
    state: state === '-' ? ' ' : state,
    length: Math.max(1, Math.round(ms / 1000)),
  }))
  const full = runs.map(run => run.length)
  shorten(runs, width)
  const text = runs
    .map(({state, length}, i) =>
      length < full[i]! && length > 1 ? `${state.repeat(length - 1)}>` : state.repeat(length),
    )
    .join('')
  return text.length > width ? `<${text.slice(text.length - width + 1)}` : text
}

function drawnSteps(steps: readonly Step[], level: DetailsLevel): readonly Step[] {
  const drawn = steps.filter(({state}) => isDrawn(state, level))
  const [first] = steps
  return first && drawn[0] !== first ? [{...first, state: '='}, ...drawn] : drawn
}

/** Take columns from the longest run until all fit or each has one. */
function shorten(runs: readonly Run[], width: number): void {
  let excess = runs.reduce((sum, run) => sum + run.length, 0) - width
  while (excess > 0) {
    const byLength = [...runs].sort((a, b) => b.length - a.length)
    const [longest, second] = byLength
    if (!longest || longest.length <= 1) return
    const cut = Math.min(excess, Math.max(1, longest.length - Math.max(1, second?.length ?? 1)))
    longest.length -= cut
    excess -= cut
  }
}

/** States with their seconds, as `d0.2 V1.1 S`: the one now going on has none. */
export function trailText(child: Child, nowMs: number): string {
  const parts = durations(child.steps, nowMs)
  return parts
    .map(({state, ms}, i) => (i === parts.length - 1 ? state : `${state}${secondsText(ms)}`))
    .join(' ')
}

function secondsText(ms: number): string {
  return ms < 9950 ? (ms / 1000).toFixed(1) : String(Math.round(ms / 1000))
}

/** When an idle child became so, as far as was seen. */
function idleSinceMs(child: Child): number {
  const idle = child.steps.findLast(({state}) => state === '-') ?? child.steps.at(-1)
  return idle?.atMs ?? child.baseMs
}

/** How long a busy child has been at its task, or an idle one idle; ms. */
export function ageMs(child: Child, nowMs: number): number {
  const sinceMs = isIdle(child.state, child.taskId) ? idleSinceMs(child) : child.baseMs
  return Math.max(0, (child.goneMs ?? nowMs) - sinceMs)
}
