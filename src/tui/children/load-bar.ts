/**
 * load-bar — a star for each busy child, a dot for each idle one, and a mark for the recent peak.
 *
 * Pure. Source: spec/monitoring §4.
 */

const HALF_LIFE_MS = 8000
const SMALLEST_PEAK = 0.1

/** The peak some time later: it jumps up to the busy count and sinks with a half-life of 8 s. */
export function decayPeak(peak: number, busy: number, elapsedMs: number): number {
  const sunk = peak >= SMALLEST_PEAK ? peak * 2 ** (-elapsedMs / HALF_LIFE_MS) : peak
  return Math.max(busy, sunk)
}

/** `**:.`; the mark may reach past all the children there are. */
export function loadBar(busy: number, idle: number, peak: number): string {
  const mark = Math.floor(peak + 0.5)
  const peaked = Math.max(0, mark - busy)
  return '*'.repeat(busy) + ':'.repeat(peaked) + '.'.repeat(Math.max(0, idle - peaked))
}
