/**
 * making-dsn — a DSN by the template of its category; one that cannot be expanded has a plain text instead.
 */
import {buildDsn} from '../actions/notify/dsn.ts'
import {charsetsOf, type NoticeText, readNotice} from '../actions/notify/notice-text.ts'
import type {Submission} from '../actions/notify/own-mail.ts'
import {fromField, templateFor} from '../actions/notify/own-settings.ts'
import {MAJOR} from '../config/category.ts'
import {errorText} from '../errors.ts'
import {macrosFor} from '../verdict/macros/macros.ts'
import {withMajor} from '../verdict/policy.ts'
import {isPassed, leadingCategory} from '../verdict/summary.ts'
import type {RecipientOutcome} from '../verdict/verdict.ts'
import type {Reporting} from './reporting.ts'
import type {MailServices} from './services.ts'
import {macroMail, templateOf} from './templates.ts'

const BARE: NoticeText = {
  fields: [],
  body: 'What became of a message of yours is in the attached report for mail software.\n',
}

/** @param included those whom it tells about; at least one */
export function makeDsn(
  included: readonly RecipientOutcome[],
  dsnMailId: string,
  report: Reporting,
  services: MailServices,
): Submission {
  const {mail, settings, header, mailId} = report
  const categories = withMajor(leadingCategory(included))
  const from = fromField(settings, '%hdrfrom_notify_sender_by_ccat', categories)
  const about = macroMail({...report, outcomes: included}, services)
  const own = new Map<string, string | readonly string[]>([
    ['f', from],
    ['T', [`<${mail.envelope.sender}>`]],
    ['C', []],
    ['B', []],
    ['parent_mail_id', mailId],
  ])
  let notice = BARE
  try {
    const template = templateFor(settings, '%notify_sender_templ_by_ccat', categories)
    if (template !== '') notice = readNotice(templateOf(template).expand(macrosFor(about, 'notice', own)))
  } catch (error) {
    services.log.write(-1, `the template of a DSN cannot be used: ${errorText(error)}`)
  }
  return buildDsn({
    envelope: mail.envelope,
    client: mail.client,
    header,
    content: wholeOriginal(included, report, services),
    notice,
    charsets: charsetsOf(settings),
    outcomes: included,
    hostname: settings.string('$myhostname') ?? 'localhost',
    from,
    taskId: mail.taskId,
    mailId,
    dsnMailId,
    receivedAt: mail.receivedAt,
    at: Date.now(),
  })
}

/** What RET=FULL asks for; a virus is not sent back, and a large mail has its header alone. */
function wholeOriginal(
  included: readonly RecipientOutcome[],
  {mail}: Reporting,
  {log}: MailServices,
): Buffer | undefined {
  if (mail.envelope.ret !== 'FULL' || included.every(isPassed)) return undefined
  const isInfected = included.some(({categories}) => categories.some(({major}) => major === MAJOR.Virus))
  const whole = isInfected ? undefined : mail.octets.memory
  if (!whole) log.write(1, 'DSN: RET=FULL requested, only the header section is attached')
  return whole
}
