/**
 * template-lines — log entries by templates that a configuration has of its own.
 */
import {macrosFor, macrosForRecipient} from '../verdict/macros/macros.ts'
import type {Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'
import {macroMail, templateOf} from './templates.ts'

/** Each non-empty line is an entry; trailing blanks are removed (spec/config §9.1). */
export function templateLines(
  templates: {readonly main: string; readonly recipient: string},
  report: Reporting,
  services: MailServices,
): readonly string[] {
  const mail = macroMail(report, services)
  const texts = [
    templates.main === '' ? '' : templateOf(templates.main).expand(macrosFor(mail, 'log')),
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
