/**
 * tar — v7, ustar, GNU and pax archives, with long names, base-256 numbers and sparse files.
 *
 * The pax records `path`, `linkpath` and `size` count, and those of GNU sparse files. An archive may be
 * followed by another one; readers differ on whether they go on behind the end mark, so this one does.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import type {Source} from '../source.ts'

const BLOCK = 512
/** Names and pax records longer than this are cut. */
const MAX_NAME_BYTES = 1024 * 1024
/** How far behind an end mark a further archive is looked for. */
const END_MARK_BLOCKS = 64

/** What extension headers say about the entry that follows. */
interface Extended {
  name?: string
  size?: number
  sparseName?: string
}

export function readTar(source: Source, sink: Sink): void {
  let at = 0
  let extended: Extended = {}
  let global: Extended = {}
  let found = false
  let empty = 0
  while (at + BLOCK <= source.size) {
    const block = source.read(at, BLOCK)
    if (isZero(block)) {
      if (++empty > END_MARK_BLOCKS) return
      at += BLOCK
      continue
    }
    const header = readHeader(block)
    if (!header) {
      if (!found) throw new CorruptError('no tar header')
      // Garbage behind an end mark is nobody's; within the archive it hides what follows.
      if (empty === 0) throw new CorruptError(`no tar header at ${at}`)
      return
    }
    found = true
    empty = 0
    const {type} = header
    const size = extended.size ?? global.size ?? header.size
    const start = at + BLOCK
    if ('LKxXg'.includes(type)) {
      const octets = source.read(start, Math.min(header.size, MAX_NAME_BYTES))
      if (octets.length < Math.min(header.size, MAX_NAME_BYTES)) throw new CorruptError('it ends too early')
      if (type === 'L') extended = {...extended, name: nameText(octets)}
      else if (type === 'g') global = {...global, ...readPax(octets)}
      else if (type !== 'K') extended = {...extended, ...readPax(octets)}
      at = start + roundUp(header.size)
      continue
    }
    const name = extended.sparseName ?? extended.name ?? global.name ?? header.name
    const names = header.name === '' || header.name === name ? [name] : [name, header.name]
    const data = start + (type === 'S' ? sparseExtensions(source, start, block) : 0)
    const end = data + (hasContent(type) ? size : 0)
    if (type === '5' || type === 'D' || (type === '\0' && name.endsWith('/')))
      sink.addEntry('directory', names)
    else if ('12'.includes(type) && (type === '2' || size === 0)) sink.addEntry('link', names)
    else if ('346'.includes(type)) sink.addEntry('special', names)
    else sink.addStored(names, source, data, end)
    if (end > source.size) throw new CorruptError('it ends too early')
    at = data + roundUp(hasContent(type) || type === 'D' ? size : 0)
    extended = {}
  }
  if (!found) throw new CorruptError('no tar header')
  if (at > source.size) throw new CorruptError('it ends too early')
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK
}

/** Links (but hard links of pax may), devices and directories have no octets. */
function hasContent(type: string): boolean {
  return !'23456D'.includes(type)
}

function isZero(block: Buffer): boolean {
  return block[0] === 0 && block.every(octet => octet === 0)
}

function readHeader(block: Buffer): {name: string; size: number; type: string} | undefined {
  const expected = readNumber(block, 148, 8)
  let unsigned = 8 * 32 // the checksum itself counts as blanks
  let signed = 8 * 32
  for (let i = 0; i < BLOCK; i++) {
    if (i >= 148 && i < 156) continue
    unsigned += block[i]!
    signed += block.readInt8(i)
  }
  if (expected !== unsigned && expected !== signed) return undefined
  const isUstar = block.toString('latin1', 257, 262) === 'ustar'
  const isPosix = isUstar && block[262] === 0
  const prefix = isPosix ? nameText(block.subarray(345, 500)) : ''
  const name = nameText(block.subarray(0, 100))
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: readNumber(block, 124, 12),
    type: String.fromCharCode(block[156]!),
  }
}

/** Octal, or base 256 where the first bit is set. */
function readNumber(block: Buffer, at: number, length: number): number {
  if (block[at]! & 0x80) {
    let value = block[at]! & 0x7f
    for (let i = at + 1; i < at + length; i++) value = value * 256 + block[i]!
    return value
  }
  const digits = /^[ \0]*([0-7]*)/.exec(block.toString('latin1', at, at + length))
  return digits?.[1] ? Number.parseInt(digits[1], 8) : 0
}

/** Records `LENGTH KEY=VALUE\n`. */
function readPax(octets: Buffer): Extended {
  const extended: Extended = {}
  for (let at = 0; at < octets.length; ) {
    const blank = octets.indexOf(0x20, at)
    if (blank < 0 || blank - at > 12) break
    const length = Number.parseInt(octets.toString('latin1', at, blank), 10)
    const equals = octets.indexOf(0x3d, blank)
    if (!(length > blank - at + 1) || equals < 0 || equals >= at + length) break
    const key = octets.toString('latin1', blank + 1, equals)
    const value = octets.subarray(equals + 1, at + length - 1)
    if (key === 'path') extended.name = nameText(value)
    else if (key === 'size') extended.size = Number.parseInt(value.toString('latin1'), 10) || 0
    else if (key === 'GNU.sparse.name') extended.sparseName = nameText(value)
    at += length
  }
  return extended
}

/** Octets of extension headers between the header of an old GNU sparse file and its data. */
function sparseExtensions(source: Source, start: number, block: Buffer): number {
  let length = 0
  let more = block[482] !== 0
  while (more) {
    const extension = source.read(start + length, BLOCK)
    if (extension.length < BLOCK) throw new CorruptError('it ends too early')
    length += BLOCK
    more = extension[504] !== 0
  }
  return length
}
