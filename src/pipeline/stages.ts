/**
 * stages — everything that happens to a mail, in order. Reading `check` is enough to know the program.
 *
 * `check` ends with the answer to the client; a failure in it is a 451. `report` comes after it and changes
 * nothing any more. Names of stages are sections of the TIMING line, letters are what monitors show; both
 * are the original's (spec/daemon, Stage order; spec/monitoring, Who sends what, when).
 */
import {isAscii} from 'node:buffer'
import type {DsnDecision} from '../actions/notify/dsn-decision.ts'
import {planQuarantine} from '../actions/quarantine/plan.ts'
import type {Bounce} from '../checks/bounce.ts'
import type {VerifiedSignature} from '../checks/dkim/signature.ts'
import type {Finding} from '../checks/finding.ts'
import {askFingerprint, type FingerprintClient, fingerprintField} from '../checks/fingerprint.ts'
import {senderListings} from '../checks/spam/sender-lists.ts'
import {type Asked, type ScanResult, scanViruses} from '../checks/virus/scan.ts'
import type {BankReport, Settings} from '../config/settings.ts'
import {withConfiguredTypes} from '../decode/short-types.ts'
import {typeParts} from '../decode/types.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import {checkingLine} from '../log/main-entry.ts'
import {parseHeader} from '../message/header.ts'
import type {MimeTree} from '../message/message.ts'
import {readMime} from '../message/mime/read.ts'
import {readAll} from '../message/octets.ts'
import {readOrigin} from '../message/origin.ts'
import type {ClientEdits, Outcome, Transaction} from '../session/transaction.ts'
import {factsOf, virusStatusOf, weighVirusNames} from '../verdict/facts.ts'
import {judge} from '../verdict/judge.ts'
import {clientText} from '../verdict/log-facts.ts'
import {outcomeOf} from '../verdict/outcome.ts'
import {Bypasses} from '../verdict/policy.ts'
import {combineReplies} from '../verdict/reply.ts'
import type {
  CheckLetter,
  Delivery,
  JudgeInput,
  RecipientOutcome,
  RecipientVerdict,
} from '../verdict/verdict.ts'
import {loggingAs, settingsForAuthors, settingsForMail, settingsForViruses} from './banks.ts'
import {
  asksPenPals,
  bounceIn,
  isKilled,
  isWeighedFirst,
  looksAtBounces,
  weighCorrespondence,
} from './correspondence.ts'
import {countTypes, decodeParts} from './decoding.ts'
import {forward} from './forwarding.ts'
import type {CustomField, MailHooks} from './hooks/run-hooks.ts'
import {bannedFindings, headerFindings, logParts, mimeLimits, uncheckedFindings} from './inspect.ts'
import {decideNotifications, notifyOthers, notifySender} from './notifying.ts'
import type {Kept} from './quarantining.ts'
import {logEntry, publishCounters, type Reporting, type Seen} from './reporting.ts'
import type {Run} from './run.ts'
import type {MailServices} from './services.ts'
import {verifiedSignatures, wantedVerification} from './signatures.ts'
import {checkSpam} from './spam.ts'

const NONE_KEPT: readonly Kept[] = []
const NONE_DELIVERED: ReadonlyMap<number, Delivery> = new Map()

/** What is left of a mail's time when a next hop was silent to the end: the sender is to be told, and the log. */
const AFTER_FORWARDING_MS = 10_000
const AFTER_FORWARDING_SHARE = 0.1

/** What `report` tells of a mail, and the answer to the client. */
export interface Checked extends Reporting {
  readonly outcome: Outcome
  readonly seen: Seen
  readonly hooks: MailHooks | undefined
}

/** @throws whatever a stage throws; `run` knows which one it was */
export async function check(mail: Transaction, run: Run, given: MailServices): Promise<Checked> {
  const {envelope, octets} = mail

  run.begin('check_init')
  const reportBank: BankReport = (line, level) => given.log.write(level, line)
  let settings = settingsForMail(
    mail.settings,
    addressOf(mail),
    envelope.sender,
    reportBank,
    mail.requestedBanks,
  )
  const services = loggingAs(settings, mail, given)
  const {log, count} = services

  run.begin('digest_hdr')
  const content = octets.memory ?? (await run.within(readAll(octets)))
  const header = parseHeader(content)

  run.begin('collect_info')
  const origin = readOrigin(header, envelope.sender)
  const isBulk = origin.isList || origin.isAuto || origin.isBulk

  run.begin('gen_mail_id', 'G')
  const {mailId, secretId} = services.mailIds.make()

  const hooks = services.hooks?.({mail, mailId, header, content, log, count})
  if (hooks) {
    run.begin('custom-new')
    settings = await run.within(hooks.new(settings))
  }

  const fingerprint = askFingerprint(clientOf(mail), settings, log)
  const checks = new Set<CheckLetter>(['H', 'B'])
  if (fingerprint) checks.add('F')
  if (log.enabled(1)) log.write(1, checkingLine(checkedMail(mail, mailId, settings)))

  let signatures: readonly VerifiedSignature[] | undefined
  const findings: Finding[] = []
  const client = {address: addressOf(mail), helo: mail.client.forwarded.get('HELO')}
  const wanted = wantedVerification({header, client, settings})
  if (wanted) {
    run.begin(wanted.dkim || wanted.arc ? 'digest_body_dkim' : 'spf-dmarc')
    const signed = {content, header, origin, envelopeSender: envelope.sender, client, settings}
    const verified = await run.within(verifiedSignatures(signed, wanted, services))
    signatures = verified.all
    if (signatures.length > 0) checks.add('D')
    findings.push(...verified.findings)
    settings = settingsForAuthors(settings, verified.ofAuthors, reportBank)
  }

  run.begin('mime_decode', 'D')
  const tree = readMime(content, header, mimeLimits(settings), mail.data.bareCr > 0)
  count('OpsDec')
  count('OpsDecByMimeParser')
  logParts(tree, log)

  let bounce: Bounce | undefined
  if (looksAtBounces(settings)) {
    run.begin('inspect_dsn')
    bounce = await run.within(bounceIn(mail, header, tree, origin))
  }

  run.begin('get-file-type', undefined, `get-file-type${countLeaves(tree)}`)
  const mimeParts = typeParts(tree.parts)

  run.begin('parts_decode')
  const decoding = decodeParts(mimeParts, octets.size, settings, services)
  const {parts: found, limit} = decoding instanceof Promise ? await run.within(decoding) : decoding
  const parts = withConfiguredTypes(found, settings)
  if (services.publishing) countTypes(parts, count)

  run.begin('check_header')
  findings.push(
    ...uncheckedFindings(parts, tree.limit ?? limit),
    ...headerFindings(mail, header, tree, settings, log),
  )

  run.begin('check_banned')
  findings.push(...bannedFindings(mail, parts, settings, log))

  const bypasses = new Bypasses(envelope.recipients)
  let scannersAnswered = 0
  let asked: readonly Asked[] = []
  if (!bypasses.areAll('virus', settings)) {
    run.begin('AV-scan-1', 'V')
    checks.add('V')
    count('OpsVirusCheck')
    const scan = scanViruses(octets, parts, services.scanners.for(settings), {
      settings,
      timeoutMs: services.shareMs(),
      log,
      folder: services.partsFolder,
    })
    const scanned = scan instanceof Promise ? await run.within(scan) : scan
    findings.push(...scanned.findings)
    scannersAnswered = scanned.answered
    asked = scanned.asked
    settings = settingsForViruses(settings, virusNames(scanned), reportBank)
  }

  const judged: Judged = {mail, settings, bypasses, isBulk, scannersAnswered, asked}

  run.begin('pre-decide', undefined, '')
  const system = fingerprint && (await run.within(fingerprint.answer()))
  const osFingerprint = system && fingerprintField(system)
  if (osFingerprint !== undefined) findings.push({kind: 'os-fingerprint', text: osFingerprint})
  const soFar = findings.length > 0 ? judge(judgement(judged, findings)) : []
  if (soFar.some(isBlocked)) run.judged()
  const isBlockedForAll = soFar.length > 0 && soFar.every(isBlocked)
  const weigh = async () => {
    const isStoreAsked = asksPenPals(settings, services)
    if (!isStoreAsked && !looksAtBounces(settings)) return
    if (isStoreAsked) {
      run.begin('penpals-sql', 'P')
      checks.add('P')
    } else run.begin('pre-penpals')
    const weighed = weighVirusNames(findings, settings)
    const known = {mail, header, origin, settings, bounce, findings: weighed}
    findings.push(...(await run.within(weighCorrespondence(known, services))))
  }
  const weighsFirst = isWeighedFirst(bounce, settings, services)
  if (weighsFirst) await weigh()
  const isScanNeedless = isBlockedForAll || (weighsFirst && isKilled(findings))
  if ((!isScanNeedless || services.isThorough) && !bypasses.areAll('spam', settings)) {
    run.begin('spam-wb-list', 'S')
    const listings = senderListings(envelope, origin.from, settings)
    findings.push({kind: 'sender-lists', listings})
    if (!listings.every(({blacklisted, whitelisted}) => blacklisted || whitelisted)) {
      count('OpsSpamCheck')
      checks.add('S')
      const seen = {
        mail,
        content,
        header,
        parts: mimeParts,
        settings,
        mailId,
        virusStatus: virusStatusOf(findings, settings),
        osFingerprint,
        signatures,
      }
      const scanned = checkSpam(seen, run, services)
      findings.push(...(scanned instanceof Promise ? await run.within(scanned) : scanned))
    }
  }

  if (hooks) {
    run.begin('custom-checks')
    const custom = await run.within(hooks.checks(settings, {findings, facts: factsOf(findings)}))
    findings.push(...custom.findings)
    settings = custom.settings
  }

  if (!weighsFirst) await weigh()

  run.begin('decide_mail_destiny', 'r')
  const decision = judgement({...judged, settings}, findings)
  const {facts} = decision
  const complaints = findings.flatMap(finding =>
    finding.kind === 'bad-header' ? [finding.complaint.message] : [],
  )
  let verdicts = judge(decision)
  run.judged()
  if (verdicts.some(hasReason)) {
    const {withReasons} = await import('./reasons.ts')
    const about = {mail, settings, header, facts, origin, complaints, mailId, secretId}
    verdicts = withReasons(verdicts, about, services)
  }

  run.begin('notif-quar', 'Q')
  const seen = {
    parts,
    mimeParts: mimeParts.length,
    mimeError: tree.error,
    limit: tree.limit ?? limit,
    findings,
    checks,
  }
  const known = {mail, settings, header, verdicts, facts, isBulk, mailId, seen}
  const copies = planQuarantine(verdicts, envelope.sender, settings)
  const kept =
    copies.length === 0 ? NONE_KEPT : await run.within(services.quarantine(copies, known, services))

  const passing = verdicts.filter(isPassing)
  let customFields: readonly CustomField[] = []
  if (hooks && passing.length > 0) {
    run.begin('custom-before_send')
    const custom = await run.within(hooks.beforeSend(settings, verdicts))
    customFields = custom.fields
    settings = custom.settings
  }
  let deliveries = NONE_DELIVERED
  let edits: ClientEdits | undefined
  if (passing.length > 0) {
    run.begin('forward', 'F', '')
    const quarantined = kept.some(isQuarantine)
    // At its own deadline a next hop's recipients that have the mail are known; at that of the stage they are not.
    const remainingMs = services.remainingMs()
    const deadlineMs = remainingMs - Math.min(AFTER_FORWARDING_MS, remainingMs * AFTER_FORWARDING_SHARE)
    const job = {
      ...known,
      settings,
      verdicts: passing,
      isAscii: isAscii(content),
      quarantined,
      customFields,
      deadlineMs,
    }
    if (mail.deliveredBy === 'client') {
      // Few sockets are for clients that do.
      const {accept} = await import('./accepting.ts')
      ;({deliveries, edits} = await run.within(accept(job, verdicts, services)))
    } else deliveries = await run.within(forward(job, services))
  }

  const stored = new Set(kept.flatMap(({copy}) => copy.recipients))
  const ended: RecipientOutcome[] = []
  for (const verdict of verdicts) {
    const {index} = verdict
    ended.push(outcomeOf(mail.taskId, verdict, deliveries.get(index), stored.has(index)))
  }
  if (hooks && passing.length > 0) {
    run.begin('custom-after_send')
    // The next hop has the mail: a failure of ours would only have it sent again.
    await run.within(hooks.afterSend(settings, ended)).catch(error => logHookFailure(run.stage, error, log))
  }

  run.begin('prepare-dsn')
  const ending = {...known, settings, complaints, origin, kept, secretId, outcomes: ended}
  const decisions = decideNotifications(ending)
  const outcomes = decisions.every(isNone)
    ? ended
    : await run.within(notifySender(decisions, ending, services))
  const told = {...ending, outcomes}
  await notifyOthers(told, services)

  run.begin('report')
  return {
    ...told,
    outcome: {...combineReplies(mail.taskId, outcomes), edits},
    seen,
    hooks,
  }
}

export async function report(checked: Checked, run: Run, given: MailServices): Promise<void> {
  const services = loggingAs(checked.settings, checked.mail, given)
  run.begin('main_log_entry')
  await logEntry(checked, services)
  if (checked.hooks) {
    const {hooks, settings, outcomes} = checked
    run.begin('custom-mail_done')
    await run
      .within(hooks.mailDone(settings, outcomes))
      .catch(error => logHookFailure(run.stage, error, services.log))
  }
  if (!services.publishing) return
  run.begin('update_snmp')
  publishCounters(checked, services)
}

/** Of a hook that is called when the answer stands already. */
function logHookFailure(stage: string, error: unknown, log: Log): void {
  log.write(-2, `TROUBLE in check_mail, but must continue: ${stage} FAILED: ${errorText(error)}`)
}

function countLeaves({parts}: MimeTree): number {
  return parts.filter(({kind}) => kind === 'leaf').length
}

/** Who connects to us is the MTA: without XFORWARD the client of the mail is unknown. */
function addressOf({client}: Transaction): string | undefined {
  return client.forwarded.get('ADDR')
}

function clientOf(mail: Transaction): FingerprintClient | undefined {
  const address = addressOf(mail)
  return address === undefined ? undefined : {address, port: mail.client.forwarded.get('PORT') ?? ''}
}

function checkedMail({client, envelope}: Transaction, mailId: string, {bankPath}: Settings) {
  const recipients = envelope.recipients.map(({address}) => address)
  return {mailId, bankPath, clientAddress: clientText(client)?.address, sender: envelope.sender, recipients}
}

function virusNames({findings}: ScanResult): readonly string[] {
  return findings.flatMap(finding => (finding.kind === 'virus' ? finding.names : []))
}

function isQuarantine({copy}: Kept): boolean {
  return !copy.archive
}

function isBlocked({blocking}: RecipientVerdict): boolean {
  return blocking !== undefined
}

function isPassing({blocking}: RecipientVerdict): boolean {
  return blocking === undefined
}

function hasReason({reasonTemplate}: RecipientVerdict): boolean {
  return reasonTemplate !== undefined
}

function isNone({kind}: DsnDecision): boolean {
  return kind === 'none'
}

/** What `judge` needs beside the findings. */
interface Judged {
  readonly mail: Transaction
  readonly settings: Settings
  readonly bypasses: Bypasses
  readonly isBulk: boolean
  readonly scannersAnswered: number
  readonly asked: readonly Asked[]
}

function judgement(
  {mail, settings, bypasses, isBulk, scannersAnswered, asked}: Judged,
  found: readonly Finding[],
): JudgeInput {
  const {taskId, envelope, octets} = mail
  const findings = weighVirusNames(found, settings)
  return {
    taskId,
    findings,
    facts: factsOf(findings, asked),
    scannersAnswered,
    envelope,
    size: octets.size,
    originating: settings.flag('$originating'),
    isBulk,
    settings,
    bypasses: bypasses.under(settings),
  }
}
