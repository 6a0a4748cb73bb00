/**
 * text — the assessment as plain lines, for a terminal that cannot do more, a pipe or a mail. Pure.
 */
import {busLabel} from '../nanny/rows.ts'
import {visibleText} from '../visible.ts'
import type {Assessment, Level, Section, Warning} from './assess.ts'
import type {HostFacts} from './facts.ts'

export const VERDICTS: Readonly<Record<Level, string>> = {
  ok: 'WELL',
  warning: 'WARNING',
  critical: 'CRITICAL',
}

/** A sign for each level, so that none is told by colour alone. */
export const MARKS: Readonly<Record<Section['level'], string>> = {
  ok: ' ',
  warning: '!',
  critical: 'X',
  unknown: '-',
}

const isRecording = (endpoint: string) => endpoint.startsWith('replay:')

/** How a host is called: as its daemon says, else by its bus. */
export function hostName({name, endpoint}: Pick<HostFacts, 'name' | 'endpoint'>): string {
  return isRecording(endpoint) && name === undefined ? busLabel(endpoint) : visibleText(name ?? endpoint)
}

export function verdictText({level, warnings}: Assessment): string {
  const n = warnings.length
  return n === 0 ? VERDICTS.ok : `${VERDICTS[level]}  ${n === 1 ? 'one warning' : `${n} warnings`}`
}

export function sectionLine({name, level, text}: Section): string {
  return `${MARKS[level]} ${name.padEnd(11)}${text}`
}

export function warningLine({level, text, todo}: Warning): string {
  return `${MARKS[level]} ${text}: ${todo}`
}

/** One display of a host, each line with its end. */
export function summaryText(facts: HostFacts, assessment: Assessment): string {
  const time = new Date(facts.nowMs).toISOString()
  const lines = [
    `${hostName(facts)}  ${time}  ${verdictText(assessment)}`,
    ...assessment.sections.map(sectionLine),
    ...assessment.warnings.map(warningLine),
  ]
  return lines.map(line => `${line.trimEnd()}\n`).join('')
}
