/**
 * notifying — tells the sender what became of his mail, where nobody else will, and others by notices.ts.
 */
import type {DsnDecision} from '../actions/notify/dsn-decision.ts'
import {decideDsns} from '../actions/notify/dsn-policy.ts'
import {planNotices} from '../actions/notify/notice-plan.ts'
import {errorText} from '../errors.ts'
import {withDsn} from '../verdict/outcome.ts'
import {textByCategory, withMajor} from '../verdict/policy.ts'
import {displayName, leadingCategory} from '../verdict/summary.ts'
import type {DsnResult, RecipientOutcome} from '../verdict/verdict.ts'
import {isLmtp} from './forwarding.ts'
import type {Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'

/** Of the time that is left: what other recipients' next hops said must still be answered when this one is silent. */
const DSN_SHARE = 0.9

/** Whether each recipient's end is told to the sender, in order. */
export function decideNotifications({
  mail,
  outcomes,
  settings,
  facts,
  origin,
}: Reporting): readonly DsnDecision[] {
  return decideDsns({
    outcomes,
    facts,
    sender: mail.envelope.sender,
    isLmtp: isLmtp(mail.protocol),
    originating: settings.flag('$originating'),
    isBulk: origin.isList || origin.isAuto || origin.isBulk,
    settings,
  })
}

/** The outcomes, each with what became of its DSN; one DSN covers all recipients that get one. */
export async function notifySender(
  decisions: readonly DsnDecision[],
  report: Reporting,
  services: MailServices,
): Promise<readonly RecipientOutcome[]> {
  const {mail, outcomes} = report
  const {sender} = mail.envelope
  // Those whose mail is delivered keep their answer.
  const failed = (error: unknown): DsnResult => {
    services.log.write(
      -2,
      `TROUBLE in check_mail, but must continue: prepare-dsn FAILED: ${errorText(error)}`,
    )
    return 'failed'
  }
  const {dsnLogLine} = await import('../actions/notify/dsn.ts')
  for (const [n, {kind}] of decisions.entries()) {
    if (kind === 'none') continue
    const outcome = outcomes[n]!
    const name = displayName(leadingCategory([outcome]))
    services.log.write(1, dsnLogLine(outcome, {suppressed: kind === 'suppressed', name, sender}))
  }
  const included = outcomes.filter((_, n) => decisions[n]?.kind === 'included')
  const result = included.length > 0 ? await sendDsn(included, report, services).catch(failed) : 'none'
  return outcomes.map((outcome, n) => {
    const kind = decisions[n]?.kind
    if (kind === 'suppressed') return withDsn(outcome, 'suppressed')
    return kind === 'included' ? withDsn(outcome, result) : outcome
  })
}

async function sendDsn(
  included: readonly RecipientOutcome[],
  report: Reporting,
  services: MailServices,
): Promise<DsnResult> {
  const {mail, settings, mailId} = report
  // Few children ever need it.
  const {makeDsn} = await import('./making-dsn.ts')
  const {submit} = await import('./submitting.ts')
  const ownMailId = services.mailIds.make().mailId
  const dsn = makeDsn(included, ownMailId, report, services)
  const bcc = textByCategory(settings, '%dsn_bcc_by_ccat', withMajor(leadingCategory(included)))
  const deadlineMs = services.remainingMs() * DSN_SHARE
  const [result] = await submit(
    dsn,
    {purpose: 'SubmitDsn', mail, mailId, ownMailId, settings, bcc, deadlineMs},
    services,
  )
  const code = result?.reply.code ?? 451
  if (code < 300) return 'sent'
  services.log.write(
    -1,
    `UNABLE TO SEND DSN to <${mail.envelope.sender}>: ${code} ${result?.reply.text ?? ''}`,
  )
  return code < 500 ? 'failed' : 'refused'
}

/** Tells administrators and recipients, where they are to be told. The mail's end stands whatever comes of it. */
export async function notifyOthers(report: Reporting, services: MailServices): Promise<void> {
  const {outcomes, mail, settings} = report
  try {
    const plan = planNotices(outcomes, isLmtp(mail.protocol), settings)
    if (plan.notices.length === 0) return
    const {sendNotices} = await import('./notices.ts')
    await sendNotices(plan, report, services)
  } catch (error) {
    services.log.write(-1, `FAILED to notify: ${errorText(error)}`)
  }
}
