/**
 * sums — what the sections of many tasks cost: count, mean, quantiles, share, and the slowest one.
 *
 * Quantiles are over the last samples of each section; all else is over everything that was added.
 */
import type {TimingEntry} from './timing-text.ts'

/** Samples that quantiles are made of. */
const SAMPLES = 1000
/** Names of sections beyond this are not taken in. */
const MOST_NAMES = 400

export interface Sum {
  readonly count: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
  /** whose section that was */
  readonly slowest: {readonly taskId: string | undefined; readonly pid: number}
}

export interface SectionSum extends Sum {
  readonly kind: TimingEntry['kind']
  readonly name: string
  /** of the time of all reports of its kind, 0 to 1; SpamAssassin's items nest and do not add up to 1 */
  readonly share: number
}

export class TimingSums {
  readonly #totals = {task: new Series(), sa: new Series()}
  readonly #sections = new Map<string, Series>()

  add(entry: TimingEntry, pid: number): void {
    const whose = {taskId: entry.taskId, pid}
    this.#totals[entry.kind].add(entry.totalMs, whose)
    const sums = new Map<string, number>()
    for (const {name, ms} of entry.sections) {
      const common = withoutNumber(name)
      sums.set(common, (sums.get(common) ?? 0) + ms)
    }
    for (const [name, ms] of sums) {
      const key = `${entry.kind} ${name}`
      let series = this.#sections.get(key)
      if (!series) {
        if (this.#sections.size >= MOST_NAMES) continue
        series = new Series()
        this.#sections.set(key, series)
      }
      series.add(ms, whose)
    }
  }

  /** Of whole tasks; undefined before the first. */
  get tasks(): Sum | undefined {
    return this.#totals.task.sum()
  }

  /** Those that cost most first, SpamAssassin's own after ours. */
  sections(): readonly SectionSum[] {
    const sums = [...this.#sections].flatMap(([key, series]): SectionSum[] => {
      const sum = series.sum()
      const kind = key.startsWith('sa ') ? 'sa' : 'task'
      const total = this.#totals[kind].total
      const name = key.slice(kind.length + 1)
      return sum ? [{...sum, kind, name, share: total > 0 ? series.total / total : 0}] : []
    })
    return sums.sort((a, b) => (a.kind === b.kind ? b.share - a.share : a.kind === 'task' ? -1 : 1))
  }
}

/** Sections that carry the number of a part or file are one: the numbers say nothing about time. */
function withoutNumber(name: string): string {
  return name.replace(/^(get-file-type)\d+$/, '$1').replace(/^unlink-\d+-files$/, 'unlink-files')
}

class Series {
  total = 0
  #count = 0
  #max = -1
  #slowest: Sum['slowest'] = {taskId: undefined, pid: 0}
  readonly #samples: number[] = []

  add(ms: number, whose: Sum['slowest']): void {
    this.#samples[this.#count % SAMPLES] = ms
    this.#count++
    this.total += ms
    if (ms <= this.#max) return
    this.#max = ms
    this.#slowest = whose
  }

  sum(): Sum | undefined {
    if (this.#count === 0) return undefined
    const sorted = this.#samples.toSorted((a, b) => a - b)
    return {
      count: this.#count,
      meanMs: this.total / this.#count,
      p50Ms: quantile(sorted, 0.5),
      p95Ms: quantile(sorted, 0.95),
      maxMs: this.#max,
      slowest: this.#slowest,
    }
  }
}

/** The smallest value that at least this part of the values does not exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0
}
