/**
 * lzop — files of lzop(1), whose blocks are packed by LZO1X; checksums are not looked at.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import {readExactly, type Source} from '../source.ts'
import {repeat} from './lz4.ts'

const MAGIC_BYTES = 9
const FLAG = {
  adlerPlain: 1,
  adlerPacked: 2,
  extra: 0x40,
  crcPlain: 0x100,
  crcPacked: 0x200,
  filter: 0x800,
} as const
/** The largest block that lzop reads. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024

export function readLzop(source: Source, sink: Sink): void {
  let at = MAGIC_BYTES
  const number = (length: 1 | 2 | 4): number => {
    const value = readExactly(source, at, length).readUIntBE(0, length)
    at += length
    return value
  }
  const version = number(2)
  at += 2
  if (version >= 0x940) at += 2
  const method = number(1)
  if (version >= 0x940) at += 1
  const flags = number(4)
  if (flags & FLAG.filter) at += 4
  at += version >= 0x940 ? 12 : 8
  const nameBytes = number(1)
  const name = nameText(readExactly(source, at, nameBytes))
  at += nameBytes + 4
  if (flags & FLAG.extra) at += 4 + number(4) + 4
  if (method < 1 || method > 3)
    throw new CorruptError(`compressed by an unknown method ${method}`, 'unsupported')
  const writer = sink.begin(...(name === '' ? [] : [name]))
  for (let size = number(4); size > 0; size = number(4)) {
    const packedBytes = number(4)
    if (size > MAX_BLOCK_BYTES || packedBytes > size) throw new CorruptError('a block without end')
    const isPacked = packedBytes < size
    if (flags & FLAG.adlerPlain) at += 4
    if (flags & FLAG.crcPlain) at += 4
    if (isPacked && flags & FLAG.adlerPacked) at += 4
    if (isPacked && flags & FLAG.crcPacked) at += 4
    const packed = readExactly(source, at, packedBytes)
    writer.write(isPacked ? unpackLzo(packed, size) : packed)
    at += packedBytes
  }
  writer.end()
}

/**
 * LZO1X, as described in the Linux kernel's Documentation/staging/lzo.rst.
 * @throws CorruptError
 */
function unpackLzo(packed: Buffer, size: number): Buffer {
  const out = Buffer.allocUnsafe(size)
  let at = 0
  let to = 0
  /** literals that were just copied: 0 none, 1 to 3, 4 for more */
  let state = 0
  const next = (): number => {
    const octet = packed[at++]
    if (octet === undefined) throw new CorruptError('a block that ends too early')
    return octet
  }
  const longLength = (short: number, base: number): number => {
    if (short > 0) return short
    let length = base
    let octet = next()
    while (octet === 0) {
      length += 255
      octet = next()
    }
    return length + octet
  }
  const literals = (count: number): void => {
    if (at + count > packed.length || to + count > size) throw new CorruptError('a block without sense')
    packed.copy(out, to, at, at + count)
    at += count
    to += count
  }
  const match = (length: number, distance: number, following: number): void => {
    to = repeat(out, to, distance, length)
    literals(following)
    state = following
  }
  if ((packed[0] ?? 0) > 17) {
    const count = next() - 17
    literals(count)
    state = Math.min(count, 4)
  }
  for (;;) {
    const code = next()
    if (code >= 64) {
      const length = code >= 128 ? 5 + ((code >> 5) & 3) : 3 + ((code >> 5) & 1)
      match(length, (next() << 3) + ((code >> 2) & 7) + 1, code & 3)
    } else if (code >= 32) {
      const length = 2 + longLength(code & 31, 31)
      const word = next() + (next() << 8)
      match(length, (word >> 2) + 1, word & 3)
    } else if (code >= 16) {
      const length = 2 + longLength(code & 7, 7)
      const word = next() + (next() << 8)
      const distance = 16384 + ((code & 8) << 11) + (word >> 2)
      if (distance === 16384) break
      match(length, distance, word & 3)
    } else if (state === 0) {
      literals(3 + longLength(code, 15))
      state = 4
    } else if (state === 4) match(3, (next() << 2) + (code >> 2) + 2049, code & 3)
    else match(2, (next() << 2) + (code >> 2) + 1, code & 3)
  }
  return out.subarray(0, to)
}
