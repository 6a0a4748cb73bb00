/**
 * message-reader — reads the parts of one message; messages within it stay leaves.
 *
 * First all entities are read in the order in which they stand, then numbered. The texts of errors are those
 * that operators know from logs and alerts (spec/daemon, Bad header checks, minor 1).
 */
import {parseHeader} from '../header.ts'
import type {Header, Part} from '../message.ts'
import {makePart} from '../part.ts'
import {Boundaries, type Delimiter} from './boundaries.ts'
import {type Entity, readEntity} from './entity.ts'
import {decodeBase64, decodeQuotedPrintable, toLf} from './transfer.ts'
import {readUuencoded} from './uuencode.ts'

/** Multiparts within multiparts; nothing honest comes near. */
const MAX_DEPTH = 200

interface Leaf {
  readonly entity: Entity
  readonly content: Buffer
  readonly number: number
}

interface Multipart {
  readonly entity: Entity
  readonly children: Item[]
  readonly preamble: Buffer
  readonly epilogue: Buffer
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
    const {item} = this.#readBody(readEntity(header), header.size)
    const parts: Part[] = []
    this.#collect(item, above?.number ?? 0, above ? `${above.placement}/1` : '1', parts)
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

  #readBody(entity: Entity, start: number): Read {
    if (entity.type.startsWith('multipart/')) {
      if (entity.isBroken || entity.boundary === undefined) this.errors.push(ERRORS.boundary)
      if (entity.boundary !== undefined) {
        if (this.#boundaries.level < MAX_DEPTH) return this.#readMultipart(entity, entity.boundary, start)
        this.limit ??= `Maximum decoding depth (${MAX_DEPTH}) exceeded`
      }
    }
    const delimiter = this.#boundaries.level > 0 ? this.#boundaries.find(start) : undefined
    return {item: this.#readLeaf(entity, start, delimiter), delimiter}
  }

  #slice(start: number, end: Delimiter | undefined): Buffer {
    return this.#octets.subarray(start, end ? Math.max(start, end.contentEnd) : this.#octets.length)
  }

  #readLeaf(entity: Entity, start: number, end: Delimiter | undefined): Item {
    const content = decodeContent(entity, this.#slice(start, end))
    if (!entity.type.startsWith('text/')) return this.#leaf(entity, content)
    const {files, rest} = readUuencoded(content, this.#maxParts - this.#count + 1)
    if (files.length === 0) return this.#leaf(entity, content)
    const children: Item[] = []
    // The text around the files is a part of its own; all of it where a client may not see files in it.
    const text = rest ?? content
    if (!isBlank(text)) children.push(this.#leaf(entity, text))
    for (const {name, content} of files) {
      if (!this.#mayRead()) break
      children.push(this.#leaf({...UUENCODED, names: [name]}, content))
    }
    return {entity: MIXED, children, preamble: EMPTY, epilogue: EMPTY}
  }

  #leaf(entity: Entity, content: Buffer): Leaf {
    return {entity, content, number: ++this.#number}
  }

  #readMultipart(entity: Entity, boundary: string, start: number): Read {
    const boundaries = this.#boundaries
    const level = boundaries.level
    boundaries.open(boundary)
    let delimiter = boundaries.find(start)
    const before = this.#slice(start, delimiter)
    const preamble = toLf(delimiter ? before : withoutLastLineEnd(before))
    if (delimiter?.level !== level) this.errors.push(ERRORS.preamble)
    const children: Item[] = []
    while (delimiter?.level === level && !delimiter.isClosing && this.#mayRead()) {
      const from: number = delimiter.next
      const isAtBoundary = (position: number) => boundaries.at(from + position) !== undefined
      const header = parseHeader(this.#octets.subarray(from), isAtBoundary)
      if (!this.#isComplete(header, from)) this.errors.push(ERRORS.header)
      const defaultType = entity.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
      const read: Read = this.#readBody(readEntity(header, defaultType), from + header.size)
      children.push(read.item)
      delimiter = read.delimiter
      if (delimiter?.level !== level) {
        if ('content' in read.item) this.errors.push(ERRORS.part)
        this.errors.push(ERRORS.parts)
      }
    }
    boundaries.close()
    let epilogue: Buffer = EMPTY
    if (delimiter?.level === level && delimiter.isClosing) {
      const from = delimiter.next
      delimiter = level > 0 ? boundaries.find(from) : undefined
      epilogue = toLf(this.#slice(from, delimiter))
    }
    return {item: {entity, children, preamble, epilogue}, delimiter}
  }

  /** Give an item's parts their places, multiparts their numbers too, from the outside in. */
  #collect(item: Item, parent: number, placement: string, parts: Part[]): void {
    if ('content' in item) {
      parts.push(leafPart(item, parent, placement))
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
    if (!isTrivial(item.epilogue)) parts.push(this.#text('epilogue', item.epilogue, parent, placement))
    item.children.forEach((child, index) => {
      this.#collect(child, number, `${placement}/${index + 1}`, parts)
    })
  }

  #text(kind: 'preamble' | 'epilogue', content: Buffer, parent: number, placement: string): Part {
    return makePart({number: ++this.#number, parent, kind, placement, encoding: '7bit', content})
  }
}

const UUENCODED: Entity = {
  type: 'application/octet-stream',
  encoding: 'x-uuencode',
  names: [],
  boundary: undefined,
  isAmbiguous: false,
  isBroken: false,
}

const MIXED: Entity = {...UUENCODED, type: 'multipart/mixed', encoding: '7bit'}

function leafPart({entity, content, number}: Leaf, parent: number, placement: string): Part {
  return makePart({
    number,
    parent,
    placement,
    declaredTypes: declaredTypes(entity),
    names: entity.names,
    encoding: entity.encoding,
    content,
    attributes: attributesOf(entity),
  })
}

/** What is declared to be encrypted cannot be looked into, whatever is in it (RFC 1847, RFC 3156). */
function attributesOf({type, isAmbiguous}: Entity): string {
  const isEncrypted = type === 'multipart/encrypted' || type === 'application/pgp-encrypted'
  return (isEncrypted ? 'UC' : '') + (isAmbiguous ? 'B' : '')
}

/** The declared type, and the one it comes down to where the entity is not what it says (RFC 2045 §6.4). */
function declaredTypes({type, encoding}: Entity): string[] {
  const effective = type.startsWith('multipart/')
    ? 'application/x-unparseable-multipart'
    : isKnown(encoding)
      ? type
      : 'application/octet-stream'
  return effective === type ? [type] : [type, effective]
}

function isKnown(encoding: string): boolean {
  return ENCODINGS.has(encoding)
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
])

function decodeContent({type, encoding}: Entity, octets: Buffer): Buffer {
  switch (encoding) {
    case 'base64':
      return decodeBase64(octets)
    case 'quoted-printable':
      return decodeQuotedPrintable(octets)
    case 'x-uuencode':
    case 'x-uue':
    case 'uuencode':
      return readUuencoded(octets, 1).files[0]?.content ?? toLf(octets)
    default:
      // A message is read again from these octets; a copy on each level would add up.
      return type.startsWith('message/') ? octets : toLf(octets)
  }
}

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
