/**
 * pages — what the status screen draws at each of its levels, as lines with their meaning. Pure.
 */
import type {Paint, Theme} from '../theme.ts'
import type {Assessment, Section, Warning} from './assess.ts'
import type {AssessedHost} from './json.ts'
import {hostName, MARKS, sectionLine, VERDICTS, warningLine} from './text.ts'
import {durationText, rateText} from './units.ts'

export interface Line {
  readonly text: string
  readonly paint: Paint
}

export function paintOf(level: Section['level'], theme: Theme): Paint {
  switch (level) {
    case 'warning':
      return theme.status.warning
    case 'critical':
      return theme.status.error
    case 'unknown':
      return theme.faint
    case 'ok':
      return text => text
  }
}

/** The sections, and below them the warnings with what to do, each over as many lines as it needs. */
export function sectionLines({sections}: Assessment, theme: Theme): readonly Line[] {
  return sections.map(section => ({text: sectionLine(section), paint: paintOf(section.level, theme)}))
}

export function warningLines(warnings: readonly Warning[], width: number, theme: Theme): readonly Line[] {
  return warnings.flatMap(warning => {
    const paint = paintOf(warning.level, theme)
    return wrap(warningLine(warning), width).map(text => ({text, paint}))
  })
}

/** Words on lines of this width; what follows the first is indented. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `    ${word}`
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

const NAME = 24

export function hostHeading(): string {
  const columns = ['STATE'.padEnd(9), ...['BUSY', 'IDLE', 'OLDEST', 'MAILS/MIN', 'P95 ms', 'DATA'].map(right)]
  return `  ${'HOST'.padEnd(NAME)}${columns.join('')}  WARNING`
}

export function hostLine({facts, assessment}: AssessedHost, theme: Theme): Line {
  const {children, mails, tasks, bus, nowMs} = facts
  const columns = [
    VERDICTS[assessment.level].padEnd(9),
    ...[
      String(children.busy),
      String(children.idle),
      children.oldest === undefined ? '-' : durationText(children.oldest.ms),
      rateText(mails.perMinute),
      tasks === undefined ? '-' : tasks.p95Ms.toFixed(0),
      bus.heardMs === undefined ? 'none' : durationText(nowMs - bus.heardMs),
    ].map(right),
  ]
  const name = hostName(facts)
  const shown = name.length < NAME ? name.padEnd(NAME) : `${name.slice(0, NAME - 2)}> `
  const [first] = assessment.warnings
  const text = `${MARKS[assessment.level]} ${shown}${columns.join('')}  ${first?.text ?? ''}`
  return {text, paint: paintOf(assessment.level, theme)}
}

/** Of the columns after the state. */
const WIDTHS = [5, 6, 8, 11, 8, 7]

function right(text: string, column: number): string {
  return text.padStart(WIDTHS[column] ?? 8)
}
