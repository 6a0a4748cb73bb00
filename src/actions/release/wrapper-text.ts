/**
 * wrapper-text — what a person reads in a mail of ours that has one from quarantine in it.
 */
import {fieldBody, isNamed} from '../../message/header.ts'
import type {HeaderField} from '../../message/message.ts'
import {rfc5322Date} from '../date.ts'

export interface WrapperFacts {
  readonly kind: 'release' | 'report'
  readonly sender: string
  readonly fields: readonly HeaderField[]
  /** decoded */
  readonly subject: string
  readonly hostname: string
  readonly mailId: string
  readonly newId: string
  readonly arrivedAt: number
  /** '' : none */
  readonly password: string
}

export function wrapperText(facts: WrapperFacts): string {
  const {kind, sender, fields, subject, hostname, mailId, newId, password} = facts
  const of = (name: string) => {
    const field = fields.find(one => isNamed(one, name))
    return field && fieldBody(field)
  }
  const lines = [
    ...(kind === 'report'
      ? [
          `The mail attached here came to ${hostname}, where it was taken for abuse`,
          `(${rfc5322Date(facts.arrivedAt)}).`,
        ]
      : ['The mail attached here was held in quarantine and is released to you.']),
    '',
    `Envelope sender: <${sender}>`,
    ...named('From', of('from')),
    ...named('Subject', subject === '' ? undefined : subject),
    ...named('Message-ID', of('message-id')),
    '',
    `Our reference: ${mailId}/${newId} at ${hostname}`,
    ...(kind === 'report' ? [] : ['', 'Be careful with what is in it: somebody had a reason to hold it.']),
    ...(password === ''
      ? []
      : [
          '',
          'The mail is in a ZIP archive with a password, so that nothing opens it by itself:',
          '',
          `  ${password}`,
          '',
          'This keeps programs out and protects no secret.',
        ]),
  ]
  return lines.map(line => `${printable(line)}\r\n`).join('')
}

function named(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}: ${value}`]
}

function printable(line: string): string {
  return line.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, '?').slice(0, 900)
}
