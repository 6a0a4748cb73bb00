/**
 * tui/explain/page — an examined mail for a person: the tree of its parts, and what was found.
 */
import type {Finding} from '../../checks/finding.ts'
import {isTrue} from '../../config/number.ts'
import {wrap} from '../../config/show/wrap.ts'
import {partName} from '../../message/message.ts'
import {decisionOn, type Examination, type ExaminedPart} from '../../pipeline/examine.ts'
import {counted, visible} from '../config/lines.ts'
import type {Theme} from '../theme.ts'

export interface PageOptions {
  readonly theme: Theme
  readonly columns: number
  /** whose rules were tried */
  readonly recipient: string
}

const LABEL = 9

/** The parts in the order of the tree, each with what is known of it, then the findings. */
export function explainPage(examination: Examination, options: PageOptions): string {
  const {theme, columns, recipient} = options
  const {parts, mimeError, limit, findings, banned} = examination
  const lines: string[] = []
  for (const {part, depth} of inOrder(parts)) {
    if (lines.length > 0) lines.push('')
    lines.push(...partLines(part, depth, examination, options))
  }
  lines.push('')
  const say = (label: string, text: string, paint = (shown: string) => shown) => {
    lines.push(
      `${theme.faint(label.padEnd(LABEL))} ${paint(wrap(text, columns, ' '.repeat(LABEL + 1), LABEL + 1))}`,
    )
  }
  if (mimeError !== undefined) say('MIME', mimeError, theme.status.warning)
  if (limit !== undefined) say('limit', limit, theme.status.error)
  if (banned?.isBypassed)
    say('rules', `${recipient} is in @bypass_banned_checks_maps: nothing is forbidden to it`)
  else if (banned) say('rules', `those of ${recipient}`)
  for (const finding of findings) say('found', findingText(finding), theme.status.error)
  if (findings.length === 0) say('found', 'nothing', theme.status.ok)
  return lines.join('\n')
}

/** Each part after the one that it is in. */
function inOrder(parts: readonly ExaminedPart[]): {part: ExaminedPart; depth: number}[] {
  const below = Map.groupBy(parts, part => part.parent)
  const ordered: {part: ExaminedPart; depth: number}[] = []
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

function partLines(
  part: ExaminedPart,
  depth: number,
  examination: Examination,
  {theme, columns}: PageOptions,
): string[] {
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
  const decided = decisionOn(part, examination)
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

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case 'unchecked':
      return `UNCHECKED-${finding.minor} ${finding.part}: ${visibleText(finding.reason)}`
    case 'bad-header':
      return `BAD-HEADER-${finding.complaint.minor} ${visibleText(finding.complaint.message)}`
    case 'banned':
      return `BANNED ${visibleText(finding.hit.reason)}${finding.hit.discard ? ', silently discarded' : ''}`
    default:
      return finding.kind
  }
}

/** Names and reasons come from the mail; what a terminal would obey is shown as a dot. */
function visibleText(text: string): string {
  return visible(Buffer.from(text).toString('latin1'))
}
