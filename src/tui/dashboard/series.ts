/**
 * series — values over time in rings of a fixed size: seconds for ten minutes, tens of seconds for two hours. Pure.
 */

/** What a chart can show, in seconds, and how it is called. */
export const RANGES = [
  {seconds: 120, label: '2 min'},
  {seconds: 600, label: '10 min'},
  {seconds: 3600, label: '1 h'},
  {seconds: 7200, label: '2 h'},
] as const
export type Range = (typeof RANGES)[number]

const FINE_SECONDS = 600
const COARSE_SECONDS = 10
const COARSE_SLOTS = 720

export class Series {
  readonly #fine = new Float64Array(FINE_SECONDS).fill(Number.NaN)
  readonly #coarse = new Float64Array(COARSE_SLOTS).fill(Number.NaN)
  /** of the ten seconds that are not over */
  #sum = 0
  #count = 0
  #second = Number.NaN

  /** Set the value of a second; seconds must not go back. NaN: nothing is known. */
  put(second: number, value: number): void {
    const before = this.#second
    if (Number.isNaN(before) || second - before >= COARSE_SECONDS * COARSE_SLOTS) this.clear()
    else {
      const first = Math.max(before + 1, second - FINE_SECONDS)
      for (let at = first; at < second; at++) this.#write(at, Number.NaN)
    }
    this.#second = second
    this.#write(second, value)
  }

  #write(second: number, value: number): void {
    this.#fine[second % FINE_SECONDS] = value
    if (second % COARSE_SECONDS === 0) {
      this.#sum = 0
      this.#count = 0
      this.#coarse[slotOf(second)] = Number.NaN
    }
    if (Number.isNaN(value)) return
    this.#sum += value
    this.#count++
    this.#coarse[slotOf(second)] = this.#sum / this.#count
  }

  clear(): void {
    this.#fine.fill(Number.NaN)
    this.#coarse.fill(Number.NaN)
    this.#second = Number.NaN
    this.#sum = 0
    this.#count = 0
  }

  /** The newest value that is known of the last ten seconds. */
  get last(): number | undefined {
    for (let back = 0; back < COARSE_SECONDS; back++) {
      const value = this.#at(this.#second - back)
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Mean over the last seconds, of what is known. */
  mean(seconds: number): number | undefined {
    let sum = 0
    let count = 0
    for (let back = 0; back < Math.min(seconds, FINE_SECONDS); back++) {
      const value = this.#at(this.#second - back)
      if (value === undefined) continue
      sum += value
      count++
    }
    return count === 0 ? undefined : sum / count
  }

  /**
   * The values up to a second, oldest first, as so many points; each is the mean of its share of the time.
   * Undefined: nothing is known of it.
   */
  points(until: number, {seconds}: Range, count: number): readonly (number | undefined)[] {
    const isFine = seconds <= FINE_SECONDS
    const step = isFine ? 1 : COARSE_SECONDS
    const slots = seconds / step
    const points = Math.max(1, Math.min(count, slots))
    const values: (number | undefined)[] = []
    for (let point = 0; point < points; point++) {
      const from = Math.floor((point * slots) / points)
      const to = Math.floor(((point + 1) * slots) / points)
      let sum = 0
      let known = 0
      for (let slot = from; slot < to; slot++) {
        const second = until - (slots - 1 - slot) * step
        const value = isFine ? this.#at(second) : this.#coarseAt(second)
        if (value === undefined) continue
        sum += value
        known++
      }
      values.push(known === 0 ? undefined : sum / known)
    }
    return values
  }

  #at(second: number): number | undefined {
    if (!(second <= this.#second && second > this.#second - FINE_SECONDS)) return undefined
    const value = this.#fine[second % FINE_SECONDS]!
    return Number.isNaN(value) ? undefined : value
  }

  #coarseAt(second: number): number | undefined {
    const newest = Math.floor(this.#second / COARSE_SECONDS)
    const slot = Math.floor(second / COARSE_SECONDS)
    if (!(slot <= newest && slot > newest - COARSE_SLOTS)) return undefined
    const value = this.#coarse[slot % COARSE_SLOTS]!
    return Number.isNaN(value) ? undefined : value
  }
}

function slotOf(second: number): number {
  return Math.floor(second / COARSE_SECONDS) % COARSE_SLOTS
}
