/**
 * header — a mail's header section: fields with their octets, and their values as text.
 *
 * Tolerant as mail is: a line without a colon is a field without a name, a header may end where the mail
 * ends, a mail may begin with its body. Nothing is repaired: `raw` of all fields, then the empty line, is the
 * header as it came. Linear in the header's size whatever is in it.
 */
import {isAscii, isUtf8} from 'node:buffer'
import type {Header, HeaderField} from './message.ts'

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const COLON = 58

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB
}

/** How many fields are told apart; an honest mail has dozens. */
const MAX_FIELDS = 20_000

/**
 * Split off the header section: all lines up to the first empty one (RFC 5322 §2.1).
 *
 * A line that begins with a blank continues the field before it; at the very top it stands as a field
 * without a name. Both CRLF and LF end a line.
 * @param stopAt asked at the start of each field; true ends the header there (a boundary within the header
 *   of a part)
 */
export function parseHeader(octets: Buffer, stopAt?: (position: number) => boolean): Header {
  const fields: HeaderField[] = []
  let start = 0 // of the field being gathered
  let pos = 0
  let colon = -1 // the first colon at or after `start`, so that no octet is searched twice
  let doubtfulEnd = -1
  let isCut = false
  const doubt = (position: number) => {
    if (doubtfulEnd < 0) doubtfulEnd = position
  }
  const close = (end: number) => {
    if (end === start || isCut) return
    if (fields.length === MAX_FIELDS) {
      isCut = true
      return
    }
    if (colon < start) {
      colon = octets.indexOf(COLON, start)
      if (colon < 0) colon = octets.length
    }
    const line = octets.indexOf(LF, start)
    const isField = colon < end && (line < 0 || colon < line) && !isBlank(octets[start])
    const name = isField ? octets.toString('latin1', start, colon) : ''
    if (name === '' && !isMailboxLine(octets, start)) doubt(start)
    fields.push({name, raw: octets.subarray(start, end)})
    start = end
  }
  const finish = (end: number, size: number): Header => {
    close(end)
    if (isCut) fields.push({name: '', raw: octets.subarray(start, end)})
    return {fields, size, doubtfulEnd, isCut}
  }
  while (pos < octets.length) {
    const first = octets[pos]
    if (first === LF || (first === CR && octets[pos + 1] === LF)) {
      return finish(pos, pos + (first === LF ? 1 : 2))
    }
    const end = octets.indexOf(LF, pos)
    if (!isBlank(first)) {
      close(pos)
      if (stopAt?.(pos)) return finish(pos, pos)
    } else if (isBlankLine(octets, pos, end)) doubt(pos)
    pos = end < 0 ? octets.length : end + 1
  }
  return finish(pos, octets.length)
}

function isBlankLine(octets: Buffer, start: number, end: number): boolean {
  let pos = start
  while (isBlank(octets[pos])) pos++
  return pos === end || (octets[pos] === CR && pos + 1 === end)
}

/** `From ` of a mailbox file, quoted or not: nobody takes it for the end of a header. */
function isMailboxLine(octets: Buffer, start: number): boolean {
  const from = octets[start] === 62 ? start + 1 : start
  return octets.toString('latin1', from, from + 5) === 'From '
}

/** Whether a field has this name; case and blanks before the colon do not count (RFC 5322 §4.5). */
export function isNamed(field: HeaderField, lowerName: string): boolean {
  const {name} = field
  if (name.length === lowerName.length) return name.toLowerCase() === lowerName
  return (
    name.length > lowerName.length &&
    isBlank(name.charCodeAt(name.length - 1)) &&
    name.trimEnd().toLowerCase() === lowerName
  )
}

/** Octets as text: UTF-8 where they are valid UTF-8, else latin1, so that no octet is lost. */
export function textOf(octets: Buffer): string {
  return isAscii(octets) || !isUtf8(octets) ? octets.toString('latin1') : octets.toString('utf8')
}

/** A field's body on one line: line ends removed, blanks at both ends too; encoded words stay as they are. */
export function fieldBody(field: HeaderField): string {
  const {name, raw} = field
  return unfold(textOf(name === '' ? raw : raw.subarray(name.length + 1)))
}

/** The same with one character an octet, for bodies that are compared with octets. */
export function fieldOctets(field: HeaderField): string {
  const {name, raw} = field
  return unfold(raw.toString('latin1', name === '' ? 0 : name.length + 1))
}

function unfold(text: string): string {
  return (text.includes('\n') ? text.replace(/\r?\n/g, '') : text).trim()
}

/** The bodies of all fields of this name, in order, each on one line. */
export function fieldValues(header: Header, name: string): string[] {
  const lower = name.toLowerCase()
  return header.fields.filter(field => isNamed(field, lower)).map(fieldBody)
}

/** The body of the first field of this name. */
export function firstValue(header: Header, name: string): string | undefined {
  const lower = name.toLowerCase()
  const field = header.fields.find(field => isNamed(field, lower))
  return field && fieldBody(field)
}
