/**
 * notices — tells administrators and recipients of a mail, by templates.
 *
 * Sent after everything else is done, and whatever becomes of them changes nothing: the mail's answer stands, and what
 * could not be told is in the log. Loaded when there is somebody to tell.
 */

import {buildNotice} from '../actions/notify/notice.ts'
import type {NoticePlan, PlannedNotice} from '../actions/notify/notice-plan.ts'
import {charsetsOf, readNotice} from '../actions/notify/notice-text.ts'
import {envelopeSender, fromField} from '../actions/notify/own-settings.ts'
import {MAJOR} from '../config/category.ts'
import {errorText} from '../errors.ts'
import {macrosFor} from '../verdict/macros/macros.ts'
import {leadingCategory} from '../verdict/summary.ts'
import type {Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'
import {submit} from './submitting.ts'
import {macroMail, templateOf} from './templates.ts'

/** All notices of a mail take no longer than this, as the client waits for its answer meanwhile. */
const LONGEST_MS = 30_000

/** Level -1: `FAILED to notify admin: <a>: 450 4.2.0 …`, and for what the templates do wrong. */
export async function sendNotices(
  plan: NoticePlan,
  report: Reporting,
  services: MailServices,
): Promise<void> {
  const {log, elapsedMs} = services
  const end = elapsedMs() + Math.min(LONGEST_MS, services.remainingMs() / 2)
  const newVirusAdmins = await adminsOfNewViruses(plan, report, services)
  for (const planned of plan.notices) {
    const notice =
      planned.kind === 'admin' ? {...planned, to: [...new Set([...planned.to, ...newVirusAdmins])]} : planned
    if (notice.to.length === 0) continue
    const failed = (why: string) =>
      log.write(-1, `FAILED to notify ${notice.kind}: <${notice.to.join('>,<')}>: ${why}`)
    const leftMs = end - elapsedMs()
    if (leftMs <= 0) {
      failed('no time is left')
      continue
    }
    try {
      const refused = await send(notice, report, services, leftMs)
      if (refused !== undefined) failed(refused)
    } catch (error) {
      failed(errorText(error))
    }
  }
}

/** @returns how it was refused, undefined when it was not */
async function send(
  planned: PlannedNotice,
  report: Reporting,
  services: MailServices,
  deadlineMs: number,
): Promise<string | undefined> {
  const {mail, settings, header, mailId} = report
  const {kind, to, categories} = planned
  const isAdmin = kind === 'admin'
  const ownMailId = services.mailIds.make().mailId
  const audience = isAdmin ? 'admin' : 'recip'
  const from = fromField(settings, `%hdrfrom_notify_${audience}_by_ccat`, categories)
  const about = macroMail({...report, outcomes: planned.outcomes}, services)
  const own = new Map<string, string | readonly string[]>([
    ['f', from],
    ['T', to.map(address => `<${address}>`)],
    ['C', []],
    ['B', []],
    ['parent_mail_id', mailId],
  ])
  const text = templateOf(planned.template).expand(macrosFor(about, 'notice', own))
  const notice = buildNotice({
    notice: readNotice(text),
    sender: envelopeSender(settings, `%mailfrom_notify_${audience}_by_ccat`, categories, from),
    recipients: to,
    from,
    messageId: `${prefixOf(planned)}${mailId}@${settings.string('$myhostname') ?? 'localhost'}`,
    ownMailId,
    mailId,
    original: isAdmin ? {header, sender: mail.envelope.sender} : undefined,
    charsets: charsetsOf(settings),
    at: Date.now(),
  })
  const results = await submit(
    notice,
    {purpose: 'SubmitNotif', mail, mailId, ownMailId, settings, bcc: undefined, deadlineMs},
    services,
  )
  const refused = results.find(({reply}) => reply.code >= 300)?.reply
  return refused && `${refused.code} ${refused.enhanced} ${refused.text}`
}

function prefixOf({kind, outcomes}: PlannedNotice): string {
  if (kind === 'recipient') return 'VR'
  return leadingCategory(outcomes).major === MAJOR.Spam ? 'SA' : 'VA'
}

/** Those who want to know of viruses when they come for the first time, where one of these does. */
async function adminsOfNewViruses(
  {newVirusAdmins}: NoticePlan,
  {facts}: Reporting,
  {log, isNewVirus}: MailServices,
): Promise<readonly string[]> {
  if (newVirusAdmins.length === 0) return []
  try {
    return (await isNewVirus(facts.virusNames)) ? newVirusAdmins : []
  } catch (error) {
    log.write(-1, `cannot tell whether a virus is new: ${errorText(error)}`)
    return newVirusAdmins
  }
}
