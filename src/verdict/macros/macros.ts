/**
 * macros — all built-in macros for a mail, or for one of its recipients.
 *
 * What the mail and its client say cannot break out of a line: controls in values are written as `\n`, `\x07`. A few
 * macros have lines by nature; these keep them in notifications, and are one line in the log.
 */
import {escapeControls} from '../../log/line.ts'
import type {Macros, MacroValue} from '../../log/template/expand.ts'
import {STRING_FUNCTIONS} from '../../log/template/functions.ts'
import type {RecipientOutcome} from '../verdict.ts'
import {ENVELOPE_MACROS} from './envelope.ts'
import type {MacroMail} from './macro-mail.ts'
import {recipientMacros} from './recipient.ts'
import {RESULT_MACROS} from './results.ts'

const NONE: ReadonlyMap<string, MacroValue> = new Map()

/** Their values have lines, or are octets. */
const OF_LINES: ReadonlySet<string> = new Set([
  ...['N', 'A', 'SUMMARY', 'REPORT', 'H', 'v', 'ADDEDHEADERHAM', 'ADDEDHEADERSPAM', 'report_json'],
])
const OF_OCTETS: ReadonlySet<string> = new Set(['body_digest'])

/** @param own macros of this use, before all others: those of a notification, of a recipient */
export function macrosFor(mail: MacroMail, use: 'log' | 'notice', own = NONE): Macros {
  const valueNamed = (name: string): MacroValue => {
    if (own.has(name)) return own.get(name)
    if (Object.hasOwn(ENVELOPE_MACROS, name)) return ENVELOPE_MACROS[name]?.(mail)
    return Object.hasOwn(RESULT_MACROS, name) ? RESULT_MACROS[name]?.(mail) : undefined
  }
  return {
    has: name =>
      own.has(name) ||
      Object.hasOwn(ENVELOPE_MACROS, name) ||
      Object.hasOwn(RESULT_MACROS, name) ||
      STRING_FUNCTIONS.has(name),
    get: name => {
      const value = valueNamed(name)
      if (value === undefined) return own.has(name) ? undefined : STRING_FUNCTIONS.get(name)
      if (OF_OCTETS.has(name)) return value
      const isLines = OF_LINES.has(name)
      return harmless(value, !isLines ? escapeControls : use === 'log' ? onOneLine : lineByLine)
    },
  }
}

export function macrosForRecipient(mail: MacroMail, outcome: RecipientOutcome, number: number): Macros {
  return macrosFor(mail, 'log', recipientMacros(mail, outcome, number))
}

function harmless(value: MacroValue, clean: (text: string) => string): MacroValue {
  switch (typeof value) {
    case 'string':
      return clean(value)
    case 'object':
      return value.map(clean)
    case 'function':
      return (...args) => harmless(value(...args), clean)
    default:
      return value
  }
}

function onOneLine(text: string): string {
  return escapeControls(text.replace(/\s*\n\s*/g, ' '))
}

function lineByLine(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}
