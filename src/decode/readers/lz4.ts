/**
 * lz4 — frames of LZ4 (lz4_Frame_format.md 1.6) and of its first version, one behind the other.
 */
import {CorruptError} from '../member.ts'
import type {MemberWriter, Sink} from '../sink.ts'
import {readExactly, type Source} from '../source.ts'

const FRAME = 0x184d2204
const OLD_FRAME = 0x184c2102
const SKIPPABLE = 0x184d2a50
const HISTORY_BYTES = 64 * 1024
const OLD_BLOCK_BYTES = 8 * 1024 * 1024
/** A block may be stored when it cannot be made smaller, and may grow by this where it is made so. */
const SLACK_BYTES = 64 * 1024

export function readLz4(source: Source, sink: Sink): void {
  const writer = sink.begin()
  for (let at = 0; at + 4 <= source.size; ) {
    const magic = source.read(at, 4).readUInt32LE(0)
    if (magic === FRAME) at = readFrame(source, at + 4, writer)
    else if (magic === OLD_FRAME) at = readOldFrame(source, at + 4, writer)
    else if (magic >>> 4 === SKIPPABLE >>> 4) at += 8 + readExactly(source, at + 4, 4).readUInt32LE(0)
    else {
      writer.end()
      sink.addStored([], source, at, source.size)
      return
    }
  }
  writer.end()
}

/** @returns where the frame ends */
function readFrame(source: Source, start: number, writer: MemberWriter): number {
  const head = readExactly(source, start, 2)
  const flags = head[0]!
  const blockBytes = 2 ** (8 + 2 * ((head[1]! >> 4) & 7))
  if (flags >> 6 !== 1 || blockBytes < 2 ** 16) throw new CorruptError('no frame of LZ4')
  if (flags & 1) throw new CorruptError('it needs a dictionary', 'unsupported')
  const isLinked = (flags & 0x20) === 0
  let at = start + 2 + (flags & 8 ? 8 : 0) + 1
  let history: Buffer = Buffer.alloc(0)
  for (;;) {
    const word = readExactly(source, at, 4).readUInt32LE(0)
    at += 4
    if (word === 0) break
    const size = word & 0x7fffffff
    if (size > blockBytes + SLACK_BYTES) throw new CorruptError('a block without end')
    const packed = readExactly(source, at, size)
    const block = word >>> 31 ? Buffer.from(packed) : unpackBlock(packed, blockBytes, history)
    writer.write(block)
    if (isLinked) history = lastOctets(history, block)
    at += size + (flags & 0x10 ? 4 : 0)
  }
  return at + (flags & 4 ? 4 : 0)
}

function readOldFrame(source: Source, start: number, writer: MemberWriter): number {
  let at = start
  while (at + 4 <= source.size) {
    const size = source.read(at, 4).readUInt32LE(0)
    if (size === FRAME || size === OLD_FRAME || size >>> 4 === SKIPPABLE >>> 4) break
    if (size > OLD_BLOCK_BYTES + SLACK_BYTES) throw new CorruptError('a block without end')
    writer.write(unpackBlock(readExactly(source, at + 4, size), OLD_BLOCK_BYTES, Buffer.alloc(0)))
    at += 4 + size
  }
  return at
}

function lastOctets(history: Buffer, block: Buffer): Buffer {
  if (block.length >= HISTORY_BYTES) return block.subarray(block.length - HISTORY_BYTES)
  return Buffer.concat([history.subarray(Math.max(0, history.length + block.length - HISTORY_BYTES)), block])
}

/** Sequences of literals and of octets that were there before (lz4_Block_format.md). */
function unpackBlock(packed: Buffer, mostBytes: number, history: Buffer): Buffer {
  const start = history.length
  const out = Buffer.allocUnsafe(start + mostBytes)
  history.copy(out)
  let to = start
  let at = 0
  const longLength = (base: number): number => {
    let length = base
    if (base !== 15) return length
    let octet: number | undefined
    do {
      octet = packed[at++]
      if (octet === undefined) throw new CorruptError('a block that ends too early')
      length += octet
    } while (octet === 255)
    return length
  }
  while (at < packed.length) {
    const token = packed[at++]!
    const literals = longLength(token >> 4)
    if (at + literals > packed.length || to + literals > out.length)
      throw new CorruptError('a block without sense')
    packed.copy(out, to, at, at + literals)
    at += literals
    to += literals
    if (at >= packed.length) break
    if (at + 2 > packed.length) throw new CorruptError('a block that ends too early')
    const distance = packed.readUInt16LE(at)
    at += 2
    const length = longLength(token & 15) + 4
    to = repeat(out, to, distance, length)
  }
  return out.subarray(start, to)
}

/**
 * Write `length` octets at `to` as they stand `distance` before; both may overlap.
 * @returns where the octets end
 * @throws CorruptError when there are none, or no place for them
 */
export function repeat(out: Buffer, to: number, distance: number, length: number): number {
  const from = to - distance
  const end = to + length
  if (distance === 0 || from < 0 || end > out.length) throw new CorruptError('a block without sense')
  if (distance === 1) out.fill(out[from]!, to, end)
  else if (distance >= length) out.copyWithin(to, from, from + length)
  else for (let i = to; i < end; i++) out[i] = out[i - distance]!
  return end
}
