/**
 * method — where to deliver to: `smtp:[host]:port`, `smtp:host:port`, `smtp:/unix/path` (spec/daemon,
 * Methods). Pure.
 */

export interface Target {
  readonly protocol: 'smtp'
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

/** What a `*` stands for. */
export interface Asterisk {
  readonly address: string | undefined
  readonly receivingPort: number | undefined
}

/** @returns the target, or what is wrong with the method */
export function parseMethod(method: string, client: Asterisk): Target | {readonly problem: string} {
  const [, protocol = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(method) ?? []
  if (protocol.toLowerCase() !== 'smtp') return {problem: `delivery method "${method}" is not available`}
  if (rest.startsWith('/')) {
    const target = {protocol: 'smtp', host: undefined, port: undefined, path: rest} as const
    return {...target, label: `smtp:${rest}`, shown: 'smtp:[localhost]'}
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
  const label = `smtp:[${host}]:${port}`
  return {protocol: 'smtp', host, port, path: undefined, label, shown: label}
}
