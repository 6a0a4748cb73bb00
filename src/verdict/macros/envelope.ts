/**
 * envelope — macros of identity, time, envelope, header and client (spec/config §8.8).
 */
import {rfc5322Date, utcStamp} from '../../actions/date.ts'
import type {MacroCode} from '../../log/template/expand.ts'
import {limited} from '../../log/template/functions.ts'
import {splitAddress} from '../../message/address.ts'
import {fieldValues, firstValue} from '../../message/header.ts'
import {isPublic} from '../../message/origin.ts'
import {clientText} from '../log-facts.ts'
import {isListed} from '../policy.ts'
import {isPassed} from '../summary.ts'
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
  P: ({partition}) => partition,
  partition_tag: ({partition}) => partition,
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
  R: ({envelope}) => envelope.recipients.map(({address}) => bracketed(address)),
  D: ({outcomes}) => outcomes.filter(isPassed).map(({verdict}) => bracketed(verdict.recipient.address)),
  O: ({outcomes}) =>
    outcomes.filter(outcome => !isPassed(outcome)).map(({verdict}) => bracketed(verdict.recipient.address)),
  N: ({outcomes}) =>
    outcomes.flatMap(outcome => {
      if (isPassed(outcome)) return []
      const {verdict, delivery, response} = outcome
      const who = delivery?.remote ? `[${delivery.remote.name}] said:` : 'said:'
      const {code, enhanced, text} = response
      return [`${bracketed(verdict.recipient.address)}: ${who} ${code} ${enhanced} ${text}`]
    }),
  dsn_notify: ({envelope}) => {
    if (envelope.sender === '') return 'NEVER'
    const wishes = envelope.recipients.flatMap(({notify}) => [...(notify ?? ['FAILURE' as const])])
    return [...new Set(wishes)].join(',')
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
  rfc2822_from: ({origin}) => origin.from,
  rfc2822_sender: ({origin}) => origin.sender,
  rfc2822_resent_from: ({header}) => fieldValues(header, 'resent-from'),
  rfc2822_resent_sender: ({header}) => fieldValues(header, 'resent-sender'),
  header_field: mail => headerField(mail),
  HEADER: mail => headerField(mail),
  header_field_octets: mail => headerField(mail),
  useragent: ({header}) => userAgent(firstValue(header, 'user-agent'), firstValue(header, 'x-mailer')),
  H: ({header}) => header.fields.map(({raw}) => raw.toString('latin1').replace(/\r?\n$/, '')),
  z: ({size}) => size,
  mail_addr_decode:
    () =>
    (_, text = '') =>
      text,
  mail_addr_decode_octets:
    () =>
    (_, text = '') =>
      text,

  a: ({client}) => clientText(client)?.address,
  client_addr: ({client}) => clientText(client)?.address,
  client_port: ({client}) => clientText(client)?.port,
  client_addr_port: ({client}) => {
    const text = clientText(client)
    return text && `[${text.address}]${text.port === undefined ? '' : `:${text.port}`}`
  },
  g: ({client}) => client.forwarded.get('NAME'),
  client_helo: ({client}) => client.forwarded.get('HELO') ?? client.helo,
  client_protocol: ({client}) => client.forwarded.get('PROTO'),
  protocol: ({protocol}) => protocol,
  e: ({origin}) => origin.oldestPublicIp,
  t: ({header}) => fieldValues(header, 'received').at(-1),
  ip_trace_all: ({origin}) => origin.trace.map(ip => ip ?? 'x'),
  ip_trace_public: ({origin}) => origin.trace.flatMap(ip => (ip !== undefined && isPublic(ip) ? [ip] : [])),
  ip_proto_trace_all: mail => protocolTrace(mail, () => true),
  ip_proto_trace_public: mail => protocolTrace(mail, isPublic),
  tls_in: ({tls}) => tls,
  remote_mta: ({outcomes}) => unique(outcomes.map(({delivery}) => given(delivery?.remote?.name))),
  smtp_response: ({outcomes}) => unique(outcomes.map(({delivery}) => given(delivery?.remote?.text))),
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
  return fakes ? `?@[${origin.oldestPublicIp ?? ''}]` : bracketed(envelope.sender)
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

/** `ESMTP://[192.0.2.1]`-like entries of the Received fields but the first, which is that of our MTA. */
function protocolTrace({header, origin}: MacroMail, wanted: (ip: string) => boolean): readonly string[] {
  return fieldValues(header, 'received').flatMap((body, index) => {
    const ip = origin.trace[index]
    if (index === 0 || (ip !== undefined && !wanted(ip))) return []
    const protocol = /\swith\s+(\S+)/i.exec(body)?.[1] ?? ''
    return ip === undefined ? [] : [`${protocol}://${ip.includes(':') ? `[${ip}]` : ip}`]
  })
}

function isoLocal(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset()
  const local = new Date(ms + minutes * 60_000).toISOString().slice(0, 19).replace(/[-:]/g, '')
  const two = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}

/** Week of the year, from 1; weeks begin on Monday and belong to the year of their Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()))
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7))
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  return Math.ceil(((thursday.getTime() - first) / 86_400_000 + 1) / 7)
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
