/**
 * reasons — answers by templates that take the whole language (`%smtp_reason_by_ccat`). Loaded where there are any.
 */
import {errorText} from '../errors.ts'
import {macrosForRecipient} from '../verdict/macros/macros.ts'
import {outcomeOf} from '../verdict/outcome.ts'
import {replyWith} from '../verdict/reason.ts'
import type {RecipientVerdict} from '../verdict/verdict.ts'
import type {Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'
import {macroMail, templateOf} from './templates.ts'

/** The verdicts with the answers that their templates make; one that cannot be expanded keeps the plain answer. */
export function withReasons(
  verdicts: readonly RecipientVerdict[],
  known: Omit<Reporting, 'outcomes' | 'kept'>,
  services: MailServices,
): readonly RecipientVerdict[] {
  const outcomes = verdicts.map(verdict => outcomeOf(known.mail.taskId, verdict, undefined))
  const about = macroMail({...known, outcomes, kept: []}, services)
  return verdicts.map((verdict, index) => {
    const {reasonTemplate, blocking, destiny, response} = verdict
    if (reasonTemplate === undefined || !blocking || !response || destiny === 'PASS') return verdict
    try {
      const macros = macrosForRecipient(about, outcomes[index]!, index + 1)
      const text = templateOf(reasonTemplate).expand(macros)
      return {...verdict, response: replyWith(text, blocking, destiny, known.settings.flag('$soft_bounce'))}
    } catch (error) {
      services.log.write(-1, `a template in %smtp_reason_by_ccat cannot be used: ${errorText(error)}`)
      return verdict
    }
  })
}
