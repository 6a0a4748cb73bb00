/**
 * report — the sums of the TIMING reports as lines of a table and as JSON. Pure.
 *
 * Field names of the JSON are part of the command's manual and keep their meaning.
 */
import {visibleJson, visibleText} from '../visible.ts'
import type {SectionSum, Sum} from './sums.ts'

export interface TimingSnapshot {
  readonly nowMs: number
  /** how long the buses were listened to, ms */
  readonly watchedMs: number
  /** when one of them was heard last, Unix ms */
  readonly heardMs: number | undefined
  readonly tasks: Sum | undefined
  readonly sections: readonly SectionSum[]
}

export const TIMING_COLUMNS = ['share', 'name', 'count', 'mean', 'p50', 'p95', 'slowest'] as const
export type TimingColumn = (typeof TIMING_COLUMNS)[number]

/** The manual's section about it. */
export const JSON_FIELDS = `With --json each display is one object on a line: time (ISO 8601), watched_s, tasks (null before the first)
and sections, those that cost most first. Of each: count, mean_ms, p50_ms, p95_ms (of the last 1000), max_ms,
slowest_task and slowest_pid; of a section also report ("task", or "sa" for SpamAssassin's own, whose items
nest), name, and share (of the time of all reports, 0 to 1).`

export function timingHeading(sort: TimingColumn, reversed: boolean): string {
  const mark = (column: TimingColumn, text: string) =>
    column === sort ? `${text}${reversed ? '^' : 'v'}` : text
  return (
    mark('name', 'SECTION').padEnd(22) +
    mark('count', 'COUNT').padStart(7) +
    mark('mean', 'MEAN').padStart(8) +
    mark('p50', 'P50').padStart(8) +
    mark('p95', 'P95').padStart(8) +
    mark('share', 'SHARE').padStart(7) +
    mark('slowest', 'SLOWEST').padStart(9)
  )
}

/** Times in ms. */
export function sectionLine(section: SectionSum): string {
  const name = section.kind === 'sa' ? `SA: ${section.name}` : section.name
  return sumLine(name, section, `${(100 * section.share).toFixed(1)}%`)
}

export function tasksLine(tasks: Sum): string {
  return sumLine('all of a task', tasks, '')
}

function sumLine(name: string, {count, meanMs, p50Ms, p95Ms, maxMs, slowest}: Sum, share: string): string {
  const times = [meanMs, p50Ms, p95Ms].map(ms => timeText(ms).padStart(8)).join('')
  const whose = slowest.taskId ?? String(slowest.pid)
  return visibleText(
    `${name.slice(0, 21).padEnd(22)}${String(count).padStart(7)}${times}${share.padStart(7)}${timeText(maxMs).padStart(9)}  ${whose}`,
  )
}

function timeText(ms: number): string {
  return ms >= 99.95 ? ms.toFixed(0) : ms.toFixed(1)
}

const COMPARE: Readonly<Record<TimingColumn, (a: SectionSum, b: SectionSum) => number>> = {
  share: (a, b) => b.share - a.share,
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  count: (a, b) => b.count - a.count,
  mean: (a, b) => b.meanMs - a.meanMs,
  p50: (a, b) => b.p50Ms - a.p50Ms,
  p95: (a, b) => b.p95Ms - a.p95Ms,
  slowest: (a, b) => b.maxMs - a.maxMs,
}

/** Ours first, then SpamAssassin's own. */
export function selectSections(
  sections: readonly SectionSum[],
  filter: RegExp | undefined,
  sort: TimingColumn,
  reversed: boolean,
): readonly SectionSum[] {
  const sign = reversed ? -1 : 1
  return sections
    .filter(({name}) => filter === undefined || filter.test(name))
    .sort((a, b) => Number(a.kind === 'sa') - Number(b.kind === 'sa') || sign * COMPARE[sort](a, b))
}

/** One display, with the line end of its last line. */
export function timingText({watchedMs, tasks, sections}: TimingSnapshot): string {
  const seconds = `${Math.round(watchedMs / 1000)} s`
  if (!tasks) return `no task ended in ${seconds}\n`
  const lines = [
    `${tasks.count} tasks in ${seconds}, times in ms`,
    timingHeading('share', false),
    tasksLine(tasks),
    ...sections.map(sectionLine),
  ]
  return `${lines.join('\n')}\n`
}

export function timingJson({nowMs, watchedMs, tasks, sections}: TimingSnapshot): string {
  return visibleJson({
    time: new Date(nowMs).toISOString(),
    watched_s: Math.round(watchedMs / 1000),
    tasks: tasks ? sumJson(tasks) : null,
    sections: sections.map(section => ({
      report: section.kind,
      name: section.name,
      ...sumJson(section),
      share: Number(section.share.toFixed(4)),
    })),
  })
}

function sumJson({count, meanMs, p50Ms, p95Ms, maxMs, slowest}: Sum) {
  return {
    count,
    mean_ms: Number(meanMs.toFixed(3)),
    p50_ms: p50Ms,
    p95_ms: p95Ms,
    max_ms: maxMs,
    slowest_task: slowest.taskId ?? null,
    slowest_pid: slowest.pid,
  }
}
