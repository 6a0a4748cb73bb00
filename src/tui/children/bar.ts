/**
 * bar — the elapsed columns of the original's displays: the clock, idle dots, and one letter a second.
 *
 * Pure. Times in ms; an age below zero, from a clock that was set back, counts as zero.
 * Source: spec/monitoring §3.1, 3.2.
 */

const COLUMNS = 35
const IDLE_SCALE = '.........:.........:.........:.....'
const BUSY_SCALE = '=========:=========:=========:====='

/** `  0:00:12`; with days `1d2:03:04`. Whole seconds, the rest cut off. */
export function elapsedText(ageMs: number): string {
  const seconds = Math.floor(Math.max(0, ageMs) / 1000)
  const two = (n: number) => String(n % 60).padStart(2, '0')
  const clock = `${Math.floor(seconds / 3600) % 24}:${two(Math.floor(seconds / 60))}:${two(seconds)}`
  const days = Math.floor(seconds / 86_400)
  return days > 0 ? `${days}d${clock}` : `  ${clock}`
}

/** A dot for each whole second, at most 35. */
export function idleBar(ageMs: number): string {
  return IDLE_SCALE.slice(0, Math.floor(Math.max(0, ageMs) / 1000))
}

/**
 * A history with one letter a second, carried on to this age.
 *
 * What was not seen takes the last letter that was, or `=`. The second now running, seconds rounded half
 * up, gets `letter`; a space stands for no letter. Never shortened.
 */
export function extendHistory(history: string, ageMs: number, letter: string): string {
  const length = Math.max(1, Math.floor((Math.max(0, ageMs) + 500) / 1000))
  const filled = history.padEnd(length, history.at(-1) ?? '=')
  return filled.slice(0, length - 1) + letter + filled.slice(length)
}

/** The history over the scale; more than 35 seconds end in the newest letter and `>`. */
export function busyBar(history: string): string {
  const shown = history.length > COLUMNS ? `${history.slice(0, COLUMNS - 2)}${history.at(-1)}>` : history
  let bar = ''
  for (let i = 0; i < shown.length; i++) {
    const mark = BUSY_SCALE[i]!
    const letter = shown[i]!
    bar += mark === ':' || letter === ' ' ? mark : letter
  }
  return bar
}
