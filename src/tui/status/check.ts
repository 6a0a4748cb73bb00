/**
 * check — the summary judged by thresholds, as monitoring plugins report it. Pure.
 *
 * One line: the state, what is wrong, and performance data after a bar. Exit status 0 OK, 1 WARNING,
 * 2 CRITICAL, 3 UNKNOWN, which is for wrong use only: a silent bus is what such a check is there to find.
 */
import {SILENCE_MS} from '../children/feed.ts'
import type {Summary} from './summary.ts'

export const CHECKED = ['busy', 'oldest', 'waiting', 'age'] as const
export type Checked = (typeof CHECKED)[number]

export type Thresholds = Readonly<Partial<Record<Checked, number>>>

export interface Limits {
  readonly warning: Thresholds
  readonly critical: Thresholds
}

/** busy: per cent of the children; oldest: seconds of the oldest task; waiting: connections; age: seconds of the data. */
export const DEFAULT_LIMITS: Limits = {
  warning: {busy: 90, oldest: 300, waiting: 1},
  critical: {oldest: 600, age: SILENCE_MS / 1000},
}

export interface CheckResult {
  readonly status: 0 | 1 | 2
  /** one line, without its end */
  readonly text: string
}

const WORDS = ['OK', 'WARNING', 'CRITICAL'] as const

/** A value above its threshold is trouble; a service that says nothing is critical. */
export function checkSummary(summary: Summary, {warning, critical}: Limits): CheckResult {
  const values = valuesOf(summary)
  const troubles: {readonly status: 1 | 2; readonly text: string}[] = []
  for (const {name, alive} of summary.services)
    if (!alive) troubles.push({status: 2, text: `${name} is silent`})
  for (const name of CHECKED) {
    const value = values[name]
    if (value === undefined) continue
    const [low, high] = [warning[name], critical[name]]
    const text = `${name} ${number(value)}${UNITS[name]}`
    if (high !== undefined && value > high) troubles.push({status: 2, text: `${text} is above ${high}`})
    else if (low !== undefined && value > low) troubles.push({status: 1, text: `${text} is above ${low}`})
  }
  const {busy, idle} = summary
  if (busy + idle === 0) troubles.push({status: 2, text: 'no children'})
  const status = Math.max(0, ...troubles.map(trouble => trouble.status)) as 0 | 1 | 2
  const wrong = troubles.toSorted((a, b) => b.status - a.status).map(({text}) => text)
  const facts = `${busy} busy, ${idle} idle, ${number(summary.mailsPerMinute)} mails a minute`
  const performance = CHECKED.flatMap(name => {
    const value = values[name]
    if (value === undefined) return []
    return `${name}=${number(value)}${UNITS[name]};${warning[name] ?? ''};${critical[name] ?? ''};0`
  })
  return {
    status,
    text: `AMAVIS ${WORDS[status]} - ${[...wrong, facts].join(', ')} | ${performance.join(' ')} rate=${number(summary.mailsPerMinute)}`,
  }
}

/** `%` and `s` as performance data has them. */
const UNITS: Readonly<Record<Checked, string>> = {busy: '%', oldest: 's', waiting: '', age: 's'}

function valuesOf(summary: Summary): Readonly<Record<Checked, number | undefined>> {
  const {busy, idle, oldestTaskMs, waitingLine, dataAgeMs} = summary
  return {
    busy: busy + idle > 0 ? (100 * busy) / (busy + idle) : undefined,
    oldest: (oldestTaskMs ?? 0) / 1000,
    waiting: waitingLine?.waiting,
    age: dataAgeMs === undefined ? undefined : dataAgeMs / 1000,
  }
}

function number(value: number): string {
  return String(Number(value.toFixed(1)))
}

/** `busy=80,oldest=120` over the defaults; undefined when it is none. */
export function parseThresholds(texts: readonly string[], before: Thresholds): Thresholds | undefined {
  const thresholds: Partial<Record<Checked, number>> = {...before}
  for (const part of texts.flatMap(text => text.split(','))) {
    const match = /^(busy|oldest|waiting|age)=(\d+(?:\.\d+)?)$/.exec(part.trim())
    if (!match) return undefined
    thresholds[match[1] as Checked] = Number(match[2])
  }
  return thresholds
}
