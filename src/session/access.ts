/**
 * access — who may talk to us, and in which protocol, by the socket that was used (spec/daemon, Access control
 * and protocol selection; spec/config, Order during a session).
 *
 * Pure. In doubt the connection is refused: it is closed without a word, and the log says why.
 */
import type {BankReport, Settings} from '../config/settings.ts'
import {errorText} from '../errors.ts'
import {lookupIp} from '../lookup/ip.ts'
import type {Listener} from '../message/envelope.ts'

export interface Connection {
  /** of the socket; undefined on a Unix socket, or when the client has gone */
  readonly remoteAddress: string | undefined
  readonly listener: Listener
}

export type Admission =
  | {readonly kind: 'refused'; readonly log: string}
  /** the settings with the socket's banks, and $protocol */
  | {readonly kind: 'admitted'; readonly settings: Settings; readonly protocol: string}

/** @param report takes what is wrong with a bank that the socket names */
export function admit(
  {remoteAddress, listener}: Connection,
  settings: Settings,
  report: BankReport = () => {},
): Admission {
  const effective = settings.withBanks(interfaceBanks(listener, settings), report)
  if (listener.path === undefined) {
    const address = remoteAddress && plainAddress(remoteAddress)
    const allowed = address !== undefined && isAllowed(address, effective, report)
    if (!allowed) {
      const bank = effective.bankPath
      return {kind: 'refused', log: `DENIED ACCESS from IP ${address ?? '(gone)'}, policy bank '${bank}'`}
    }
  }
  const protocol = effective.string('$protocol') || undefined
  if (protocol === undefined && listener.path !== undefined) {
    return {kind: 'refused', log: `no protocol is set for the socket ${listener.path}`}
  }
  return {kind: 'admitted', settings: effective, protocol: protocol?.toUpperCase() ?? 'SMTP'}
}

/** Bank names of %interface_policy for a socket, in load order. */
function interfaceBanks({address, port, path}: Listener, settings: Settings): string[] {
  const table = settings.hash('%interface_policy')
  if (table.size === 0) return []
  const literal = address?.includes(':') ? `[${address.toLowerCase()}]` : address
  const keys = path === undefined ? [String(port), `${literal}:${port}`] : ['SOCK', path]
  return keys.flatMap(key => {
    const names = table.get(key)
    return typeof names === 'string'
      ? names
          .split(',')
          .map(name => name.trim())
          .filter(Boolean)
      : []
  })
}

function isAllowed(address: string, settings: Settings, report: BankReport): boolean {
  try {
    return lookupIp(settings.list('@inet_acl'), address)?.value === 1
  } catch (error) {
    report(`@inet_acl: ${errorText(error)}`, -1)
    return false
  }
}

/** An IPv4 address as itself where a socket for both families gives it as IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
