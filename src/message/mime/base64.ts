/**
 * base64 — the transfer encoding back into octets (RFC 2045 §6.8), and how else it can be read.
 *
 * Everything that is not of the alphabet is left out, padding within included, as most clients do. Others stop
 * there, or begin a new group after padding, or know the alphabet of URLs: what they see are readings.
 */

const CR = 13
const LF = 10
const EQUALS = 61
const DASH = 45
const UNDERSCORE = 95

/** 1: a digit; 0: white space; the rest is what clients disagree on. */
const KIND = new Uint8Array(256).fill(2)
for (const c of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')) KIND[c] = 1
for (const c of [CR, LF, 32, 9, 11, 12, 0]) KIND[c] = 0

/** How many octets are decoded at once. */
const CHUNK = 256 * 1024

export interface Decoded {
  readonly content: Buffer
  /** there is something in it that clients read differently */
  readonly isDoubtful: boolean
}

/** What the octets of a part in base64 are. Never fails. */
export function decodeBase64(octets: Buffer): Buffer {
  return readBase64(octets).content
}

/** The same, and whether there is more than one way to see it. */
export function readBase64(octets: Buffer): Decoded {
  const out = Buffer.allocUnsafe(Math.ceil((octets.length * 3) / 4))
  const {from, written} = decodeRegular(octets, out)
  return decodeRest(octets, from, out, written)
}

/**
 * The lines at the beginning that are as senders make them: all of the same length, whole groups, CRLF. They are
 * decoded where they stand.
 */
function decodeRegular(octets: Buffer, out: Buffer): {from: number; written: number} {
  const length = octets.indexOf(CR)
  const step = length + 2
  let from = 0
  let written = 0
  if (length <= 0 || length % 4 !== 0 || step > CHUNK) return {from, written}
  const linesAtOnce = Math.floor(CHUNK / step)
  const digits = (length / 4) * 3
  for (;;) {
    let end = from
    let lines = 0
    while (lines < linesAtOnce && octets[end + length] === CR && octets[end + length + 1] === LF) {
      end += step
      lines++
    }
    if (lines === 0) return {from, written}
    const text = octets.toString('latin1', from, end)
    // The decoder takes the digits of URLs for digits; mail has others.
    if (text.includes('-') || text.includes('_')) return {from, written}
    if (out.write(text, written, 'base64') !== lines * digits) return {from, written}
    written += lines * digits
    from = end
  }
}

/** From `from` on octet by octet, each looked at. */
function decodeRest(octets: Buffer, from: number, out: Buffer, start: number): Decoded {
  const digits = Buffer.allocUnsafe(Math.min(CHUNK, octets.length - from))
  let written = start
  let held = 0
  let isPadded = false
  let isDoubtful = false
  const decode = () => {
    written += out.write(digits.toString('latin1', 0, held), written, 'base64')
    held = 0
  }
  for (let i = from; i < octets.length; i++) {
    const c = octets[i]!
    const kind = KIND[c]
    if (kind === 1) {
      digits[held++] = c
      isDoubtful ||= isPadded
      if (held === CHUNK) decode()
    } else if (kind === 2) {
      if (c === EQUALS) isPadded = true
      else isDoubtful = true
    }
  }
  decode()
  return {content: out.subarray(0, written), isDoubtful}
}

/** One more way to read a doubtful part. */
export interface Base64Reading {
  readonly label: string
  readonly content: Buffer
}

/** The other ways in which clients read octets of which `readBase64` says that they are doubtful. */
export function base64Readings(octets: Buffer): Base64Reading[] {
  const readings: Base64Reading[] = []
  const add = (label: string, content: Buffer) => readings.push({label: `base64: ${label}`, content})
  const padding = octets.indexOf(EQUALS)
  if (padding >= 0) {
    add('ends at the padding', decodeBase64(octets.subarray(0, padding)))
    add('goes on after the padding', Buffer.concat(groupsOf(octets).map(decodeBase64)))
  }
  const foreign = octets.findIndex(c => KIND[c] === 2 && c !== EQUALS)
  if (foreign >= 0) add('ends at a foreign octet', decodeBase64(octets.subarray(0, foreign)))
  if (octets.includes(DASH) || octets.includes(UNDERSCORE)) {
    const mapped = Buffer.from(octets)
    for (let i = 0; i < mapped.length; i++) {
      if (mapped[i] === DASH) mapped[i] = 43
      else if (mapped[i] === UNDERSCORE) mapped[i] = 47
    }
    add('the alphabet of URLs', decodeBase64(mapped))
  }
  return readings
}

/** Padding after each group would otherwise make millions of pieces. */
const MAX_GROUPS = 10_000

/** What stands between padding and padding. */
function groupsOf(octets: Buffer): Buffer[] {
  const groups: Buffer[] = []
  let start = 0
  while (start < octets.length && groups.length < MAX_GROUPS) {
    const padding = octets.indexOf(EQUALS, start)
    const end = padding < 0 ? octets.length : padding
    groups.push(octets.subarray(start, end))
    start = end
    while (octets[start] === EQUALS) start++
  }
  return groups
}
