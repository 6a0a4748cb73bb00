/**
 * header — what is wrong with a mail's header section.
 *
 * Nothing is ever repaired, so what is found here goes on as it came: a bare CR or a NUL in the body is a
 * complaint too. Texts are those of spec/daemon "Bad header checks", as operators and filters behind us know
 * them. One complaint at most for each field; then missing and repeated fields.
 */
import {isAscii, isUtf8} from 'node:buffer'
import {isTrue} from '../config/number.ts'
import type {Scalar} from '../config/value.ts'
import type {Header, HeaderField} from '../message/message.ts'
import type {DataFacts} from '../session/transaction.ts'
import type {HeaderComplaint} from './finding.ts'

/** Keys of `%allowed_header_tests`. */
export type HeaderTest =
  | 'other'
  | 'mime'
  | 'syntax'
  | 'empty'
  | 'long'
  | 'control'
  | '8bit'
  | 'utf8'
  | 'missing'
  | 'multiple'

export interface HeaderOptions {
  /** what the MIME reader stumbled over */
  readonly mimeError: string | undefined
  /** `%allowed_header_tests`: only tests with a true value are made */
  readonly tests: ReadonlyMap<string, Scalar>
  readonly data: DataFacts
  /** the client announced SMTPUTF8: the header may have UTF-8 (RFC 6532) */
  readonly smtputf8?: boolean
}

const MOST_COMPLAINTS = 100

/** Longest line of RFC 5322 §2.1.1, in octets, without its line end. */
const LONGEST_LINE = 998

/** All complaints about a mail's header section in the order in which they are told, 100 at most. */
export function checkHeader(
  header: Header,
  {mimeError, tests, data, smtputf8 = false}: HeaderOptions,
): HeaderComplaint[] {
  const allows = (test: HeaderTest) => isTrue(tests.get(test)) && !(test === 'utf8' && smtputf8)
  const complaints: HeaderComplaint[] = []
  if (mimeError !== undefined && allows('mime')) {
    complaints.push({minor: 1, message: `MIME error: ${mimeError}`})
  }
  const seen = new Map<string, number>()
  for (const field of header.fields) {
    if (complaints.length < MOST_COMPLAINTS) {
      const complaint = checkField(field, allows)
      if (complaint) complaints.push(complaint)
    }
    const name = field.name.trimEnd().toLowerCase()
    if (SINGLE_FIELDS.has(name)) seen.set(name, (seen.get(name) ?? 0) + 1)
  }
  if (allows('control')) complaints.push(...checkBody(header, data))
  if (allows('missing')) {
    for (const name of REQUIRED_FIELDS) {
      if (seen.has(name.toLowerCase())) continue
      complaints.push({minor: 7, message: `Missing required header field: "${name}"`})
    }
  }
  if (allows('multiple')) complaints.push(...checkRepeated(seen))
  return complaints.slice(0, MOST_COMPLAINTS)
}

const REQUIRED_FIELDS = ['Date', 'From']

/** Fields of which a mail has one at most (RFC 5322 §3.6, RFC 2045 §3), in lower case → as written. */
const SINGLE_FIELDS: ReadonlyMap<string, string> = new Map(
  [
    'Date',
    'From',
    'Sender',
    'Reply-To',
    'To',
    'Cc',
    'Bcc',
    'Subject',
    'Message-ID',
    'References',
    'In-Reply-To',
    'MIME-Version',
    'Content-Type',
    'Content-Transfer-Encoding',
    'Content-ID',
    'Content-Description',
    'Content-Disposition',
    'Auto-Submitted',
  ].map(name => [name.toLowerCase(), name]),
)

function checkRepeated(seen: ReadonlyMap<string, number>): HeaderComplaint[] {
  const complaints: HeaderComplaint[] = []
  for (const [lower, name] of SINGLE_FIELDS) {
    const count = seen.get(lower) ?? 0
    if (count === 2) complaints.push({minor: 8, message: `Duplicate header field: "${name}"`})
    if (count > 2) {
      const message = `Header field occurs more than once: "${name}" occurs ${count} times`
      complaints.push({minor: 8, message})
    }
  }
  return complaints
}

/** RFC 5322 §2.2, where octets outside ASCII are a complaint of their own; blanks before the colon are old syntax. */
const NAME = /^(?!--)[^\x00-\x20\x7f]+[ \t]*$/

/** A cheap look: nearly every field has nothing that any of the tests by octet could mind. */
const SUSPICIOUS = /[^\t\n\r\x20-\x7e]|\r(?!\n)|\n[ \t]+(?:\r?\n|$)/

function checkField(field: HeaderField, allows: (test: HeaderTest) => boolean): HeaderComplaint | undefined {
  const {name, raw} = field
  const text = raw.toString('latin1')
  if (!NAME.test(name) && allows('syntax')) {
    return {minor: 6, message: `Invalid header field syntax: ${beginning(text)}`}
  }
  if (raw.length <= LONGEST_LINE && !SUSPICIOUS.test(text)) return undefined
  if (/[^\x00-\x7f]/.test(name) && allows('syntax')) {
    return {minor: 6, message: `Invalid header field name, contains non-ASCII char: ${beginning(text)}`}
  }
  return (
    (allows('empty') ? checkBlankLine(field, text) : undefined) ??
    (allows('long') ? checkLength(text) : undefined) ??
    (allows('control') ? checkControl(field, text) : undefined) ??
    checkCharset(field, text, allows)
  )
}

function checkBlankLine(field: HeaderField, text: string): HeaderComplaint | undefined {
  const found = /\n([ \t]+)(?:\r?\n|$)/.exec(text)
  if (!found) return undefined
  const start = found.index + 1
  const message = complain(
    'Improper folded header field made up entirely of whitespace',
    field,
    text,
    start,
    start + found[1]!.length,
  )
  return {minor: 4, message}
}

function checkLength(text: string): HeaderComplaint | undefined {
  if (text.length <= LONGEST_LINE) return undefined
  for (const line of text.split('\n')) {
    if ((line.endsWith('\r') ? line.length - 1 : line.length) <= LONGEST_LINE) continue
    const start = printable(line.slice(0, LONG_EXCERPT))
    return {minor: 5, message: `Header line longer than ${LONGEST_LINE} characters: ${start}[...]`}
  }
  return undefined
}

function checkControl(field: HeaderField, text: string): HeaderComplaint | undefined {
  const found = /\0|\r(?!\n)/.exec(text)
  if (!found) return undefined
  const end = found.index + found[0].length
  return {minor: 3, message: complain('Improper use of control character', field, text, found.index, end)}
}

function checkCharset(
  field: HeaderField,
  text: string,
  allows: (test: HeaderTest) => boolean,
): HeaderComplaint | undefined {
  if (isAscii(field.raw)) return undefined
  if (!isUtf8(field.raw)) {
    const found = allows('8bit') ? /[\x80-\xff]/.exec(text) : null
    if (!found) return undefined
    const what = 'Non-encoded non-ASCII data (and not UTF-8)'
    const message = complain(what, field, text, found.index, found.index + found[0].length)
    return {minor: 2, message}
  }
  if (allows('8bit')) {
    const found = /(?:\xc2[\x80-\x9f])+/.exec(text)
    if (found) {
      const end = found.index + found[0].length
      return {minor: 2, message: complain('UTF-8 string contains C1 Controls', field, text, found.index, end)}
    }
  }
  const found = allows('utf8') ? /[\x80-\xff]+/.exec(text) : null
  if (!found) return undefined
  const what = 'Non-encoded UTF-8 string in non-EAI mail'
  const message = complain(what, field, text, found.index, found.index + found[0].length)
  return {minor: 2, message}
}

/** What the body has of NUL and bare CR: all of the mail's but the header's. */
function checkBody(header: Header, data: DataFacts): HeaderComplaint[] {
  if (data.nul === 0 && data.bareCr === 0) return []
  let nul = data.nul
  let bareCr = data.bareCr
  for (const {raw} of header.fields) {
    const text = raw.toString('latin1')
    nul -= text.match(/\0/g)?.length ?? 0
    bareCr -= text.match(/\r(?!\n)/g)?.length ?? 0
  }
  const complaints: HeaderComplaint[] = []
  const times = (count: number) => (count === 1 ? 'once' : `${count} times`)
  const what = 'Improper use of control character'
  if (nul > 0) complaints.push({minor: 3, message: `${what} (char 00 hex): message body, ${times(nul)}`})
  if (bareCr > 0)
    complaints.push({minor: 3, message: `${what} (char 0D hex): message body, ${times(bareCr)}`})
  return complaints
}

/** How many octets of a run are told in hex. */
const LONGEST_HEX_RUN = 4
/** A body's part before a run that is longer is cut to its last octets; so is, to its first, what stands after it. */
const LONGEST_BEFORE = {whole: 49, cut: 44}
const LONGEST_AFTER = {whole: 20, cut: 15}
const LONG_EXCERPT = 50
const LONGEST_BEGINNING = 400

/** `what (char HH HH hex): excerpt`, for the run of octets from `start` to `end` of a field. */
function complain(what: string, field: HeaderField, text: string, start: number, end: number): string {
  const run = text.slice(start, end)
  const hex = [...run].map(c => c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'))
  const codes = hex.length <= LONGEST_HEX_RUN ? ` (char ${hex.join(' ')} hex)` : ''
  return `${what}${codes}: ${excerpt(field, text, start, end)}`
}

/** A field's text around a run: a long part before it is cut to `Field: ...` and its tail, that after it too. */
function excerpt({name}: HeaderField, text: string, start: number, end: number): string {
  const head = name === '' ? '' : `${name}: `
  const before = text.slice(0, start)
  const isLong = before.length > head.length + LONGEST_BEFORE.whole
  const prefix = isLong ? `${head}...${before.slice(-LONGEST_BEFORE.cut)}` : before
  const run = text.slice(start, Math.min(end, start + LONG_EXCERPT))
  const rest = run.length < end - start ? text.slice(start + run.length) : text.slice(end)
  const after = rest.trimEnd()
  const suffix = after.length > LONGEST_AFTER.whole ? `${after.slice(0, LONGEST_AFTER.cut)}[...]` : after
  return printable(prefix + run + suffix)
}

/** All of a field, unless it is very long. */
function beginning(text: string): string {
  const line = text.trimEnd()
  return printable(line.length > LONGEST_BEGINNING ? `${line.slice(0, LONGEST_BEGINNING)}[...]` : line)
}

const ESCAPES: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t'}

/** Line ends of folds are left out, other octets that are no printable ASCII are `\x{HH}`. */
function printable(text: string): string {
  return text
    .replace(/\r?\n(?=.)/g, '')
    .replace(/\r?\n$/, '')
    .replace(
      /[^\x20-\x7e]/g,
      c => ESCAPES[c] ?? `\\x{${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}}`,
    )
}
