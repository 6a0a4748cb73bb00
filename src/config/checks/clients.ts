/**
 * checks/clients — TLS and AUTH towards clients that could never come about, and limits that never could.
 */
import type {Position} from '../problem.ts'
import {isLocalOnly} from '../socket-spec.ts'
import type {Scalar} from '../value.ts'
import {banksOf, type Examined, hashAt, type Remark, texts} from './examined.ts'
import {bankFlag, listeners} from './running.ts'

/** What the built-in bank, and each of the others, says of one setting of its own. */
function* places(
  config: Examined,
  name: string,
): Iterable<readonly [where: string, values: readonly string[], at: Position | undefined, bank: Bank]> {
  const sigil = name[0]!
  const key = name.slice(1)
  const values = sigil === '@' ? config.list(name).flatMap(texts) : texts(config.scalar(name))
  yield [name, values, config.at(name), new Map()]
  for (const [bank, entries] of banksOf(config)) {
    if (!entries.has(key)) continue
    yield [`policy bank "${bank}", ${key}`, texts(entries.get(key)), config.entryAt(entries, key), entries]
  }
}

type Bank = ReadonlyMap<string, Scalar>

/** A certificate where TLS is offered. */
export function* encryption(config: Examined): Iterable<Remark> {
  const options = config.hash('%smtpd_tls_server_options')
  const cert = [...texts(options.get('SSL_cert_file')), ...texts(config.scalar('$smtpd_tls_cert_file'))]
  if (cert.length > 0) return
  for (const [where, [level], at] of places(config, '$tls_security_level_in')) {
    if (level === undefined || level.toLowerCase() === 'none') continue
    const message = `${where}: TLS is offered, and there is no certificate`
    const help =
      'set $smtpd_tls_server_options{SSL_cert_file} and {SSL_key_file}; until then STARTTLS is answered 454'
    yield {level: 'warning', at, message, help}
  }
}

const CHECKED = ['PLAIN', 'LOGIN']

/** Users where AUTH is wanted, and mechanisms that there are. */
export function* authentication(config: Examined): Iterable<Remark> {
  const users = config.hash('%smtpd_auth_users').size
  for (const [where, mechanisms, at, bank] of places(config, '@auth_mech_avail')) {
    if (mechanisms.length === 0) continue
    for (const mechanism of mechanisms) {
      if (CHECKED.includes(mechanism.toUpperCase())) continue
      const message = `${where}: the mechanism ${mechanism} is not offered`
      yield {level: 'warning', at, message, help: `expected ${CHECKED.join(', ')}`}
    }
    const own = hashAt(bank.get('smtpd_auth_users'))?.entries.size ?? 0
    if (users > 0 || own > 0) continue
    const message = `${where}: nobody could authenticate, so AUTH is not offered`
    yield {level: 'warning', at, message, help: 'name users and their passwords in %smtpd_auth_users'}
  }
}

const LIMITS = ['connection_count', 'connection_rate', 'message_rate', 'recipient_rate'].map(
  kind => `$smtpd_client_${kind}_limit`,
)

/** Limits that are reached, by clients that are not exempt, and are counted. */
export function* clientLimits(config: Examined): Iterable<Remark> {
  const set = LIMITS.flatMap(name =>
    [...places(config, name)].flatMap(([where, [value], at]) =>
      Number(value) > 0 ? [{name, where, value: Number(value), at}] : [],
    ),
  )
  const [first] = set
  if (!first) return
  const most = Number(config.text('$max_servers'))
  for (const {name, where, value, at} of set) {
    if (name !== LIMITS[0] || !(value >= most)) continue
    const message = `${where} is never reached: there are ${most} children, and as many connections at once`
    yield {level: 'warning', at, message, help: 'set it below $max_servers'}
  }
  if (config.text('$smtpd_anvil_socket') === '' && config.isSet('$smtpd_anvil_socket')) {
    const message = `${first.where} has no effect: $smtpd_anvil_socket names nobody who counts`
    yield {level: 'warning', at: config.at('$smtpd_anvil_socket'), message}
  }
  const exceptions = '@smtpd_client_event_limit_exceptions'
  const own = [...banksOf(config)].some(([, entries]) => entries.has(exceptions.slice(1)))
  const exemptsLocal = config
    .list('@mynetworks')
    .flatMap(texts)
    .some(text => text.startsWith('127.'))
  if (own || config.isSet(exceptions) || !exemptsLocal) return
  const proxied = ['', ...[...banksOf(config)].map(([bank]) => bank)].some(bank =>
    bankFlag(config, bank, 'haproxy_target_enabled'),
  )
  if (proxied || !listeners(config).every(isLocalOnly)) return
  const message = `${first.where} holds for nobody: all sockets are for this machine, which ${exceptions} exempts`
  const help = `set ${exceptions}, which is all of @mynetworks`
  yield {level: 'warning', at: first.at, message, help}
}
