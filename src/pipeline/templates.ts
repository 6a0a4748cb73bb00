/**
 * templates — templates of a configuration, compiled once, and what their macros are made from.
 */
import {validPairs} from '../checks/dkim/signature.ts'
import {compileTemplate, type Template} from '../log/template/expand.ts'
import {BodyDigest} from '../message/body-digest.ts'
import {textOf} from '../message/header.ts'
import {addedSignatures} from '../verdict/log-facts.ts'
import type {MacroMail, StoredCopy} from '../verdict/macros/macro-mail.ts'
import {actionsOf} from '../verdict/status.ts'
import type {CheckLetter} from '../verdict/verdict.ts'
import {elapsedByKind, loggedMail, type Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'

/** Templates of a configuration are few, and mail comes again and again. */
const compiled = new Map<string, Template>()
const MOST_COMPILED = 100

export function templateOf(text: string): Template {
  let template = compiled.get(text)
  if (!template) {
    if (compiled.size >= MOST_COMPILED) compiled.clear()
    template = compileTemplate(charactersOf(text))
    compiled.set(text, template)
  }
  return template
}

/** What a file says without a charset are octets: UTF-8 where they can be. */
function charactersOf(text: string): string {
  return /[^\x00-\xff]/.test(text) ? text : textOf(Buffer.from(text, 'latin1'))
}

const NO_CHECKS: ReadonlySet<CheckLetter> = new Set()

/** What macros are made from. */
export function macroMail(report: Reporting, services: Pick<MailServices, 'elapsedMs'>): MacroMail {
  const {mail, header, settings, facts, outcomes, origin, complaints} = report
  const {quarantine, archived, originating, size, elapsedMs, partition, mailId} = loggedMail(report, services)
  return {
    taskId: mail.taskId,
    mailId,
    secretId: report.secretId,
    parentMailId: '',
    envelope: mail.envelope,
    client: mail.client,
    listener: mail.listener,
    protocol: mail.protocol,
    tls: mail.client.tlsCipher ?? '',
    header,
    origin,
    settings,
    facts,
    outcomes,
    actions: actionsOf(outcomes, {
      originating,
      quarantined: quarantine.length > (archived ? 1 : 0),
      archived,
    }),
    quarantine,
    get stored() {
      return storedCopies(report)
    },
    get attachments() {
      return attachmentsOf(report)
    },
    checks: report.seen?.checks ?? NO_CHECKS,
    get elapsed() {
      return elapsedByKind(mail.timing)
    },
    size,
    get bodyDigest() {
      return digestOf(report)
    },
    partition,
    receivedAt: mail.receivedAt,
    elapsedMs,
    complaints,
    dkimValid: validPairs(facts.signatures ?? []),
    dkimAdded: addedSignatures(outcomes),
  }
}

/** An archive has every mail: its copies are told where there are no others. */
function storedCopies({kept}: Reporting): readonly StoredCopy[] {
  const own = kept.filter(({copy}) => !copy.archive)
  return (own.length > 0 ? own : kept).map(({copy, locations}) => ({method: copy.method, locations}))
}

/** What is attached to the mail itself; a mail within has its own. */
function attachmentsOf({seen}: Reporting): readonly (readonly string[])[] {
  const parts = seen?.parts.slice(0, seen.mimeParts) ?? []
  const within = new Set<number>()
  const found: (readonly string[])[] = []
  for (const {number, parent, declaredTypes, names} of parts) {
    const isWithin = within.has(parent)
    if (isWithin || declaredTypes.includes('message/rfc822')) within.add(number)
    if (!isWithin && names.length > 0) found.push(names)
  }
  return found
}

/** Of the body; '' for a mail that is too large to be in memory. */
function digestOf({mail, header}: Reporting): string {
  const {memory} = mail.octets
  return memory ? new BodyDigest().update(memory.subarray(header.size)).digest() : ''
}
