/**
 * metrics — the counters of the bus in the text format of Prometheus (version 0.0.4). Pure.
 *
 * Names, labels and meanings come from the table of counters; units are seconds and bytes. What mail brings
 * along (virus names, types) is a label, and only the most frequent values are kept, so that nobody can fill
 * the database of a monitor by mail. Names that the table does not have are left out.
 */
import {type CounterDefinition, labelOf} from '../bus/counters/definition.ts'
import {COUNTERS} from '../bus/counters/table.ts'
import type {Frame} from '../bus/grammar.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Series of one metric whose labels come with mail. */
const MOST_VALUES = 200

interface Series {
  /** as printed; different ones only, as Prometheus takes nothing at all of an answer in which one is there twice */
  readonly labels: Readonly<Record<string, string>>
  value: number
  /** made by mail, so that there may be too many */
  readonly open: boolean
}

interface Found {
  readonly definition: CounterDefinition
  readonly labels: Readonly<Record<string, string>>
  readonly open: boolean
}

const BY_NAME = new Map(COUNTERS.filter(({name}) => !name.includes('<')).map(row => [row.name, row]))
const rowNamed = (name: string) => COUNTERS.find(row => row.name === name)!

/** Names with a part that comes with mail or with a format. */
const OPEN: readonly (readonly [pattern: RegExp, row: CounterDefinition, label: string])[] = [
  [/^virus\.byname\.(.+)$/s, rowNamed('virus.byname.<name>'), 'name'],
  ...['virus', 'banned', 'spam', 'spammy', 'ham'].map(
    kind => [new RegExp(`^${kind}\\.byOS\\.(.+)$`, 's'), rowNamed(`${kind}.byOS.<os>`), 'os'] as const,
  ),
  [/^OpsDecType-(.+)$/s, rowNamed('OpsDecType-<t1>[.<t2>...]'), 'type'],
  [/^OpsDecBy(.+)Attempt$/s, rowNamed('OpsDecBy<Program>Attempt'), 'decoder'],
  [/^OpsDecBy(.+)$/s, rowNamed('OpsDecBy<Program>'), 'decoder'],
]

function find(name: string): Found | undefined {
  const exact = BY_NAME.get(name)
  if (exact?.metric) return {definition: exact, labels: exact.metric.labels, open: false}
  for (const [pattern, definition, label] of OPEN) {
    const match = pattern.exec(name)
    if (!match || !definition.metric) continue
    return {definition, labels: {...definition.metric.labels, [label]: match[1] ?? ''}, open: true}
  }
  return undefined
}

/** What the exporter knows beside the counters. */
export interface Extra {
  /** whether the responder answered */
  readonly up: boolean
  /** seconds since childproc-minder last reported; undefined: never heard */
  readonly reportAgeSec: number | undefined
}

/** Text of /metrics from the answers to `am.snmp?` and `am.nanny?`. */
export function metricsText(frames: readonly Frame[], {up, reportAgeSec}: Extra): string {
  const metrics = new Map<string, {definition: CounterDefinition; series: Map<string, Series>}>()
  let version: string | undefined
  for (const frame of frames) {
    if (frame.kind !== 'snmp' && frame.kind !== 'nanny') continue
    if (frame.name === 'sysDescr') version = frame.value
    const found = find(frame.name)
    const value = Number(frame.value)
    if (!found?.definition.metric || !Number.isFinite(value)) continue
    const {definition, labels, open} = found
    const name = definition.metric!.name
    const metric = metrics.get(name) ?? {definition, series: new Map()}
    metrics.set(name, metric)
    const one = {labels, value: definition.unit === 'ms' ? value / 1000 : value, open}
    const same = metric.series.get(labelText(labels))
    if (same) same.value += one.value
    else metric.series.set(labelText(labels), one)
  }
  const own: [string, string, Readonly<Record<string, string>>, number | undefined][] = [
    ['up', 'Whether the snmp-responder answered', {}, Number(up)],
    ['report_age_seconds', 'Since the last report of childproc-minder', {}, reportAgeSec],
    ['info', 'The daemon', {version: version ?? ''}, version === undefined ? undefined : 1],
  ]
  const lines = own.flatMap(([name, help, labels, value]) =>
    value === undefined ? [] : [...head(name, help, 'gauge'), line(name, labels, value)],
  )
  for (const name of [...metrics.keys()].sort()) {
    const {definition, series} = metrics.get(name)!
    const type = name.endsWith('_total') ? 'counter' : 'gauge'
    lines.push(...head(name, helpOf(name), type))
    for (const {labels, value} of mostFrequent([...series.values()], definition))
      lines.push(line(name, labels, value))
  }
  return `${lines.join('\n')}\n`
}

/** Of those that mail made up: the highest, and the rest together under `other`. */
function mostFrequent(series: readonly Series[], {metric}: CounterDefinition): readonly Series[] {
  const open = series.filter(one => one.open)
  if (open.length <= MOST_VALUES) return series
  const [first] = open
  const label = Object.keys(first!.labels).find(key => metric?.labels[key] !== first!.labels[key]) ?? 'name'
  // one that is called so goes with them
  const rank = ({labels, value}: Series) => (labels[label] === 'other' ? -1 : value)
  const sorted = open.toSorted((a, b) => rank(b) - rank(a))
  const rest = sorted.slice(MOST_VALUES)
  const last = rest[0]!
  const sum = rest.reduce((total, {value}) => total + value, 0)
  const other: Series = {labels: {...last.labels, [label]: 'other'}, value: sum, open: false}
  return [...series.filter(one => !one.open), ...sorted.slice(0, MOST_VALUES), other]
}

const HELP = new Map<string, string>()

function helpOf(name: string): string {
  const known = HELP.get(name)
  if (known !== undefined) return known
  const rows = COUNTERS.filter(({metric}) => metric?.name === name)
  const names = rows.map(row => row.name)
  const some = names.slice(0, 2).join(', ') + (names.length > 2 ? ` and ${names.length - 2} more` : '')
  const help = rows.length === 1 ? `${names[0]}: ${rows[0]!.doc}` : `${some}, see amavis-counters(7)`
  HELP.set(name, help)
  return help
}

function head(name: string, help: string, type: 'counter' | 'gauge'): readonly string[] {
  return [`# HELP amavis_${name} ${help.replaceAll('\\', '\\\\')}`, `# TYPE amavis_${name} ${type}`]
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  return `amavis_${name}${labelText(labels)} ${value}`
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${labelOf(key)}="${quoted(text)}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

const LONGEST_LABEL = 200

/** Control characters would only confuse whoever reads it. */
function quoted(text: string): string {
  return text
    .slice(0, LONGEST_LABEL)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '?')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
}
