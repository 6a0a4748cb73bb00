/**
 * wrap — a mail as an attachment of another one that says why.
 *
 * The new mail has all header fields of the old one but those that describe its body; the old one follows octet for
 * octet as a message/rfc822 part (RFC 2046 §5.2.1). Source: spec/daemon, Envelope changes.
 */
import {MAJOR} from '../../config/category.ts'
import type {Header} from '../../message/message.ts'
import type {Facts, RecipientVerdict} from '../../verdict/verdict.ts'
import {encodePart} from '../notify/part.ts'

/** What stands before and after the octets of the old mail. */
export interface Wrapping {
  readonly before: Buffer
  readonly after: Buffer
}

export interface WrapFacts {
  readonly header: Header
  /** nothing in the old mail needs 8BITMIME */
  readonly isAscii: boolean
  /** lines for a person, with LF */
  readonly explanation: string
  /** occurs in no mail but this one */
  readonly boundary: string
}

export function wrapping({header, isAscii, explanation, boundary}: WrapFacts): Wrapping {
  const kept = header.fields.filter(({name}) => name !== '' && !/^(?:content-|mime-version\b)/i.test(name))
  const intro =
    'MIME-Version: 1.0\r\n' +
    `Content-Type: multipart/mixed; boundary="${boundary}"\r\n` +
    '\r\nThis is a multi-part message in MIME format.\r\n' +
    `\r\n--${boundary}\r\n`
  const original =
    `\r\n--${boundary}\r\n` +
    'Content-Type: message/rfc822\r\n' +
    'Content-Disposition: attachment\r\n' +
    `Content-Transfer-Encoding: ${isAscii ? '7bit' : '8bit'}\r\n` +
    'Content-Description: Original message\r\n\r\n'
  const text = Buffer.from(explanation.replaceAll('\n', '\r\n'), 'utf8')
  return {
    before: Buffer.concat([
      ...kept.map(({raw}) => raw),
      Buffer.from(intro),
      encodePart('text/plain; charset=UTF-8', text, 'Content-filter notification'),
      Buffer.from(original),
    ]),
    after: Buffer.from(`\r\n--${boundary}--\r\n`),
  }
}

/** What the recipient reads above the attachment. */
export function explainWrapping({categories}: RecipientVerdict, facts: Facts, hostname: string): string {
  const has = (major: number) => categories.some(category => category.major === major)
  const reasons: string[] = []
  if (has(MAJOR.Virus)) reasons.push(`It contains a virus: ${facts.virusNames.join(', ')}`)
  if (has(MAJOR.Banned)) reasons.push(`It contains a forbidden part: ${facts.bannedReasons.join('; ')}`)
  if (has(MAJOR.Unchecked)) reasons.push('It could not be checked completely.')
  if (has(MAJOR.Spam)) reasons.push('It looks like unsolicited bulk mail.')
  else if (has(MAJOR.Spammy)) reasons.push('It may be unsolicited bulk mail.')
  if (has(MAJOR.BadHdr))
    reasons.push(`Its header section is malformed: ${facts.headerComplaint ?? 'not as RFC 5322 has it'}`)
  const why = reasons.length > 0 ? ['', ...reasons.map(reason => `  * ${printable(reason)}`)] : []
  return [
    `The content filter at ${hostname} has attached the original`,
    'message instead of showing it to you.',
    ...why,
    '',
    'Open the attachment only if you know the sender and expect such a message.',
    '',
  ].join('\n')
}

/** Names come out of the mail. */
function printable(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 500)
}
