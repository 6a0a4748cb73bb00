/**
 * cpio — the portable (odc), the new (newc, crc) and the old binary dialect in either byte order.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import {readExactly, type Source} from '../source.ts'

interface Entry {
  readonly headerBytes: number
  readonly nameBytes: number
  readonly size: number
  readonly mode: number
  /** names and contents end on a multiple of this */
  readonly alignment: number
}

/** Longer names are no names. */
const MAX_NAME_BYTES = 64 * 1024

const FILE_TYPE = 0o170000

export function readCpio(source: Source, sink: Sink): void {
  for (let at = 0; ; ) {
    const entry = readEntry(source, at)
    if (entry === undefined) throw new CorruptError(at === 0 ? 'no cpio header' : `no cpio header at ${at}`)
    const {headerBytes, nameBytes, size, mode, alignment} = entry
    if (nameBytes > MAX_NAME_BYTES) throw new CorruptError('a name without end')
    const name = nameText(readExactly(source, at + headerBytes, nameBytes))
    const start = align(at, headerBytes + nameBytes, alignment)
    if (name === 'TRAILER!!!' && size === 0) return
    const type = mode & FILE_TYPE
    if (type === 0o040000) sink.addEntry('directory', [name])
    else if (type === 0o120000) sink.addEntry('link', [name])
    else if (type === 0o100000 || type === 0) sink.addStored([name], source, start, start + size)
    else sink.addEntry('special', [name])
    if (start + size > source.size) throw new CorruptError('it ends too early')
    at = align(start, size, alignment)
    if (at >= source.size) throw new CorruptError('it has no end mark')
  }
}

/** Where the next thing begins: alignment counts from the archive's beginning, as all sizes are rounded. */
function align(at: number, length: number, alignment: number): number {
  return Math.ceil((at + length) / alignment) * alignment
}

function readEntry(source: Source, at: number): Entry | undefined {
  const head = source.read(at, 110)
  const magic = head.toString('latin1', 0, 6)
  if (magic === '070707' && head.length >= 76) {
    const octal = (from: number, length: number) => number(head, from, length, 8)
    return {headerBytes: 76, nameBytes: octal(59, 6), size: octal(65, 11), mode: octal(18, 6), alignment: 1}
  }
  if ((magic === '070701' || magic === '070702') && head.length >= 110) {
    const hex = (from: number) => number(head, from, 8, 16)
    return {headerBytes: 110, nameBytes: hex(94), size: hex(54), mode: hex(14), alignment: 4}
  }
  if (head.length < 26) return undefined
  const isLittle = head.readUInt16LE(0) === 0o070707
  if (!isLittle && head.readUInt16BE(0) !== 0o070707) return undefined
  const short = (from: number) => (isLittle ? head.readUInt16LE(from) : head.readUInt16BE(from))
  const size = short(22) * 0x10000 + short(24)
  return {headerBytes: 26, nameBytes: short(20), size, mode: short(6), alignment: 2}
}

function number(head: Buffer, from: number, length: number, radix: number): number {
  const value = Number.parseInt(head.toString('latin1', from, from + length), radix)
  if (Number.isNaN(value)) throw new CorruptError('a header with a number that is none')
  return value
}
