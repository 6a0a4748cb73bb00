/**
 * dsn — a delivery status notification to the sender (RFC 3461, 3464, 6522; 6533 for UTF-8 addresses).
 *
 * Three parts: text for people, the status for machines, the header section of the original. RET=FULL gives
 * the header too. Source: spec/daemon §8.2. Pure.
 */
import type {SmtpReply} from '../../errors.ts'
import type {Client, Envelope} from '../../message/envelope.ts'
import type {Header} from '../../message/message.ts'
import {isPassed} from '../../verdict/summary.ts'
import type {Facts, RecipientOutcome} from '../../verdict/verdict.ts'
import {rfc5322Date} from '../date.ts'
import {foldItems, foldMailbox, foldText} from '../edits/fold.ts'
import {dsnText} from './dsn-text.ts'
import {encodePart} from './part.ts'

export interface DsnInput {
  readonly envelope: Envelope
  readonly client: Client
  /** of the original */
  readonly header: Header
  readonly facts: Facts
  /** those whom it tells about; at least one */
  readonly outcomes: readonly RecipientOutcome[]
  /** `$myhostname` */
  readonly hostname: string
  /** `$hdrfrom_notify_sender`, its variables filled in */
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

/** A mail of ours to be sent: CRLF line ends, whole. */
export interface Submission {
  /** '' : the null sender */
  readonly sender: string
  readonly recipient: string
  readonly octets: Buffer
  /** the next hop must know SMTPUTF8 and 8BITMIME */
  readonly smtputf8: boolean
}

/** Of a longer header section only the first fields are attached. */
const ATTACHED_HEADER_LIMIT = 64 * 1024

export function buildDsn(dsn: DsnInput): Submission {
  const {envelope, header, hostname} = dsn
  const utf8 = [envelope.sender, ...dsn.outcomes.map(({verdict}) => verdict.recipient.address)].some(
    address => /[^\x00-\x7f]/.test(address),
  )
  const original = (name: string) => fieldBody(header, name)
  const messageId = original('message-id')
  const text = dsnText({
    outcomes: dsn.outcomes,
    facts: dsn.facts,
    hostname,
    taskId: dsn.taskId,
    mailId: dsn.mailId,
    from: original('from'),
    messageId,
    subject: original('subject'),
    client: clientText(dsn.client),
  })
  const failed = dsn.outcomes.some(outcome => !isPassed(outcome))
  // mail_ids are random, so no part can hold the boundary by chance or by intent.
  const boundary = `----------=_${dsn.dsnMailId}-${dsn.mailId}`
  const status = Buffer.from(statusPart(dsn, utf8), 'utf8')
  const parts = [
    encodePart('text/plain; charset=utf-8', Buffer.from(text.body, 'utf8')),
    statusHeader(utf8, failed ? 'Delivery error report' : 'Delivery report', status),
    encodePart(
      utf8 ? 'message/global-headers; name="header.hdr"' : 'text/rfc822-headers; name="header.hdr"',
      attachedHeader(header),
      'Message header section',
    ),
  ]
  const head = [
    foldMailbox('From', dsn.from),
    foldItems('To', [`<${envelope.sender}>`]),
    foldText('Subject', text.subject),
    foldItems('Date', [rfc5322Date(dsn.at)]),
    foldItems('Message-ID', [`<${text.idPrefix}${dsn.dsnMailId}@${hostname}>`]),
    messageId === undefined ? '' : foldText('In-Reply-To', messageId) + foldText('References', messageId),
    'Auto-Submitted: auto-replied\r\n',
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report;\r\n report-type=${utf8 ? 'global-' : ''}delivery-status;\r\n boundary="${boundary}"\r\n`,
    '\r\n',
    'This is a multi-part message in MIME format.\r\n',
  ].join('')
  const pieces: Buffer[] = [Buffer.from(head, 'utf8')]
  for (const part of parts) pieces.push(Buffer.from(`\r\n--${boundary}\r\n`), part)
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`))
  return {sender: '', recipient: envelope.sender, octets: Buffer.concat(pieces), smtputf8: utf8}
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
  return groups.join('\r\n')
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

/** The topmost field's body, unfolded; undefined when there is none. */
function fieldBody(header: Header, name: string): string | undefined {
  const field = header.fields.find(candidate => candidate.name.toLowerCase() === name)
  if (!field) return undefined
  const body = field.raw.subarray(field.raw.indexOf(0x3a) + 1).toString('latin1')
  return body
    .replace(/\r?\n/g, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .trim()
    .slice(0, 900)
}

function attachedHeader({fields}: Header): Buffer {
  const raws: Buffer[] = []
  let size = 0
  for (const {raw} of fields) {
    size += raw.length
    if (size > ATTACHED_HEADER_LIMIT) break
    raws.push(raw)
  }
  return Buffer.concat(raws)
}
