/**
 * submitting — hands a mail of our own making to `$notify_method`.
 */

import {utcStamp} from '../actions/date.ts'
import type {Purpose, RecipientResult} from '../actions/forward/delivery.ts'
import {ownEnvid} from '../actions/notify/dsn.ts'
import type {Submission} from '../actions/notify/own-mail.ts'
import type {Settings} from '../config/settings.ts'
import {octetsOf} from '../message/octets.ts'
import type {Transaction} from '../session/transaction.ts'
import {maySign} from './forwarding.ts'
import type {MailServices} from './services.ts'

export interface Submitting {
  readonly purpose: Purpose
  /** what the mail is about, and how it is called */
  readonly mail: Transaction
  readonly mailId: string
  /** of the mail itself */
  readonly ownMailId: string
  readonly settings: Settings
  /** who gets a copy without being named */
  readonly bcc: string | undefined
  readonly deadlineMs: number
}

/** One result for each of its recipients and for the copy, in order; nobody is told when it cannot be delivered later. */
export async function submit(
  own: Submission,
  {purpose, mail, mailId, ownMailId, settings, bcc, deadlineMs}: Submitting,
  {forwarder, log, count}: MailServices,
): Promise<readonly RecipientResult[]> {
  const {sender} = own
  // What we send is signed as mail of our own users is.
  const head = maySign(settings)
    ? await (await import('./signing.ts')).signOwn(own.octets, {envelopeSender: sender, settings, log})
    : {octets: own.octets}
  return await forwarder.deliver(
    {
      method: settings.string('$notify_method') ?? '',
      purpose,
      settings,
      sender: own.sender,
      recipients: [...own.recipients, ...(bcc ? [bcc] : [])].map(address => ({
        address,
        orcpt: undefined,
        notify: own.sender === '' ? (['NEVER'] as const) : undefined,
      })),
      body: own.smtputf8 || own.is8bit ? '8BITMIME' : undefined,
      smtputf8: own.smtputf8,
      ret: undefined,
      envid: ownEnvid(ownMailId, utcStamp(Date.now()), settings.string('$myhostname') ?? 'localhost'),
      propagateDsn: true,
      xforward: new Map(),
      client: {address: mail.client.socketAddress, receivingPort: mail.listener.port},
      head: head.octets,
      octets: octetsOf(Buffer.alloc(0)),
      from: 0,
      deadlineMs,
      abortOnTempfail: purpose === 'SubmitDsn',
      taskId: mail.taskId,
      mailId: `${ownMailId}(${mailId})`,
      log,
      count,
    },
    mail.timing,
  )
}
