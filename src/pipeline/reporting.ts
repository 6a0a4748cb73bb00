/**
 * reporting — what is said about a mail when all is done: the log entry and the counters.
 */
import type {Finding} from '../checks/finding.ts'
import type {Settings} from '../config/settings.ts'
import {mainLogLines, recipientLogLine} from '../log/main-entry.ts'
import {RECIPIENT_TEMPLATE, SHORT_TEMPLATE} from '../log/template/built-in.ts'
import type {Timing} from '../log/timing.ts'
import type {Header, Part} from '../message/message.ts'
import type {Origin} from '../message/origin.ts'
import type {Transaction} from '../session/transaction.ts'
import {countMail, type DeliveryEvent, type QuarantineEvent} from '../verdict/counters.ts'
import {type LoggedMail, mainEntryOf, recipientEntryOf} from '../verdict/log-facts.ts'
import type {CheckLetter, Facts, RecipientOutcome} from '../verdict/verdict.ts'
import type {Kept} from './quarantining.ts'
import type {MailServices} from './services.ts'

/** What was looked at, and what came of it. */
export interface Seen {
  /** those of MIME first */
  readonly parts: readonly Part[]
  /** how many are MIME's */
  readonly mimeParts: number
  readonly mimeError: string | undefined
  /** which limit ended the taking apart */
  readonly limit: string | undefined
  readonly findings: readonly Finding[]
  readonly checks: ReadonlySet<CheckLetter>
}

export interface Reporting {
  readonly mail: Transaction
  readonly header: Header
  /** complaints about the header section */
  readonly complaints: readonly string[]
  readonly settings: Settings
  readonly facts: Facts
  readonly outcomes: readonly RecipientOutcome[]
  readonly origin: Origin
  readonly kept: readonly Kept[]
  readonly mailId: string
  /** whoever knows it may have the mail released */
  readonly secretId: string
  /** undefined where a template is about what was decided alone */
  readonly seen?: Seen | undefined
}

/**
 * The main entry, and one line a recipient. Those by the built-in templates are made without reading templates.
 * @throws AmavisError AM_CONFIG for a template that does not come to an end
 */
export async function logEntry(report: Reporting, services: MailServices): Promise<void> {
  const {log} = services
  const {mail, settings, outcomes} = report
  const main = settings.string('$log_templ') ?? SHORT_TEMPLATE
  const recipient = settings.string('$log_recip_templ') ?? ''
  const isUsual = main === SHORT_TEMPLATE && (recipient === '' || recipient === RECIPIENT_TEMPLATE)
  if (!isUsual) {
    // Few configurations have templates of their own.
    const {templateLines} = await import('./template-lines.ts')
    for (const line of templateLines({main, recipient}, report, services)) log.write(0, line)
    return
  }
  for (const line of mainLogLines(mainEntryOf(loggedMail(report, services)))) log.write(0, line)
  if (recipient === '') return
  for (const outcome of outcomes)
    log.write(0, recipientLogLine(recipientEntryOf(outcome, mail.envelope.sender)))
}

export function loggedMail(report: Reporting, {elapsedMs}: Pick<MailServices, 'elapsedMs'>): LoggedMail {
  const {mail, settings, outcomes, origin, kept} = report
  return {
    outcomes,
    facts: report.facts,
    client: mail.client,
    bankPath: settings.bankPath,
    originating: settings.flag('$originating'),
    sender: mail.envelope.sender,
    oldestAddress: origin.oldestPublicIp,
    messageId: origin.messageId,
    resentMessageId: origin.resentMessageId,
    mailId: report.mailId,
    size: mail.octets.size,
    partition: '',
    quarantine: kept.flatMap(({locations}) => locations),
    archived: kept.some(({copy}) => copy.archive),
    elapsedMs: elapsedMs(),
  }
}

/** To which TimeElapsed counter a section of the TIMING report belongs, by how its name begins. */
const ELAPSED: ReadonlyMap<string, string> = new Map([
  ['SMTP DATA', 'Receiving'],
  ['mime_decode', 'Decoding'],
  ['parts_decode', 'Decoding'],
  ['get-file-type', 'Decoding'],
  ['decompose_part', 'Decoding'],
  ['AV-scan', 'VirusCheck'],
  ['SA ', 'SpamCheck'],
  ['penpals-', 'PenPals'],
  ['fwd-', 'Sending'],
  ['notif-quar', 'Sending'],
  ['prepare-dsn', 'Sending'],
])
const BEGINS = new RegExp(`^(?:${[...ELAPSED.keys()].join('|')})`)

/** Adds a mail to the counters on the bus. */
export function publishCounters(report: Reporting, services: MailServices): void {
  const {mail, settings, outcomes, kept, facts} = report
  const quarantines: QuarantineEvent[] = []
  const deliveries: DeliveryEvent[] = []
  for (const {copy, isEarlier} of kept) {
    if (isEarlier) continue
    quarantines.push({categories: copy.categories, result: 'stored'})
    if (copy.method.startsWith('local:')) {
      deliveries.push({purpose: 'Quar', protocol: 'Local', size: mail.octets.size, result: 'delivered'})
    }
  }
  countMail(
    {
      originating: settings.flag('$originating'),
      sender: mail.envelope.sender,
      size: mail.octets.size,
      outcomes,
      virusNames: facts.virusNames,
      quarantines,
      deliveries,
      counted: services.counted,
      log: services.takeLogCounts(),
      elapsed: elapsedByKind(mail.timing),
    },
    services.publish,
  )
}

/** ms that each kind of work took so far. */
export function elapsedByKind(timing: Timing): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const {name, ms} of timing.sections) {
    const begin = BEGINS.exec(name)?.[0]
    const kind = begin === undefined ? undefined : ELAPSED.get(begin)
    if (kind !== undefined) sums.set(kind, (sums.get(kind) ?? 0) + ms)
  }
  return sums.set('Total', timing.elapsed())
}
