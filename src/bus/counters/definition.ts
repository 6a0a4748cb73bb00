/**
 * definition — what one counter is, and how a family of them is written in one line.
 *
 * A row stands for one name and, where it has variants, for the names that a suffix makes of it.
 */
import type {CounterType} from '../publisher.ts'

/**
 * What makes a counter move. Those in `EVENTS_TO_COME` have nothing yet that brings them about; `never` are
 * names that the original declares and does not send either.
 */
export type CounterEvent =
  | 'start'
  | 'generation'
  | 'mail'
  | 'status'
  | 'content'
  | 'delivery'
  | 'connection'
  | 'quarantine'
  | 'decoding'
  | 'check'
  | 'log'
  | 'time'
  | 'dsn'
  | 'failure'
  | 'processes'
  | 'mta queues'
  | 'anvil'
  | 'client limits'
  | 'delegated delivery'
  | 'bounce killer'
  | 'pen pals'
  | 'sql'
  | 'ldap'
  | 'fingerprint'
  | 'notifications'
  | 'virus probe'
  | 'never'

/** Events of features that are not there yet. */
export const EVENTS_TO_COME: ReadonlySet<CounterEvent> = new Set<CounterEvent>([
  'bounce killer',
  'pen pals',
  'sql',
  'ldap',
  'fingerprint',
  'notifications',
  'virus probe',
])

/** A time series as Prometheus names it; the name without `amavis_`. */
export interface Metric {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

export interface CounterDefinition {
  /** ends in `<…>` where mail brings the rest of the name along */
  readonly name: string
  readonly type: CounterType
  readonly unit: string
  /** one sentence without a full stop */
  readonly doc: string
  readonly event: CounterEvent
  /** undefined: nothing that can be measured */
  readonly metric: Metric | undefined
  /** beside the original's: not shown by displays that have to look like the original's */
  readonly own: boolean
}

export interface Row {
  readonly name: string
  readonly type?: CounterType
  readonly unit: string
  readonly doc: string
  readonly event: CounterEvent
  readonly metric?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly own?: boolean
}

/** A row with its defaults: a C32 whose metric is named after it. */
export function define(row: Row): CounterDefinition {
  const {name, type = 'C32', unit, doc, event, own = false} = row
  const metric = type === 'STR' || type === 'OID' ? undefined : {name: row.metric ?? metricName(name, type)}
  return {name, type, unit, doc, event, metric: metric && {...metric, labels: row.labels ?? {}}, own}
}

/** `InMsgsSize` → `in_msgs_size_bytes_total` for a counter, without the end for a gauge. */
function metricName(name: string, type: CounterType): string {
  const words = name.replace(/([a-z0-9])(?=[A-Z])/g, '$1_').replace(/([A-Z])(?=[A-Z][a-z])/g, '$1_')
  const adds = type === 'C32' || type === 'C64'
  return words.toLowerCase().replace(/_size$/, '_size_bytes') + (adds ? '_total' : '')
}

export interface Direction {
  readonly suffix: string
  readonly doc: string
}

/** Which way a mail goes; one with recipients of both kinds goes two ways (spec/monitoring §5). */
export const DIRECTIONS: readonly Direction[] = [
  {suffix: 'Inbound', doc: 'from outside, to a local recipient'},
  {suffix: 'Outbound', doc: 'originating, to a recipient elsewhere'},
  {suffix: 'Internal', doc: 'originating, to a local recipient'},
  {suffix: 'Originating', doc: 'originating, to anybody'},
  {suffix: 'OpenRelay', doc: 'from outside, to a recipient elsewhere'},
]

/** The row and, with the label `direction`, one for each way; `metric` is that of the latter. */
export function withDirections(row: Row, metric: string): readonly Row[] {
  const each = DIRECTIONS.map(({suffix, doc}) => ({
    ...row,
    name: row.name + suffix,
    doc: `${row.doc}; ${doc}`,
    metric,
    labels: {...row.labels, direction: labelOf(suffix)},
  }))
  return [row, ...each]
}

/** `BadHdr` → `bad_hdr`, `SMTP` → `smtp`. */
export function labelOf(word: string): string {
  return word.replace(/([a-z0-9])(?=[A-Z])/g, '$1_').toLowerCase()
}
