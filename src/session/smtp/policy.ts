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
  /** `@message_size_limit_maps` may have other limits for single recipients */
  readonly limitsRecipients: boolean
  readonly recipientLimit: number
  readonly timeoutMs: number
  /** what silence is borne for instead while connections wait for a child */
  readonly busyTimeoutMs: number
  /** nothing may be done before STARTTLS */
  readonly locked: boolean
  /** nothing may be sent before AUTH */
  readonly authRequired: boolean
  readonly settings: Settings
}

const MINIMUM_SIZE_LIMIT = 65_536
const XFORWARD = 'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE'

/** Settings never change, so what was made of them is kept as long as they live; by the socket's address. */
const prepared = new WeakMap<Settings, PolicyCache>()

interface PolicyCache {
  readonly plain: Map<string | undefined, SessionPolicy>
  readonly encrypted: Map<string | undefined, SessionPolicy>
}

/** @param encrypted after STARTTLS; other things are announced then */
export function sessionPolicy(
  settings: Settings,
  listener: Listener,
  product: Product,
  encrypted = false,
): SessionPolicy {
  let cache = prepared.get(settings)
  if (!cache) prepared.set(settings, (cache = {plain: new Map(), encrypted: new Map()}))
  const known = encrypted ? cache.encrypted : cache.plain
  let policy = known.get(listener.address)
  if (!policy) {
    policy = makePolicy(settings, listener, product, encrypted)
    known.set(listener.address, policy)
  }
  return policy
}

function makePolicy(
  settings: Settings,
  listener: Listener,
  product: Product,
  encrypted: boolean,
): SessionPolicy {
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
        protocol: settings.string('$protocol')?.toUpperCase() === 'LMTP' ? 'LMTP' : 'ESMTP',
      }),
      false,
    )
  const lines = announce(settings, sizeLimit, encrypted)
  const tlsLevel = settings.string('$tls_security_level_in')
  return {
    heloName,
    greeting: `220 ${banner('$smtpd_greeting_banner')}\r\n`,
    ehlo: formatLines(250, [heloName, ...lines]),
    helo: `250 ${heloName}\r\n`,
    quit: `221 2.0.0 ${banner('$smtpd_quit_banner')}\r\n`,
    keywords: new Set(lines.map(keyword)),
    sizeLimit,
    limitsRecipients: settings.list('@message_size_limit_maps').length > 0,
    recipientLimit: Math.max(1, settings.number('$smtpd_recipient_limit') ?? 1100),
    timeoutMs: 1000 * Math.max(1, settings.number('$smtpd_timeout') ?? 480),
    busyTimeoutMs: 1000 * Math.max(1, settings.number('$smtpd_busy_timeout') ?? 10),
    locked: isSet(tlsLevel) && tlsLevel?.toLowerCase() !== 'may' && !encrypted,
    authRequired: settings.flag('$auth_required_inp'),
    settings,
  }
}

/** What is announced, in the original's order (spec/daemon, Session). */
function announce(settings: Settings, sizeLimit: number | undefined, encrypted: boolean): string[] {
  const discarded = new Set(
    settings.list('@smtpd_discard_ehlo_keywords').map(word => String(word).toUpperCase()),
  )
  if (discarded.has('8BITMIME')) discarded.add('SMTPUTF8')
  const size = sizeLimit === undefined ? 'SIZE' : `SIZE ${sizeLimit}`
  const offersTls = isSet(settings.string('$tls_security_level_in'))
  const mechanisms = authMechanisms(settings)
  const lines = [
    'VRFY',
    'PIPELINING',
    size,
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    'SMTPUTF8',
    'DSN',
    ...(offersTls && !encrypted ? ['STARTTLS'] : []),
    // a password is not asked for in the clear where it could be had encrypted
    ...(mechanisms.length > 0 && (encrypted || !offersTls) ? [`AUTH ${mechanisms.join(' ')}`] : []),
    XFORWARD,
    'CHUNKING',
  ]
  return lines.filter(line => !discarded.has(keyword(line)))
}

/** Mechanisms that are wanted and can be checked: none without users. */
export function authMechanisms(settings: Settings): readonly string[] {
  const wanted = settings.list('@auth_mech_avail')
  if (wanted.length === 0 || settings.hash('%smtpd_auth_users').size === 0) return []
  return wanted.map(word => String(word).toUpperCase()).filter(word => word === 'PLAIN' || word === 'LOGIN')
}

function isSet(level: string | undefined): boolean {
  return level !== undefined && level !== '' && level.toLowerCase() !== 'none'
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
