/**
 * summary — what an operator wants to know at a glance: is it alive, how busy is it, what does it do with
 * the mail. Pure; text and JSON say the same.
 */
import {isNumeric, startedMs, type Variables} from '../agent/classic.ts'
import {SILENCE_MS} from '../children/feed.ts'
import {loadBar} from '../children/load-bar.ts'
import {meaningOf} from '../children/states.ts'
import type {Snapshot} from '../children/store.ts'
import {countChildren, isBusy, lastHeardMs, mailsPerMinute} from '../children/table.ts'
import {ageMs} from '../children/trail.ts'
import {visibleJson, visibleText} from '../visible.ts'

export interface Service {
  readonly name: string
  readonly endpoint: string
  readonly alive: boolean
}

/** Connections that the master holds until a child is free. */
export interface WaitingLine {
  readonly waiting: number
  readonly limit: number
}

export interface Summary {
  readonly nowMs: number
  readonly busy: number
  readonly idle: number
  readonly peak: number
  /** busy children by state letter */
  readonly states: ReadonlyMap<string, number>
  /** ms that the oldest task has taken; undefined when none goes on */
  readonly oldestTaskMs: number | undefined
  readonly mailsPerMinute: number
  /** undefined where the master cannot be asked: it runs elsewhere, or its socket is not ours to use */
  readonly waitingLine: WaitingLine | undefined
  /** how long the buses were watched for that, ms */
  readonly watchedMs: number
  /** ms since a bus was heard; undefined: never */
  readonly dataAgeMs: number | undefined
  readonly services: readonly Service[]
  /** ms since the start of the daemon, as its counters have it */
  readonly uptimeMs: number | undefined
  /** undefined without an answer from the responder */
  readonly counters: ReadonlyMap<string, number> | undefined
}

/** Counters shown, in this order. */
const CONTENT = [
  ['ContentCleanMsgs', 'clean'],
  ['ContentSpamMsgs', 'spam'],
  ['ContentSpammyMsgs', 'spammy'],
  ['ContentVirusMsgs', 'virus'],
  ['ContentBannedMsgs', 'banned'],
  ['ContentBadHdrMsgs', 'bad header'],
  ['ContentUncheckedMsgs', 'unchecked'],
  ['ContentOversizedMsgs', 'oversized'],
  ['ContentMtaFailedMsgs', 'MTA failed'],
] as const

/** Put together what the buses and the responder said. */
export function summarize(
  {table, nowMs}: Snapshot,
  endpoints: readonly string[],
  responder: string,
  variables: Variables | undefined,
  waitingLine?: WaitingLine,
): Summary {
  const children = [...table.children.values()]
  const busyChildren = children.filter(isBusy)
  const heardMs = lastHeardMs(table)
  const isRecent = (ms: number | undefined) => ms !== undefined && nowMs - ms <= SILENCE_MS
  const started = variables && startedMs(variables)
  return {
    nowMs,
    ...countChildren(children),
    waitingLine,
    peak: table.peak,
    states: countBy(busyChildren.map(child => child.state)),
    oldestTaskMs:
      busyChildren.length > 0 ? Math.max(...busyChildren.map(child => ageMs(child, nowMs))) : undefined,
    mailsPerMinute: mailsPerMinute(table, nowMs),
    watchedMs: Math.max(0, ...[...table.buses.values()].map(bus => nowMs - bus.firstHeardMs)),
    dataAgeMs: heardMs === undefined ? undefined : Math.max(0, nowMs - heardMs),
    services: [
      ...endpoints.flatMap(endpoint => {
        const bus = table.buses.get(endpoint)
        return [
          {name: 'msg-forwarder', endpoint, alive: isRecent(bus?.heardMs)},
          {name: 'childproc-minder', endpoint, alive: isRecent(bus?.listsMs)},
        ]
      }),
      {name: 'snmp-responder', endpoint: responder, alive: variables !== undefined},
    ],
    uptimeMs: started === undefined ? undefined : Math.max(0, nowMs - started),
    counters: variables && numbersOf(variables),
  }
}

function countBy(letters: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  return new Map([...counts].sort((a, b) => b[1] - a[1]))
}

function numbersOf(variables: Variables): ReadonlyMap<string, number> {
  const numbers = [...variables].filter(([, {type}]) => isNumeric(type))
  return new Map(numbers.map(([name, {value}]) => [name, Number(value) || 0]))
}

/** Some lines of text, each with its line end. */
export function summaryText(summary: Summary): string {
  const {busy, idle, states, counters} = summary
  const working = [...states].map(([letter, n]) => `${n} ${meaningOf(letter).word}`)
  const rate = summary.mailsPerMinute
  const lines: [string, string][] = [
    ['time', `${new Date(summary.nowMs).toISOString()}, ${ageText(summary.dataAgeMs)}`],
    ['services', summary.services.map(({name, alive}) => `${name} ${alive ? 'alive' : 'SILENT'}`).join(', ')],
    ['children', `${busy} busy, ${idle} idle of ${busy + idle}`],
    ['load', loadBar(busy, idle, summary.peak) || '(no children)'],
    ['states', working.join(', ') || 'all idle'],
    ['oldest', oldestText(summary.oldestTaskMs)],
    ...waitingLines(summary.waitingLine),
    ['mail', `${rateText(rate)} a minute, watched for ${Math.round(summary.watchedMs / 1000)} s`],
  ]
  if (counters === undefined) lines.push(['counters', 'no answer from the snmp-responder'])
  else lines.push(...counterLines(counters, summary.uptimeMs))
  return lines.map(([label, text]) => `${label.padEnd(11)}${visibleText(text)}\n`).join('')
}

function oldestText(ms: number | undefined): string {
  return ms === undefined ? 'no task goes on' : `a task of ${(ms / 1000).toFixed(1)} s`
}

function waitingLines(line: WaitingLine | undefined): [string, string][] {
  if (!line) return []
  return [['waiting', `${line.waiting} connections for a free child, at most ${line.limit}`]]
}

function counterLines(
  counters: ReadonlyMap<string, number>,
  uptimeMs: number | undefined,
): [string, string][] {
  const of = (name: string) => counters.get(name) ?? 0
  const messages = of('InMsgs')
  const since =
    uptimeMs === undefined || uptimeMs === 0
      ? ''
      : ` in ${uptimeText(uptimeMs)}, ${rateText((messages * 60_000) / uptimeMs)} a minute`
  const size = (of('InMsgsSize') / 1_048_576).toFixed(1)
  const contents = CONTENT.flatMap(([name, word]) => (of(name) > 0 ? [`${of(name)} ${word}`] : []))
  const each = messages > 0 ? `${(of('TimeElapsedTotal') / 1000 / messages).toFixed(3)} s a message` : '-'
  return [
    ['received', `${messages} messages, ${of('InMsgsRecips')} recipients, ${size} MB${since}`],
    ['contents', contents.join(', ') || '-'],
    [
      'sent',
      `${of('OutMsgs')} messages, ${of('OutMsgsAttemptFails')} failed attempts, ${of('QuarMsgs')} quarantined`,
    ],
    ['elapsed', each],
    ['log', `${of('LogEntriesErr')} errors, ${of('LogEntriesWarning')} warnings or worse`],
  ]
}

function ageText(ageMs: number | undefined): string {
  return ageMs === undefined ? 'no data' : `data ${(ageMs / 1000).toFixed(1)} s old`
}

function rateText(perMinute: number): string {
  return perMinute.toFixed(perMinute < 10 ? 1 : 0)
}

/** `3 days 4:05:06` */
function uptimeText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (n: number) => String(n % 60).padStart(2, '0')
  const clock = `${Math.floor(seconds / 3600) % 24}:${two(Math.floor(seconds / 60))}:${two(seconds)}`
  const days = Math.floor(seconds / 86_400)
  return days > 0 ? `${days} days ${clock}` : clock
}

/** The manual's section about the JSON. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), data_age_ms or null, busy, idle, peak,
states (busy children by letter), oldest_task_ms or null, waiting and waiting_limit (connections that the master holds; null where it
cannot be asked), mails_per_minute, watched_s, services (name, endpoint, alive), uptime_s or null and
counters (name to number), null without an answer from the snmp-responder.`

export function summaryJson(summary: Summary): string {
  return visibleJson({
    time: new Date(summary.nowMs).toISOString(),
    data_age_ms: summary.dataAgeMs ?? null,
    busy: summary.busy,
    idle: summary.idle,
    peak: Number(summary.peak.toFixed(1)),
    states: Object.fromEntries(summary.states),
    waiting: summary.waitingLine?.waiting ?? null,
    waiting_limit: summary.waitingLine?.limit ?? null,
    oldest_task_ms: summary.oldestTaskMs ?? null,
    mails_per_minute: Number(summary.mailsPerMinute.toFixed(1)),
    watched_s: Math.round(summary.watchedMs / 1000),
    services: summary.services,
    uptime_s: summary.uptimeMs === undefined ? null : Math.floor(summary.uptimeMs / 1000),
    counters: summary.counters ? Object.fromEntries(summary.counters) : null,
  })
}
