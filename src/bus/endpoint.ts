/**
 * endpoint — what can be told from a socket's address alone. Pure.
 */

/** Whether the address is an IPv6 literal, for which ZeroMQ must be told to leave IPv4 (spec/monitoring §1.1). */
export function isIpv6(endpoint: string): boolean {
  return /^tcp:\/\/.*:[0-9a-f]*:/i.test(endpoint)
}

/** The path of an `ipc://` address; undefined for other transports and for abstract names (`ipc://@name`). */
export function ipcPath(endpoint: string): string | undefined {
  return endpoint.startsWith('ipc:///') ? endpoint.slice('ipc://'.length) : undefined
}
