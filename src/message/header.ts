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
  const fields = new Fields(octets)
  let pos = 0
  while (pos < octets.length) {
    const first = octets[pos]
    if (first === LF || (first === CR && octets[pos + 1] === LF)) {
      return fields.finish(pos, pos + (first === LF ? 1 : 2))
    }
    const end = octets.indexOf(LF, pos)
    if (!isBlank(first)) {
      fields.close(pos)
      if (stopAt?.(pos)) return fields.finish(pos, pos)
    } else if (isBlankLine(octets, pos, end)) fields.doubt(pos)
    pos = end < 0 ? octets.length : end + 1
  }
  return fields.finish(pos, octets.length)
}

/** The fields of a header as they are found. */
class Fields {
  readonly #octets: Buffer
  readonly #fields: HeaderField[] = []
  /** of the field being gathered */
  #start = 0
  /** the first colon at or after `#start`, so that no octet is searched twice */
  #colon = -1
  #doubtfulEnd = -1
  #isCut = false

  constructor(octets: Buffer) {
    this.#octets = octets
  }

  doubt(position: number): void {
    if (this.#doubtfulEnd < 0) this.#doubtfulEnd = position
  }

  /** The field being gathered ends here. */
  close(end: number): void {
    const octets = this.#octets
    const start = this.#start
    if (end === start || this.#isCut) return
    if (this.#fields.length === MAX_FIELDS) {
      this.#isCut = true
      return
    }
    if (this.#colon < start) {
      this.#colon = octets.indexOf(COLON, start)
      if (this.#colon < 0) this.#colon = octets.length
    }
    const line = octets.indexOf(LF, start)
    const isField = this.#colon < end && (line < 0 || this.#colon < line) && !isBlank(octets[start])
    const name = isField ? octets.toString('latin1', start, this.#colon) : ''
    if (name === '' && !isMailboxLine(octets, start)) this.doubt(start)
    this.#fields.push({name, raw: octets.subarray(start, end)})
    this.#start = end
  }

  finish(end: number, size: number): Header {
    this.close(end)
    const isCut = this.#isCut
    if (isCut) this.#fields.push({name: '', raw: this.#octets.subarray(this.#start, end)})
    return {fields: this.#fields, size, doubtfulEnd: this.#doubtfulEnd, isCut}
  }
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
  const values: string[] = []
  for (const field of header.fields) if (isNamed(field, lower)) values.push(fieldBody(field))
  return values
}

/** The body of the first field of this name. */
export function firstValue(header: Header, name: string): string | undefined {
  const lower = name.toLowerCase()
  for (const field of header.fields) if (isNamed(field, lower)) return fieldBody(field)
  return undefined
}
