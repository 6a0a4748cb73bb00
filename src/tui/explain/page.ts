/**
 * tui/explain/page — a rehearsed mail for a person: what it is, what was found, and why each recipient gets what.
 */
import {authenticationText} from '../../checks/authentication/text.ts'
import type {Finding} from '../../checks/finding.ts'
import {valueText} from '../../config/show/perl-text.ts'
import {placeText} from '../../config/show/shown.ts'
import {wrap} from '../../config/show/wrap.ts'
import type {Box} from '../../config/snapshot.ts'
import {scoreText} from '../../log/main-entry.ts'
import type {AskedLookup} from '../../pipeline/rehearsal/asked.ts'
import type {HeaderEdit, RehearsedCopy} from '../../pipeline/rehearsal/copies.ts'
import type {ScannerRun} from '../../pipeline/rehearsal/ports.ts'
import type {Rehearsal} from '../../pipeline/rehearsal/rehearse.ts'
import {displayName} from '../../verdict/summary.ts'
import type {RecipientOutcome, RecipientVerdict} from '../../verdict/verdict.ts'
import {counted} from '../config/lines.ts'
import {partsBlock, type Style, visibleText} from './parts.ts'

export interface PageOptions extends Style {
  /** of variables, for values that refer to them */
  readonly names: ReadonlyMap<Box, string>
}

const LABEL = 10

/** All of it, in the order in which it happens. */
export function explainPage(rehearsal: Rehearsal, options: PageOptions): string {
  const {request, checked, failure, quarantine, copies} = rehearsal
  const page = new Page(options)
  const {theme} = options
  page.row('mail', `${counted(rehearsal.size, 'octet')} from <${request.sender}>`)
  page.row('client', request.client ?? 'unknown')
  if (checked) page.row('banks', checked.settings.bankPath.replaceAll('/', ', ') || 'none')
  for (const text of bankNotes(rehearsal)) page.row('', text)
  page.gap()
  if (rehearsal.parts.length > 0) page.add(...partsBlock(rehearsal, options))
  page.gap()
  foundRows(rehearsal, page)
  for (const run of rehearsal.scanners) page.row('scanner', scannerText(run))
  if (failure !== undefined) page.row('failed', failure, theme.status.error)

  if (checked && !request.partsOnly) {
    const addresses = new Set(request.recipients)
    const others = rehearsal.asked.filter(({key}) => !addresses.has(key))
    const style = {names: options.names, inForce: checked.settings.bankPath}
    lookupRows(others, page, style)
    for (const outcome of checked.outcomes) {
      page.gap()
      page.add(theme.title(`<${visibleText(outcome.verdict.recipient.address)}>`))
      recipientRows(outcome, page)
      const {address} = outcome.verdict.recipient
      lookupRows(
        rehearsal.asked.filter(({key}) => key === address),
        page,
        style,
        address,
      )
    }
    for (const copy of copies) {
      page.gap()
      copyRows(copy, page, options)
    }
    page.gap()
    for (const {method, targets, recipients} of quarantine) {
      const whom = recipients.map(index => `<${request.recipients[index] ?? ''}>`).join(' ')
      page.row('quarantine', `${method} in ${targets.join(', ')}, for ${whom}`)
    }
    if (quarantine.length === 0) page.row('quarantine', 'no copy')
  }
  const {code, enhanced, text} = rehearsal.reply
  if (!request.partsOnly) page.row('answer', `${code} ${enhanced} ${text}`)
  return page.text()
}

/** Lines with a label before each, wrapped at the width of the terminal. */
class Page {
  readonly #lines: string[] = []
  readonly #style: Style

  constructor(style: Style) {
    this.#style = style
  }

  row(label: string, text: string, paint = (shown: string) => shown): void {
    const {theme, columns} = this.#style
    const wrapped = wrap(visibleText(text), columns, ' '.repeat(LABEL + 1), LABEL + 1)
    this.add(`${theme.faint(label.padEnd(LABEL))} ${paint(wrapped)}`)
  }

  add(...lines: readonly string[]): void {
    this.#lines.push(...lines)
  }

  /** An empty line, but never two. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('')
  }

  text(): string {
    return this.#lines.join('\n')
  }
}

/** What was loaded, and of the banks asked for those that there are not. */
function bankNotes({log, request}: Rehearsal): readonly string[] {
  const missing = request.banks.map(name => `policy bank "${name}" does not exist, ignored`)
  return log.flatMap(({level, text}) =>
    (level === 3 && /policy bank/.test(text)) || missing.includes(text) ? [text] : [],
  )
}

function foundRows({checked, banned, request}: Rehearsal, page: Page): void {
  if (!checked) return
  const {mimeError, limit, findings} = checked.seen
  if (mimeError !== undefined) page.row('MIME', mimeError)
  if (limit !== undefined) page.row('limit', limit)
  if (banned)
    page.row(
      'rules',
      banned.isBypassed
        ? `${request.recipients[0]} is in @bypass_banned_checks_maps: nothing is forbidden to it`
        : `those of ${request.recipients[0]}`,
    )
  const told = findings.flatMap(finding => findingText(finding) ?? [])
  for (const text of told) page.row('found', text)
  if (told.length === 0) page.row('found', 'nothing')
}

/** undefined: it is told elsewhere, or nothing to tell. */
function findingText(finding: Finding): string | undefined {
  switch (finding.kind) {
    case 'unchecked':
      return `UNCHECKED-${finding.minor} ${finding.part}: ${finding.reason}`
    case 'bad-header':
      return `BAD-HEADER-${finding.complaint.minor} ${finding.complaint.message}`
    case 'banned':
      return `BANNED ${finding.hit.reason}${finding.hit.discard ? ', silently discarded' : ''}`
    case 'virus':
      return `INFECTED ${finding.names.join(', ')} (${finding.scanner})`
    case 'spam': {
      const {scanner, score, tests} = finding.report
      if (score === 0 && tests.length === 0) return undefined
      return `${scoreText(score)} points (${scanner}): ${testsText(tests)}`
    }
    case 'points':
      return `${scoreText(finding.test.score)} points: ${finding.test.name}`
    case 'reputation':
      return `reputation of the signer ${finding.value}, by ${finding.factor}`
    case 'signatures':
      return finding.signatures
        .map(({result, detail, domain}) => `DKIM ${result}${detail === '' ? '' : ` (${detail})`}: ${domain}`)
        .join('; ')
    case 'authentication':
      return authenticationText(finding.results)
    case 'os-fingerprint':
      return `the client's system: ${finding.text}`
    // said by the scanner, and below each recipient
    case 'scanner-failed':
    case 'sender-lists':
      return undefined
  }
}

function testsText(tests: RecipientVerdict['tests']): string {
  return tests.map(({name, score}) => (score === undefined ? name : `${name}=${scoreText(score)}`)).join(', ')
}

export function scannerText({name, ms, answer}: ScannerRun): string {
  return `${name}: ${answerText(answer)}, ${ms.toFixed(ms < 10 ? 1 : 0)} ms`
}

function answerText(answer: ScannerRun['answer']): string {
  switch (answer.kind) {
    case 'failed':
      return `no answer: ${answer.reason}`
    case 'spam':
      return answer.reports
        .map(({score, tests}) => `${scoreText(score)} points, ${counted(tests.length, 'test')}`)
        .join('; ')
    case 'virus': {
      const {said} = answer
      if (said.kind === 'infected') return `infected: ${said.names.join(', ')}`
      return said.kind === 'failed' ? `no answer: ${said.reason}` : said.kind
    }
  }
}

function recipientRows(
  {verdict, blocking, destiny, response, dsn, categories}: RecipientOutcome,
  page: Page,
): void {
  const {local, bypass, score, tests, levels, reached, blacklisted, whitelisted, bannedReason} = verdict
  const bypassed = Object.entries(bypass).flatMap(([check, on]) => (on ? [check] : []))
  page.row('domain', local ? 'local' : 'foreign')
  if (bypassed.length > 0) page.row('bypass', bypassed.join(', '))
  if (blacklisted || whitelisted) page.row('sender', blacklisted ? 'blacklisted' : 'whitelisted')
  if (score !== undefined)
    page.row('score', `${scoreText(score)}${tests.length > 0 ? ` = ${testsText(tests)}` : ''}`)
  page.row('levels', levelsText(levels, reached))
  if (bannedReason !== undefined) page.row('banned', bannedReason)
  page.row('category', categories.map(displayName).join(', '))
  page.row('destiny', blocking ? `${destiny} for ${displayName(blocking)}` : `${destiny}: nothing blocks`)
  page.row('response', `${response.code} ${response.enhanced} ${response.text}`)
  if (dsn !== 'none') page.row('DSN', dsn)
}

function levelsText(levels: RecipientVerdict['levels'], reached: RecipientVerdict['reached']): string {
  const names = ['tag', 'tag2', 'tag3', 'kill'] as const
  return names
    .flatMap(name => {
      const level = levels[name]
      return level === undefined ? [] : [`${name} ${scoreText(level)}${reached[name] ? ' reached' : ''}`]
    })
    .join(', ')
}

interface LookupStyle {
  readonly names: ReadonlyMap<Box, string>
  /** the banks that the mail has in the end; others are told */
  readonly inForce: string
}

/** One line for each look-up: what answered, and where it stands. */
function lookupRows(
  lookups: readonly AskedLookup[],
  page: Page,
  {names, inForce}: LookupStyle,
  of?: string,
): void {
  for (const [index, lookup] of lookups.entries()) {
    const {map, key, bankPath} = lookup
    const subject = map.startsWith('%') || key === of ? '' : ` for ${key}`
    const banks = bankPath === inForce ? '' : ` [${bankPath || 'no bank'}]`
    page.row(index === 0 ? 'asked' : '', `${map}${subject}${banks}: ${foundText(lookup, names)}`)
  }
}

function foundText({map, answer, tables}: AskedLookup, names: ReadonlyMap<Box, string>): string {
  const last = tables.at(-1)
  if (last?.problem !== undefined) return last.problem
  if (!answer) return `no (${counted(tables.length, 'table')})`
  const value = shortened(valueText(answer.value, names))
  const entry = answer.key === '' || last?.kind === 'constant' ? value : `${answer.key} => ${value}`
  const isNamed = last !== undefined && !last.name.startsWith(map)
  const category =
    map.startsWith('%') && tables.length > 0 && last?.kind === 'constant' ? `${answer.key} => ` : ''
  return `${map.includes('{') ? '' : category}${isNamed ? `${last.name} ` : ''}${entry}${answer.at ? `, ${placeText(answer.at)}` : ''}`
}

/** Templates are long. */
const LONGEST_VALUE = 80

function shortened(text: string): string {
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 2)} …`
}

function copyRows(copy: RehearsedCopy, page: Page, {theme}: PageOptions): void {
  const {method, purpose, sender, recipients, edits, bodyChanged, subject, size} = copy
  const what = purpose === 'Relay' ? 'next hop' : (OWN_MAILS[purpose] ?? purpose)
  const to = recipients.map(address => `<${address}>`).join(' ')
  page.row(what, `${method} from <${sender}> for ${to}, ${counted(size, 'octet')}`)
  if (subject !== undefined) page.row('', `Subject: ${subject}`)
  if (bodyChanged) page.row('', 'the body is changed')
  for (const edit of edits)
    for (const [n, line] of editLines(edit).entries())
      page.row(n === 0 ? `  ${SIGNS[edit.kind]}` : '', line, edit.kind === 'remove' ? theme.faint : undefined)
}

const OWN_MAILS: Readonly<Partial<Record<RehearsedCopy['purpose'], string>>> = {
  SubmitDsn: 'DSN',
  SubmitNotif: 'notice',
  SubmitQuar: 'copy',
}

const SIGNS: Readonly<Record<HeaderEdit['kind'], string>> = {add: '+', remove: '-', change: '='}

function editLines({field, before}: HeaderEdit): string[] {
  const lines = field.split(/\r?\n/)
  return before === undefined ? lines : [...lines, `was ${before.replace(/\r?\n/g, '')}`]
}
