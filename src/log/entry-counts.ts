/**
 * entry-counts — how many log entries were written, by level, since somebody last asked.
 *
 * Feeds the LogEntries counters (spec/monitoring, Counters).
 */
export class EntryCounts {
  #byLevel = new Map<number, number>()
  #lines = 0

  add(level: number): void {
    this.#byLevel.set(level, (this.#byLevel.get(level) ?? 0) + 1)
    this.#lines++
  }

  /** The counts so far; counting begins anew. */
  take(): {readonly byLevel: ReadonlyMap<number, number>; readonly lines: number} {
    const taken = {byLevel: this.#byLevel, lines: this.#lines}
    this.#byLevel = new Map()
    this.#lines = 0
    return taken
  }
}
