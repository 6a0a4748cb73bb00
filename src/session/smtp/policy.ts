/**
 * policy — what a session may do and says of itself, read once from the settings of its socket.
 */
import type {Settings} from '../../config/settings.ts'
import type {Listener} from '../../message/envelope.ts'
import type {Product} from '../conversation.ts'
import {formatLines, replyText} from './reply.ts'

export interface SessionPolicy {
  /** `[127.0.0.1]` */
  readonly heloName: string
  /** whole replies, ready for the wire */
  readonly greeting: string
  readonly ehlo: string
  readonly helo: string
  readonly quit: string
  readonly keywords: ReadonlySet<string>
  /** octets of a mail; undefined: no limit */
  readonly sizeLimit: number | undefined
  readonly recipientLimit: number
  readonly timeoutMs: number
}

const MINIMUM_SIZE_LIMIT = 65_536
const XFORWARD = 'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE'

/** Settings never change, so what was made of them is kept as long as they live; by the socket's address. */
const prepared = new WeakMap<Settings, Map<string | undefined, SessionPolicy>>()

export function sessionPolicy(settings: Settings, listener: Listener, product: Product): SessionPolicy {
  const known = prepared.get(settings) ?? new Map<string | undefined, SessionPolicy>()
  let policy = known.get(listener.address)
  if (!policy) {
    policy = makePolicy(settings, listener, product)
    known.set(listener.address, policy)
    prepared.set(settings, known)
  }
  return policy
}

function makePolicy(settings: Settings, listener: Listener, product: Product): SessionPolicy {
  const heloName = literal(listener.address)
  const sizeLimit = limitOfSize(settings)
  const banner = (name: `$${string}`) =>
    replyText(
      expand(settings.string(name) ?? '', {
        'helo-name': heloName,
        myhostname: settings.string('$myhostname') ?? 'localhost',
        version: `${product.name}-${product.version}`,
        'version-id': product.version,
        'version-date': '',
        product: product.name,
        protocol: 'ESMTP',
      }),
      false,
    )
  const lines = announce(settings, sizeLimit)
  return {
    heloName,
    greeting: `220 ${banner('$smtpd_greeting_banner')}\r\n`,
    ehlo: formatLines(250, [heloName, ...lines]),
    helo: `250 ${heloName}\r\n`,
    quit: `221 2.0.0 ${banner('$smtpd_quit_banner')}\r\n`,
    keywords: new Set(lines.map(keyword)),
    sizeLimit,
    recipientLimit: Math.max(1, settings.number('$smtpd_recipient_limit') ?? 1100),
    timeoutMs: 1000 * Math.max(1, settings.number('$smtpd_timeout') ?? 480),
  }
}

/** What is announced, in the original's order (spec/daemon, Session). */
function announce(settings: Settings, sizeLimit: number | undefined): string[] {
  const discarded = new Set(
    settings.list('@smtpd_discard_ehlo_keywords').map(word => String(word).toUpperCase()),
  )
  if (discarded.has('8BITMIME')) discarded.add('SMTPUTF8')
  const size = sizeLimit === undefined ? 'SIZE' : `SIZE ${sizeLimit}`
  return ['VRFY', 'PIPELINING', size, 'ENHANCEDSTATUSCODES', '8BITMIME', 'SMTPUTF8', 'DSN', XFORWARD].filter(
    line => !discarded.has(keyword(line)),
  )
}

function keyword(line: string): string {
  return line.split(' ', 1)[0]!
}

function limitOfSize(settings: Settings): number | undefined {
  const limit = settings.number('$smtpd_message_size_limit')
  if (limit === undefined || limit <= 0) return undefined
  const raise = settings.flag('$enforce_smtpd_message_size_limit_64kb_min')
  return raise ? Math.max(limit, MINIMUM_SIZE_LIMIT) : limit
}

/** An address as RFC 5321 §4.1.3 writes it in place of a name. */
function literal(address: string | undefined): string {
  if (address === undefined) return '[localhost]'
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}

/** `${name}` and `$name`; what is not known stays. */
function expand(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\$(?:\{([^}]*)\}|([a-z-]+))/gi, (whole, braced?: string, bare?: string) => {
    return values[(braced ?? bare ?? '').toLowerCase()] ?? whole
  })
}
