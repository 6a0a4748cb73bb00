/**
 * bounce — whether a mail is a bounce, and which mail it says it returns.
 *
 * Looked at are the top of the MIME tree and what stands directly below it. Reports as the standards have them
 * (RFC 3462: DSN, MDN, ARF) say what they are; of the many other forms only those count that hold enough lines of
 * a header. What the attached header says is a claim of whoever wrote it. Source: spec/daemon, "Bounce inspection
 * and killer". Pure; linear in what is read.
 */

import {parseAddresses} from '../message/address.ts'
import {fieldBody, fieldOctets, firstValue, isNamed, parseHeader} from '../message/header.ts'
import type {Header, MimeTree, Part} from '../message/message.ts'
import {parameterValues, parseParameters} from '../message/mime/parameters.ts'
import type {Origin} from '../message/origin.ts'

export interface Bounce {
  readonly form: 'DSN' | 'MDN' | 'ARF' | 'bounce'
  /** address of the returned mail's author, '' where it names none */
  readonly from: string
  /** of the returned mail, with its brackets; undefined: it says none */
  readonly messageId: string | undefined
}

/** What a mail has to say of itself to be taken for a bounce without a report. */
export interface BounceSubject {
  readonly header: Header
  readonly tree: MimeTree
  readonly envelopeSender: string
  readonly origin: Pick<Origin, 'from' | 'subject'>
}

/** Undefined: it is none, or does not say what it returns. */
export function inspectBounce({header, tree, envelopeSender, origin}: BounceSubject): Bounce | undefined {
  const parts = tree.parts.filter(({kind}) => kind === 'leaf' || kind === 'container')
  const top = parts.find(({placement}) => placement === '1')
  if (!top) return undefined
  const type = typeOf(top)
  const children = parts.filter(({parent}) => parent === top.number).sort(byPlace)
  const last = children.at(-1)
  if (type === 'multipart/report') {
    const form = formOfReport(header, children)
    const original = last && attachedHeader(last)
    if (form && original) return bounceOf(form, valuesOf(original))
    if (last && typeOf(last) === 'text/plain') return fromLines(last, LINES_OF_REPORT)
    return undefined
  }
  if (type === 'multipart/mixed') {
    const original = last && isFailureNotice(origin, envelopeSender) ? attachedHeader(last) : undefined
    return original && enough(valuesOf(original))
  }
  const isFromSystem = envelopeSender === '' && origin.from.some(isSystem)
  return type.startsWith('text/') && isFromSystem ? fromLines(top, LINES_OF_TEXT) : undefined
}

const REPORTS: Readonly<Record<string, Exclude<Bounce['form'], 'bounce'>>> = {
  'delivery-status': 'DSN',
  'global-delivery-status': 'DSN',
  'disposition-notification': 'MDN',
  'global-disposition-notification': 'MDN',
  'feedback-report': 'ARF',
}

/** By its parts: texts, the report that the type announces, the original. Some leave out a DSN's report. */
function formOfReport(
  header: Header,
  children: readonly Part[],
): Exclude<Bounce['form'], 'bounce'> | undefined {
  const field = header.fields.find(one => isNamed(one, 'content-type'))
  const [announced = ''] = field ? parameterValues(parseParameters(fieldOctets(field)), 'report-type') : []
  const wanted = announced.toLowerCase()
  const form = Object.hasOwn(REPORTS, wanted) ? REPORTS[wanted] : undefined
  if (!form) return undefined
  const place = children.findIndex(part => typeOf(part) === `message/${wanted}`)
  if (place < 0) return form === 'DSN' && children.length === 2 ? form : undefined
  return (place === 1 || place === 2) && children.length === place + 2 ? form : undefined
}

/** `text/rfc822-headers`, `message/rfc822`, `message/global-headers`, `message/partial` … */
const ORIGINAL = /^(?:text|message)\/(?:rfc822-headers|rfc822|global|partial|[\w-]+-headers)$/

function attachedHeader(part: Part): Header | undefined {
  return ORIGINAL.test(typeOf(part)) ? parseHeader(part.content) : undefined
}

const FAILURE_SUBJECT =
  /^(?:(?:mail )?deliver(?:y|able)\b.*(?:fail|problem|error|status)|undeliver(?:ed|able)\b|fail(?:ure|ed)\b.*(?:notice|deliver)|returned mail\b|mail system error|message (?:delivery|not delivered)\b)/i

function isFailureNotice({from, subject = ''}: BounceSubject['origin'], envelopeSender: string): boolean {
  const isDaemon = [envelopeSender, ...from].some(address => /^mailer-daemon(?:@|$)/i.test(address))
  return isDaemon || FAILURE_SUBJECT.test(subject)
}

function isSystem(address: string): boolean {
  return /^(?:mailer-daemon|postmaster)(?:@|$)/i.test(address)
}

/** The fields of an original that are known by. */
const FIELDS = [
  'from',
  'to',
  'return-path',
  'message-id',
  'date',
  'received',
  'subject',
  'mime-version',
  'content-type',
] as const
type Values = ReadonlyMap<string, string>

function valuesOf(header: Header): Values {
  const values = new Map<string, string>()
  for (const name of FIELDS) {
    const value = firstValue(header, name)
    if (value !== undefined) values.set(name, value)
  }
  return values
}

/** Within a text the header is looked for this far, in lines; a report is more likely to have it. */
const LINES_OF_TEXT = 200
const LINES_OF_REPORT = 1000
/** A line of a mail has 998 octets at most. */
const LONGEST_TEXT = 1000 * LINES_OF_REPORT

/** Lines that look like fields, quoted or not, wherever they stand in a text; a value may be on the next line. */
function fromLines({content}: Part, most: number): Bounce | undefined {
  const lines = content.toString('latin1', 0, LONGEST_TEXT).split('\n', most)
  const values = new Map<string, string>()
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = /^[ \t>|]*([A-Za-z-]{2,12}):[ \t]*(.*)/.exec(line) ?? []
    const known = name.toLowerCase()
    if (!FIELDS.some(field => field === known) || values.has(known)) continue
    const next = lines[index + 1] ?? ''
    values.set(known, (value.trim() === '' && /^[ \t]/.test(next) ? next : value).trim())
  }
  return enough(values)
}

/** The author and some of the rest; more of it where there is no Message-ID. */
function enough(values: Values): Bounce | undefined {
  if (!values.has('from')) return undefined
  const others = values.size - 1
  return others >= (values.has('message-id') ? 3 : 5) ? bounceOf('bounce', values) : undefined
}

function bounceOf(form: Bounce['form'], values: Values): Bounce | undefined {
  const [from = ''] = parseAddresses(values.get('from') ?? '')
  const [messageId] = /<[^<>\s]{1,900}>/.exec(values.get('message-id') ?? '') ?? []
  return from === '' && messageId === undefined ? undefined : {form, from, messageId}
}

function typeOf({declaredTypes}: Part): string {
  return declaredTypes[0] ?? ''
}

/** `1/10` comes after `1/2`. */
function byPlace(a: Part, b: Part): number {
  return place(a) - place(b)
}

function place({placement}: Part): number {
  return Number(placement.slice(placement.lastIndexOf('/') + 1))
}

/** The Message-IDs that a mail says it answers, without repeats. */
export function referencesOf(header: Header, bounce: Bounce | undefined): readonly string[] {
  const ids = new Set<string>()
  for (const field of header.fields) {
    if (!isNamed(field, 'in-reply-to') && !isNamed(field, 'references')) continue
    for (const [id] of fieldBody(field).matchAll(/<[^<>\s]{1,900}>/g)) ids.add(id)
  }
  if (bounce?.messageId !== undefined) ids.add(bounce.messageId)
  return [...ids]
}
