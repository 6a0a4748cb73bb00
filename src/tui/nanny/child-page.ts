/**
 * child-page — one child in detail: its task now with the time in each state, and its last tasks. Pure.
 */
import {elapsedText} from '../children/bar.ts'
import type {FinishedTask} from '../children/finished.ts'
import {type Memory, memoryText} from '../children/memory.ts'
import {meaningOf} from '../children/states.ts'
import {type Child, isBusy} from '../children/table.ts'
import {ageMs, durations} from '../children/trail.ts'
import {visibleText} from '../visible.ts'
import {clockText} from './header.ts'
import {busLabel} from './rows.ts'

export interface ChildFacts {
  readonly child: Child
  readonly nowMs: number
  /** newest first */
  readonly finished: readonly FinishedTask[]
  readonly memory: Memory | undefined
}

const LABEL = 12

/** Lines of the page; more than a screen has, when there are many states and tasks. */
export function childPage({child, nowMs, finished, memory}: ChildFacts, columns: number): readonly string[] {
  const {word} = meaningOf(child.state)
  const busy = isBusy(child)
  const state = child.goneMs === undefined ? `${child.state} ${word}` : (child.end ?? 'went away')
  const facts: [string, string][] = [
    ['child', `${child.pid} at ${busLabel(child.endpoint)}`],
    [
      busy ? 'task' : 'idle',
      `${child.taskId ?? '-'}   ${state}   ${elapsedText(ageMs(child, nowMs)).trim()}`,
    ],
    ['memory', memory ? `${memoryText(memory)} MB (RSS/PSS)` : 'not known: it runs elsewhere, or is gone'],
  ]
  const steps = durations(child.steps, nowMs)
  const total = steps.reduce((sum, {ms}) => sum + ms, 0)
  return [
    ...facts.map(([label, text]) => `${label.padEnd(LABEL)}${text}`),
    '',
    busy ? 'THIS TASK         SECONDS' : 'LAST CONNECTION   SECONDS',
    ...steps.map(({state: letter, ms}, i) => {
      const name = `${letter} ${meaningOf(letter).word}`.padEnd(LABEL + 1)
      const share = total > 0 ? `${Math.round((100 * ms) / total)}%` : ''
      const now = i === steps.length - 1 ? '  now' : ''
      return `  ${name} ${(ms / 1000).toFixed(3).padStart(10)} ${share.padStart(5)}${now}`
    }),
    '',
    `LAST ${finished.length} TASKS     END         MS      SIZE  SLOWEST SECTIONS, MS`,
    ...(finished.length === 0 ? ['  none seen yet: they come with the TIMING entries of the bus'] : []),
    ...finished.map(task => taskLine(task, columns)),
  ]
}

/** As many of its sections as the line has room for, slowest first. */
function taskLine({atMs, entry}: FinishedTask, columns: number): string {
  const {taskId, totalMs, size, sections} = entry
  const start =
    `  ${(taskId ?? '-').slice(0, 14).padEnd(14)} ${clockText(atMs)} ${totalMs.toFixed(0).padStart(7)}` +
    ` ${(size === undefined ? '-' : String(size)).padStart(9)}  `
  let text = start
  for (const [i, {name, ms}] of sections.toSorted((a, b) => b.ms - a.ms).entries()) {
    const next = `${i > 0 ? ', ' : ''}${name} ${ms >= 5 ? ms.toFixed(0) : ms.toFixed(1)}`
    if (text.length + next.length > columns) break
    text += next
  }
  return visibleText(text)
}
