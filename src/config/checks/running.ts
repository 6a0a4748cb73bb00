/**
 * checks/running — what a daemon needs to run at all.
 */

import {nearestName} from '../nearest.ts'
import {isTrue} from '../number.ts'
import {parseSocket, type SocketSpec, socketKey} from '../socket-spec.ts'
import {banksOf, type Examined, hashAt, type Remark, texts} from './examined.ts'

const LISTENING = ['@listen_sockets', '$unix_socketname', '$inet_socket_port', '$inet_socket_bind']

export function* mailIdSize(config: Examined): Iterable<Remark> {
  const name = '$mail_id_size_bits'
  const bits = Number(config.text(name))
  if (bits > 0 && bits % 24 === 0) return
  yield {
    level: 'error',
    at: config.at(name),
    message: `${name}: expected a multiple of 24, found "${config.text(name)}"`,
  }
}

export function* chroot(config: Examined): Iterable<Remark> {
  const name = '$daemon_chroot_dir'
  const folder = config.text(name)
  if (folder === '' || folder === '/') return
  yield {
    level: 'error',
    at: config.at(name),
    message: `${name} (option -R): the program cannot change its root directory to ${folder}`,
    help: `leave it unset and confine the service: RootDirectory=${folder} in its systemd unit, or a container`,
  }
}

/** Protocols that the original once spoke, and what took their place. */
const GONE: ReadonlyMap<string, string> = new Map([
  ['AM.CL', "'AM.PDP', or amavis milter"],
  ['COURIER', "'SMTP'; let Courier hand mail over by SMTP"],
  ['QMQPQQ', "'SMTP'; let qmail hand mail over by SMTP"],
])
const SPOKEN = ['SMTP', 'LMTP', 'AM.PDP', 'MILTER', 'TCP-LOOKUP']

export function* protocols(config: Examined): Iterable<Remark> {
  const places = [['$protocol', config.text('$protocol'), config.at('$protocol')] as const]
  const inBanks = [...banksOf(config)].map(
    ([bank, entries]) =>
      [
        `policy bank "${bank}", protocol`,
        texts(entries.get('protocol'))[0] ?? '',
        config.entryAt(entries, 'protocol'),
      ] as const,
  )
  for (const [where, protocol, at] of [...places, ...inBanks]) {
    if (protocol === '' || SPOKEN.includes(protocol.toUpperCase())) continue
    const successor = GONE.get(protocol.toUpperCase())
    const near = nearestName(protocol, SPOKEN)
    const help = successor
      ? `its successor is ${successor}`
      : near
        ? `did you mean '${near}'?`
        : `expected ${SPOKEN.join(', ')}`
    const what = successor ? 'is not spoken any more' : 'is not known'
    yield {level: 'error', at, message: `${where}: the protocol ${protocol} ${what}`, help}
  }
}

/** The sockets of a configuration, with the setting that each one comes from. */
function* wantedSockets(config: Examined): Iterable<readonly [string, string]> {
  for (const item of config.list('@listen_sockets'))
    for (const text of texts(item)) yield ['@listen_sockets', text]
}

/** All sockets that can be listened on. */
export function listeners(config: Examined): readonly SocketSpec[] {
  const bind = texts(config.scalar('$inet_socket_bind'))
  const found = new Map<string, SocketSpec>()
  for (const [, text] of wantedSockets(config)) {
    const specs = parseSocket(text, bind.length > 0 ? bind : [''])
    if (typeof specs !== 'string') for (const spec of specs) found.set(socketKey(spec), spec)
  }
  return [...found.values()]
}

/** Something to listen on, each socket once, and banks for sockets that exist. */
export function* sockets(config: Examined): Iterable<Remark> {
  if (config.isLost(...LISTENING)) return
  const bind = texts(config.scalar('$inet_socket_bind'))
  const seen = new Set<string>()
  for (const [, text] of wantedSockets(config)) {
    const at = LISTENING.map(name => (mentions(config, name, text) ? config.at(name) : undefined)).find(
      found => found,
    )
    const specs = parseSocket(text, bind.length > 0 ? bind : [''])
    if (typeof specs === 'string') {
      yield {level: 'error', at, message: specs}
      continue
    }
    for (const key of specs.map(socketKey)) {
      if (seen.has(key)) yield {level: 'hint', at, message: `${key} is listened on twice`}
      seen.add(key)
    }
  }
  if (config.list('@listen_sockets').length === 0) {
    const message = 'no socket to listen on'
    yield {
      level: 'error',
      at: undefined,
      message,
      help: 'set $inet_socket_port, $unix_socketname or @listen_sockets',
    }
    return
  }
  yield* interfaces(config, listeners(config))
}

/** Whether a socket's text, which may have got its address from `$inet_socket_bind`, stands in a setting. */
function mentions(config: Examined, name: string, text: string): boolean {
  if (name === '$inet_socket_bind') return false
  const box = config.box(name)
  const values =
    box?.kind === 'array' ? box.items.flatMap(texts) : box?.kind === 'scalar' ? texts(box.value) : []
  return config.isSet(name) && values.some(value => text === value || text.endsWith(`:${value}`))
}

/** `%interface_policy` names sockets: `SOCK`, a path, a port, `address:port`. */
function* interfaces(config: Examined, specs: readonly SocketSpec[]): Iterable<Remark> {
  const known = new Set(
    specs.flatMap(spec => (spec.kind === 'unix' ? ['SOCK', spec.path] : [`${spec.port}`])),
  )
  for (const key of config.hash('%interface_policy').keys()) {
    const port = /(?:^|:)(\d+)$/.exec(key)?.[1] ?? key
    if (known.has(port)) continue
    const message = `$interface_policy{'${key}'} has no effect: nothing listens there`
    yield {level: 'hint', at: config.entryAt(config.hash('%interface_policy'), key), message}
  }
}

/** 660 is not 0660. */
export function* socketPermissions(config: Examined): Iterable<Remark> {
  const name = '$unix_socket_mode'
  const mode = config.text(name)
  if (!/^[67][0-7][0-7]$/.test(mode)) return
  const octal = Number(mode).toString(8)
  const message = `${name}: ${mode} is a decimal number, the permissions would be 0${octal}`
  yield {level: 'warning', at: config.at(name), message, help: `write 0${mode}`}
}

export function* children(config: Examined): Iterable<Remark> {
  const name = '$max_servers'
  const count = Number(config.text(name))
  if (count >= 1 || Number.isNaN(count)) return
  yield {
    level: 'error',
    at: config.at(name),
    message: `${name}: expected a number from 1 up, found "${config.text(name)}"`,
  }
}

export function* user(config: Examined): Iterable<Remark> {
  const name = config.text('$daemon_user')
  if ((name !== '' && name !== 'root' && name !== '0') || config.isLost('$daemon_user')) return
  const message = name === '' ? '$daemon_user is not set' : `$daemon_user is ${name}`
  const help = 'started as root the daemon refuses to run, unless -u names a user'
  yield {level: 'hint', at: config.at('$daemon_user'), message, help}
}

export function* domainName(config: Examined): Iterable<Remark> {
  const name = '$mydomain'
  if (config.isLost(name)) return
  if (config.text(name) === '') {
    const help = 'set it to your mail domain, or write that to /etc/mailname where Debian looks'
    yield {level: 'warning', at: config.at(name), message: `${name} is empty`, help}
  }
  if (!config.text(name).startsWith('!change')) return
  const message = `${name} is not set, it is "${config.text(name)}"`
  yield {
    level: 'hint',
    at: config.at(name),
    message,
    help: 'set it to your mail domain: other settings are made of it',
  }
}

/** Whether a bank's entry, or the setting itself where the bank has none, is true. */
export function bankFlag(config: Examined, bank: string, key: string): boolean {
  const entries = hashAt(config.hash('%policy_bank').get(bank))?.entries
  return isTrue(bank !== '' && entries?.has(key) ? entries.get(key) : config.scalar(`$${key}`))
}
