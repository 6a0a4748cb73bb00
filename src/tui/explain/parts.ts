/**
 * tui/explain/parts — the tree of a mail's parts for a person, and what banned rules say of each.
 */
import type {PartDecision} from '../../checks/banned/decisions.ts'
import {isTrue} from '../../config/number.ts'
import {wrap} from '../../config/show/wrap.ts'
import {partName} from '../../message/message.ts'
import type {Rehearsal, RehearsedPart} from '../../pipeline/rehearsal/rehearse.ts'
import {counted, visible} from '../config/lines.ts'
import type {Theme} from '../theme.ts'

export type PartsShown = Pick<Rehearsal, 'parts' | 'banned'>

export interface Style {
  readonly theme: Theme
  readonly columns: number
}

const LABEL = 9

/** The parts in the order of the tree, each with what is known of it. */
export function partsBlock(rehearsal: PartsShown, style: Style): string[] {
  const lines: string[] = []
  for (const {part, depth} of inOrder(rehearsal.parts)) {
    if (lines.length > 0) lines.push('')
    lines.push(...partLines(part, depth, rehearsal, style))
  }
  return lines
}

/** Each part after the one that it is in. */
function inOrder(parts: readonly RehearsedPart[]): {part: RehearsedPart; depth: number}[] {
  const below = Map.groupBy(parts, part => part.parent)
  const ordered: {part: RehearsedPart; depth: number}[] = []
  const open = (below.get(0) ?? []).map(part => ({part, depth: 0})).reverse()
  for (let next = open.pop(); next; next = open.pop()) {
    ordered.push(next)
    const {part, depth} = next
    open.push(...(below.get(part.number) ?? []).map(child => ({part: child, depth: depth + 1})).reverse())
  }
  return ordered
}

/** What is in each other deeper than this is not indented any more. */
const MAX_INDENT = 10

function partLines(part: RehearsedPart, depth: number, shown: PartsShown, {theme, columns}: Style): string[] {
  const indent = '  '.repeat(Math.min(depth, MAX_INDENT))
  const lines: string[] = []
  const row = (label: string, text: string, paint = (shown: string) => shown) => {
    const left = indent.length + 2 + LABEL + 1
    const wrapped = wrap(visibleText(text), Math.max(columns, left + 20), ' '.repeat(left), left)
    lines.push(`${indent}  ${theme.faint(label.padEnd(LABEL))} ${paint(wrapped)}`)
  }
  const kind = part.kind === 'leaf' ? '' : ` ${part.kind}`
  lines.push(`${indent}${theme.title(partName(part.number))} ${part.placement}${theme.faint(kind)}`)
  if (part.declaredTypes.length > 0) row('declared', part.declaredTypes.join(', '))
  if (part.kind !== 'container') {
    if (part.fullType !== '') row('real', `${part.fullType} (${part.shortTypes.join(', ')})`)
    if (part.encoding !== '') row('encoding', part.encoding)
  }
  for (const name of part.names) row('name', name)
  if (part.sha1 !== undefined) {
    row('size', counted(part.size, 'octet'))
    row('SHA-1', part.sha1)
  }
  if (part.attributes !== '') row('flags', flagsText(part.attributes), theme.status.warning)
  for (const {kind, reason} of part.problems)
    row(kind === 'ambiguous' ? 'reading' : kind, reason, theme.status.error)
  if (part.reading !== undefined) row('seen by', `clients that read "${part.reading}"`, theme.status.warning)
  const decided = decisionOn(part, shown)
  if (decided) {
    row('tried', decided.keys.join('  '))
    const {decision} = decided
    if (!decision) row('rule', 'none')
    else if (isTrue(decision.value)) row('banned', `by ${decision.rule}`, theme.status.error)
    else row('allowed', `by ${decision.rule}`, theme.status.ok)
  }
  return lines
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['U', 'cannot be decoded'],
  ['C', 'encrypted'],
  ['B', 'ambiguous'],
  ['D', 'directory'],
  ['S', 'special file'],
  ['L', 'link'],
])

function flagsText(letters: string): string {
  return [...letters].map(letter => `${letter} ${FLAGS.get(letter) ?? ''}`).join(', ')
}

function decisionOn(part: RehearsedPart, {banned}: PartsShown): PartDecision | undefined {
  return banned?.parts.find(decided => decided.part.number === part.number)
}

/** Names and reasons come from the mail; what a terminal would obey is shown as a dot. */
export function visibleText(text: string): string {
  return visible(Buffer.from(text).toString('latin1'))
}
