/**
 * rates — how fast counters grow: over the last minutes where enough of them were seen, else since start.
 *
 * Source: spec/monitoring §5.1, "Rate". Times in ms, rates an hour.
 */

interface Sample {
  readonly nowMs: number
  readonly value: number
  readonly inMsgs: number
}

export interface Rate {
  readonly perHour: number
  /** growth of the counter, and of InMsgs, over the time that the rate is about */
  readonly change: number
  readonly messages: number
}

const WINDOW_MS = 300_000
const SHORTEST_MS = 150_000
const HOUR_MS = 3_600_000

export class RateHistory {
  readonly #samples = new Map<string, readonly Sample[]>()

  /** Add a sample of a counter and tell its rate; without an uptime and with too little history it is 0. */
  add(name: string, sample: Sample, uptimeMs: number | undefined): Rate {
    const before = this.#samples.get(name) ?? []
    const recent = before.filter(({nowMs}) => sample.nowMs - nowMs <= WINDOW_MS)
    // a display slower than the window keeps all: the original drops nothing when everything is too old
    const samples = [...(recent.length > 0 ? recent : before), sample]
    this.#samples.set(name, samples)
    const oldest = samples[0]!
    const spanMs = sample.nowMs - oldest.nowMs
    if (samples.length < 2 || spanMs < SHORTEST_MS) {
      const perHour = uptimeMs !== undefined && uptimeMs > 0 ? (sample.value * HOUR_MS) / uptimeMs : 0
      return {perHour, change: sample.value, messages: sample.inMsgs}
    }
    const change = sample.value - oldest.value
    return {perHour: (change * HOUR_MS) / spanMs, change, messages: sample.inMsgs - oldest.inMsgs}
  }
}
