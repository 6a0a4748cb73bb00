/**
 * macros — all built-in macros for a mail, or for one of its recipients.
 */
import type {Macros, MacroValue} from '../../log/template/expand.ts'
import {STRING_FUNCTIONS} from '../../log/template/functions.ts'
import type {RecipientOutcome} from '../verdict.ts'
import {ENVELOPE_MACROS} from './envelope.ts'
import type {MacroMail} from './macro-mail.ts'
import {recipientMacros} from './recipient.ts'
import {RESULT_MACROS} from './results.ts'

const NONE: ReadonlyMap<string, MacroValue> = new Map()

/** @param own macros of this use, before all others: those of a notification, of a recipient */
export function macrosFor(mail: MacroMail, own: ReadonlyMap<string, MacroValue> = NONE): Macros {
  const tableOf = (name: string) =>
    Object.hasOwn(ENVELOPE_MACROS, name)
      ? ENVELOPE_MACROS
      : Object.hasOwn(RESULT_MACROS, name)
        ? RESULT_MACROS
        : undefined
  return {
    has: name => own.has(name) || tableOf(name) !== undefined || STRING_FUNCTIONS.has(name),
    get: name =>
      own.has(name) ? own.get(name) : (tableOf(name)?.[name]?.(mail) ?? STRING_FUNCTIONS.get(name)),
  }
}

export function macrosForRecipient(mail: MacroMail, outcome: RecipientOutcome, number: number): Macros {
  return macrosFor(mail, recipientMacros(mail, outcome, number))
}
