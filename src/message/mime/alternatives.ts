/**
 * alternatives — the other ways in which clients read the fields of an entity.
 *
 * Only entities that entity.ts found doubtful come here. What is produced is generous, as a wrong guess finds no
 * delimiter or decodes to what is known already, and then adds nothing (readings.ts).
 */
import {decodeCharset} from './charset.ts'
import {decodeEncodedWords} from './encoded-word.ts'
import {type Entity, type EntityFields, encodingOf, isIdentity, readEntity} from './entity.ts'
import {parameterValues, parseParameters} from './parameters.ts'
import {decodePercent} from './transfer.ts'

export interface Alternative {
  /** what a client has to do to see it so: `boundary: x`, `Content-Type: 2nd field` */
  readonly label: string
  readonly entity: Entity
}

/** How much of a boundary is said. */
const MAX_LABEL = 70

/** More of a kind than this is not tried. */
const MAX_OF_A_KIND = 10

/**
 * @param hasDelimiter whether a line of the entity begins with `--` and this boundary
 * @param head the first octets of the content
 */
export function alternatives(
  fields: EntityFields,
  entity: Entity,
  hasDelimiter: (boundary: string) => boolean,
  head: Buffer,
): Alternative[] {
  const found: Alternative[] = []
  fields.types.slice(1, MAX_OF_A_KIND).forEach((body, index) => {
    const other = readEntity({...fields, types: [body]})
    if (other.type === entity.type && other.boundary === entity.boundary) return
    found.push({label: `Content-Type: field ${index + 2}`, entity: other})
  })
  const isMultipart = entity.type.startsWith('multipart/')
  const boundaries = new Set(fields.types.slice(0, MAX_OF_A_KIND).flatMap(boundaryCandidates))
  boundaries.delete(entity.boundary ?? '')
  for (const boundary of [...boundaries].filter(hasDelimiter).slice(0, MAX_OF_A_KIND)) {
    found.push({label: `boundary: ${boundary.slice(0, MAX_LABEL)}`, entity: asMultipart(entity, boundary)})
  }
  if (!isMultipart && entity.boundary !== undefined && hasDelimiter(entity.boundary)) {
    found.push({label: 'Content-Type: multipart', entity: asMultipart(entity, entity.boundary)})
  }
  const encodings = new Set(
    fields.encodings.slice(0, MAX_OF_A_KIND).flatMap(body => encodingsMeant(body, head)),
  )
  encodings.delete(entity.encoding)
  for (const encoding of encodings) {
    found.push({label: `Content-Transfer-Encoding: ${encoding}`, entity: {...entity, encoding}})
  }
  return found
}

function asMultipart(entity: Entity, boundary: string): Entity {
  const type = entity.type.startsWith('multipart/') ? entity.type : 'multipart/mixed'
  return {...entity, type, boundary, encoding: isIdentity(entity.encoding) ? entity.encoding : '7bit'}
}

/** Everything that may be meant as a boundary by somebody. */
function boundaryCandidates(body: string): string[] {
  const candidates = parameterValues(parseParameters(body), 'boundary')
  // Who takes a backslash as an escape anywhere sees other words, and so does who knows no comments.
  for (const text of [body, body.replace(/\\(.)/gs, '$1'), withoutComments(body)]) {
    for (const [, quoted, token, ended] of text.matchAll(BOUNDARIES)) {
      if (quoted !== undefined) candidates.push(quoted, `"${quoted}"`)
      if (ended !== undefined) candidates.push(ended, ended.replaceAll('"', ''))
      if (token !== undefined) candidates.push(token, token.replaceAll('"', ''))
      if (candidates.length > MAX_CANDIDATES) break
    }
  }
  return candidates.slice(0, MAX_CANDIDATES).flatMap(variants)
}

const MAX_CANDIDATES = 50
const BOUNDARIES = /boundary(?:\*\d{0,4}\*?)?[ \t]*=[ \t]*(?:"([^"]*)"?|(?=([^\s;]*))([^;]*))/gi

function withoutComments(text: string): string {
  return text.replace(/\([^()]*\)/g, '')
}

/** One candidate with and without what may stand around it. */
function variants(candidate: string): string[] {
  const forms = [
    candidate,
    candidate.trim(),
    candidate.replace(/^'(.*)'$/s, '$1'),
    candidate.replace(/\\(.)/gs, '$1'),
  ]
  const extended = /^([^']*)'[^']*'(.*)$/s.exec(candidate)
  const percent = decodePercent(Buffer.from(extended?.[2] ?? candidate, 'latin1'))
  forms.push(percent.toString('latin1'), decodeCharset(percent, extended?.[1] ?? ''))
  if (extended) forms.push(extended[2]!)
  // Wide characters of which the second octet says nothing.
  forms.push(percent.toString('latin1').replaceAll('\0', ''))
  forms.push(candidate.split('\0')[0]!, candidate.split(/[\s(;,]/)[0]!)
  if (candidate.includes('=?')) forms.push(decodeEncodedWords(candidate))
  return forms.filter(form => form !== '' && form.length <= MAX_BOUNDARY)
}

const MAX_BOUNDARY = 8192

/** What a body may mean that is no encoding, or has more than one word. */
function encodingsMeant(body: string, head: Buffer): string[] {
  const word = encodingOf(body)
  const meant = [word]
  if (!PLAIN.test(word)) {
    const text = head.toString('latin1')
    if (/b(?:ase)?[-_ ]?64/i.test(body) || looksLikeBase64(text)) meant.push('base64')
    if (/quoted|printable|^q/i.test(body) || /=(?:[\dA-F]{2}|\r?\n)/.test(text))
      meant.push('quoted-printable')
    if (/uu/i.test(body)) meant.push('x-uuencode')
  } else if (body.trim().length !== word.length && !isIdentity(word)) meant.push('7bit')
  for (const [known] of body.matchAll(/base64|quoted-printable|7bit/gi)) meant.push(known.toLowerCase())
  return meant
}

const PLAIN = /^(?:7bit|8bit|binary|base64|quoted-printable|x-uuencode|x-uue|uuencode)$/

function looksLikeBase64(text: string): boolean {
  return text.length >= 16 && /^[A-Za-z0-9+/=\s]+$/.test(text)
}
