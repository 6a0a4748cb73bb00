/**
 * notifying — tells the sender what became of his mail, where nobody else will.
 */

import type {DsnDecision} from '../actions/notify/dsn-decision.ts'
import {decideDsns, dsnFrom} from '../actions/notify/dsn-policy.ts'
import type {Settings} from '../config/settings.ts'
import type {Header} from '../message/message.ts'
import {octetsOf} from '../message/octets.ts'
import type {Transaction} from '../session/transaction.ts'
import {withDsn} from '../verdict/outcome.ts'
import {leadingCategory, shortWord} from '../verdict/summary.ts'
import type {DsnResult, Facts, RecipientOutcome} from '../verdict/verdict.ts'
import {isLmtp} from './forwarding.ts'
import type {MailServices} from './services.ts'

export interface Notifying {
  readonly mail: Transaction
  readonly settings: Settings
  readonly header: Header
  readonly facts: Facts
  readonly outcomes: readonly RecipientOutcome[]
  readonly isBulk: boolean
  readonly mailId: string
}

/** Whether each recipient's end is told to the sender, in order. */
export function decideNotifications({
  mail,
  outcomes,
  settings,
  facts,
  isBulk,
}: Notifying): readonly DsnDecision[] {
  return decideDsns({
    outcomes,
    facts,
    sender: mail.envelope.sender,
    isLmtp: isLmtp(mail.protocol),
    originating: settings.flag('$originating'),
    isBulk,
    settings,
  })
}

/** The outcomes, each with what became of its DSN; one DSN covers all recipients that get one. */
export async function notifySender(
  decisions: readonly DsnDecision[],
  job: Notifying,
  services: MailServices,
): Promise<readonly RecipientOutcome[]> {
  const {mail, outcomes} = job
  const {sender} = mail.envelope
  const {dsnLogLine} = await dsnModule()
  for (const [n, {kind}] of decisions.entries()) {
    if (kind === 'none') continue
    const outcome = outcomes[n]!
    const name = shortWord(leadingCategory([outcome]))
    services.log.write(1, dsnLogLine(outcome, {suppressed: kind === 'suppressed', name, sender}))
  }
  const included = outcomes.filter((_, n) => decisions[n]?.kind === 'included')
  const result = included.length > 0 ? await send(job, included, services) : 'none'
  return outcomes.map((outcome, n) => {
    const kind = decisions[n]?.kind
    if (kind === 'suppressed') return withDsn(outcome, 'suppressed')
    return kind === 'included' ? withDsn(outcome, result) : outcome
  })
}

/** Few children ever need it. */
const dsnModule = () => import('../actions/notify/dsn.ts')

async function send(
  {mail, settings, header, facts, mailId}: Notifying,
  included: readonly RecipientOutcome[],
  {forwarder, mailIds, log, count, remainingMs}: MailServices,
): Promise<DsnResult> {
  const hostname = settings.string('$myhostname') ?? 'localhost'
  const dsnMailId = mailIds.make().mailId
  const now = Date.now()
  const {buildDsn, ownEnvid} = await dsnModule()
  const dsn = buildDsn({
    envelope: mail.envelope,
    client: mail.client,
    header,
    facts,
    outcomes: included,
    hostname,
    from: dsnFrom(settings),
    taskId: mail.taskId,
    mailId,
    dsnMailId,
    receivedAt: mail.receivedAt,
    at: now,
  })
  const bcc = settings.string('$dsn_bcc')
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  const [result] = await forwarder.deliver(
    {
      method: settings.string('$notify_method') ?? '',
      purpose: 'SubmitDsn',
      settings,
      sender: dsn.sender,
      recipients: [dsn.recipient, ...(bcc ? [bcc] : [])].map(address => ({
        address,
        orcpt: undefined,
        notify: ['NEVER'] as const,
      })),
      body: dsn.smtputf8 ? '8BITMIME' : '7BIT',
      smtputf8: dsn.smtputf8,
      ret: undefined,
      envid: ownEnvid(dsnMailId, stamp, hostname),
      propagateDsn: true,
      xforward: new Map(),
      client: {address: mail.client.socketAddress, receivingPort: mail.listener.port},
      head: dsn.octets,
      octets: octetsOf(Buffer.alloc(0)),
      from: 0,
      deadlineMs: remainingMs(),
      abortOnTempfail: true,
      taskId: mail.taskId,
      mailId: `${dsnMailId}(${mailId})`,
      log,
      count,
    },
    mail.timing,
  )
  const code = result?.reply.code ?? 451
  if (code < 300) return 'sent'
  log.write(-1, `UNABLE TO SEND DSN to <${dsn.recipient}>: ${code} ${result?.reply.text ?? ''}`)
  return code < 500 ? 'failed' : 'refused'
}
