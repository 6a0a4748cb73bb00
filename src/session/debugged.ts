/**
 * debugged — mail of which everything is logged, and whose folder is kept.
 *
 * Source: spec/config G4, `@debug_sender_maps` and `@debug_recipient_maps`.
 */
import type {Settings} from '../config/settings.ts'
import type {Log} from '../log/log.ts'
import {logStyle} from '../log/log-plan.ts'
import type {Envelope} from '../message/envelope.ts'
import {isListed} from '../verdict/policy.ts'
import type {Transaction} from './transaction.ts'

/** The log of a mail: with its number, and as its banks want it. */
export function logOf(mail: Pick<Transaction, 'taskId' | 'envelope' | 'settings'>, log: Log): Log {
  return log.forTask(mail.taskId, logStyle(mail.settings, isDebugged(mail)))
}

/** Whether everything is to be logged of a mail; a look-up that fails is told where the mail is checked. */
function isDebugged({envelope, settings}: Pick<Transaction, 'envelope' | 'settings'>): boolean {
  try {
    return debugReason(envelope, settings) !== undefined
  } catch {
    return false
  }
}

/** Why, for a person; undefined: it is mail like all other. @throws what a look-up throws */
export function debugReason(
  {sender, recipients}: Pick<Envelope, 'sender' | 'recipients'>,
  settings: Settings,
): string | undefined {
  if (isListed(settings, '@debug_sender_maps', sender)) return 'the sender is in @debug_sender_maps'
  if (settings.list('@debug_recipient_maps').length === 0) return undefined
  const isAny = recipients.some(({address}) => isListed(settings, '@debug_recipient_maps', address))
  return isAny ? 'a recipient is in @debug_recipient_maps' : undefined
}
