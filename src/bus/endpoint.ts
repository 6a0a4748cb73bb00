/**
 * endpoint — what can be told from a socket's address alone. Pure.
 */

/** An address to bind as one to connect to: any host is this one. */
export function connectable(address: string): string {
  return address
    .replace(/^tcp:\/\/(?:\*|0\.0\.0\.0):/, 'tcp://127.0.0.1:')
    .replace('tcp://[::]:', 'tcp://[::1]:')
}

/** Whether the address is an IPv6 literal, for which ZeroMQ must be told to leave IPv4 (spec/monitoring §1.1). */
export function isIpv6(endpoint: string): boolean {
  return /^tcp:\/\/[^?]*:[0-9a-f]*:/i.test(endpoint)
}

/** The path of an `ipc://` address; undefined for other transports and for abstract names (`ipc://@name`). */
export function ipcPath(endpoint: string): string | undefined {
  return endpoint.startsWith('ipc:///') ? endpoint.slice('ipc://'.length) : undefined
}

/** Host and port of a `tcp://` address to bind; `*` is any host. */
export function tcpAddress(endpoint: string): {readonly host: string; readonly port: number} | undefined {
  const match = /^tcp:\/\/(?:\[([0-9a-f:.%]+)\]|([^:/[\]]+)):(\d{1,5})$/i.exec(endpoint)
  const port = Number(match?.[3])
  if (!match || port > 65_535) return undefined
  const host = match[1] ?? match[2] ?? ''
  return {host: host === '*' ? '0.0.0.0' : host, port}
}
