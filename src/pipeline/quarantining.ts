/**
 * quarantining — stores the copies that the policy asks for, before anything is answered or forwarded.
 *
 * A copy that cannot be stored fails the mail (spec/daemon, Quarantine): it stays with the client, as a
 * discarded mail without its copy would be lost.
 */
import {receivedField} from '../actions/edits/received.ts'
import {quarantineHead} from '../actions/quarantine/header.ts'
import type {QuarantineCopy} from '../actions/quarantine/plan.ts'
import type {Settings} from '../config/settings.ts'
import {AmavisError} from '../errors.ts'
import {localDeliveryLine} from '../log/main-entry.ts'
import type {Header} from '../message/message.ts'
import type {Transaction} from '../session/transaction.ts'
import type {Facts, RecipientVerdict} from '../verdict/verdict.ts'
import type {MailServices} from './services.ts'

export interface Quarantining {
  readonly mail: Transaction
  readonly settings: Settings
  readonly header: Header
  readonly verdicts: readonly RecipientVerdict[]
  readonly facts: Facts
  readonly mailId: string
}

/** A copy that is stored and synced. */
export interface Kept {
  readonly copy: QuarantineCopy
  /** as the log names them */
  readonly locations: readonly string[]
  /** the client has brought the mail before */
  readonly isEarlier?: boolean
}

/** @throws AmavisError AM_STORAGE when a copy could not be stored */
export async function quarantine(
  copies: readonly QuarantineCopy[],
  job: Quarantining,
  services: MailServices,
): Promise<readonly Kept[]> {
  const kept: Kept[] = []
  for (const copy of copies) {
    const earlier = await services.keptCopies?.earlier(job, copy, job.settings.string('$QUARANTINEDIR'))
    if (earlier) {
      services.log.write(1, `quarantined at an earlier attempt: ${earlier.join(', ')}`)
      kept.push({copy, locations: earlier, isEarlier: true})
      continue
    }
    const head = headOf(job, keepsEnvelope(copy.method))
    const locations = copy.method.startsWith('local:')
      ? await store(copy, head, job, services)
      : await send(copy, head, job, services)
    services.keptCopies?.made(job, copy, locations)
    if (locations.length > 0) kept.push({copy, locations})
  }
  return kept
}

async function store(
  copy: QuarantineCopy,
  head: string,
  {mail, settings, header, mailId}: Quarantining,
  {log, count}: MailServices,
): Promise<readonly string[]> {
  const {sender} = mail.envelope
  // Few children ever need it.
  const {storeLocally} = await import('../actions/quarantine/local.ts')
  const stored = await storeLocally(
    {
      template: copy.method.slice('local:'.length),
      targets: copy.targets,
      head,
      octets: mail.octets,
      headerSize: header.size,
      sender,
      mailId,
      taskId: mail.taskId,
      partition: '',
      at: mail.receivedAt,
    },
    {
      quarantineDir: settings.string('$QUARANTINEDIR'),
      subdirLevels: settings.number('$quarantine_subdir_levels') ?? 0,
      aliases: settings.hash('%local_delivery_aliases'),
    },
  )
  if (stored.kind === 'failed') {
    countFailure(mail, count)
    throw cannot(stored.reason)
  }
  for (const location of stored.locations)
    log.write(1, localDeliveryLine(sender, copy.targets.join(','), location))
  return stored.locations
}

/** A copy that is mail itself: to an address, or over SMTP to a store. */
async function send(
  copy: QuarantineCopy,
  head: string,
  {mail, settings, mailId}: Quarantining,
  {forwarder, log, count, remainingMs}: MailServices,
): Promise<readonly string[]> {
  const asItCame = keepsEnvelope(copy.method)
  const {recipients, sender} = mail.envelope
  const addresses = asItCame
    ? copy.recipients.flatMap(index => recipients[index]?.address ?? [])
    : copy.targets
  const results = await forwarder.deliver(
    {
      method: copy.method,
      purpose: 'SubmitQuar',
      settings,
      sender: asItCame ? sender : (settings.string('$mailfrom_to_quarantine') ?? sender),
      recipients: addresses.map(address => ({address, orcpt: undefined, notify: ['NEVER'] as const})),
      body: mail.envelope.body,
      smtputf8: mail.envelope.smtputf8,
      ret: undefined,
      envid: undefined,
      propagateDsn: true,
      xforward: new Map(),
      client: {address: mail.client.socketAddress, receivingPort: mail.listener.port},
      head: Buffer.from(head, 'utf8'),
      octets: mail.octets,
      from: 0,
      deadlineMs: remainingMs(),
      abortOnTempfail: true,
      taskId: mail.taskId,
      mailId,
      log,
      count,
    },
    mail.timing,
  )
  const refused = results.find(({reply}) => reply.code >= 300)
  if (refused) {
    countFailure(mail, count)
    throw cannot(`${refused.reply.code} ${refused.reply.enhanced} ${refused.reply.text}`)
  }
  return asItCame ? [...new Set(results.flatMap(({queuedAs}) => queuedAs ?? []))] : copy.targets
}

/** Its place of storage has the envelope as it came: where the copy goes by quarantine addresses does not matter. */
function keepsEnvelope(method: string): boolean {
  return /^(?:bsmtp|sql):/.test(method)
}

/** The mail stays with the client whatever the answer was: a failure for now. */
function countFailure({octets}: Transaction, count: MailServices['count']): void {
  count('QuarMsgs')
  count('QuarMsgsSize', octets.size)
  count('QuarAttemptTempFails')
}

function cannot(reason: string): AmavisError {
  return new AmavisError('AM_STORAGE', `temporarily unable to quarantine: ${reason}`)
}

function headOf({mail, settings, verdicts, facts, mailId}: Quarantining, hasEnvelope: boolean): string {
  const {recipients} = mail.envelope
  return quarantineHead({
    sender: mail.envelope.sender,
    mailId,
    verdicts,
    facts,
    hasEnvelope,
    authserv: settings.string('$myauthservid') || (settings.string('$myhostname') ?? 'localhost'),
    levelCharacter: settings.string('$sa_spam_level_char') ?? '',
    received: receivedField({
      client: mail.client,
      listener: mail.listener,
      protocol: mail.protocol,
      localName: settings.string('$localhost_name') ?? 'localhost',
      hostname: settings.string('$myhostname') ?? 'localhost',
      product: settings.string('$myproduct_name') ?? 'amavis',
      mailId,
      onlyRecipient: recipients.length === 1 ? recipients[0]?.address : undefined,
      at: mail.receivedAt,
    }),
  })
}
