/**
 * socket-spec — the sockets that a configuration asks us to listen on.
 *
 * Pure. Forms of spec/daemon, "Start-up order" 8: `unix:/path`, `/path`, `inet:`, `inet6:`, `host:port`,
 * `[::1]:port`, and a bare port, which is combined with every address of `$inet_socket_bind`.
 */
import type {Settings} from './settings.ts'
import type {Scalar} from './value.ts'

export type SocketSpec =
  | {readonly kind: 'unix'; readonly path: string}
  /** host: an address; '::' and '0.0.0.0' are all of a family, '' is all addresses of all families */
  | {readonly kind: 'inet'; readonly host: string; readonly port: number}

/** Two specs with the same key are the same socket; also how logs and `status` name it. */
export function socketKey(spec: SocketSpec): string {
  if (spec.kind === 'unix') return spec.path
  const host = spec.host === '' ? '*' : spec.host.includes(':') ? `[${spec.host}]` : spec.host
  return `${host}:${spec.port}`
}

/** Whether only this machine can reach the socket. */
export function isLocalOnly(spec: SocketSpec): boolean {
  return spec.kind === 'unix' || spec.host === '::1' || /^127\./.test(spec.host) || spec.host === 'localhost'
}

export type SocketList =
  | {readonly kind: 'ok'; readonly sockets: readonly SocketSpec[]}
  | {readonly kind: 'failed'; readonly problem: string}

/** All sockets of a configuration, each once, in the order of the settings. */
export function socketSpecs(settings: Settings): SocketList {
  const bind = texts(settings.scalar('$inet_socket_bind'))
  const wanted = [
    ...settings.list('@listen_sockets').flatMap(texts),
    ...texts(settings.scalar('$unix_socketname')),
    ...texts(settings.scalar('$inet_socket_port')),
  ].filter(text => text !== '')
  const found = new Map<string, SocketSpec>()
  for (const text of wanted) {
    const specs = parseSocket(text, bind.length > 0 ? bind : [''])
    if (typeof specs === 'string') return {kind: 'failed', problem: specs}
    for (const spec of specs) found.set(socketKey(spec), spec)
  }
  return {kind: 'ok', sockets: [...found.values()]}
}

/**
 * One text, as one socket for each address it stands for.
 * @returns the sockets, or what is wrong with the text
 */
export function parseSocket(text: string, bind: readonly string[]): readonly SocketSpec[] | string {
  const unix = /^(?:unix:)?(\/.+)$/i.exec(text)
  if (unix?.[1]) return [{kind: 'unix', path: unix[1]}]
  const inet = /^(?:inet6?:)?(?:(\[[^\]]*\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text)
  const port = Number(inet?.[2])
  if (!inet || port < 1 || port > 65_535) {
    return `cannot listen on "${text}": expected a port, host:port, [address]:port or the path of a Unix socket`
  }
  const hosts = inet[1] === undefined ? bind : [inet[1]]
  return hosts.map(host => ({kind: 'inet', host: plainHost(host), port}))
}

/** The one socket of a milter, in Sendmail's spelling or ours; or what is wrong with the text. */
export function milterSocket(port: string): SocketSpec | string {
  const [, number, host = ''] = /^inet6?:(\d+)@(.+)$/i.exec(port) ?? []
  const address = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const plain = number === undefined ? port.replace(/^local:/i, 'unix:') : `${address}:${number}`
  const specs = parseSocket(plain, ['127.0.0.1'])
  return typeof specs === 'string' ? specs : specs[0]!
}

/** `*` is every address, brackets are only for the eye. */
function plainHost(host: string): string {
  return host === '*' ? '' : host.replace(/^\[(.*)\]$/, '$1')
}

/** A scalar or a list of them, as texts; undef is none. */
function texts(value: Scalar): readonly string[] {
  if (value === undefined) return []
  if (typeof value === 'string' || typeof value === 'number') return [String(value)]
  if (value.kind === 'ref' && value.to.kind === 'array') return value.to.items.flatMap(texts)
  if (value.kind === 'ref' && value.to.kind === 'scalar') return texts(value.to.value)
  return []
}
