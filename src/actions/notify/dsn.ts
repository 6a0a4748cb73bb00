/**
 * dsn — a delivery status notification to the sender (RFC 3461, 3464, 6522; 6533 for UTF-8 addresses).
 *
 * Three parts: text for people, the status for machines, and the original: its header section, or all of it where
 * the sender has asked for that (RET=FULL). Source: spec/daemon §8.2. Pure.
 */
import {isAscii} from 'node:buffer'
import type {SmtpReply} from '../../errors.ts'
import type {Client, Envelope} from '../../message/envelope.ts'
import type {Header} from '../../message/message.ts'
import {isPassed} from '../../verdict/summary.ts'
import type {RecipientOutcome} from '../../verdict/verdict.ts'
import {rfc5322Date} from '../date.ts'
import {foldItems, foldText} from '../edits/fold.ts'
import {type Charsets, type NoticeText, noticeHead, textPart} from './notice-text.ts'
import {attachedHeader, boundaryOf, multipart, needsUtf8, type Submission} from './own-mail.ts'
import {encodePart} from './part.ts'

export interface DsnInput {
  readonly envelope: Envelope
  readonly client: Client
  /** of the original */
  readonly header: Header
  /** all of the original, where it is to go back; undefined: its header alone */
  readonly content?: Buffer | undefined
  /** its text, and header fields that it brings along */
  readonly notice: NoticeText
  readonly charsets: Charsets
  /** those whom it tells about; at least one */
  readonly outcomes: readonly RecipientOutcome[]
  /** `$myhostname` */
  readonly hostname: string
  /** the field From */
  readonly from: string
  readonly taskId: string
  /** mail_id of the original */
  readonly mailId: string
  /** mail_id of the DSN itself */
  readonly dsnMailId: string
  /** when the original came, ms since the epoch */
  readonly receivedAt: number
  /** when delivery was last tried */
  readonly at: number
}

export function buildDsn(dsn: DsnInput): Submission {
  const {envelope, header, notice, charsets, mailId} = dsn
  // without SMTPUTF8 addresses are octets, whatever they mean, and the sender's go back as they came
  const utf8 =
    envelope.smtputf8 &&
    needsUtf8([envelope.sender, ...dsn.outcomes.map(({verdict}) => verdict.recipient.address)])
  const failed = dsn.outcomes.some(outcome => !isPassed(outcome))
  const boundary = boundaryOf(dsn.dsnMailId, mailId)
  const head = noticeHead(
    notice,
    [
      ['From', dsn.from],
      ['To', `<${envelope.sender}>`],
      ['Subject', failed ? 'Mail not delivered' : 'Mail was handed on'],
      ['Date', rfc5322Date(dsn.at)],
      ['Message-ID', `<DSN${mailId}@${dsn.hostname}>`],
      ['Auto-Submitted', 'auto-replied'],
    ],
    charsets.words,
  )
  const octets = Buffer.concat([
    Buffer.from(
      `${head}MIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n` +
        ` report-type=${utf8 ? 'global-' : ''}delivery-status;\r\n boundary="${boundary}"\r\n\r\n`,
      'utf8',
    ),
    multipart(boundary, [
      textPart(notice, charsets.body),
      statusHeader(
        utf8,
        failed ? 'Delivery error report' : 'Delivery report',
        Buffer.from(statusPart(dsn, utf8), 'utf8'),
      ),
      dsn.content
        ? wholeMail(dsn.content, envelope.sender, utf8)
        : encodePart(
            utf8 ? 'message/global-headers; name="header.hdr"' : 'text/rfc822-headers; name="header.hdr"',
            attachedHeader(header, envelope.sender),
            'Message header section',
          ),
    ]),
  ])
  const is8bit = dsn.content !== undefined && !isAscii(dsn.content)
  return {sender: '', recipients: [envelope.sender], octets, smtputf8: utf8, is8bit}
}

/** A part that is a mail may not be encoded (RFC 2046 §5.2.1). */
function wholeMail(content: Buffer, sender: string, utf8: boolean): Buffer {
  const head =
    `Content-Type: message/${utf8 ? 'global' : 'rfc822'}\r\nContent-Disposition: inline\r\n` +
    `Content-Transfer-Encoding: ${isAscii(content) ? '7bit' : '8bit'}\r\n` +
    `Content-Description: Undelivered message\r\n\r\n` +
    foldItems('Return-Path', [`<${sender}>`])
  return Buffer.concat([Buffer.from(head, 'utf8'), content])
}

/** ENVID of mails of our own: `AM.<mail_id>.<ISO UTC>@<myhostname>`. */
export function ownEnvid(mailId: string, utcStamp: string, hostname: string): string {
  return `AM.${mailId}.${utcStamp}@${hostname}`
}

/** Level 0 or so: `DSN: NOTIFICATION: Action:failed, LOCAL 554 Banned, spam level 0.000, <s> -> <r>`. */
export function dsnLogLine(
  outcome: RecipientOutcome,
  what: {readonly suppressed: boolean; readonly name: string; readonly sender: string},
): string {
  const {verdict, response, delivery} = outcome
  const action = isPassed(outcome) ? 'relayed' : 'failed'
  const who = delivery?.remote ? 'REMOTE' : 'LOCAL'
  return (
    `DSN: ${what.suppressed ? 'FILTER' : 'NOTIFICATION'}: Action:${action}, ${who} ${response.code} ${what.name}, ` +
    `spam level ${(verdict.score ?? 0).toFixed(3)}, <${what.sender}> -> <${verdict.recipient.address}>`
  )
}

/** RFC 3464 §2.2 and 2.3: fields for the message, then a group for each recipient. */
function statusPart(dsn: DsnInput, utf8: boolean): string {
  const {envelope, hostname} = dsn
  const groups = [
    foldItems('Reporting-MTA', [`dns; ${hostname}`]) +
      foldItems('Received-From-MTA', ['dns;', ...clientText(dsn.client).split(' ')]) +
      foldItems('Arrival-Date', [rfc5322Date(dsn.receivedAt)]) +
      (envelope.envid === undefined ? '' : foldText('Original-Envelope-Id', envelope.envid)),
    ...dsn.outcomes.map(outcome => recipientGroup(dsn, outcome, utf8)),
  ]
  const text = groups.join('\r\n')
  // a next hop says what it likes; the part is announced as 7bit
  return utf8 ? text : text.replace(/[^\x00-\x7f]/gu, '?')
}

function recipientGroup(dsn: DsnInput, outcome: RecipientOutcome, utf8: boolean): string {
  const {verdict, delivery, response} = outcome
  const {address, orcpt} = verdict.recipient
  const passed = isPassed(outcome)
  const {remote} = delivery ?? {}
  const type = utf8 ? 'utf-8' : 'rfc822'
  return [
    orcpt === undefined ? '' : foldStatus('Original-Recipient', orcpt),
    foldStatus('Final-Recipient', `${type};${address}`),
    foldItems('Action', [passed ? 'relayed' : 'failed']),
    foldItems('Status', [response.enhanced]),
    remote === undefined ? '' : foldStatus('Remote-MTA', `dns; ${remote.name}`),
    // What the next hop said in its own words; what we decided in ours.
    foldStatus('Diagnostic-Code', `smtp; ${remote?.text ?? replyText(response)}`),
    foldItems('Last-Attempt-Date', [rfc5322Date(dsn.at)]),
    foldItems('Final-Log-ID', [`${dsn.taskId}/${dsn.mailId}`]),
  ].join('')
}

/** Status fields are no place for encoded words (RFC 3464 §2.1): controls are replaced, UTF-8 stays. */
function foldStatus(name: string, body: string): string {
  return foldItems(name, body.replace(/[\x00-\x1f\x7f]+/g, ' ').split(' '))
}

function statusHeader(utf8: boolean, description: string, status: Buffer): Buffer {
  const type = utf8 ? 'message/global-delivery-status' : 'message/delivery-status'
  const head =
    `Content-Type: ${type}; name="dsn_status.dsn"\r\n` +
    'Content-Disposition: inline; filename="dsn_status.dsn"\r\n' +
    `Content-Transfer-Encoding: ${utf8 ? '8bit' : '7bit'}\r\n` +
    `Content-Description: ${description}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), status])
}

function replyText({code, enhanced, text}: SmtpReply): string {
  return `${code} ${enhanced} ${text}`
}

/** `helo ([ip])`. */
function clientText({helo, socketAddress, forwarded}: Client): string {
  const name = (forwarded.get('HELO') ?? helo ?? 'unknown').replace(/[^\x21-\x7e]/g, '?')
  const address = forwarded.get('ADDR') ?? socketAddress
  return address === undefined ? name : `${name} ([${address}])`
}
