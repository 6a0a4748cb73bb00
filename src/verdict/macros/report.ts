/**
 * report — all about a mail as one JSON object, for programs (spec/daemon §13.6, spec/config §9.8).
 *
 * Keys are sorted, what is not known is left out. `[:report_json]` gives it whole; names as arguments choose, names
 * after a `!` leave out.
 */
import type {Asked} from '../../checks/virus/scan.ts'
import {jsonLine} from '../../log/line.ts'
import type {MacroCode} from '../../log/template/expand.ts'
import {rot13} from '../../log/template/functions.ts'
import {internalAddress, parseAddresses, splitAddress} from '../../message/address.ts'
import {fieldValues, firstValue} from '../../message/header.ts'
import {decodeEncodedWords} from '../../message/mime/encoded-word.ts'
import {clientText, queuedAs} from '../log-facts.ts'
import {displayName, leadingCategory, mainCategory, scoreRange} from '../summary.ts'
import type {CheckLetter, RecipientOutcome} from '../verdict.ts'
import {hopText, isoWeekDate, publicHops, replyText, traceOf, unique} from './envelope.ts'
import type {MacroMail, StoredCopy} from './macro-mail.ts'

type Json = string | number | boolean | Decimal | readonly Json[] | {readonly [key: string]: Json | undefined}

/** A number that keeps its three decimals: `4.680`. */
interface Decimal {
  readonly rawJSON: string
}

// The compiler's library does not know them yet.
const {rawJSON, isRawJSON} = JSON as unknown as {
  rawJSON(text: string): Decimal
  isRawJSON(value: unknown): value is Decimal
}

export function reportMacro(mail: MacroMail): MacroCode {
  return (_, ...names) => {
    const asked = names.flatMap(name => name.split(/\s+/)).filter(Boolean)
    const without = asked.flatMap(name => (name.startsWith('!') ? [name.slice(1)] : []))
    const wanted = (name: string) =>
      without.length > 0 ? !without.includes(name) : asked.length === 0 || asked.includes(name)
    const report = Object.entries(reportOf(mail)).filter(([name]) => wanted(name))
    return jsonLine(sorted(Object.fromEntries(report)))
  }
}

/** Ours alone: what SPF, ARC and DMARC say, where they are evaluated. */
function authenticationOf({authentication}: MacroMail['facts']): Record<string, Json | undefined> {
  if (!authentication) return {}
  const {spf, arc, dmarc} = authentication
  return {spf: spf && {...spf}, arc: arc && {...arc}, dmarc: dmarc && {...dmarc}}
}

function reportOf(mail: MacroMail): Record<string, Json | undefined> {
  const {envelope, client, listener, header, origin, settings, facts, outcomes} = mail
  const from = clientText(client)
  const subject = origin.subject === undefined ? undefined : decodeEncodedWords(origin.subject)
  const category = displayName(leadingCategory(outcomes))
  const recipients = envelope.recipients.map(({address}) => address)
  const actions = unique(outcomes.map(({destiny}) => destiny)).toSorted()
  const [socket, ...hops] = traceOf(mail)
  const tests = scoredTests(outcomes)
  const score = scoreRange(outcomes.map(({verdict}) => verdict))
  const agent = firstValue(header, 'user-agent') ?? firstValue(header, 'x-mailer')
  return {
    '@timestamp': new Date(mail.receivedAt).toISOString(),
    type: 'amavis',
    host: settings.string('$myhostname'),
    log_id: mail.taskId,
    mail_id: mail.mailId,
    mail_id_parent: mail.parentMailId || undefined,
    time_unix: seconds(mail.receivedAt),
    time_iso_week_date: isoWeekDate(new Date(mail.receivedAt)),
    src_ip: client.socketAddress,
    dst_ip: listener.address,
    dst_port: listener.port,
    client_ip: from?.address,
    client_port: from?.port,
    queue_id: client.forwarded.get('IDENT'),
    protocol: mail.protocol,
    partition: mail.partition || '0',
    attached_file_names: some(mail.attachments.map(names => (names.length === 1 ? names[0]! : names))),
    mail_from: envelope.sender,
    rcpt_to: recipients,
    rcpt_num: recipients.length,
    recipients: outcomes.map(recipientReport),
    sender: origin.sender,
    author: some(origin.from),
    to_addr: some(addresses(mail, 'to')),
    cc_addr: some(addresses(mail, 'cc')),
    subject,
    subject_rot13: subject === undefined ? undefined : rot13(subject),
    message_id: origin.messageId,
    references: some(firstValue(header, 'references')?.match(/<[^<>\s]+>/g) ?? []),
    user_agent: agent,
    policy_banks: settings.bankPath === '' ? [] : settings.bankPath.split('/'),
    ip_trace: some(publicHops(mail).flatMap(({ip}) => ip ?? [])),
    ip_proto_trace: some([
      ...(socket?.ip === undefined
        ? []
        : [hopText({ip: socket.ip, protocol: mail.protocol, port: client.socketPort})]),
      ...hops.map(hopText),
    ]),
    size: mail.size,
    digest_body: mail.bodyDigest || undefined,
    content_type: category,
    quarantine: mail.stored.flatMap(({locations}) => locations).join(', ') || undefined,
    quar_type: mail.stored[0] && quarantineType(mail.stored[0]),
    spam_score: score && points(score.max),
    dsn_sent: outcomes.some(({dsn}) => dsn === 'sent'),
    originating: settings.flag('$originating'),
    os_fp: facts.osFingerprint,
    actions_performed: mail.actions.join(' '),
    checks_performed: CHECKS.filter(letter => mail.checks.has(letter)).join(' ') || undefined,
    virusnames: some(facts.virusNames),
    av_scan: namesByScanner(facts.asked),
    tests: some(tests.map(([name]) => name).toSorted()),
    tests_spam: score && tests.flatMap(([name, worth]) => (worth > 0 ? [name] : [])),
    tests_ham: score && tests.toReversed().flatMap(([name, worth]) => (worth < 0 ? [name] : [])),
    is_mlist: origin.isList || undefined,
    is_auto_resp: origin.isAuto || undefined,
    is_bulk: origin.isList || origin.isAuto || origin.isBulk || undefined,
    dkim_valid_sig: some(unique(mail.dkimValid.map(domainOf))),
    dkim_author_sig: authorSignature(mail),
    dkim_new_sig: some(unique(mail.dkimAdded.map(domainOf))),
    ...authenticationOf(facts),
    smtp_code: unique(outcomes.map(({response}) => String(response.code))).toSorted(),
    queued_as: some(queuedAs(outcomes)),
    action: actions,
    message: `${mail.taskId} ${actions.join(',')} ${category} ${envelope.sender} -> ${recipients.join(',')}`,
    elapsed: elapsedOf(mail.elapsed),
  }
}

/** In the order that the report has them. */
const CHECKS: readonly CheckLetter[] = ['V', 'S', 'H', 'B', 'F', 'P', 'D']

/** Scanners that found something, with what they found. */
function namesByScanner(asked: readonly Asked[]): Json | undefined {
  const found = asked.filter(({names}) => names.length > 0)
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(({scanner, names}) => [scanner, unique(names)]))
}

/** By how the copy was stored (spec/config §3.4, quar_type). */
function quarantineType({method, locations}: StoredCopy): string | undefined {
  const protocol = method.slice(0, method.indexOf(':'))
  if (protocol === 'local') return locations[0]?.endsWith('.gz') ? 'Z' : 'F'
  return QUARANTINE_TYPES.get(protocol)
}

const QUARANTINE_TYPES: ReadonlyMap<string, string> = new Map([
  ['bsmtp', 'B'],
  ['sql', 'Q'],
  ['smtp', 'M'],
  ['lmtp', 'M'],
  ['pipe', 'M'],
])

/** The author's domain where it has signed; more authors than one have none in common. */
function authorSignature({dkimValid, origin}: MacroMail): string | undefined {
  if (origin.from.length !== 1) return undefined
  const domain = splitAddress(internalAddress(origin.from[0]!)).domain.toLowerCase()
  return dkimValid.some(pair => domainOf(pair).toLowerCase() === domain) ? domain : undefined
}

/** Of `selector:domain`. */
function domainOf(pair: string): string {
  return pair.slice(pair.indexOf(':') + 1)
}

/** `Amavis` is what is left without the scanners. */
function elapsedOf(elapsed: MacroMail['elapsed']): Json {
  const took = (kind: string) => elapsed.get(kind) ?? 0
  const own = took('Total') - took('VirusCheck') - took('SpamCheck') - took('PenPals')
  return Object.fromEntries([...elapsed, ['Amavis', own] as const].map(([kind, ms]) => [kind, seconds(ms)]))
}

function recipientReport(outcome: RecipientOutcome): Json {
  const {verdict, delivery, destiny, response, blocking} = outcome
  const {bypass, score} = verdict
  const main = displayName(mainCategory([outcome]))
  const blocks = blocking && displayName(blocking)
  return {
    rcpt_to: verdict.recipient.address,
    rcpt_is_local: verdict.local,
    action: destiny,
    smtp_response: replyText(response),
    smtp_code: String(response.code),
    queued_as: delivery?.queuedAs,
    spam_score: score === undefined ? undefined : points(score),
    blacklisted: verdict.blacklisted || undefined,
    whitelisted: verdict.whitelisted || undefined,
    bypass_virus_checks: bypass.virus || undefined,
    bypass_banned_checks: bypass.banned || undefined,
    bypass_spam_checks: bypass.spam || undefined,
    bypass_header_checks: bypass.header || undefined,
    ccat_blocking: blocks,
    ccat_main: main === blocks ? undefined : main,
    banning_reason: verdict.bannedReason,
  }
}

/** Each test once, those that count most for spam first. */
function scoredTests(outcomes: readonly RecipientOutcome[]): readonly (readonly [string, number])[] {
  const all = outcomes.flatMap(({verdict}) =>
    verdict.tests.map(({name, score = 0}) => [name, score] as const),
  )
  return [...new Map(all)].toSorted(([, a], [, b]) => b - a)
}

function points(score: number): Json {
  return rawJSON(score.toFixed(3))
}

function seconds(ms: number): Json {
  return rawJSON((ms / 1000).toFixed(3))
}

function addresses({header}: MacroMail, name: string): readonly string[] {
  return fieldValues(header, name).flatMap(parseAddresses)
}

/** An empty list is not told. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || isRawJSON(value)) return value
  const entries = Object.entries(value).flatMap(([key, each]) =>
    each === undefined ? [] : [[key, sorted(each)] as const],
  )
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
