/**
 * timing — how long each section of a task took, for the TIMING line.
 *
 * Source: spec, "TIMING line (log level 2)" and "Timing lines in the log". Times in ms; the clock is
 * handed in, so that a test can turn it.
 */
export interface Section {
  readonly name: string
  readonly ms: number
}

export class Timing {
  readonly #now: () => number
  readonly #start: number
  #last: number
  readonly #sections: Section[] = []

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
    this.#start = this.#last = now()
  }

  /** End a section that began at the previous mark. */
  mark(name: string): void {
    const now = this.#now()
    this.#sections.push({name, ms: Math.max(0, now - this.#last)})
    this.#last = now
  }

  get sections(): readonly Section[] {
    return this.#sections
  }

  /** ms since the clock was made. */
  elapsed(): number {
    return Math.max(0, this.#now() - this.#start)
  }

  /** `TIMING [total 173 ms] - SMTP greeting: 6 (3%)3, …`; marks nothing. */
  report(): string {
    let total = 0
    for (const {ms} of this.#sections) total += ms
    let elapsed = 0
    const texts: string[] = []
    for (const {name, ms} of this.#sections) {
      elapsed += ms
      texts.push(
        `${name}: ${ms >= 5 ? ms.toFixed(0) : ms.toFixed(1)} (${percent(ms, total)}%)${percent(elapsed, total)}`,
      )
    }
    return `TIMING [total ${total.toFixed(0)} ms] - ${texts.join(', ')}`
  }
}

function percent(ms: number, total: number): number {
  return total > 0 ? Math.min(100, Math.round((100 * ms) / total)) : 0
}
