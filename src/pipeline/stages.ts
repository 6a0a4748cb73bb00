/**
 * stages — everything that happens to a mail, in order. Reading this list is enough to know the program.
 *
 * `checking` ends with the answer to the client; a failure in it is a 451. `reporting` comes after it and
 * changes nothing any more. Names are sections of the TIMING line, letters are what monitors show; both are
 * the original's (spec/daemon, Stage order; spec/monitoring, Who sends what, when).
 */
import {isAscii} from 'node:buffer'
import {planQuarantine} from '../actions/quarantine/plan.ts'
import type {Finding} from '../checks/finding.ts'
import {scanSpamTestString} from '../checks/spam/test-strings.ts'
import {type ScanResult, scanViruses} from '../checks/virus/scan.ts'
import type {Settings} from '../config/settings.ts'
import {typeParts} from '../decode/types.ts'
import type {Log} from '../log/log.ts'
import {checkingLine} from '../log/main-entry.ts'
import {parseHeader} from '../message/header.ts'
import {readMime} from '../message/mime/read.ts'
import {readAll} from '../message/octets.ts'
import {readOrigin} from '../message/origin.ts'
import type {Transaction} from '../session/transaction.ts'
import {factsOf} from '../verdict/facts.ts'
import {judge} from '../verdict/judge.ts'
import {clientText} from '../verdict/log-facts.ts'
import {outcomeOf} from '../verdict/outcome.ts'
import {isListed} from '../verdict/policy.ts'
import {combineReplies} from '../verdict/reply.ts'
import type {Delivery, JudgeInput} from '../verdict/verdict.ts'
import {settingsForMail} from './banks.ts'
import {forward} from './forwarding.ts'
import {bannedFindings, headerFindings, logParts, uncheckedFindings} from './inspect.ts'
import {decideNotifications, notifySender} from './notifying.ts'
import {type Outcomes, Pipeline} from './pipeline.ts'
import {type Kept, quarantine} from './quarantining.ts'
import {counters, logEntry} from './reporting.ts'
import type {MailServices} from './services.ts'

const NO_FINDINGS: readonly Finding[] = []
const NONE_KEPT: readonly Kept[] = []
const NONE_DELIVERED: ReadonlyMap<number, Delivery> = new Map()

export const checking = Pipeline.begin<{readonly mail: Transaction}, MailServices>()
  .stage({
    name: 'check_init',
    run({mail}, {log}) {
      const {client, envelope} = mail
      const clientAddress = client.forwarded.get('ADDR') ?? client.socketAddress
      const report = (problem: string, level: number) => log.write(level, problem)
      return {settings: settingsForMail(mail.settings, clientAddress, envelope.sender, report)}
    },
  })
  .stage({
    name: 'digest_hdr',
    run({mail}) {
      const {memory} = mail.octets
      return memory ? digest(memory) : readAll(mail.octets).then(digest)
    },
  })
  .stage({
    name: 'collect_info',
    run({mail, header}) {
      const origin = readOrigin(header, mail.envelope.sender)
      return {origin, isBulk: origin.isList || origin.isAuto || origin.isBulk}
    },
  })
  .stage({
    name: 'gen_mail_id',
    state: 'G',
    run({mail, settings}, {mailIds, log}) {
      const {mailId} = mailIds.make()
      if (log.enabled(1)) {
        const {sender, recipients} = mail.envelope
        const address = clientText(mail.client)?.address
        const addresses = recipients.map(recipient => recipient.address)
        const {bankPath} = settings
        log.write(1, checkingLine({mailId, bankPath, clientAddress: address, sender, recipients: addresses}))
      }
      return {mailId}
    },
  })
  .stage({
    name: 'mime_decode',
    state: 'D',
    run({content, header, settings}, {log, count}) {
      const tree = readMime(content, header, {
        maxParts: settings.number('$MAXFILES') || Number.POSITIVE_INFINITY,
        maxLevels: settings.number('$MAXLEVELS') || Number.POSITIVE_INFINITY,
      })
      count('OpsDec')
      count('OpsDecByMimeParser')
      logParts(tree, log)
      return {tree, uncheckedFindings: uncheckedFindings(tree)}
    },
  })
  .stage({
    name: 'get-file-type',
    run: ({tree}) => ({parts: typeParts(tree.parts)}),
  })
  .stage({
    name: 'check_header',
    run({mail, header, tree, settings}, {log}) {
      return {headerFindings: headerFindings(mail, header, tree, settings, log)}
    },
  })
  .stage({
    name: 'check_banned',
    run({mail, parts, settings}, {log}) {
      return {bannedFindings: bannedFindings(mail, parts, settings, log)}
    },
  })
  .stage({
    name: 'AV-scan-1',
    state: 'V',
    when: ({mail, settings}) => !isBypassedByAll(mail, settings, '@bypass_virus_checks_maps'),
    otherwise: {virusFindings: NO_FINDINGS, scannersAnswered: 0},
    run({mail, parts}, {scanners, log, count, remainingMs}) {
      count('OpsVirusCheck')
      const scan = scanViruses(mail.octets, parts, scanners, {timeoutMs: remainingMs(), log})
      return scan instanceof Promise ? scan.then(scanned => virusFacts(scanned, log)) : virusFacts(scan, log)
    },
  })
  .stage({
    name: 'pre-decide',
    marksItself: true,
    run(known) {
      const {mail, settings, isBulk, scannersAnswered} = known
      const findings = [
        ...known.uncheckedFindings,
        ...known.headerFindings,
        ...known.bannedFindings,
        ...known.virusFindings,
      ]
      const isBlocked =
        findings.length > 0 &&
        judge(judgement({mail, settings, isBulk, scannersAnswered}, findings)).every(({blocking}) => blocking)
      return {findingsBeforeSpam: findings, isBlockedForAll: isBlocked}
    },
  })
  .stage({
    name: 'SA check',
    state: 'S',
    when: ({mail, settings, isBlockedForAll}) =>
      !isBlockedForAll && !isBypassedByAll(mail, settings, '@bypass_spam_checks_maps'),
    otherwise: {spamFindings: NO_FINDINGS},
    run({content, header, parts}, {count}): {spamFindings: readonly Finding[]} {
      count('OpsSpamCheck')
      const report = scanSpamTestString(content.subarray(header.size), parts)
      return {spamFindings: [{kind: 'spam', report}]}
    },
  })
  .stage({
    name: 'decide_mail_destiny',
    state: 'r',
    run(known) {
      const findings = [...known.findingsBeforeSpam, ...known.spamFindings]
      return {verdicts: judge(judgement(known, findings)), facts: factsOf(findings, known.settings)}
    },
  })
  .stage({
    name: 'notif-quar',
    state: 'Q',
    run(known, services) {
      const copies = planQuarantine(known.verdicts, known.mail.envelope.sender, known.settings)
      if (copies.length === 0) return {kept: NONE_KEPT}
      return quarantine(copies, known, services).then(kept => ({kept}))
    },
  })
  .stage({
    name: 'forward',
    state: 'F',
    marksItself: true,
    when: ({verdicts}) => verdicts.some(({blocking}) => !blocking),
    otherwise: {deliveries: NONE_DELIVERED},
    async run(known, services) {
      const verdicts = known.verdicts.filter(({blocking}) => !blocking)
      const quarantined = known.kept.some(({copy}) => !copy.archive)
      const deadlineMs = services.remainingMs()
      return {deliveries: await forward({...known, verdicts, quarantined, deadlineMs}, services)}
    },
  })
  .stage({
    name: 'prepare-dsn',
    run(known, services) {
      const {mail, verdicts, deliveries, kept} = known
      const stored = new Set(kept.flatMap(({copy}) => copy.recipients))
      const ended = verdicts.map(verdict =>
        outcomeOf(mail.taskId, verdict, deliveries.get(verdict.index), stored.has(verdict.index)),
      )
      const job = {...known, outcomes: ended}
      const decisions = decideNotifications(job)
      if (decisions.every(({kind}) => kind === 'none')) return {outcomes: ended}
      return notifySender(decisions, job, services).then(outcomes => ({outcomes}))
    },
  })
  .stage({
    name: 'report',
    run: ({mail, outcomes}) => ({outcome: combineReplies(mail.taskId, outcomes)}),
  })

export type Checked = Outcomes<typeof checking>

export const reporting = Pipeline.begin<Checked, MailServices>()
  .stage({
    name: 'main_log_entry',
    run(known, services) {
      logEntry(known, services)
      return {}
    },
  })
  .stage({
    name: 'update_snmp',
    when: (_, {publishing}) => publishing,
    run(known, services) {
      services.publish(counters(known, services))
      return {}
    },
  })

function digest(content: Buffer) {
  return {content, header: parseHeader(content), isAscii: isAscii(content)}
}

function virusFacts({findings, answered}: ScanResult, log: Log) {
  for (const finding of findings) {
    if (finding.kind !== 'virus') continue
    log.write(0, `virus_scan: (${finding.names.join(', ')}), detected by ${finding.scanner}`)
  }
  return {virusFindings: findings, scannersAnswered: answered}
}

/** What `judge` needs beside the findings. */
interface Judged {
  readonly mail: Transaction
  readonly settings: Settings
  readonly isBulk: boolean
  readonly scannersAnswered: number
}

function judgement(
  {mail, settings, isBulk, scannersAnswered}: Judged,
  findings: readonly Finding[],
): JudgeInput {
  const {taskId, envelope, octets} = mail
  const originating = settings.flag('$originating')
  return {taskId, findings, scannersAnswered, envelope, size: octets.size, originating, isBulk, settings}
}

function isBypassedByAll(mail: Transaction, settings: Settings, maps: `@${string}`): boolean {
  return mail.envelope.recipients.every(({address}) => isListed(settings, maps, address))
}
