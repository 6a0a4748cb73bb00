/**
 * method — where to deliver to over SMTP or LMTP: `smtp:[host]:port`, `lmtp:host:port`, `smtp:/unix/path` (spec/daemon,
 * Methods). Pure.
 */
import type {Remote} from './delivery.ts'

export interface Target {
  readonly protocol: 'smtp' | 'lmtp'
  /** of a TCP target */
  readonly host: string | undefined
  readonly port: number | undefined
  /** of a Unix socket */
  readonly path: string | undefined
  /** `smtp:[127.0.0.1]:10025`, for logs; also what the connection is kept under */
  readonly label: string
  /** the same for replies: it names no path */
  readonly shown: string
}

/** Who gave an answer. */
export function remoteOf({host, port, path}: Target, {text}: {readonly text: string}): Remote {
  const place = host === undefined ? (path ?? 'localhost') : `[${host}]:${port}`
  return {name: host ?? 'localhost', place, text}
}

/** What a `*` stands for. */
export interface Asterisk {
  readonly address: string | undefined
  readonly receivingPort: number | undefined
}

/** @returns the target, or what is wrong with the method */
export function parseMethod(method: string, client: Asterisk): Target | {readonly problem: string} {
  const [, word = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(method) ?? []
  const protocol = word.toLowerCase()
  if (protocol !== 'smtp' && protocol !== 'lmtp') {
    return {problem: `delivery method "${method}" is not available`}
  }
  if (rest.startsWith('/')) {
    const target = {protocol, host: undefined, port: undefined, path: rest} as const
    return {...target, label: `${protocol}:${rest}`, shown: `${protocol}:[localhost]`}
  }
  const [, bracketed, bare, portText = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\*|\d+)$/.exec(rest) ?? []
  const given = (bracketed ?? bare ?? '').replace(/^IPv6:/i, '')
  const host = given === '*' ? client.address : given
  const port = portText === '*' ? (client.receivingPort ?? -1) + 1 : Number(portText)
  if (given === '*' && host === undefined) return {problem: `"${method}": the client has no address`}
  if (portText === '*' && client.receivingPort === undefined) {
    return {problem: `"${method}": the client came to no port`}
  }
  if (!host || !(port > 0 && port < 65_536)) return {problem: `"${method}" is no host and port`}
  const label = `${protocol}:[${host}]:${port}`
  return {protocol, host, port, path: undefined, label, shown: label}
}
