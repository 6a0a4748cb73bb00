/**
 * restart-delay — how long a service that ended stays down. Pure.
 *
 * 1 s, doubled each time, at most a minute, and 1 s again after a service that was up for a minute; never
 * given up. (The original gives up after five starts in the whole life of the supervisor.)
 */
const FIRST_MS = 1000
const LONGEST_MS = 60_000
const STEADY_MS = 60_000

/**
 * @param previousMs the delay before the start that has now ended; 0 for a first start
 * @param upMs how long the service was up
 */
export function restartDelay(previousMs: number, upMs: number): number {
  if (previousMs === 0 || upMs >= STEADY_MS) return FIRST_MS
  return Math.min(LONGEST_MS, previousMs * 2)
}
