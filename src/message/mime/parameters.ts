/**
 * parameters — `value; name=value` of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231).
 *
 * Read from text with one character an octet, so that a boundary can be compared with octets. Tolerant as
 * mail clients: doubled semicolons, blanks around `=`, comments, a quote that does not close (up to the end).
 * A parameter given twice is kept twice; who asks is told, since clients disagree on which one counts.
 */
import {endOfComment} from '../comment.ts'

export interface Parameter {
  /** in lower case, with the `*0` and `*` of RFC 2231 */
  readonly name: string
  /** without quotes and escapes */
  readonly value: string
  /** it stood without quotes */
  readonly isToken: boolean
}

export interface Parameterized {
  /** the first word, in lower case */
  readonly value: string
  readonly parameters: readonly Parameter[]
  /** a quote was not closed, or the semicolon before the parameters is missing */
  readonly isBroken: boolean
  /** there are more parameters than are read */
  readonly isCut: boolean
}

/** Nobody needs so many; a sender who does has something to hide. */
const MAX_PARAMETERS = 500

/** @param body of a field, unfolded, one character an octet */
export function parseParameters(body: string): Parameterized {
  const start = skipComments(body, 0)
  let pos = start
  while (pos < body.length && !';('.includes(body[pos]!) && !isBlank(body, pos)) pos++
  const value = body.slice(start, pos).toLowerCase()
  pos = skipComments(body, pos)
  // Clients go on reading where the semicolon is missing.
  let isBroken = pos < body.length && body[pos] !== ';'
  const parameters: Parameter[] = []
  while (pos < body.length && parameters.length < MAX_PARAMETERS) {
    pos = skipSeparators(body, pos)
    const begin = pos
    while (pos < body.length && !'=;'.includes(body[pos]!) && !isBlank(body, pos)) pos++
    const name = body.slice(begin, pos).toLowerCase()
    pos = skipBlanks(body, pos)
    if (body[pos] !== '=') continue // a word without a value
    pos = skipBlanks(body, pos + 1)
    const isToken = body[pos] !== '"'
    const read = isToken ? readToken(body, pos) : readQuoted(body, pos)
    if (read.end > body.length) isBroken = true
    if (name !== '') parameters.push({name, value: read.value, isToken})
    pos = read.end
  }
  return {value, parameters, isBroken, isCut: pos < body.length}
}

function isBlank(text: string, pos: number): boolean {
  const c = text.charCodeAt(pos)
  return c === 32 || c === 9 || c === 13 || c === 10
}

function skipBlanks(text: string, pos: number): number {
  while (pos < text.length && isBlank(text, pos)) pos++
  return pos
}

function skipSeparators(text: string, pos: number): number {
  for (;;) {
    const c = text[pos]
    if (c === '(') pos = endOfComment(text, pos) + 1
    else if (c === ';' || (c !== undefined && isBlank(text, pos))) pos++
    else return pos
  }
}

function skipComments(text: string, pos: number): number {
  for (;;) {
    if (text[pos] === '(') pos = endOfComment(text, pos) + 1
    else if (pos < text.length && isBlank(text, pos)) pos++
    else return pos
  }
}

function readQuoted(text: string, start: number): {value: string; end: number} {
  let value = ''
  for (let i = start + 1; i < text.length; i++) {
    const c = text[i]!
    if (c === '"') return {value, end: i + 1}
    if (c === '\\' && i + 1 < text.length) value += text[++i]!
    else value += c
  }
  return {value, end: text.length + 1}
}

function readToken(text: string, start: number): {value: string; end: number} {
  let end = start
  while (end < text.length && text[end] !== ';' && !isBlank(text, end)) end++
  return {value: text.slice(start, end), end}
}

/** All values given for a parameter, in order; those in pieces (`name*0`) last, as one. */
export function parameterValues({parameters}: Parameterized, name: string): string[] {
  const values = parameters.filter(p => p.name === name || p.name === `${name}*`).map(p => p.value)
  const pieces = joinPieces(parameters, name)
  return pieces === undefined ? values : [...values, pieces.value]
}

/** A file name may be long, but not in more pieces than this. */
const MAX_PIECES = 1000

export function joinPieces(
  parameters: readonly Parameter[],
  name: string,
): {value: string; isExtended: boolean} | undefined {
  const prefix = `${name}*`
  const pieces = new Map<number, {value: string; isEncoded: boolean}>()
  for (const parameter of parameters) {
    if (!parameter.name.startsWith(prefix)) continue
    const match = /^(\d{1,4})(\*?)$/.exec(parameter.name.slice(prefix.length))
    if (!match || pieces.has(Number(match[1]))) continue
    pieces.set(Number(match[1]), {value: parameter.value, isEncoded: match[2] === '*'})
  }
  if (pieces.size === 0) return undefined
  const texts: string[] = []
  let isExtended = false
  for (const [, piece] of [...pieces].sort(([a], [b]) => a - b).slice(0, MAX_PIECES)) {
    // A percent sign of a piece that is not encoded is one, so it is kept from being decoded later.
    texts.push(piece.isEncoded ? piece.value : piece.value.replaceAll('%', '%25'))
    isExtended ||= piece.isEncoded
  }
  return {value: isExtended ? texts.join('') : texts.join('').replaceAll('%25', '%'), isExtended}
}

/** The pieces one after the other as they stand, whatever their numbers; undefined when there are not several. */
export function piecesAsWritten(parameters: readonly Parameter[], name: string): string | undefined {
  const prefix = `${name}*`
  const pieces = parameters.filter(
    parameter =>
      parameter.name.startsWith(prefix) && /^\d{1,4}\*?$/.test(parameter.name.slice(prefix.length)),
  )
  return pieces.length > 1 ? pieces.map(({value}) => value).join('') : undefined
}
