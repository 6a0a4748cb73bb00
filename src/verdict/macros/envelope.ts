/**
 * envelope — macros of identity, time, envelope, header and client (spec/config §8.8).
 */
import {domainToUnicode} from 'node:url'
import {rfc5322Date, utcStamp} from '../../actions/date.ts'
import type {SmtpReply} from '../../errors.ts'
import {escapeControls} from '../../log/line.ts'
import type {MacroCode} from '../../log/template/expand.ts'
import {limited} from '../../log/template/functions.ts'
import {parseAddresses, splitAddress} from '../../message/address.ts'
import {fieldValues, firstValue} from '../../message/header.ts'
import type {Header} from '../../message/message.ts'
import {isPublic} from '../../message/origin.ts'
import {clientText} from '../log-facts.ts'
import {isListed} from '../policy.ts'
import {isPassed} from '../summary.ts'
import type {RecipientOutcome} from '../verdict.ts'
import type {MacroMail, MailMacroTable} from './macro-mail.ts'

const hostname = ({settings}: MacroMail) => settings.string('$myhostname') ?? 'localhost'
const date = ({receivedAt}: MacroMail) => rfc5322Date(receivedAt)
const bracketed = (address: string) => `<${address}>`
const given = (text: string | undefined) => text ?? ''

export const ENVELOPE_MACROS: MailMacroTable = {
  p: ({settings}) => settings.bankPath,
  h: hostname,
  HOSTNAME: hostname,
  n: ({taskId}) => taskId,
  log_id: ({taskId}) => taskId,
  LOGID: ({taskId}) => taskId,
  i: ({mailId}) => mailId,
  mail_id: ({mailId}) => mailId,
  MAILID: ({mailId}) => mailId,
  secret_id: ({secretId}) => secretId,
  parent_mail_id: ({parentMailId}) => parentMailId,
  P: ({partition}) => partition || '0',
  partition_tag: ({partition}) => partition || '0',
  b: ({bodyDigest}) => bodyDigest,
  body_digest: ({bodyDigest}) => Buffer.from(bodyDigest, 'hex').toString('latin1'),
  d: date,
  DATE: date,
  date_rfc2822_local: date,
  U: ({receivedAt}) => utcStamp(receivedAt),
  date_iso8601_utc: ({receivedAt}) => utcStamp(receivedAt),
  date_iso8601_local: ({receivedAt}) => isoLocal(receivedAt),
  u: ({receivedAt}) => String(Math.floor(receivedAt / 1000)),
  date_unix_utc: ({receivedAt}) => String(Math.floor(receivedAt / 1000)),
  week_iso8601: ({receivedAt}) => isoWeek(new Date(receivedAt)),
  weekday: ({receivedAt}) => new Date(receivedAt).getDay() || 7,
  y: ({elapsedMs}) => Math.round(elapsedMs),
  rusage:
    () =>
    (_, field = '') =>
      usage(field),

  s: ({envelope}) => bracketed(envelope.sender),
  S: ({envelope}) => bracketed(envelope.sender),
  o: mail => probableSender(mail),
  R: ({envelope}) => envelope.recipients.map(({address}) => address),
  D: ({outcomes}) => outcomes.filter(isPassed).map(({verdict}) => bracketed(verdict.recipient.address)),
  O: ({outcomes}) =>
    outcomes.filter(outcome => !isPassed(outcome)).map(({verdict}) => bracketed(verdict.recipient.address)),
  N: ({outcomes}) => outcomes.filter(outcome => !isPassed(outcome)).map(shortReport),
  dsn_notify: ({envelope}) => {
    if (envelope.sender === '') return 'NEVER'
    const wishes = envelope.recipients.flatMap(({notify}) => [...(notify ?? ['FAILURE' as const])])
    return [...new Set(wishes)].sort().join(',')
  },
  l: ({settings}) => (settings.flag('$originating') ? 1 : undefined),
  log_domains: ({envelope, settings}) => {
    const domains = envelope.recipients.map(({address}) =>
      isListed(settings, '@local_domains_maps', address) ? splitAddress(address).domain.toLowerCase() : 'EXT',
    )
    return [...new Set(domains)].sort().join(',')
  },
  Q: ({client}) => client.forwarded.get('IDENT'),
  m: ({origin}) => origin.messageId,
  r: ({origin}) => origin.resentMessageId,
  j: ({origin}) => origin.subject,
  rfc2822_from: ({origin}) => origin.from.map(bracketed),
  rfc2822_sender: ({origin}) => origin.sender && bracketed(origin.sender),
  rfc2822_resent_from: ({header}) => addressesIn(header, 'resent-from'),
  rfc2822_resent_sender: ({header}) => addressesIn(header, 'resent-sender'),
  header_field: mail => headerField(mail),
  HEADER: mail => headerField(mail),
  header_field_octets: mail => headerField(mail),
  useragent: ({header}) => userAgent(firstValue(header, 'user-agent'), firstValue(header, 'x-mailer')),
  H: ({header}) => header.fields.map(({raw}) => raw.toString('latin1').replace(/\r?\n$/, '')),
  z: ({size}) => size,
  mail_addr_decode: () => decodedAddresses,
  mail_addr_decode_octets: () => decodedAddresses,

  a: ({client}) => clientText(client)?.address,
  client_addr: ({client}) => clientText(client)?.address,
  client_port: ({client}) => clientText(client)?.port,
  client_addr_port: ({client}) => {
    const text = clientText(client)
    return text && `[${text.address}]${text.port === undefined ? '' : `:${text.port}`}`
  },
  g: ({client}) => client.forwarded.get('NAME'),
  client_helo: ({client}) => client.forwarded.get('HELO'),
  client_protocol: ({client}) => client.forwarded.get('PROTO'),
  protocol: ({protocol}) => protocol,
  e: ({origin}) => origin.oldestPublicIp,
  t: ({header}) => fromClause(fieldValues(header, 'received')[0] ?? ''),
  ip_trace_all: mail => traceOf(mail).map(({ip}) => ip ?? 'x'),
  ip_trace_public: mail => publicHops(mail).map(({ip}) => ip ?? ''),
  // The way from our MTA to us says nothing.
  ip_proto_trace_all: mail => traceOf(mail).slice(1).map(hopText),
  ip_proto_trace_public: mail => publicHops(mail).map(hopText),
  tls_in: ({tls}) => tls,
  remote_mta: ({outcomes}) => unique(outcomes.map(({delivery}) => given(delivery?.remote?.place))),
  smtp_response: ({outcomes}) => unique(outcomes.map(({response}) => replyText(response))),
  remote_mta_smtp_response: ({outcomes}) =>
    unique(outcomes.map(({delivery}) => given(delivery?.remote?.text))),
  REMOTEHOSTADDR: ({client}) => client.socketAddress,
  REMOTEHOSTNAME: ({client}) =>
    client.socketAddress === undefined ? 'localhost' : `[${client.socketAddress}]`,
}

export function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter(text => text !== '')
}

/** `?@[ip]` where a virus is known to put in any sender it likes. */
function probableSender({facts, settings, envelope, origin}: MacroMail): string {
  const fakes = facts.virusNames.some(name => isListed(settings, '@viruses_that_fake_sender_maps', name))
  return fakes ? `?@[${origin.oldestPublicIp ?? ''}]` : envelope.sender
}

/** Fields whose bodies are identifiers. */
const ID_FIELDS = /^(?:message-id|resent-message-id|content-id|references|in-reply-to)$/i

/** A field's body on one line: name, longest length, index from the top (0) or from the end (-1). */
function headerField({header}: MacroMail): MacroCode {
  return (_, name = '', size = '', index = '') => {
    const values = fieldValues(header, name.trim())
    const value = values.at(Number.parseInt(index, 10) || 0) ?? ''
    const text = ID_FIELDS.test(name.trim()) ? (value.match(/<[^<>]*>/g)?.join(' ') ?? value) : value
    const limit = Number.parseInt(size, 10)
    return Number.isInteger(limit) && limit > 0 ? limited(text, limit) : text
  }
}

function userAgent(agent: string | undefined, mailer: string | undefined): MacroCode {
  return (_, part = '') => {
    const [name, body] = agent === undefined ? ['X-Mailer', mailer] : ['User-Agent', agent]
    if (body === undefined) return ''
    return part === 'name' ? name : part === 'body' ? body : `${name}: ${body}`
  }
}

function addressesIn(header: Header, name: string): readonly string[] {
  return fieldValues(header, name).flatMap(parseAddresses).map(bracketed)
}

export interface Hop {
  readonly ip: string | undefined
  readonly protocol: string
  readonly port: number | undefined
}

/** Who gave the mail to whom, the newest first: our MTA to us, its client to it, and what the Received fields say. */
export function traceOf({header, origin, client}: MacroMail): readonly Hop[] {
  const hops: Hop[] = fieldValues(header, 'received').map((body, index) => ({
    ip: origin.trace[index],
    protocol: /\swith\s+(\S+)/i.exec(body)?.[1] ?? '',
    port: undefined,
  }))
  const forwarded = client.forwarded.has('ADDR') ? clientText(client) : undefined
  const protocol = client.forwarded.get('PROTO') ?? ''
  if (forwarded) hops.unshift({ip: forwarded.address, port: forwarded.port, protocol})
  hops.unshift({ip: client.socketAddress, protocol: '', port: undefined})
  return hops
}

export function publicHops(mail: MacroMail): readonly Hop[] {
  return traceOf(mail)
    .slice(1)
    .filter(({ip}) => ip !== undefined && isPublic(ip))
}

/** `ESMTPS://192.0.2.1`, `ESMTP://[192.0.2.1]:41234`; the address alone where the protocol is not known. */
export function hopText({ip = 'x', protocol, port}: Hop): string {
  const host = port === undefined && !ip.includes(':') ? ip : `[${ip}]`
  return `${protocol === '' ? '' : `${protocol}://`}${host}${port === undefined ? '' : `:${port}`}`
}

/** What stands between from and by, without parentheses. */
function fromClause(received: string): string {
  const clause = /^from\s(.*?)(?:\sby\s|;|$)/is.exec(received)?.[1] ?? ''
  return clause.replace(/[()]/g, ' ').replace(/\s+/g, ' ').trim()
}

/** `<u@our.test>: [host] said:` and the answer, which is ours where nobody else was asked. */
export function shortReport({verdict, delivery, response}: RecipientOutcome): string {
  const who = delivery?.remote ? ` [${delivery.remote.name}] said:` : ''
  const address = bracketed(verdict.recipient.address)
  return [`${address}:${who}`, `   ${replyText(response)}`].map(escapeControls).join('\n')
}

export function replyText({code, enhanced, text}: SmtpReply): string {
  return `${code} ${enhanced} ${text}`
}

/** Domains of addresses in Unicode. */
function decodedAddresses(_: string, ...texts: readonly string[]): string {
  return texts
    .join('')
    .replace(/@([a-z\d-]+(?:\.[a-z\d-]+)*)/gi, (at, domain: string) =>
      /(?:^|\.)xn--/i.test(domain) ? `@${domainToUnicode(domain) || domain}` : at,
    )
}

function isoLocal(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset()
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, 19).replace(/[-:]/g, '')
  const two = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}

/** The Thursday of a date's week, in whose year the week is. */
function thursdayOf(date: Date): Date {
  const thursday = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()))
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7))
  return thursday
}

/** Week of the year, from 1; weeks begin on Monday. */
function isoWeek(date: Date): number {
  const thursday = thursdayOf(date)
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7)
}

/** `2026-W47-7`. */
export function isoWeekDate(date: Date): string {
  const week = String(isoWeek(date)).padStart(2, '0')
  return `${thursdayOf(date).getUTCFullYear()}-W${week}-${date.getDay() || 7}`
}

/** Fields of getrusage in the original's names. */
const USAGE: Readonly<Record<string, (use: NodeJS.ResourceUsage) => number>> = {
  ru_utime: use => use.userCPUTime / 1e6,
  ru_stime: use => use.systemCPUTime / 1e6,
  ru_maxrss: use => use.maxRSS,
  ru_minflt: use => use.minorPageFault,
  ru_majflt: use => use.majorPageFault,
  ru_inblock: use => use.fsRead,
  ru_oublock: use => use.fsWrite,
  ru_nvcsw: use => use.voluntaryContextSwitches,
  ru_nivcsw: use => use.involuntaryContextSwitches,
}

function usage(field: string): string {
  const read = USAGE[field.trim()]
  return read ? String(read(process.resourceUsage())) : ''
}
