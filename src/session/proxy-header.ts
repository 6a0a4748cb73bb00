/**
 * proxy-header — what a load balancer says of its client before the client's first octet: PROXY protocol,
 * versions 1 and 2 (haproxy, doc/proxy-protocol.txt). Pure.
 *
 * Strict: whatever is no header, or a header that contradicts itself, is bad, and the connection is to be
 * closed without a word (§5 there).
 */
import {isIPv4, isIPv6} from 'node:net'

export type ProxyHeader =
  /** as far as it goes it may be one */
  | {readonly kind: 'partial'}
  | {readonly kind: 'bad'; readonly problem: string}
  /** `client` is undefined where the proxy speaks for itself or does not say */
  | {readonly kind: 'header'; readonly client: ProxiedClient | undefined; readonly octets: number}

export interface ProxiedClient {
  readonly address: string
  readonly port: number
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const VERSION_1 = Buffer.from('PROXY ', 'latin1')
/** with CRLF */
const LINE_LIMIT_OCTETS = 107
/** addresses and TLVs that are borne after the fixed part */
const VERSION_2_LIMIT_OCTETS = 4096

/** ::ffff:0:0/96 */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')

const PARTIAL: ProxyHeader = {kind: 'partial'}
const bad = (problem: string): ProxyHeader => ({kind: 'bad', problem})

/** @param octets all that came so far */
export function readProxyHeader(octets: Buffer): ProxyHeader {
  if (begins(octets, SIGNATURE)) return octets.length < 16 ? PARTIAL : versionTwo(octets)
  if (begins(octets, VERSION_1)) return octets.length < VERSION_1.length ? PARTIAL : versionOne(octets)
  return bad('no PROXY header')
}

/** One is the beginning of the other. */
function begins(octets: Buffer, expected: Buffer): boolean {
  const length = Math.min(octets.length, expected.length)
  return octets.subarray(0, length).equals(expected.subarray(0, length))
}

function versionOne(octets: Buffer): ProxyHeader {
  const end = octets.subarray(0, LINE_LIMIT_OCTETS).indexOf('\r\n')
  if (end < 0) return octets.length < LINE_LIMIT_OCTETS ? PARTIAL : bad('PROXY line without an end')
  const words = octets.toString('latin1', 0, end).split(' ')
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = words
  if (family === 'UNKNOWN') return {kind: 'header', client: undefined, octets: end + 2}
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false
  const isGood =
    words.length === 6 &&
    isAddress(source) &&
    isAddress(destination) &&
    isPort(sourcePort) &&
    isPort(destinationPort)
  if (!isGood) return bad('malformed PROXY line')
  return {kind: 'header', client: {address: source, port: Number(sourcePort)}, octets: end + 2}
}

/** No sign, no leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function versionTwo(octets: Buffer): ProxyHeader {
  const version = octets[12]! >> 4
  const command = octets[12]! & 15
  const family = octets[13]!
  const length = octets.readUInt16BE(14)
  if (version !== 2) return bad(`PROXY version ${version}`)
  if (command > 1) return bad(`PROXY command ${command}`)
  if (length > VERSION_2_LIMIT_OCTETS) return bad('PROXY header too long')
  const total = 16 + length
  if (octets.length < total) return PARTIAL
  if (command === 0) return {kind: 'header', client: undefined, octets: total}
  if (family === 0x11) {
    if (length < 12) return bad('PROXY header too short')
    const client = {address: [...octets.subarray(16, 20)].join('.'), port: octets.readUInt16BE(24)}
    return {kind: 'header', client, octets: total}
  }
  if (family === 0x21) {
    if (length < 36) return bad('PROXY header too short')
    const client = {address: ipv6(octets.subarray(16, 32)), port: octets.readUInt16BE(48)}
    return {kind: 'header', client, octets: total}
  }
  // datagrams, Unix sockets, and families to come: nothing that could be checked
  return family === 0 ? {kind: 'header', client: undefined, octets: total} : bad(`PROXY family ${family}`)
}

function ipv6(octets: Buffer): string {
  // a server for both families has IPv4 clients so
  if (octets.subarray(0, 12).equals(MAPPED)) return [...octets.subarray(12)].join('.')
  const groups = Array.from({length: 8}, (_, i) => octets.readUInt16BE(2 * i).toString(16))
  // the URL parser writes an address as RFC 5952 wants it
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
