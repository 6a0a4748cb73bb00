/**
 * origin — what a header says about where a mail comes from and what kind of mail it is.
 *
 * Facts for the log, for policy and for the decision whether a DSN makes sense. Everything here is a claim of
 * whoever wrote the header. Source: spec/daemon, "Detection of lists, auto-replies, bulk" and "Main log line".
 */
import {isIP} from 'node:net'
import {parseAddresses, splitAddress, unquoteLocal} from './address.ts'
import {fieldValues, firstValue} from './header.ts'
import type {Header} from './message.ts'

export interface Origin {
  /** `<…>` as in the field; undefined when there is none */
  readonly messageId: string | undefined
  readonly resentMessageId: string | undefined
  /** addresses of From */
  readonly from: readonly string[]
  /** address of Sender */
  readonly sender: string | undefined
  /** body of Subject, encoded words as they are */
  readonly subject: string | undefined
  /** address of the client in each Received field, newest first; undefined where it names none */
  readonly trace: readonly (string | undefined)[]
  /** the last of them that is a public one */
  readonly oldestPublicIp: string | undefined
  readonly isList: boolean
  readonly isAuto: boolean
  readonly isBulk: boolean
}

/** @param envelopeSender '' is the null sender, which only automatic mail has */
export function readOrigin(header: Header, envelopeSender: string): Origin {
  const from = parseAddresses(firstValue(header, 'from') ?? '')
  const trace = fieldValues(header, 'received').map(clientOf)
  return {
    messageId: messageId(firstValue(header, 'message-id')),
    resentMessageId: messageId(firstValue(header, 'resent-message-id')),
    from,
    sender: parseAddresses(firstValue(header, 'sender') ?? '')[0],
    subject: firstValue(header, 'subject'),
    trace,
    oldestPublicIp: trace.findLast(ip => ip !== undefined && isPublic(ip)),
    ...kindOfMail(header, localPart(envelopeSender), envelopeSender === '', from.map(localPart)),
  }
}

function localPart(address: string): string {
  return unquoteLocal(splitAddress(address).local).toLowerCase()
}

const LIST_FIELDS = ['list-id', 'list-post', 'list-unsubscribe', 'mailing-list']

function kindOfMail(header: Header, senderLocal: string, isNullSender: boolean, fromLocals: string[]) {
  const precedence = firstValue(header, 'precedence')?.toLowerCase() ?? ''
  const submitted = firstValue(header, 'auto-submitted')?.toLowerCase()
  return {
    isList:
      precedence === 'list' ||
      hasAny(header, LIST_FIELDS) ||
      /^owner-|-(?:request|bounces|owner|admin)$/.test(senderLocal) ||
      fromLocals.some(local => /^owner-|-(?:request|bounces|owner)$/.test(local)),
    isAuto:
      isNullSender ||
      precedence === 'auto.reply' ||
      (submitted !== undefined && !/^no(?![\w-])/.test(submitted)) ||
      [senderLocal, ...fromLocals].some(local =>
        /^(?:mailer-daemon|double-bounce|mailer|autoreply)$/.test(local),
      ),
    isBulk:
      precedence === 'bulk' ||
      precedence === 'junk' ||
      fromLocals.some(local => /^(?:postmaster|uucp)$|-relay$/.test(local)),
  }
}

function hasAny(header: Header, names: readonly string[]): boolean {
  for (const name of names) if (firstValue(header, name) !== undefined) return true
  return false
}

/** The identifier with its brackets where it has them; else the body as it is. */
function messageId(body: string | undefined): string | undefined {
  if (body === undefined || body === '') return undefined
  const start = body.indexOf('<')
  const end = body.indexOf('>', start)
  return start >= 0 && end > start ? body.slice(start, end + 1) : body
}

/** The address in the from-clause of a Received body: `from helo (name [192.0.2.1]) by …`. */
function clientOf(received: string): string | undefined {
  const by = received.search(/\sby\s/i)
  const clause = by < 0 ? received : received.slice(0, by)
  for (const [, text] of clause.matchAll(/[[(]((?:IPv6:)?[\dA-Fa-f:.]{3,45})[\])]/gi)) {
    const ip = text!.replace(/^ipv6:/i, '')
    if (isIP(ip) !== 0) return ip.toLowerCase()
  }
  return undefined
}

/**
 * Networks of IPv4 that no public host is in (IANA special-purpose registry): address, prefix length. Those for
 * documents count as public, as in the log lines of the specification.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
].map(network => {
  const [net = '', length] = network.split('/')
  const size = 2 ** (32 - Number(length))
  return {size, index: Math.floor(ipv4Number(net) / size)}
})

function ipv4Number(ip: string): number {
  return ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
}

/** Whether an address can be that of a host on the Internet. */
export function isPublic(ip: string): boolean {
  if (isIP(ip) === 4) {
    const number = ipv4Number(ip)
    return !SPECIAL_IPV4.some(({size, index}) => Math.floor(number / size) === index)
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)
  if (mapped) return isPublic(mapped[1]!)
  // Global unicast is 2000::/3; 2001::/23 is for protocols (RFC 6890).
  const [first = 0, second = 0] = ip.split(':').map(group => Number.parseInt(group || '0', 16))
  return first >> 13 === 1 && !(first === 0x2001 && second < 0x200)
}
