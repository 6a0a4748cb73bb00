/**
 * header — the lines above the children: what is watched, how old it is, how busy it is. Pure.
 */
import {SILENCE_MS} from '../children/feed.ts'
import {loadBar} from '../children/load-bar.ts'
import type {Snapshot} from '../children/store.ts'
import {countChildren, lastHeardMs, mailsPerMinute} from '../children/table.ts'
import type {Theme} from '../theme.ts'
import {busLabel} from './rows.ts'

/** What can be said about the data's age. */
export type Freshness =
  | {readonly kind: 'none'}
  | {readonly kind: 'fresh'; readonly ageMs: number}
  | {readonly kind: 'stale'; readonly sinceMs: number}

/** Stale: no bus has said anything for as long as a child that lives can be silent. */
function freshnessOf({table, nowMs}: Snapshot): Freshness {
  const heardMs = lastHeardMs(table)
  if (heardMs === undefined) return {kind: 'none'}
  const ageMs = Math.max(0, nowMs - heardMs)
  return ageMs > SILENCE_MS ? {kind: 'stale', sinceMs: heardMs} : {kind: 'fresh', ageMs}
}

/**
 * The moment up to which a bus' children are known: now, or when it was heard last if it has gone silent.
 * Undefined when it was never heard.
 */
export function knownUntilMs({table, nowMs}: Snapshot, endpoint: string): number | undefined {
  const heardMs = table.buses.get(endpoint)?.heardMs
  return heardMs === undefined || nowMs - heardMs > SILENCE_MS ? heardMs : nowMs
}

/** Which buses have gone silent; undefined when none has. A bus never heard counts once another was for a while. */
export function silenceNotice(snapshot: Snapshot, endpoints: readonly string[]): string | undefined {
  const {table, nowMs} = snapshot
  if (table.buses.size === 0) return undefined
  const firstMs = Math.min(...[...table.buses.values()].map(bus => bus.firstHeardMs))
  const texts = endpoints.flatMap(endpoint => {
    const untilMs = knownUntilMs(snapshot, endpoint)
    const name = endpoints.length > 1 ? `from ${busLabel(endpoint)} ` : ''
    if (untilMs !== undefined) return untilMs < nowMs ? [`no data ${name}since ${clockText(untilMs)}`] : []
    return nowMs - firstMs > SILENCE_MS ? [`nothing heard ${name}yet`] : []
  })
  return texts.length > 0 ? texts.join(', ') : undefined
}

/** `14:03:22`, local time. */
export function clockText(ms: number): string {
  const date = new Date(ms)
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map(n => String(n).padStart(2, '0'))
    .join(':')
}

const NAME = 'amavis nanny  '

/** What is watched on the left, time and age of the data on the right. */
export function titleLine(
  title: string,
  snapshot: Snapshot,
  paused: boolean,
  columns: number,
  theme: Theme,
  /** of a recording, in the place of time and age */
  mark?: string,
): string {
  const freshness = freshnessOf(snapshot)
  const age = ageText(freshness)
  const right = mark ?? `${paused ? 'PAUSED  ' : ''}${clockText(snapshot.nowMs)}  ${age}`
  const room = Math.max(0, columns - right.length - 2)
  // a title that says something (where to send mail, say) is worth more than the program's name
  const name = NAME.length + title.length <= room ? NAME : ''
  const full = `${name}${title}`
  const left = (full.length > room ? `${full.slice(0, Math.max(0, room - 1))}…` : full).padEnd(room + 2)
  const paint =
    freshness.kind === 'fresh' && !paused && mark === undefined ? theme.faint : theme.status.warning
  return theme.title(left.slice(0, name.length)) + left.slice(name.length) + paint(right)
}

function ageText(freshness: Freshness): string {
  switch (freshness.kind) {
    case 'none':
      return 'no data yet'
    case 'fresh':
      return `data ${(freshness.ageMs / 1000).toFixed(1)} s old`
    case 'stale':
      return `no data since ${clockText(freshness.sinceMs)}`
  }
}

/** Counts, rate, and the load bar with its peak. */
export function summaryLine(snapshot: Snapshot, shown: number, filter: string, columns: number): string {
  const {table, nowMs} = snapshot
  const {busy, idle} = countChildren(table.children.values())
  const rate = mailsPerMinute(table, nowMs)
  const start =
    `${busy} busy, ${idle} idle of ${busy + idle}   ${rate.toFixed(rate < 10 ? 1 : 0)} mails/min   ` +
    (filter === '' ? '' : `filter "${filter}": ${shown} shown   `)
  const bar = loadBar(busy, idle, table.peak)
  const room = Math.max(0, columns - start.length)
  return start + (bar.length > room ? `${bar.slice(0, Math.max(0, room - 1))}>` : bar)
}
