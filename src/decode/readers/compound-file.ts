/**
 * compound-file — the storage of OLE: streams in chains of sectors ([MS-CFB] 3.0).
 *
 * Chains are followed no further than there are sectors, so that one that bites its tail has an end.
 */
import {CorruptError} from '../member.ts'
import {readExactly, type Source} from '../source.ts'

export interface CompoundStream {
  readonly name: string
  readonly size: number
  readonly start: number
  /** index of the storage that it is in */
  readonly parent: number
}

const HEADER_BYTES = 512
const ENTRY_BYTES = 128
const LARGEST_SECTOR = 0xfffffff9
const DIFAT_IN_HEADER = 109
const MAX_ENTRIES = 65_536

interface Entry {
  readonly name: string
  readonly type: number
  readonly left: number
  readonly right: number
  readonly child: number
  readonly start: number
  readonly size: number
}

export class CompoundFile {
  readonly #source: Source
  readonly #sectorBytes: number
  readonly #miniSectorBytes: number
  readonly #miniLimit: number
  readonly #fat: Buffer
  readonly #miniFat: Buffer
  readonly #entries: readonly Entry[]
  #mini: Buffer | undefined

  /** @throws CorruptError */
  constructor(source: Source) {
    this.#source = source
    const header = Buffer.from(readExactly(source, 0, HEADER_BYTES))
    const shift = header.readUInt16LE(30)
    const miniShift = header.readUInt16LE(32)
    if ((shift !== 9 && shift !== 12) || miniShift !== 6) throw new CorruptError('sectors of no known size')
    this.#sectorBytes = 2 ** shift
    this.#miniSectorBytes = 2 ** miniShift
    this.#miniLimit = header.readUInt32LE(56)
    this.#fat = this.#readFat(header)
    this.#miniFat = this.#chain(header.readUInt32LE(60))
    this.#entries = readEntries(this.#chain(header.readUInt32LE(48), MAX_ENTRIES * ENTRY_BYTES))
    if (this.#entries.length === 0) throw new CorruptError('no directory')
  }

  get #sectors(): number {
    return Math.ceil(this.#source.size / this.#sectorBytes)
  }

  #sector(number: number): Buffer {
    return this.#source.read((number + 1) * this.#sectorBytes, this.#sectorBytes)
  }

  /** The table of sectors: its own sectors are listed in the header, then in a chain of their own. */
  #readFat(header: Buffer): Buffer {
    const pieces: Buffer[] = []
    const add = (sector: number) => {
      if (sector <= LARGEST_SECTOR && pieces.length <= this.#sectors)
        pieces.push(Buffer.from(this.#sector(sector)))
    }
    for (let i = 0; i < DIFAT_IN_HEADER; i++) add(header.readUInt32LE(76 + 4 * i))
    let next = header.readUInt32LE(68)
    for (let i = 0; next <= LARGEST_SECTOR && i < this.#sectors; i++) {
      const list = Buffer.from(this.#sector(next))
      if (list.length < this.#sectorBytes) break
      for (let at = 0; at + 8 <= list.length; at += 4) add(list.readUInt32LE(at))
      next = list.readUInt32LE(list.length - 4)
    }
    return Buffer.concat(pieces)
  }

  /** All octets of a chain, or the first of them. */
  #chain(start: number, mostBytes = Number.POSITIVE_INFINITY): Buffer {
    const pieces: Buffer[] = []
    let bytes = 0
    for (let at = start, i = 0; at <= LARGEST_SECTOR && i <= this.#sectors && bytes < mostBytes; i++) {
      const sector = Buffer.from(this.#sector(at))
      if (sector.length === 0) break
      pieces.push(sector)
      bytes += sector.length
      at = at * 4 + 4 <= this.#fat.length ? this.#fat.readUInt32LE(at * 4) : Number.POSITIVE_INFINITY
    }
    return Buffer.concat(pieces)
  }

  #miniChain(start: number, mostBytes: number): Buffer {
    const root = this.#entries[0]!
    this.#mini ??= this.#chain(root.start, root.size)
    const pieces: Buffer[] = []
    let bytes = 0
    const most = this.#mini.length / this.#miniSectorBytes
    for (let at = start, i = 0; at <= LARGEST_SECTOR && i <= most && bytes < mostBytes; i++) {
      const from = at * this.#miniSectorBytes
      const sector = this.#mini.subarray(from, from + this.#miniSectorBytes)
      if (sector.length === 0) break
      pieces.push(sector)
      bytes += sector.length
      at = at * 4 + 4 <= this.#miniFat.length ? this.#miniFat.readUInt32LE(at * 4) : Number.POSITIVE_INFINITY
    }
    return Buffer.concat(pieces)
  }

  /** All streams, each with the storage that holds it. */
  streams(): CompoundStream[] {
    const found: CompoundStream[] = []
    const seen = new Set<number>()
    const waiting: [entry: number, parent: number][] = [[this.#entries[0]!.child, 0]]
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [index, parent] = next
      const entry = this.#entries[index]
      if (!entry || seen.has(index)) continue
      seen.add(index)
      waiting.push([entry.left, parent], [entry.right, parent])
      if (entry.type === 1) waiting.push([entry.child, index])
      else if (entry.type === 2) found.push({name: entry.name, size: entry.size, start: entry.start, parent})
    }
    return found
  }

  /** A stream's octets, or the first of them; fewer than its size where the file is cut off. */
  read({start, size}: CompoundStream, mostBytes = size): Buffer {
    const length = Math.min(size, mostBytes)
    const octets = size < this.#miniLimit ? this.#miniChain(start, length) : this.#chain(start, length)
    return octets.subarray(0, length)
  }
}

function readEntries(directory: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = 0; at + ENTRY_BYTES <= directory.length; at += ENTRY_BYTES) {
    const nameBytes = Math.min(64, directory.readUInt16LE(at + 64))
    entries.push({
      name: directory.toString('utf16le', at, at + Math.max(0, nameBytes - 2)),
      type: directory[at + 66]!,
      left: directory.readUInt32LE(at + 68),
      right: directory.readUInt32LE(at + 72),
      child: directory.readUInt32LE(at + 76),
      start: directory.readUInt32LE(at + 116),
      size: directory.readUInt32LE(at + 120),
    })
  }
  return entries
}
