/**
 * counter-rows — the counters as rows of a live table: value, rates, share, and the last ten minutes.
 *
 * One sample is taken at each answer of the responder. Pure, but for what it remembers of the samples.
 */
import {visibleText} from '../visible.ts'
import {baseOf} from './bases.ts'
import {isNumeric, startedMs, type Variables} from './classic.ts'
import {RateHistory} from './rates.ts'
import {sparkline} from './sparkline.ts'

export interface CounterRow {
  readonly name: string
  /** names before the first dot, and the virus names and systems by themselves */
  readonly group: 'counters' | 'names'
  readonly value: number
  readonly perHour: number
  /** undefined until a part of a minute was watched */
  readonly lastMinute: number | undefined
  readonly base: string
  readonly percent: number | undefined
  /** growth in each of the last ten minutes' parts, oldest first */
  readonly growth: readonly number[]
}

/** A sparkline has so many bars, each of so much time: ten minutes. */
const BARS = 20
const BAR_MS = 30_000
const MINUTE_MS = 60_000
/** Counters beyond this are not taken in. */
const MOST_COUNTERS = 5000

interface Point {
  readonly atMs: number
  readonly value: number
}

export class CounterTable {
  readonly #rates = new RateHistory()
  readonly #points = new Map<string, Point[]>()
  #startedMs: number | undefined

  /** Take an answer in and tell the rows, sorted by name. */
  rows(nowMs: number, variables: Variables): readonly CounterRow[] {
    const started = startedMs(variables)
    // another run of the daemon counts from zero
    if (started !== this.#startedMs) this.#points.clear()
    this.#startedMs = started
    const numberOf = (name: string) => Number(variables.get(name)?.value ?? 0) || 0
    const inMsgs = numberOf('InMsgs')
    const names = [...variables.keys()].filter(name => {
      const type = variables.get(name)!.type
      return type.startsWith('C') && isNumeric(type)
    })
    return names
      .slice(0, MOST_COUNTERS)
      .sort((a, b) => (a < b ? -1 : 1))
      .map((name): CounterRow => {
        const value = numberOf(name)
        const points = this.#remember(name, {atMs: nowMs, value})
        const {perHour} = this.#rates.add(
          name,
          {nowMs, value, inMsgs},
          started === undefined ? undefined : nowMs - started,
        )
        const base = baseNameOf(name)
        const total = numberOf(base)
        return {
          name,
          group: name.includes('.by') ? 'names' : 'counters',
          value,
          perHour,
          lastMinute: growthSince(points, nowMs - MINUTE_MS),
          base,
          percent: total > 0 && baseOf(name).kind !== 'time' ? (100 * value) / total : undefined,
          growth: growthOf(points, nowMs),
        }
      })
  }

  #remember(name: string, point: Point): readonly Point[] {
    const points = this.#points.get(name) ?? []
    points.push(point)
    // the newest point before the window stays: growth is counted from it
    while (points.length > 2 && points[1]!.atMs <= point.atMs - BARS * BAR_MS) points.shift()
    this.#points.set(name, points)
    return points
  }
}

const GROUP_BASES: readonly (readonly [string, string])[] = [
  ['virus.by', 'ContentVirusMsgs'],
  ['spam.by', 'ContentSpamMsgs'],
  ['spammy.by', 'ContentSpammyMsgs'],
  ['ham.by', 'ContentCleanMsgs'],
]

function baseNameOf(name: string): string {
  return GROUP_BASES.find(([start]) => name.startsWith(start))?.[1] ?? baseOf(name).base
}

/** The counter's value at a moment: that of the last sample before it, or of the first one. */
function valueAt(points: readonly Point[], atMs: number): number {
  return (points.findLast(point => point.atMs <= atMs) ?? points[0])?.value ?? 0
}

function growthSince(points: readonly Point[], sinceMs: number): number | undefined {
  if (points.length < 2) return undefined
  return Math.max(0, points.at(-1)!.value - valueAt(points, sinceMs))
}

function growthOf(points: readonly Point[], nowMs: number): readonly number[] {
  const edges = Array.from({length: BARS + 1}, (_, i) => valueAt(points, nowMs - (BARS - i) * BAR_MS))
  return edges.slice(1).map((value, i) => Math.max(0, value - edges[i]!))
}

export const COUNTER_COLUMNS = ['name', 'value', 'rate', 'minute', 'percent'] as const
export type CounterColumn = (typeof COUNTER_COLUMNS)[number]

const COMPARE: Readonly<Record<CounterColumn, (a: CounterRow, b: CounterRow) => number>> = {
  name: (a, b) => (a.name < b.name ? -1 : 1),
  value: (a, b) => b.value - a.value,
  rate: (a, b) => b.perHour - a.perHour,
  minute: (a, b) => (b.lastMinute ?? 0) - (a.lastMinute ?? 0),
  percent: (a, b) => (b.percent ?? -1) - (a.percent ?? -1),
}

/** Rows that match, in order; virus names and systems after the counters, most frequent first. */
export function selectCounters(
  rows: readonly CounterRow[],
  filter: RegExp | undefined,
  sort: CounterColumn,
  reversed: boolean,
): readonly CounterRow[] {
  const sign = reversed ? -1 : 1
  const compare = (a: CounterRow, b: CounterRow) =>
    a.group === 'names' && sort === 'name' ? COMPARE.value(a, b) : COMPARE[sort](a, b)
  return rows
    .filter(({name}) => filter === undefined || filter.test(name))
    .sort((a, b) => Number(a.group === 'names') - Number(b.group === 'names') || sign * compare(a, b))
}

/** A narrow terminal has short names and no column for the base. */
const WIDE = 106

interface Widths {
  readonly name: number
  readonly value: number
  readonly rate: number
}

function widthsFor(width: number): Widths {
  return width >= WIDE ? {name: 36, value: 12, rate: 11} : {name: 25, value: 10, rate: 9}
}

export function counterHeading(sort: CounterColumn, reversed: boolean, width: number): string {
  const {name, value, rate} = widthsFor(width)
  const mark = (column: CounterColumn, text: string) =>
    column === sort ? `${text}${reversed ? '^' : 'v'}` : text
  return (
    mark('name', 'COUNTER').padEnd(name) +
    mark('value', 'VALUE').padStart(value) +
    mark('rate', 'AN HOUR').padStart(rate) +
    mark('minute', 'MINUTE').padStart(7) +
    mark('percent', '%').padStart(7) +
    `  ${'LAST 10 MINUTES'.padEnd(BARS)}${width >= WIDE ? ' PER CENT OF' : ''}`
  )
}

export function counterLine(row: CounterRow, width: number): string {
  const {name, value, rate} = widthsFor(width)
  const share = row.percent === undefined ? '-' : row.percent.toFixed(1)
  const minute = row.lastMinute === undefined ? '-' : String(row.lastMinute)
  const base = width >= WIDE && row.percent !== undefined ? ` ${row.base}` : ''
  return visibleText(
    row.name.slice(0, name - 1).padEnd(name) +
      String(row.value).padStart(value) +
      row.perHour.toFixed(0).padStart(rate) +
      minute.padStart(7) +
      share.padStart(7) +
      `  ${sparkline(row.growth)}${base}`,
  )
}

/** What rows belong to, in the order of the table; the first that matches. */
const HEADINGS: readonly (readonly [RegExp, string])[] = [
  [/^InMsgs/, 'RECEIVED'],
  [/^Content/, 'CONTENTS'],
  [/^Out/, 'SENT'],
  [/^Quar/, 'QUARANTINED'],
  [/^Dsn/, 'DELIVERY STATUS NOTIFICATIONS'],
  [/^Failure/, 'FAILURES'],
  [/^ClientLimit/, 'LIMITS FOR CLIENTS'],
  [/^Anvil/, 'COUNTING SERVER'],
  [/^Cache/, 'CACHE'],
  [/^PenPals/, 'PEN PALS'],
  [/^Sql|^OpsSql/, 'SQL'],
  [/^Ops/, 'OPERATIONS'],
  [/^Log/, 'LOG'],
  [/^TimeElapsed/, 'ELAPSED TIME, ms'],
  [/^virus\.by/, 'VIRUSES'],
  [/^(?:spam|spammy|ham|banned)\.by/, 'SYSTEMS OF THE SENDERS'],
]

const OTHERS = 'OTHERS'

function headingOf({name, group}: CounterRow): string {
  return HEADINGS.find(([member]) => member.test(name))?.[1] ?? (group === 'names' ? 'NAMES' : OTHERS)
}

/** The rows as lines; in the order of names those of a kind stand together under their heading. */
export function counterLines(
  rows: readonly CounterRow[],
  sort: CounterColumn,
  width: number,
): readonly string[] {
  if (sort !== 'name') return rows.map(row => counterLine(row, width))
  const groups = Map.groupBy(rows, headingOf)
  const order = (heading: string) => {
    const at = HEADINGS.findIndex(([, own]) => own === heading)
    return at < 0 ? HEADINGS.length : at
  }
  return [...groups]
    .toSorted(([a], [b]) => order(a) - order(b))
    .flatMap(([heading, members]) => [heading, ...members.map(row => counterLine(row, width))])
}
