/**
 * inspect — the looking part of the stages: what the mail is, before anybody judges it.
 */
import {hash} from 'node:crypto'
import {checkBanned} from '../checks/banned.ts'
import type {Finding} from '../checks/finding.ts'
import {checkHeader} from '../checks/header.ts'
import type {Settings} from '../config/settings.ts'
import {countLimits} from '../decode/limits.ts'
import type {Log} from '../log/log.ts'
import {type Header, type MimeTree, type Part, type PartProblem, partName} from '../message/message.ts'
import type {MimeLimits} from '../message/mime/read.ts'
import type {Transaction} from '../session/transaction.ts'

/** What an attribute of a part means for the category Unchecked (spec/daemon, Parts). */
const UNCHECKED: readonly {readonly attribute: string; readonly minor: 0 | 1 | 3; readonly reason: string}[] =
  [
    {attribute: 'U', minor: 0, reason: 'cannot be decoded'},
    {attribute: 'C', minor: 1, reason: 'encrypted'},
    {attribute: 'B', minor: 3, reason: 'ambiguous MIME content'},
  ]

/** What could not be looked into: parts that are closed to us, that clients read differently, or beyond a limit. */
export function uncheckedFindings(parts: readonly Part[], limit: string | undefined): Finding[] {
  const findings: Finding[] = []
  for (const {number, attributes, problems} of parts) {
    if (attributes === '' && problems.length === 0) continue
    const part = partName(number)
    const told = (minor: number) =>
      problems
        .filter(({kind}) => MINORS[kind] === minor)
        .map(({reason}) => reason)
        .join('; ')
    for (const {attribute, minor, reason} of UNCHECKED) {
      if (attributes.includes(attribute))
        findings.push({kind: 'unchecked', minor, part, reason: told(minor) || reason})
    }
    const cut = told(2)
    if (cut !== '') findings.push({kind: 'unchecked', minor: 2, part, reason: cut})
  }
  if (limit !== undefined)
    findings.push({kind: 'unchecked', minor: 2, part: partName(1), reason: limit, hold: true})
  return findings
}

/** The category's minor for each kind of problem. */
const MINORS: Readonly<Record<PartProblem['kind'], 0 | 1 | 2 | 3>> = {
  corrupt: 0,
  unsupported: 0,
  encrypted: 1,
  limit: 2,
  ambiguous: 3,
}

/** What the configuration says about the reading of MIME. */
export function mimeLimits(settings: Settings): MimeLimits {
  const {files: maxParts, levels: maxLevels} = countLimits(settings)
  return {maxParts, maxLevels}
}

export function headerFindings(
  mail: Transaction,
  header: Header,
  tree: MimeTree,
  settings: Settings,
  log: Log,
): Finding[] {
  const complaints = checkHeader(header, {
    mimeError: tree.error,
    tests: settings.hash('%allowed_header_tests'),
    data: mail.data,
    smtputf8: mail.envelope.smtputf8,
  })
  if (complaints.length === 0) return []
  const worst = Math.max(...complaints.map(({minor}) => minor))
  for (const {message} of complaints) log.write(2, `check_header: ${worst}, ${message}`)
  return complaints.map(complaint => ({kind: 'bad-header', complaint}))
}

export function bannedFindings(
  mail: Transaction,
  parts: readonly Part[],
  settings: Settings,
  log: Log,
): Finding[] {
  const hits = checkBanned(parts, mail.envelope.recipients, settings, problem => log.write(2, problem))
  for (const hit of hits) {
    const who = hit.recipients.map(index => mail.envelope.recipients[index]?.address).join(',')
    log.write(1, `p.path BANNED:1 ${who}: "${hit.path}", matching_key="${hit.rule}"`)
  }
  return hits.map(hit => ({kind: 'banned', hit}))
}

/** Level 1: one line for each part, as log readers know it. */
export function logParts(tree: MimeTree, log: Log): void {
  if (!log.enabled(1)) return
  for (const part of tree.parts) {
    const name = part.names[0] === undefined ? '' : `, name: ${part.names[0]}`
    const details =
      part.kind === 'leaf'
        ? `, ${part.encoding}, size: ${part.content.length}, SHA1 digest: ${hash('sha1', part.content)}${name}`
        : ''
    const type = part.declaredTypes[0] ?? part.kind
    const reading = part.reading === undefined ? '' : `, for clients that read "${part.reading}"`
    log.write(1, `${partName(part.number)} ${part.placement} Content-Type: ${type}${details}${reading}`)
  }
}
