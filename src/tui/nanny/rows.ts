/**
 * rows — children as lines of the screen: columns, order, filter. Pure; texts only, no colours.
 */
import {elapsedText} from '../children/bar.ts'
import {type Memory, memoryText} from '../children/memory.ts'
import {type DetailsLevel, meaningOf, type StateKind} from '../children/states.ts'
import {type Child, childKey, isBusy} from '../children/table.ts'
import {accruedBar, ageMs, trailText} from '../children/trail.ts'
import {visibleText} from '../visible.ts'

export type SortColumn = 'pid' | 'task' | 'elapsed' | 'state' | 'bus' | 'memory'
export const SORT_COLUMNS: readonly SortColumn[] = ['pid', 'task', 'elapsed', 'state', 'bus', 'memory']

/** What is known of a child's memory; undefined where nothing is. */
export type MemoryOf = (child: Child) => Memory | undefined

/** Widths of the columns; 0 where one is left out. */
export interface Layout {
  readonly bus: number
  readonly pid: number
  readonly task: number
  readonly elapsed: number
  readonly memory: number
  readonly state: number
  readonly bar: number
  readonly trail: number
}

export interface Row {
  readonly key: string
  readonly kind: StateKind
  readonly gone: boolean
  /** up to and with the elapsed time */
  readonly start: string
  readonly state: string
  readonly bar: string
  readonly trail: string
}

const PID = 8
const TASK = 13
const ELAPSED = 12
const MEMORY = 10
const STATE = 13
const BAR = 38
const SHORTEST_TRAIL = 24

/** Columns for a width; the trail is shown where it has room, the bus where there are several, memory if wanted. */
export function layoutFor(columns: number, endpoints: readonly string[], withMemory = false): Layout {
  const bus =
    endpoints.length > 1 ? Math.min(24, Math.max(...endpoints.map(busLabel).map(text => text.length)) + 1) : 0
  const memory = withMemory ? MEMORY : 0
  const left = Math.max(0, columns - bus - PID - TASK - ELAPSED - memory - STATE)
  const hasTrail = left >= BAR + SHORTEST_TRAIL
  return {
    bus,
    pid: PID,
    task: TASK,
    elapsed: ELAPSED,
    memory,
    state: STATE,
    bar: hasTrail ? BAR : left,
    trail: hasTrail ? left - BAR : 0,
  }
}

/** An endpoint without what all of them have. */
export function busLabel(endpoint: string): string {
  const recording = /^replay:(?:.*\/)?([^/?]+)\?/.exec(endpoint)?.[1]
  return visibleText(recording ? decodeURIComponent(recording) : endpoint.replace(/^(?:tcp|ipc):\/\//, ''))
}

/** The heading line; the column in use for sorting has an arrow. */
export function headingLine(layout: Layout, sort: SortColumn, reversed: boolean): string {
  const mark = (column: SortColumn, text: string) =>
    column === sort ? `${text}${reversed ? '^' : 'v'}` : text
  return (
    cell(mark('bus', 'BUS'), layout.bus) +
    `${mark('pid', 'PID').padStart(layout.pid - 1)} ` +
    cell(mark('task', 'TASK'), layout.task) +
    `${mark('elapsed', 'ELAPSED').padStart(layout.elapsed - 2)}  ` +
    cell(mark('memory', 'RSS/PSS'), layout.memory) +
    cell(mark('state', 'STATE'), layout.state) +
    cell('STATES AS THEY ACCRUE', layout.bar) +
    cell('SECONDS IN EACH', layout.trail)
  )
}

export function formatRow(
  child: Child,
  nowMs: number,
  layout: Layout,
  level: DetailsLevel = 2,
  memory?: Memory,
): Row {
  const gone = child.goneMs !== undefined
  const {kind, word} = meaningOf(child.state)
  const busy = isBusy(child)
  const age = ageMs(child, nowMs)
  return {
    key: childKey(child.endpoint, child.pid),
    kind,
    gone,
    start:
      cell(busLabel(child.endpoint), layout.bus) +
      `${String(child.pid).padStart(layout.pid - 1)} ` +
      cell(child.taskId ?? '', layout.task) +
      `${elapsedText(age)
        .trim()
        .padStart(layout.elapsed - 2)}  ` +
      cell(memoryText(memory), layout.memory),
    state: cell(gone ? (child.end ?? 'went away') : `${child.state} ${word}`, layout.state),
    bar: cell(gone ? '' : accruedBar(child, nowMs, Math.max(0, layout.bar - 2), level), layout.bar),
    trail: cell(busy ? trailText(child, nowMs) : '', layout.trail),
  }
}

/** Children that match, in order. The filter is a text that one of the columns has in it. */
export function selectChildren(
  children: Iterable<Child>,
  nowMs: number,
  filter: string,
  sort: SortColumn,
  reversed: boolean,
  memoryOf: MemoryOf = () => undefined,
): readonly Child[] {
  const wanted = filter.toLowerCase()
  const matching = [...children].filter(child => wanted === '' || searchText(child).includes(wanted))
  const compare = COMPARE[sort]
  const sign = reversed ? -1 : 1
  return matching.sort(
    (a, b) => sign * compare(a, b, nowMs, memoryOf) || a.pid - b.pid || (a.endpoint < b.endpoint ? -1 : 1),
  )
}

function searchText(child: Child): string {
  const {letter, word} = meaningOf(child.state)
  return `${child.endpoint} ${child.pid} ${child.taskId ?? ''} ${letter} ${word} ${isBusy(child) ? 'busy' : 'idle'}`.toLowerCase()
}

type Compare = (a: Child, b: Child, nowMs: number, memoryOf: MemoryOf) => number

/** Busy ones first where the column is about work. */
const COMPARE: Readonly<Record<SortColumn, Compare>> = {
  pid: (a, b) => a.pid - b.pid,
  task: (a, b) => byCode(a.taskId ?? '\uffff', b.taskId ?? '\uffff'),
  elapsed: (a, b, nowMs) => Number(isBusy(b)) - Number(isBusy(a)) || ageMs(b, nowMs) - ageMs(a, nowMs),
  state: (a, b) => Number(isBusy(b)) - Number(isBusy(a)) || byCode(a.state, b.state),
  bus: (a, b) => byCode(a.endpoint, b.endpoint),
  memory: (a, b, _nowMs, memoryOf) => (memoryOf(b)?.rssBytes ?? 0) - (memoryOf(a)?.rssBytes ?? 0),
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function cell(text: string, width: number): string {
  return width === 0 ? '' : text.length >= width ? `${text.slice(0, width - 1)} ` : text.padEnd(width)
}
