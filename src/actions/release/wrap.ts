/**
 * wrap — a mail from quarantine inside one of our own: attached, as a report of abuse (RFC 5965) or of delivery
 * (RFC 3464), or as plain text. Pure.
 *
 * Source: spec/daemon §5.4, 15.4.
 */
import {isAscii} from 'node:buffer'
import {fieldBody, isNamed} from '../../message/header.ts'
import type {HeaderField} from '../../message/message.ts'
import {rfc5322Date} from '../date.ts'
import {decodeText} from '../edits/encoded-word.ts'
import {foldItems, foldMailbox, foldText} from '../edits/fold.ts'
import {type Charsets, type NoticeText, noticeHead, textPart} from '../notify/notice-text.ts'
import {encodePart} from '../notify/part.ts'
import {wrapperText} from './wrapper-text.ts'
import {zipFile} from './zip.ts'

export type WrappedFormat = 'attach' | 'plain' | 'arf' | 'dsn'

export interface Wrapping {
  readonly format: WrappedFormat
  readonly kind: 'release' | 'report'
  readonly mailId: string
  /** mail_id of the mail that is made here */
  readonly newId: string
  readonly taskId: string
  /** our own mailbox */
  readonly from: string
  /** whom it goes to */
  readonly recipients: readonly string[]
  /** envelope of the mail in quarantine */
  readonly sender: string
  readonly blocked: readonly string[]
  readonly fields: readonly HeaderField[]
  /** when it came, ms since the epoch */
  readonly arrivedAt: number
  /** the mail, without fields of ours that are for nobody else */
  readonly content: Buffer
  readonly hostname: string
  /** `amavis/2.13.0 (20230106)` */
  readonly agent: string
  /** undefined: the mail is attached as it is */
  readonly archive:
    | {readonly innerName: string; readonly outerName: string; readonly password: string}
    | undefined
  /** of the operator's template; undefined: a text of ours */
  readonly notice?: (NoticeText & {readonly charsets: Charsets}) | undefined
  /** ms since the epoch */
  readonly at: number
}

export interface Wrapped {
  readonly octets: Buffer
  readonly is8bit: boolean
}

export function wrapMail(wrapping: Wrapping): Wrapped {
  const {content, format} = wrapping
  const is8bit = !isAscii(content) && format !== 'plain' && wrapping.archive === undefined
  const octets =
    format === 'plain'
      ? Buffer.concat([Buffer.from(head(wrapping)), encodePart('text/plain', plainText(wrapping))])
      : multipart(wrapping, is8bit)
  return {octets, is8bit}
}

/** The mail, below what the template says. */
function plainText({notice, content}: Wrapping): Buffer {
  if (!notice) return content
  const text = notice.body.replace(/\n*$/, '\n\n').replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '?')
  return Buffer.concat([Buffer.from(text.replaceAll('\n', '\r\n'), 'utf8'), content])
}

function head({kind, from, recipients, fields, newId, hostname, notice, at}: Wrapping): string {
  const subject = subjectOf(fields)
  const isReport = kind === 'report'
  const messageId = `<${isReport ? 'ARF' : 'QRA'}${newId}@${hostname}>`
  if (notice) {
    const usual = [
      ['From', from],
      ['To', recipients.map(address => `<${address}>`).join(', ')],
      ['Subject', `${isReport ? 'Fw:' : '[released message]'} ${subject}`],
      ['Date', rfc5322Date(at)],
      ['Message-ID', messageId],
      ['Auto-Submitted', 'auto-generated'],
    ] as const
    return `MIME-Version: 1.0\r\n${noticeHead(notice, usual, notice.charsets.words)}`
  }
  return [
    'MIME-Version: 1.0\r\n',
    foldMailbox('From', from),
    foldItems('Date', [rfc5322Date(at)]),
    foldText('Subject', `${isReport ? 'Fw:' : '[released message]'} ${subject}`),
    foldItems(
      'To',
      recipients.map((address, n) => `<${address}>${n < recipients.length - 1 ? ',' : ''}`),
    ),
    foldItems('Message-ID', [messageId]),
    // a machine sends it, and no machine should answer
    'Auto-Submitted: auto-generated\r\n',
  ].join('')
}

const REPORT_TYPES = {arf: 'feedback-report', dsn: 'delivery-status'} as const

function multipart(wrapping: Wrapping, is8bit: boolean): Buffer {
  const {format, newId, mailId, archive} = wrapping
  // mail_ids are random, so no part can hold the boundary by chance or by intent
  const boundary = `----------=_${newId}-${mailId}`
  const type =
    format === 'arf' || format === 'dsn' ? `report;\r\n report-type=${REPORT_TYPES[format]};` : 'mixed;'
  const parts: Buffer[] = [textOf(wrapping)]
  if (format === 'arf') parts.push(machinePart('message/feedback-report', 'arf_status', feedback(wrapping)))
  if (format === 'dsn')
    parts.push(machinePart('message/delivery-status', 'dsn_status.dsn', statuses(wrapping)))
  parts.push(archive ? zipPart(wrapping, archive) : mailPart(wrapping.content, is8bit))
  const pieces: Buffer[] = [
    Buffer.from(
      `${head(wrapping)}Content-Type: multipart/${type}\r\n boundary="${boundary}"\r\n` +
        `Content-Transfer-Encoding: ${is8bit ? '8bit' : '7bit'}\r\n\r\n` +
        'This is a multi-part message in MIME format.\r\n',
    ),
  ]
  for (const part of parts) pieces.push(Buffer.from(`\r\n--${boundary}\r\n`), part)
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  return Buffer.concat(pieces)
}

function textOf(wrapping: Wrapping): Buffer {
  const {notice, archive, fields} = wrapping
  if (notice) return textPart(notice, notice.charsets.body)
  const text = wrapperText({...wrapping, password: archive?.password ?? '', subject: subjectOf(fields)})
  return encodePart('text/plain; charset=utf-8', Buffer.from(text, 'utf8'))
}

function machinePart(type: string, name: string, text: string): Buffer {
  return Buffer.from(
    `Content-Type: ${type}; name="${name}"\r\n` +
      `Content-Disposition: inline; filename="${name}"\r\n` +
      `Content-Transfer-Encoding: ${isAscii(Buffer.from(text)) ? '7bit' : '8bit'}\r\n\r\n${text}`,
  )
}

/** RFC 5965 §3. */
function feedback({kind, agent, hostname, arrivedAt, sender, blocked}: Wrapping): string {
  return [
    'Version: 1\r\n',
    `Feedback-Type: ${kind === 'report' ? 'abuse' : 'miscategorized'}\r\n`,
    foldItems('User-Agent', [agent]),
    foldItems('Reporting-MTA', [`dns; ${hostname}`]),
    foldItems('Arrival-Date', [rfc5322Date(arrivedAt)]),
    foldItems('Original-Mail-From', [`<${sender}>`]),
    ...blocked.map(address => foldItems('Original-Rcpt-To', [`<${address}>`])),
    'Incidents: 1\r\n',
  ].join('')
}

/** RFC 3464 §2.2 and 2.3. */
function statuses({hostname, arrivedAt, blocked, taskId, mailId, at}: Wrapping): string {
  const groups = blocked.map(address =>
    [
      foldItems('Final-Recipient', [`rfc822;${address}`]),
      'Action: failed\r\nStatus: 5.7.0\r\n',
      foldItems('Last-Attempt-Date', [rfc5322Date(at)]),
      foldItems('Final-Log-ID', [`${taskId}/${mailId}`]),
    ].join(''),
  )
  const message =
    foldItems('Reporting-MTA', [`dns; ${hostname}`]) + foldItems('Arrival-Date', [rfc5322Date(arrivedAt)])
  return [message, ...groups].join('\r\n')
}

function mailPart(content: Buffer, is8bit: boolean): Buffer {
  const head =
    'Content-Type: message/rfc822; name="message.eml"\r\n' +
    'Content-Disposition: attachment; filename="message.eml"\r\n' +
    `Content-Transfer-Encoding: ${is8bit ? '8bit' : '7bit'}\r\n` +
    'Content-Description: Original message\r\n\r\n'
  return Buffer.concat([Buffer.from(head), content])
}

function zipPart({content, at}: Wrapping, archive: NonNullable<Wrapping['archive']>): Buffer {
  const {innerName, outerName, password} = archive
  const zipped = zipFile({name: innerName, content, password, at}).toString('base64')
  return Buffer.from(
    `Content-Type: application/zip; name="${outerName}"\r\n` +
      `Content-Disposition: attachment; filename="${outerName}"\r\n` +
      'Content-Transfer-Encoding: base64\r\n' +
      'Content-Description: Original message\r\n\r\n' +
      `${zipped.replace(/.{1,76}/g, '$&\r\n')}`,
  )
}

/** As text, encoded words decoded. */
function subjectOf(fields: readonly HeaderField[]): string {
  const field = fields.find(one => isNamed(one, 'subject'))
  if (!field) return ''
  const body = fieldBody(field).slice(0, 900)
  return decodeText(Buffer.from(body, 'utf8')) ?? body
}
