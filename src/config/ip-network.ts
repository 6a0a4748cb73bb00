/**
 * ip-network — addresses and networks as configurations write them.
 *
 * IPv4 is kept as IPv6's mapped form, `::ffff:a.b.c.d`, so one comparison serves both and a mapped
 * address is the same as the plain one. Source: spec/config, IP address lookup.
 */

/** 128 bits as four unsigned 32-bit numbers, most significant first. */
export type Address = readonly [number, number, number, number]

export interface Network {
  readonly address: Address
  /** leading bits that count, 0 to 128 */
  readonly bits: number
  /** true for `!network`; an even number of `!` is no negation */
  readonly negated: boolean
}

/** Third word of `::ffff:a.b.c.d`; the first two are 0. */
export const MAPPED = 0xffff

/**
 * An address: dotted IPv4, or IPv6 in any notation of RFC 4291, with or without brackets, `IPv6:` in
 * front, or a zone. Undefined when it is none.
 */
export function parseAddress(text: string): Address | undefined {
  return plainGroups(text) ?? parseDecorated(text)
}

function parseDecorated(text: string): Address | undefined {
  const bare = text
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^ipv6:/i, '')
    .replace(/%.*$/, '')
  if (!bare.includes(':')) {
    const value = parseDotted(bare, 4)
    return value === undefined ? undefined : [0, 0, MAPPED, value]
  }
  return parseGroups(bare)
}

/**
 * Dotted decimal, in the usual form, as 32 bits; -1 for anything else, for which parseAddress may know better.
 * Makes no object and no text of the address: this is asked for each connection and each mail.
 */
export function dottedNumber(text: string): number {
  let value = 0
  let part = -1
  let digits = 0
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (part < 0 || dots === 3) return -1
      value = value * 256 + part
      part = -1
      digits = 0
      dots++
    } else if (code >= ZERO && code <= ZERO + 9) {
      part = part < 0 ? code - ZERO : part * 10 + code - ZERO
      if (part > 255 || ++digits > 3) return -1
    } else return -1
  }
  return part < 0 || dots !== 3 ? -1 : value * 256 + part
}

const DOT = 46
const ZERO = 48

/** Dotted decimal of `least` to four parts as 32 bits; missing parts are 0. */
function parseDotted(text: string, least: number): number | undefined {
  const parts = text.split('.')
  if (parts.length < least || parts.length > 4) return undefined
  let value = 0
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? '0'
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

/** Plain hexadecimal groups, with or without `::`, read without making texts of them; undefined for anything else. */
function plainGroups(text: string): Address | undefined {
  const missing = 8 - groupCount(text)
  const end = text.length
  let [a, b, c, d] = [0, 0, 0, 0]
  let gap = text.startsWith('::')
  let group = gap ? missing : 0
  let i = gap ? 2 : 0
  while (i < end) {
    const begin = i
    let value = 0
    for (; i < end; i++) {
      const code = text.charCodeAt(i)
      if (code === COLON) break
      const digit = hexDigit(code)
      if (digit < 0 || i - begin === 4) return undefined
      value = value * 16 + digit
    }
    if (i === begin || group > 7) return undefined
    const worth = group % 2 === 0 ? value * 0x10000 : value
    if (group < 2) a += worth
    else if (group < 4) b += worth
    else if (group < 6) c += worth
    else d += worth
    group++
    if (i === end) break
    i++
    if (i === end) return undefined
    if (text.charCodeAt(i) !== COLON) continue
    if (gap) return undefined
    gap = true
    group += missing
    i++
  }
  return group === 8 && (!gap || missing > 0) ? [a, b, c, d] : undefined
}

function groupCount(text: string): number {
  let count = 0
  let before = COLON
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (before === COLON && code !== COLON) count++
    before = code
  }
  return count
}

const COLON = 58

/** 0 to 15, -1 for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO
  const lower = code | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

function parseGroups(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0]!)
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({length: missing}, () => 0), ...tail]
  const word = (i: number) => groups[i]! * 0x10000 + groups[i + 1]!
  return [word(0), word(2), word(4), word(6)]
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes('.')) {
      const value = parseDotted(part, 4)
      if (value === undefined) return undefined
      groups.push(Math.floor(value / 0x10000), value % 0x10000)
    } else {
      if (!/^[0-9A-Fa-f]{1,4}$/.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

/** An entry of an address list: `192.0.2.7`, `10/8`, `192.0.2.0/255.255.255.0`, `![2001:db8::]/32`. */
export function parseNetwork(entry: string): Network | undefined {
  const [, marks = '', body = ''] = /^\s*((?:!\s*)*)(.*?)\s*$/.exec(entry) ?? []
  const negated = marks.replace(/\s/g, '').length % 2 === 1
  const slash = body.lastIndexOf('/')
  if (slash < 0) {
    const address = parseAddress(body)
    return address && {address, bits: 128, negated}
  }
  const inner = body.slice(0, slash).replace(/^\[/, '').replace(/\]$/, '')
  const mask = body.slice(slash + 1).replace(/\]$/, '')
  if (inner.includes(':')) {
    const address = parseAddress(inner)
    return address && /^\d{1,3}$/.test(mask) && Number(mask) <= 128
      ? {address, bits: Number(mask), negated}
      : undefined
  }
  const value = parseDotted(inner, 1)
  const bits = maskBits(mask)
  return value === undefined || bits === undefined
    ? undefined
    : {address: [0, 0, MAPPED, value], bits: 96 + bits, negated}
}

/** `24` or `255.255.255.0`; undefined when out of range or not contiguous. */
function maskBits(mask: string): number | undefined {
  if (/^\d{1,2}$/.test(mask)) return Number(mask) <= 32 ? Number(mask) : undefined
  const value = parseDotted(mask, 4)
  if (value === undefined) return undefined
  const ones = 32 - Math.log2(2 ** 32 - value)
  return Number.isInteger(ones) ? ones : undefined
}

/** The dotted form of a mapped address; undefined for any other. */
export function dottedForm([a, b, c, d]: Address): string | undefined {
  if (a !== 0 || b !== 0 || c !== MAPPED) return undefined
  return [d >>> 24, (d >>> 16) & 255, (d >>> 8) & 255, d & 255].join('.')
}

/** Eight groups of four lower-case digits. */
export function fullForm(address: Address): string {
  const groups = address.flatMap(word => [Math.floor(word / 0x10000), word % 0x10000])
  return groups.map(group => group.toString(16).padStart(4, '0')).join(':')
}
