/**
 * store — what the buses say, as series a second each, for each host and for all together.
 *
 * Counters come as growth and are summed over a second; children are counted by the store of children that nanny has
 * too. The slowest mails and the last lines of the log are kept as they come. Nothing here grows without bound.
 */
import {parseFrame} from '../../bus/grammar.ts'
import {TIMING_PREFIX} from '../children/finished.ts'
import {isIdle} from '../children/states.ts'
import {type ChildStore, createChildStore} from '../children/store.ts'
import {parseTiming} from '../timing/timing-text.ts'
import {credible, visibleText} from '../visible.ts'
import {GAUGES, RATES, SERIES, type SeriesName, SIZES, TIMES} from './names.ts'
import {Series} from './series.ts'

export interface SlowMail {
  readonly endpoint: string
  readonly taskId: string
  readonly totalMs: number
  readonly size: number | undefined
  /** the section that took longest, and how long, ms */
  readonly section: string
  readonly sectionMs: number
  readonly atMs: number
}

export interface LogLine {
  readonly endpoint: string
  readonly pid: number
  readonly level: number
  readonly text: string
  readonly atMs: number
}

/** What the bus is asked for. */
export const DASHBOARD_PREFIXES: readonly string[] = ['am.st ', 'am.proc.', 'am.snmp ', 'am.log.']

const MOST_SLOW = 100
const MOST_LINES = 200
const LONGEST_LINE = 400
/** The mails' main entries, and what is wrong. */
const SHOWN_LEVEL = 0
/** Mails are slow for so long, then others are. */
const SLOW_LASTS_MS = 600_000

interface Host {
  readonly series: ReadonlyMap<SeriesName, Series>
  /** growth of counters in this second */
  readonly growth: Map<string, number>
  /** values of gauges as they were told last */
  readonly gauges: Map<string, number>
  hasCounted: boolean
}

export interface DashboardView {
  readonly nowMs: number
  /** when any bus was heard last; undefined: never */
  readonly heardMs: number | undefined
  readonly hosts: readonly string[]
  /** of a host, or of all together */
  series(host: string | undefined, name: SeriesName): Series
  slow(host: string | undefined): readonly SlowMail[]
  lines(host: string | undefined): readonly LogLine[]
}

const FAST = new Set<string>([
  ...Object.values(RATES).flat(),
  ...Object.values(SIZES).flat(),
  ...Object.values(TIMES),
])
const GAUGE_NAMES = new Set<string>(Object.values(GAUGES))

export class DashboardStore implements DashboardView {
  readonly #now: () => number
  #children: ChildStore
  #hosts = new Map<string, Host>()
  #all = newHost()
  #slow: SlowMail[] = []
  #lines: LogLine[] = []
  #heardMs: number | undefined

  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#children = createChildStore({now})
  }

  get nowMs(): number {
    return this.#now()
  }

  get heardMs(): number | undefined {
    return this.#heardMs
  }

  get hosts(): readonly string[] {
    return [...this.#hosts.keys()].sort()
  }

  /** A message as it arrived. */
  put(endpoint: string, frames: readonly Buffer[], atMs = this.#now()): void {
    this.#heardMs = Math.max(this.#heardMs ?? 0, atMs)
    const states: Buffer[] = []
    for (const frame of frames) {
      // Of ten thousand a second nearly all are states, which the children's store reads without strings.
      if (frame[3] === S && frame[4] === T) states.push(frame)
      else this.#hear(endpoint, frame, atMs)
    }
    if (states.length > 0) this.#children.put(endpoint, states, atMs)
    this.#hostOf(endpoint)
  }

  #hear(endpoint: string, octets: Buffer, atMs: number): void {
    const frame = credible(parseFrame(octets.toString()))
    if (frame?.kind === 'snmp') {
      const value = Number(frame.value)
      if (!Number.isFinite(value)) return
      const host = this.#hostOf(endpoint)
      if (FAST.has(frame.name)) {
        host.growth.set(frame.name, (host.growth.get(frame.name) ?? 0) + value)
        host.hasCounted = true
      } else if (GAUGE_NAMES.has(frame.name)) host.gauges.set(frame.name, value)
    } else if (frame?.kind === 'log') {
      if (octets.toString('latin1', 0, TIMING_PREFIX.length) === TIMING_PREFIX)
        this.#time(endpoint, frame, atMs)
      if (frame.level > SHOWN_LEVEL) return
      const text = visibleText(frame.text.slice(0, LONGEST_LINE))
      this.#lines.push({endpoint, pid: frame.pid, level: frame.level, text, atMs})
      if (this.#lines.length > 2 * MOST_LINES) this.#lines = this.#lines.slice(-MOST_LINES)
    } else this.#children.put(endpoint, [octets], atMs)
  }

  #time(endpoint: string, {text}: {readonly text: string}, atMs: number): void {
    const entry = parseTiming(text)
    if (entry?.kind !== 'task') return
    const [longest] = entry.sections.toSorted((a, b) => b.ms - a.ms)
    this.#slow.push({
      endpoint,
      taskId: visibleText(entry.taskId ?? ''),
      totalMs: entry.totalMs,
      size: entry.size,
      section: visibleText(longest?.name ?? ''),
      sectionMs: longest?.ms ?? 0,
      atMs,
    })
    if (this.#slow.length > 4 * MOST_SLOW) this.#slow = slowest(this.#slow, atMs)
  }

  /** A second is over: its growth becomes points. */
  tick(): void {
    const second = Math.floor(this.#now() / 1000)
    const {children} = this.#children.refresh().table
    const counted = new Map<string, {busy: number; all: number}>()
    for (const {endpoint, state, taskId, goneMs} of children.values()) {
      if (goneMs !== undefined) continue
      const count = counted.get(endpoint) ?? {busy: 0, all: 0}
      count.all++
      if (!isIdle(state, taskId)) count.busy++
      counted.set(endpoint, count)
    }
    let busy = 0
    let all = 0
    for (const [endpoint, host] of this.#hosts) {
      const count = counted.get(endpoint)
      busy += count?.busy ?? 0
      all += count?.all ?? 0
      for (const [name, value] of host.growth) add(this.#all.growth, name, value)
      this.#all.hasCounted ||= host.hasCounted
      write(host, second, count?.busy ?? Number.NaN, count?.all ?? Number.NaN)
    }
    this.#all.gauges.clear()
    for (const host of this.#hosts.values()) {
      for (const [name, value] of host.gauges) add(this.#all.gauges, name, value)
    }
    const isKnown = counted.size > 0
    write(this.#all, second, isKnown ? busy : Number.NaN, isKnown ? all : Number.NaN)
  }

  series(host: string | undefined, name: SeriesName): Series {
    return (host === undefined ? this.#all : this.#hostOf(host)).series.get(name)!
  }

  slow(host: string | undefined): readonly SlowMail[] {
    return slowest(this.#slow, this.#now()).filter(({endpoint}) => host === undefined || endpoint === host)
  }

  lines(host: string | undefined): readonly LogLine[] {
    return this.#lines.filter(({endpoint}) => host === undefined || endpoint === host).slice(-MOST_LINES)
  }

  /** Forget everything: what follows is of another time. */
  clear(): void {
    this.#children.clear()
    this.#hosts = new Map()
    this.#all = newHost()
    this.#slow = []
    this.#lines = []
    this.#heardMs = undefined
  }

  #hostOf(endpoint: string): Host {
    let host = this.#hosts.get(endpoint)
    if (!host) {
      host = newHost()
      this.#hosts.set(endpoint, host)
    }
    return host
  }
}

const S = 's'.charCodeAt(0)
const T = 't'.charCodeAt(0)

function newHost(): Host {
  return {
    series: new Map(SERIES.map(name => [name, new Series()])),
    growth: new Map(),
    gauges: new Map(),
    hasCounted: false,
  }
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value)
}

function write(
  {series, growth, gauges, hasCounted}: Host,
  second: number,
  busy: number,
  children: number,
): void {
  const grown = (names: readonly string[]) => names.reduce((sum, name) => sum + (growth.get(name) ?? 0), 0)
  // Before any counter came nothing is known; after that silence is none.
  const rate = (value: number) => (hasCounted ? value : Number.NaN)
  for (const [name, names] of Object.entries(RATES)) {
    series.get(name as SeriesName)!.put(second, rate(60 * grown(names)))
  }
  for (const [name, names] of Object.entries(SIZES)) {
    series.get(name as SeriesName)!.put(second, rate((60 * grown(names)) / 1024))
  }
  const mails = growth.get('InMsgs') ?? 0
  for (const [name, counter] of Object.entries(TIMES)) {
    series.get(name as SeriesName)!.put(second, mails > 0 ? (growth.get(counter) ?? 0) / mails : Number.NaN)
  }
  for (const [name, counter] of Object.entries(GAUGES)) {
    series.get(name as SeriesName)!.put(second, gauges.get(counter) ?? Number.NaN)
  }
  series.get('busy')!.put(second, busy)
  series.get('children')!.put(second, children)
  growth.clear()
}

function slowest(mails: readonly SlowMail[], nowMs: number): SlowMail[] {
  return mails
    .filter(({atMs}) => nowMs - atMs < SLOW_LASTS_MS)
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, MOST_SLOW)
}
