/**
 * template-lines — log entries by templates that a configuration has of its own.
 */
import {createHash} from 'node:crypto'
import {validPairs} from '../checks/dkim/signature.ts'
import {compileTemplate, type Template} from '../log/template/expand.ts'
import type {MacroMail} from '../verdict/macros/macro-mail.ts'
import {macrosFor, macrosForRecipient} from '../verdict/macros/macros.ts'
import {actionsOf} from '../verdict/status.ts'
import {loggedMail, type Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'

/** Templates of a configuration are few, and mail comes again and again. */
const compiled = new Map<string, Template>()
const MOST_COMPILED = 100

function templateOf(text: string): Template {
  let template = compiled.get(text)
  if (!template) {
    if (compiled.size >= MOST_COMPILED) compiled.clear()
    template = compileTemplate(text)
    compiled.set(text, template)
  }
  return template
}

/** Each non-empty line is an entry; trailing blanks are removed (spec/config §9.1). */
export function templateLines(
  templates: {readonly main: string; readonly recipient: string},
  report: Reporting,
  services: MailServices,
): readonly string[] {
  const mail = macroMail(report, services)
  const texts = [
    templates.main === '' ? '' : templateOf(templates.main).expand(macrosFor(mail)),
    ...(templates.recipient === ''
      ? []
      : mail.outcomes.map((outcome, index) =>
          templateOf(templates.recipient).expand(macrosForRecipient(mail, outcome, index + 1)),
        )),
  ]
  return texts.flatMap(text =>
    text
      .split('\n')
      .map(line => line.trimEnd())
      .filter(line => line !== ''),
  )
}

/** What macros are made from. */
export function macroMail(report: Reporting, services: MailServices): MacroMail {
  const {mail, header, settings, facts, outcomes, origin, complaints} = report
  const {quarantine, archived, originating, size, elapsedMs, partition, mailId} = loggedMail(report, services)
  return {
    taskId: mail.taskId,
    mailId,
    secretId: '',
    parentMailId: '',
    envelope: mail.envelope,
    client: mail.client,
    protocol: mail.protocol,
    tls: '',
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
    size,
    get bodyDigest() {
      return digestOf(report)
    },
    partition,
    receivedAt: mail.receivedAt,
    elapsedMs,
    complaints,
    dkimValid: validPairs(facts.signatures ?? []),
    dkimAdded: [],
  }
}

/** MD5 of the body, as the original's; '' for a mail that is too large to be in memory. */
function digestOf({mail, header}: Reporting): string {
  const {memory} = mail.octets
  return memory ? createHash('md5').update(memory.subarray(header.size)).digest('hex') : ''
}
