/**
 * releasing — sends a mail in quarantine on its way: to those it was for, back to the MTA, or as a report of abuse.
 *
 * The mail stays where it is whatever comes of it. Who may ask is a matter of the socket and, unless
 * `$auth_required_release` is off, of the secret that belongs to the mail_id.
 *
 * Source: spec/daemon §5.4. Diagnostics: level 0 `Quarantined message release (miscategorized): <mail_id> <s> -> <r>`,
 * level -1 where nothing was sent.
 */
import type {Delivery} from '../actions/forward/delivery.ts'
import {isSecretOf} from '../actions/mail-id.ts'
import {isMailId, locate} from '../actions/release/locate.ts'
import {resentHead} from '../actions/release/resend.ts'
import {attachmentArchive, ourMailbox, releaseFormat, releaseMethod} from '../actions/release/settings.ts'
import {wrapMail} from '../actions/release/wrap.ts'
import {childTimeoutMs} from '../config/child-timeout.ts'
import {AmavisError, errorText, type SmtpReply} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {Timing} from '../log/timing.ts'
import {parseAddresses, quoteAddress} from '../message/address.ts'
import {octetsOf, readAll} from '../message/octets.ts'
import type {ReleaseRequest, ReleaseResult} from '../session/release.ts'
import type {Spool} from '../session/spool.ts'
import {countRelease} from '../verdict/counters.ts'
import {type QuarantinedMail, readQuarantined} from './quarantined-mail.ts'
import type {ChildServices} from './services.ts'

export interface ReleaseServices
  extends Pick<ChildServices, 'forwarder' | 'mailIds' | 'publish' | 'publishing' | 'takeLogCounts'> {
  readonly spool: Spool
  readonly log: Log
  /** ms since the epoch */
  readonly clock?: () => number
}

/** What is put into another mail is held in memory whole, and grows by a third on the way. */
const MOST_WRAPPED_OCTETS = 32 * 1024 * 1024
const FEEDBACK = {release: 'miscategorized', requeue: 'miscategorized', report: 'abuse'} as const

/** Never rejects. */
export async function release(request: ReleaseRequest, services: ReleaseServices): Promise<ReleaseResult> {
  const {kind} = request
  const newId = services.mailIds.make().mailId
  const taskId = `rel-${newId}`
  const log = services.log.forTask(taskId)
  const counted = new Map<string, number>()
  const count = (name: string, n = 1) => void counted.set(name, (counted.get(name) ?? 0) + n)
  let replies: readonly SmtpReply[] | undefined
  try {
    replies = await fulfil(request, {...services, newId, taskId, log, count, timing: new Timing()})
    return {kind: 'answered', replies}
  } catch (error) {
    const reason = errorText(error)
    const isOurs = error instanceof AmavisError
    const stack = error instanceof Error && !isOurs ? `\n${error.stack ?? ''}` : ''
    log.write(isOurs ? -1 : -2, `Quarantined message ${kind} FAILED: ${reason}${stack}`)
    // what is not ours may name files
    return {kind: 'failed', reason: isOurs ? reason : `Error in processing, id=${taskId}`}
  } finally {
    const isDone = replies?.every(({code}) => code < 300) ?? false
    if (services.publishing) countRelease(kind, isDone, counted, services.takeLogCounts(), services.publish)
  }
}

interface Task extends ReleaseServices {
  readonly newId: string
  readonly taskId: string
  readonly timing: Timing
  readonly count: Delivery['count']
}

/** @throws AmavisError with a text that the client may read */
async function fulfil(request: ReleaseRequest, task: Task): Promise<readonly SmtpReply[]> {
  const {settings, mailId} = request
  checkRight(request)
  const found = await locate(request, settings)
  if (found.kind === 'failed') throw refusal(found.reason)
  const arrivedAt = (await found.file.stat()).mtimeMs
  const mail = await readQuarantined(found.file, task.spool).catch((error: unknown) => {
    task.log.write(-1, `${found.name}: ${errorText(error)}`)
    throw refusal(
      `File ${found.name} cannot be read: ${error instanceof AmavisError ? error.message : 'damaged'}`,
    )
  })
  try {
    const {stored} = mail
    if (stored.mailId !== mailId) {
      throw refusal(`Stored quarantine ID '${stored.mailId ?? ''}' does not match requested ID '${mailId}'`)
    }
    const recipients = [...new Set(request.recipients.length > 0 ? request.recipients : stored.blocked)]
    if (recipients.length === 0) throw refusal('No recipients, nothing to do')
    task.log.write(0, releaseLine(request, stored, recipients))
    const delivery = await deliveryOf(request, mail, recipients, arrivedAt, task)
    const results = await task.forwarder.deliver(delivery, task.timing)
    if (task.log.enabled(2)) task.log.write(2, `size: ${mail.octets.size}, ${task.timing.report()}`)
    return results.map(({reply}) => reply)
  } finally {
    task.spool.release(mail.octets)
  }
}

function checkRight({mailId, secretId, quarType, settings}: ReleaseRequest): void {
  if (mailId === '') throw refusal("Missing 'mail_id' field")
  if (!isMailId(mailId)) throw refusal(`Invalid mail_id '${mailId.slice(0, 100)}'`)
  if (secretId === undefined) {
    if (settings.flag('$auth_required_release')) throw refusal('Secret_id is required, but missing')
  } else if (!isSecretOf(secretId, mailId)) {
    throw refusal(`Secret_id ${secretId.slice(0, 100)} does not match mail_id ${mailId}`)
  }
  const type = quarType ?? ''
  if (type === 'Q') throw refusal('There is no quarantine in SQL')
  if (type === 'M' || type === 'L') throw refusal('Mail in a mailbox cannot be released from here')
  if (!/^[FZB]?$/.test(type)) throw refusal(`Invalid quar_type '${type.slice(0, 20)}'`)
}

function releaseLine(
  {kind, mailId}: ReleaseRequest,
  {sender, recipients: all}: QuarantinedMail['stored'],
  recipients: readonly string[],
): string {
  const excluded = all.filter(address => !recipients.includes(address)).map(quoteAddress)
  const whom = recipients.map(quoteAddress).join(',')
  const others = excluded.length === 0 ? '' : `, (excluded: ${excluded.join(' ')} )`
  return `Quarantined message ${kind} (${FEEDBACK[kind]}): ${mailId} ${quoteAddress(sender)} -> ${whom}${others}`
}

async function deliveryOf(
  request: ReleaseRequest,
  {stored, octets, isAscii}: QuarantinedMail,
  recipients: readonly string[],
  arrivedAt: number,
  {newId, taskId, log, count, clock = Date.now}: Task,
): Promise<Delivery> {
  const {kind, settings, mailId, requestedBy} = request
  const method = releaseMethod(settings, kind)
  if (method === undefined) throw refusal(`There is no method to ${kind} by`)
  const format = kind === 'requeue' ? 'resend' : releaseFormat(settings, kind)
  const isReport = kind === 'report'
  const from = ourMailbox(settings, kind)
  const hostname = settings.string('$myhostname') ?? 'localhost'
  const at = clock()
  const common = {
    method,
    settings,
    recipients: recipients.map(address => ({address, orcpt: undefined, notify: undefined})),
    ret: undefined,
    envid: undefined,
    propagateDsn: settings.flag('$propagate_dsn_if_possible'),
    xforward: new Map(),
    client: {address: undefined, receivingPort: undefined},
    deadlineMs: childTimeoutMs(settings),
    abortOnTempfail: false,
    taskId,
    mailId: `${newId}(${mailId})`,
    log,
    count,
  } as const
  if (format === 'resend') {
    const head = resentHead({
      mailId,
      newId,
      from,
      requestedBy,
      recipients,
      hostname,
      localName: settings.string('$localhost_name') ?? 'localhost',
      product: settings.string('$myproduct_name') ?? 'amavis',
      at,
    })
    const sender = request.sender ?? stored.sender
    return {
      ...common,
      purpose: 'Relay',
      sender,
      smtputf8: needsUtf8([sender, ...recipients]),
      body: isAscii ? '7BIT' : '8BITMIME',
      head: Buffer.from(head, 'utf8'),
      octets,
      from: stored.original,
    }
  }
  if (octets.size > MOST_WRAPPED_OCTETS) {
    throw refusal(`A mail of ${octets.size} octets is too large for the format ${format}; resend takes any`)
  }
  const archive = format === 'attach' ? attachmentArchive(settings, {mailId: newId, taskId, at}) : undefined
  // Most sites have none.
  const {releaseText} = await import('./release-text.ts')
  const notice = releaseText(
    {
      kind: isReport ? 'report' : 'release',
      format,
      feedbackType: FEEDBACK[kind],
      password: archive?.password ?? '',
      taskId,
      mailId,
      from,
      recipients,
      sender: stored.sender,
      fields: stored.fields,
      size: octets.size,
      arrivedAt,
    },
    settings,
  )
  const wrapped = wrapMail({
    format,
    kind: isReport ? 'report' : 'release',
    mailId,
    newId,
    taskId,
    from,
    recipients,
    sender: stored.sender,
    blocked: stored.blocked,
    fields: stored.fields,
    arrivedAt,
    // a report shows what the filter said, a user need not see it
    content: (await readAll(octets)).subarray(isReport ? stored.examined : stored.original),
    hostname,
    agent: agentOf(settings),
    archive,
    notice,
    at,
  })
  const sender = request.sender ?? parseAddresses(from)[0] ?? ''
  return {
    ...common,
    purpose: 'SubmitNotif',
    sender,
    smtputf8: needsUtf8([sender, ...recipients]),
    body: wrapped.is8bit ? '8BITMIME' : '7BIT',
    head: wrapped.octets,
    octets: octetsOf(Buffer.alloc(0)),
    from: 0,
  }
}

/** `amavis/2.13.0 (20230106)`. */
function agentOf(settings: ReleaseRequest['settings']): string {
  const name = settings.string('$myproduct_name') ?? 'amavis'
  const date = settings.string('$myversion_date') ?? ''
  return `${name}/${settings.string('$myversion_id') ?? ''}${date === '' ? '' : ` (${date})`}`
}

function needsUtf8(addresses: readonly string[]): boolean {
  return addresses.some(address => /[^\x00-\x7f]/.test(address))
}

function refusal(text: string): AmavisError {
  return new AmavisError('AM_PROTOCOL', text)
}
