/**
 * report — the dashboard's figures as text and as JSON. Pure.
 *
 * Field names of the JSON are part of the command's manual and keep their meaning.
 */
import {visibleJson} from '../visible.ts'
import {RATES, SERIES, type SeriesName, SIZES, TIMES} from './names.ts'
import type {DashboardView} from './store.ts'

/** The manual's section about it. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), hosts, and for all hosts together values: mails,
clean, spam, virus, banned, other, deferred, refused, timeouts, protocol, storage and internal a minute, size in
kB a minute, total, receiving, decoding, "virus check", "spam check" and sending in ms a mail, entries of Postfix's
queues (maildrop, incoming, active, "deferred queue"), busy and children; each the mean of the last minute, null
where nothing is known. slow: the slowest mails (task, total_ms, section, section_ms).`

const MINUTE = 60

/** The mean of the last minute; of what stands, how it stands. */
export function present(view: DashboardView, host: string | undefined, name: SeriesName): number | undefined {
  const series = view.series(host, name)
  return name in RATES || name in SIZES || name in TIMES ? series.mean(MINUTE) : series.last
}

function unitOf(name: SeriesName): string {
  return name in RATES ? 'a minute' : name in SIZES ? 'kB a minute' : name in TIMES ? 'ms a mail' : ''
}

/** One display, with the line end of its last line. */
export function dashboardText(view: DashboardView): string {
  const lines = SERIES.map(name => {
    const value = present(view, undefined, name)
    const text = value === undefined ? '-' : number(value)
    return `${name.padEnd(16)}${text.padStart(12)} ${unitOf(name)}`.trimEnd()
  })
  const slow = view.slow(undefined).slice(0, 10)
  return `${[
    ...lines,
    '',
    slow.length === 0 ? 'no mail has ended' : 'slowest mails:',
    ...slow.map(
      ({taskId, totalMs, section, sectionMs}) =>
        `${number(totalMs).padStart(10)} ms  ${taskId.padEnd(16)} ${section} ${number(sectionMs)} ms`,
    ),
  ].join('\n')}\n`
}

export function dashboardJson(view: DashboardView): string {
  return visibleJson({
    time: new Date(view.nowMs).toISOString(),
    hosts: view.hosts,
    values: Object.fromEntries(
      SERIES.map(name => {
        const value = present(view, undefined, name)
        return [name, value === undefined ? null : Number(value.toFixed(3))]
      }),
    ),
    slow: view
      .slow(undefined)
      .slice(0, 20)
      .map(({taskId, totalMs, section, sectionMs}) => ({
        task: taskId,
        total_ms: totalMs,
        section,
        section_ms: sectionMs,
      })),
  })
}

/** Short, with as many decimals as matter: `0.42`, `12.5`, `1234`, `3`. */
export function number(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const size = Math.abs(value)
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}
