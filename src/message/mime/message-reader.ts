/**
 * message-reader — reads the parts of one message; messages within it stay leaves.
 *
 * First all entities are read in the order in which they stand, then numbered. Where something can be read in
 * another way, too, that is noted with the octets it is about; readings.ts reads those. The texts of errors are
 * those that operators know from logs and alerts (spec/daemon, Bad header checks, minor 1).
 */
import {parseHeader} from '../header.ts'
import type {Header, Part, PartProblem} from '../message.ts'
import {makePart} from '../part.ts'
import {alternatives} from './alternatives.ts'
import {base64Readings} from './base64.ts'
import {Boundaries, type Delimiter} from './boundaries.ts'
import {decodeContent} from './content.ts'
import {readEmbedded, typeByName} from './embedded.ts'
import {type Entity, type EntityFields, entityFields, isIdentity, readEntity} from './entity.ts'
import {decodeOpaque, isOpaque} from './text-charset.ts'
import {toLf} from './transfer.ts'

/** Multiparts within multiparts; nothing honest comes near. */
const MAX_DEPTH = 200

/** Another way to read an entity. */
export interface Reading {
  /** what a client has to do to see it so */
  readonly label: string
  readonly entity: Entity
  /** what the entity has as its body in this reading */
  readonly region: Buffer
  /** the content as it is decoded in this reading; undefined: as `entity` says */
  readonly content?: Buffer
  /** lines that only begin with the boundary are delimiters */
  readonly isLoose?: boolean
  /** all clients agree on it: it is what the content comes down to, not a matter of doubt */
  readonly isCertain?: boolean
}

/** A part that can be read in other ways too. */
export interface Doubt {
  readonly readings: readonly Reading[]
  readonly number: number
  readonly parent: number
  readonly placement: string
}

interface Leaf {
  readonly entity: Entity
  readonly content: Buffer
  readonly number: number
  readonly readings: readonly Reading[] | undefined
  readonly problem?: PartProblem | undefined
}

interface Multipart {
  readonly entity: Entity
  readonly children: Item[]
  readonly preamble: Buffer
  readonly epilogue: Buffer
  readonly readings: readonly Reading[] | undefined
}

type Item = Leaf | Multipart

/** An item, and the delimiter of an enclosing multipart that ended it; undefined at the end of the mail. */
interface Read {
  readonly item: Item
  readonly delimiter: Delimiter | undefined
}

const EMPTY = Buffer.alloc(0)

const ERRORS = {
  header: 'error: unexpected end of header',
  boundary: 'error: multipart boundary is missing, or contains CR or LF',
  preamble: 'error: unexpected end of preamble',
  part: 'error: part did not end with expected boundary',
  parts: 'error: unexpected end of parts before epilogue',
} as const

export class MessageReader {
  /** what was wrong, in the order in which it was met */
  readonly errors: string[] = []
  /** what can be read in other ways, in the order of the parts */
  readonly doubts: Doubt[] = []
  /** which limit ended the reading */
  limit: string | undefined
  readonly #octets: Buffer
  readonly #boundaries: Boundaries
  readonly #maxParts: number
  /** the last number given */
  #number: number
  /** items read: a multipart counts from when it begins, and gets its number at the end */
  #count: number

  /** @param numbered how many parts the mail has already */
  constructor(octets: Buffer, numbered: number, maxParts: number) {
    this.#octets = octets
    this.#boundaries = new Boundaries(octets)
    this.#number = this.#count = numbered
    this.#maxParts = maxParts
  }

  /** @param above the part that holds this message */
  read(header: Header, above: Part | undefined): Part[] {
    if (!this.#isComplete(header, 0)) this.errors.push(ERRORS.header)
    this.#count++
    const {item} = this.#readEntity(header, 0, 'text/plain')
    return this.#numbered(item, above?.number ?? 0, above ? `${above.placement}/1` : '1')
  }

  /**
   * Read an entity again, in another way; the octets of this reader are the reading's region.
   * @param at the place of the part that is read so
   */
  readAgain(reading: Reading, at: {readonly parent: number; readonly placement: string}): Part[] {
    const {entity, content, isLoose} = reading
    this.#count++
    const item = content ? this.#leaf(entity, content) : this.#readBody(entity, 0, isLoose).item
    return this.#numbered(item, at.parent, at.placement)
  }

  #numbered(item: Item, parent: number, placement: string): Part[] {
    const parts: Part[] = []
    this.#collect(item, parent, placement, parts)
    return parts.sort((a, b) => a.number - b.number)
  }

  /** Whether a header ends with its empty line, or at a boundary; not at the end of the mail. */
  #isComplete(header: Header, start: number): boolean {
    const end = start + header.size
    if (end < this.#octets.length || header.size === 0) return true
    const line = this.#octets.toString('latin1', Math.max(start, end - 4), end)
    return line === '\n' || line === '\r\n' || line.endsWith('\n\n') || line.endsWith('\n\r\n')
  }

  /** Whether one more part may be read. */
  #mayRead(): boolean {
    if (this.#count >= this.#maxParts) this.limit ??= `Maximum number of files (${this.#maxParts}) exceeded`
    if (this.limit !== undefined) return false
    this.#count++
    return true
  }

  #readEntity(header: Header, start: number, defaultType: string): Read {
    const fields = entityFields(header)
    const entity = readEntity(fields, defaultType)
    if (entity.isCut) this.limit ??= 'Maximum size of a header exceeded'
    const from = start + header.size
    const read = this.#readBody(entity, from)
    if (!entity.isDoubtful && header.doubtfulEnd < 0) return read
    const region = this.#octets.subarray(from, this.#endBefore(read.delimiter, from))
    const readings = entity.isDoubtful ? otherWays(fields, entity, region) : []
    if (header.doubtfulEnd >= 0) {
      const cut = start + header.doubtfulEnd
      readings.push({
        label: 'header: ends at a line that is no field',
        entity: readEntity(entityFields(fieldsBefore(header, header.doubtfulEnd)), defaultType),
        region: this.#octets.subarray(cut, this.#endBefore(read.delimiter, cut)),
      })
    }
    return readings.length === 0 ? read : {...read, item: withReadings(read.item, readings)}
  }

  #readBody(entity: Entity, start: number, isLoose = false): Read {
    if (entity.type.startsWith('multipart/')) {
      if (entity.isBroken || entity.boundary === undefined) this.errors.push(ERRORS.boundary)
      if (entity.boundary !== undefined) {
        if (this.#boundaries.level < MAX_DEPTH)
          return this.#readMultipart(entity, entity.boundary, start, isLoose)
        this.limit ??= `Maximum decoding depth (${MAX_DEPTH}) exceeded`
      }
    }
    const delimiter = this.#boundaries.level > 0 ? this.#boundaries.find(start) : undefined
    const region = this.#octets.subarray(start, this.#endBefore(delimiter, start))
    return {item: this.#readLeaf(entity, region), delimiter}
  }

  #endBefore(end: Delimiter | undefined, start: number): number {
    return end ? Math.max(start, end.contentEnd) : this.#octets.length
  }

  #readLeaf(entity: Entity, region: Buffer): Item {
    const {content, isDoubtful} = decodeContent(entity, region)
    let readings: Reading[] | undefined
    if (isDoubtful) {
      readings = base64Readings(region).map(reading => ({...reading, entity, region}))
    } else if (entity.boundary === undefined && entity.type.startsWith('multipart/')) {
      readings = guessedBoundary(entity, region)
    }
    const isText = entity.type.startsWith('text/')
    if (isText && isOpaque(entity.charset)) {
      const decoded = decodeOpaque(content, entity.charset)
      const label = `charset: ${entity.charset}`
      if (decoded) (readings ??= []).push({label, entity, region, content: decoded, isCertain: true})
    }
    if (!isText && entity.type !== 'application/mac-binhex40') return this.#leaf(entity, content, readings)
    const embedded = readEmbedded(content, this.#maxParts - this.#count + 1)
    if (!embedded) return this.#leaf(entity, content, readings)
    const {text, files, encoding, problem} = embedded
    const children: Item[] = []
    // The text around the files is a part of its own.
    if (!isBlank(text)) children.push(this.#leaf(entity, text, readings))
    for (const {name, content} of files) {
      if (!this.#mayRead()) break
      const names = name === '' ? [] : [name]
      children.push(
        this.#leaf({...PLAIN, type: typeByName(name), encoding, names}, content, undefined, problem),
      )
    }
    return {
      entity: {...PLAIN, type: 'multipart/mixed'},
      children,
      preamble: EMPTY,
      epilogue: EMPTY,
      readings: undefined,
    }
  }

  #leaf(entity: Entity, content: Buffer, readings?: readonly Reading[], problem?: PartProblem): Leaf {
    return {entity, content, number: ++this.#number, readings, problem}
  }

  #readMultipart(entity: Entity, boundary: string, start: number, isLoose: boolean): Read {
    const boundaries = this.#boundaries
    const level = boundaries.level
    boundaries.open(boundary, isLoose)
    let delimiter = boundaries.find(start)
    const before = this.#octets.subarray(start, this.#endBefore(delimiter, start))
    const preamble = toLf(delimiter ? before : withoutLastLineEnd(before))
    if (delimiter?.level !== level) this.errors.push(ERRORS.preamble)
    const children: Item[] = []
    while (delimiter?.level === level && !delimiter.isClosing && this.#mayRead()) {
      const from: number = delimiter.next
      const isAtBoundary = (position: number) => boundaries.at(from + position) !== undefined
      const header = parseHeader(this.#octets.subarray(from), isAtBoundary)
      if (!this.#isComplete(header, from)) this.errors.push(ERRORS.header)
      const defaultType = entity.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
      const read: Read = this.#readEntity(header, from, defaultType)
      children.push(read.item)
      delimiter = read.delimiter
      if (delimiter?.level !== level) {
        if ('content' in read.item) this.errors.push(ERRORS.part)
        this.errors.push(ERRORS.parts)
      }
    }
    const hasNearMiss = boundaries.close()
    let epilogue: Buffer = EMPTY
    const readings: Reading[] = []
    if (delimiter?.level === level && delimiter.isClosing) {
      const from = delimiter.next
      delimiter = level > 0 ? boundaries.find(from) : undefined
      const region = this.#octets.subarray(from, this.#endBefore(delimiter, from))
      epilogue = toLf(region)
      if (hasLine(region, `--${boundary}`)) {
        readings.push({label: 'boundary: goes on after the closing delimiter', entity, region})
      }
    }
    if (hasNearMiss && !isLoose) {
      const region = this.#octets.subarray(start, this.#endBefore(delimiter, start))
      readings.push({label: 'boundary: any line that begins with it', entity, region, isLoose: true})
    }
    const item = {entity, children, preamble, epilogue, readings: readings.length > 0 ? readings : undefined}
    return {item, delimiter}
  }

  /** Give an item's parts their places, multiparts their numbers too, from the outside in. */
  #collect(item: Item, parent: number, placement: string, parts: Part[]): void {
    if ('content' in item) {
      parts.push(leafPart(item, parent, placement))
      this.#doubt(item, item.number, parent, placement)
      return
    }
    if (!isTrivial(item.preamble)) parts.push(this.#text('preamble', item.preamble, parent, placement))
    const number = ++this.#number
    parts.push(
      makePart({
        number,
        parent,
        kind: 'container',
        placement,
        declaredTypes: [item.entity.type],
        names: item.entity.names,
        encoding: item.entity.encoding,
        attributes: attributesOf(item.entity),
      }),
    )
    this.#doubt(item, number, parent, placement)
    if (!isTrivial(item.epilogue)) parts.push(this.#text('epilogue', item.epilogue, parent, placement))
    item.children.forEach((child, index) => {
      this.#collect(child, number, `${placement}/${index + 1}`, parts)
    })
  }

  #doubt({readings}: Item, number: number, parent: number, placement: string): void {
    if (readings) this.doubts.push({readings, number, parent, placement})
  }

  #text(kind: 'preamble' | 'epilogue', content: Buffer, parent: number, placement: string): Part {
    return makePart({number: ++this.#number, parent, kind, placement, encoding: '7bit', content})
  }
}

const PLAIN: Entity = {
  type: 'application/octet-stream',
  typeAsWritten: undefined,
  encoding: '7bit',
  names: [],
  boundary: undefined,
  charset: '',
  isAmbiguous: false,
  isDoubtful: false,
  isBroken: false,
  isCut: false,
}

/** How much of a content is looked at to guess its encoding. */
const HEAD = 512

function otherWays(fields: EntityFields, entity: Entity, region: Buffer): Reading[] {
  const hasDelimiter = (boundary: string) => hasLine(region, `--${boundary}`)
  const readings: Reading[] = alternatives(fields, entity, hasDelimiter, region.subarray(0, HEAD)).map(
    ({label, entity}) => ({label, entity, region}),
  )
  // An encoding of a multipart counts for some clients (RFC 2045 §6.4 forbids it).
  for (const other of [entity, ...readings.map(reading => reading.entity)]) {
    if (!other.type.startsWith('multipart/') || isIdentity(other.encoding)) continue
    const decoded = decodeContent({...other, type: 'application/octet-stream'}, region).content
    const label = `Content-Transfer-Encoding: ${other.encoding}, of a multipart`
    readings.push({label, entity: {...other, encoding: '7bit'}, region: decoded})
  }
  return readings
}

/** A multipart that names no boundary is for some clients what its first line that looks like one says. */
function guessedBoundary(entity: Entity, region: Buffer): Reading[] {
  const line = /^--([^\r\n]{1,200}?)[ \t]*\r?$/m.exec(region.toString('latin1', 0, 64 * 1024))
  return line ? [{label: 'boundary: guessed', entity: {...entity, boundary: line[1]!}, region}] : []
}

function hasLine(octets: Buffer, start: string): boolean {
  const needle = Buffer.from(start, 'latin1')
  let at = octets.indexOf(needle)
  while (at > 0 && octets[at - 1] !== 10) at = octets.indexOf(needle, at + 1)
  return at >= 0
}

function fieldsBefore(header: Header, position: number): Header {
  let size = 0
  const fields = header.fields.filter(field => {
    size += field.raw.length
    return size <= position
  })
  return {...header, fields, size: position, doubtfulEnd: -1}
}

function withReadings(item: Item, readings: readonly Reading[]): Item {
  return {...item, readings: [...readings, ...(item.readings ?? [])]}
}

function leafPart({entity, content, number, problem}: Leaf, parent: number, placement: string): Part {
  return makePart({
    number,
    parent,
    placement,
    declaredTypes: declaredTypes(entity),
    names: entity.names,
    encoding: entity.encoding,
    content,
    attributes: attributesOf(entity) + (problem?.kind === 'corrupt' ? 'U' : ''),
    ...(problem && {problems: [problem]}),
  })
}

/** What is declared to be encrypted cannot be looked into, whatever is in it (RFC 1847, RFC 3156). */
function attributesOf({type, isAmbiguous}: Entity): string {
  const isEncrypted = type === 'multipart/encrypted' || type === 'application/pgp-encrypted'
  return (isEncrypted ? 'UC' : '') + (isAmbiguous ? 'B' : '')
}

/** The declared type, and the one it comes down to where the entity is not what it says (RFC 2045 §6.4). */
function declaredTypes({type, typeAsWritten, encoding}: Entity): string[] {
  if (typeAsWritten !== undefined) return [typeAsWritten, type]
  const effective = type.startsWith('multipart/')
    ? 'application/x-unparseable-multipart'
    : ENCODINGS.has(encoding)
      ? type
      : 'application/octet-stream'
  return effective === type ? [type] : [type, effective]
}

const ENCODINGS: ReadonlySet<string> = new Set([
  '7bit',
  '8bit',
  'binary',
  'base64',
  'quoted-printable',
  'x-uuencode',
  'x-uue',
  'uuencode',
  'x-yenc',
  'x-binhex40',
])

/** The last line end belongs to the delimiter, even to one that never comes. */
function withoutLastLineEnd(octets: Buffer): Buffer {
  const end = octets.at(-1) === 10 ? octets.length - 1 : octets.length
  return octets.subarray(0, octets[end - 1] === 13 ? end - 1 : end)
}

/**
 * Whether a text around the parts says nothing: empty lines, or a hint for clients that know no MIME. Anything
 * but words and their punctuation may be an attachment that some client finds, and is kept.
 */
function isTrivial(text: Buffer): boolean {
  return text.length <= MAX_TRIVIAL && !/[^\s\w.,:;@!-]/.test(text.toString('latin1'))
}

function isBlank(text: Buffer): boolean {
  return text.every(c => c <= 32)
}

const MAX_TRIVIAL = 250
