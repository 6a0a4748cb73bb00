/**
 * address — mail addresses as envelopes and header fields write them.
 *
 * An address is text without angle brackets; the null sender is ''. A local part keeps quotes that it needs
 * and loses those it does not: `"simple"@x` is simple@x, `"two words"@x` stays (spec/daemon, SMTP server,
 * Replies). Tolerant and linear: header fields hold anything.
 */
import {endOfComment} from './comment.ts'

export interface AddressParts {
  /** as written, with its quotes */
  readonly local: string
  /** without the @; '' when there is none */
  readonly domain: string
}

/** An atom of RFC 5321, or an internationalised one (RFC 6531 §3.3). */
const DOT_ATOM =
  /^[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\u{10ffff}]+)*$/u

/** Split at the @ that follows the local part; a quoted local part may hold others. */
export function splitAddress(address: string): AddressParts {
  const quoted = address.startsWith('"') ? closingQuote(address, 0) : -1
  const at = quoted > 0 && address[quoted + 1] === '@' ? quoted + 1 : address.lastIndexOf('@')
  if (at < 0) return {local: address, domain: ''}
  return {local: address.slice(0, at), domain: address.slice(at + 1)}
}

/** A local part without quotes and backslashes: what it means. */
export function unquoteLocal(local: string): string {
  if (local.length < 2 || !local.startsWith('"') || closingQuote(local, 0) !== local.length - 1) return local
  const inner = local.slice(1, -1)
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner
}

/** The address with quotes in its local part only where it needs them. */
export function canonicalAddress(address: string): string {
  if (!address.startsWith('"')) return address
  const {local, domain} = splitAddress(address)
  const plain = unquoteLocal(local)
  if (plain === local || !DOT_ATOM.test(plain)) return address
  return address.length === local.length ? plain : `${plain}@${domain}`
}

/** The address as look-ups want it: no quotes in the local part (spec/config §3.2). */
export function internalAddress(address: string): string {
  if (!address.startsWith('"')) return address
  const {local, domain} = splitAddress(address)
  const plain = unquoteLocal(local)
  return address.length === local.length ? plain : `${plain}@${domain}`
}

/** The path of SMTP commands and logs: `<user@example.com>`, `<>`; a local part gets quotes where it needs them. */
export function quoteAddress(address: string): string {
  if (address === '') return '<>'
  const {local, domain} = splitAddress(address)
  const plain = unquoteLocal(local)
  const written = DOT_ATOM.test(plain) ? plain : `"${plain.replace(/[\\"]/g, '\\$&')}"`
  return address.length === local.length ? `<${written}>` : `<${written}@${domain}>`
}

/** Where the quote that opens at `start` closes; -1 when it does not. */
function closingQuote(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return -1
}

/** What is longer is no list of authors, and quotes that do not close are looked for again and again. */
const MAX_BODY = 16 * 1024

/**
 * The addresses of a From, Sender or To body, in order (RFC 5322 §3.4), canonical, as far as one can tell.
 *
 * Display names, comments and names of groups are left out; an element without any @ counts only when it
 * stands in angle brackets or alone.
 */
export function parseAddresses(field: string): string[] {
  const body = field.slice(0, MAX_BODY)
  const addresses: string[] = []
  let plain = ''
  let bracketed: string | undefined
  const close = () => {
    const address = (bracketed ?? (/\s/.test(plain.trim()) ? lastAddress(plain) : plain)).trim()
    if (address !== '') addresses.push(canonicalAddress(address))
    plain = ''
    bracketed = undefined
  }
  for (let i = 0; i < body.length; i++) {
    const c = body[i]!
    if (c === '"') {
      const end = closingQuote(body, i)
      plain += end < 0 ? c : body.slice(i, end + 1)
      if (end >= 0) i = end
    } else if (c === '(') i = endOfComment(body, i)
    else if (c === '<') {
      const end = endOfBracket(body, i)
      bracketed ??= withoutRoute(body.slice(i + 1, end))
      i = end
    } else if (c === ',' || c === ';') close()
    else if (c === ':' && !plain.includes('@') && !plain.includes('[')) plain = ''
    else plain += c
  }
  close()
  return addresses
}

/** Where `<…>` ends; quotes inside may hold a `>`. */
function endOfBracket(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '>') return i
    if (text[i] === '"') {
      const end = closingQuote(text, i)
      if (end < 0) break
      i = end
    }
  }
  const end = text.indexOf('>', start)
  return end < 0 ? text.length : end
}

/** A source route is of no use to anybody (RFC 5321 §4.1.1.3): `@a,@b:user@c` is user@c. */
function withoutRoute(path: string): string {
  const text = path.trim()
  return text.startsWith('@') && text.includes(':') ? text.slice(text.indexOf(':') + 1) : text
}

/** Of loose words the last one that looks like an address; quotes hold words together. */
function lastAddress(words: string): string {
  const found = words.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/gs) ?? []
  return found.findLast(word => word.includes('@')) ?? ''
}
