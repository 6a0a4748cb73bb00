/**
 * zip — every reading of a zip file: what its directories list, and what stands in it unlisted.
 *
 * Programs disagree on which of two headers counts, on where a file begins and which directory is its own.
 * So all of them are followed: a member is unpacked in each way in which its headers differ, and what no
 * directory names is found by its own header. Two entries that share octets are unpacked once.
 */
import {crc32} from 'node:zlib'
import type {Problem} from '../member.ts'
import type {Sink} from '../sink.ts'
import {bufferSource, find, finder, joinedSource, type Source, sliceSource} from '../source.ts'
import {inflate} from './inflate.ts'
import type {SevenZip} from './seven-zip.ts'
import {
  type CentralHeader,
  DESCRIPTOR_SIGNATURE,
  findDirectories,
  LOCAL_SIGNATURE,
  type MemberHeader,
  readCentral,
  readLocal,
} from './zip-headers.ts'

const METHOD = {stored: 0, deflate: 8, deflate64: 9, zstdOld: 20, zstd: 93, aes: 99} as const
/** What 7-Zip unpacks: shrink, implode, deflate64, bzip2, LZMA, xz, PPMd. */
const FOREIGN_METHODS: ReadonlySet<number> = new Set([1, 6, 9, 12, 14, 95, 98])
/** A shorter link is the name it points to. */
const LONGEST_LINK_BYTES = 4096

export async function readZip(source: Source, sink: Sink, sevenZip: SevenZip): Promise<void> {
  await new ZipReader(source, sink, sevenZip).read()
}

class ZipReader {
  readonly #source: Source
  readonly #sink: Sink
  readonly #sevenZip: SevenZip
  /** what is known, by the place of the local header: where its data end */
  readonly #done = new Map<number, number>()

  constructor(source: Source, sink: Sink, sevenZip: SevenZip) {
    this.#source = source
    this.#sink = sink
    this.#sevenZip = sevenZip
  }

  async read(): Promise<void> {
    const directories = findDirectories(this.#source)
    if (directories.length === 0) this.#sink.problem('corrupt', 'no directory of the zip file')
    if (directories.some(({isVolume}) => isVolume)) this.#sink.problem('unsupported', 'one volume of several')
    const covered: [number, number][] = []
    for (const {at, end, shift} of directories) {
      // The directory of a zip file that is a member, not packed any further.
      if (this.#isInMember(at)) continue
      let next = at
      for (let header = readCentral(this.#source, next); header && next < end; ) {
        await this.#listed(header, header.offset + shift)
        next += header.headerBytes
        header = readCentral(this.#source, next)
      }
      covered.push([at, next])
    }
    await this.#unlisted(covered)
  }

  #isInMember(place: number): boolean {
    for (const [start, end] of this.#done) if (place > start && place < end) return true
    return false
  }

  async #listed(central: CentralHeader, offset: number): Promise<void> {
    if (this.#done.has(offset)) {
      this.#sink.addEntry('link', central.names)
      return
    }
    const local = readLocal(this.#source, offset)
    if (!local) {
      this.#done.set(offset, offset)
      this.#sink.addEntry('file', central.names, {
        kind: 'corrupt',
        reason: 'no header where its data should be',
      })
      return
    }
    this.#done.set(offset, offset + local.headerBytes)
    if (central.isLink && central.size <= LONGEST_LINK_BYTES) this.#sink.addEntry('link', central.names)
    const consumed = await this.#member(offset + local.headerBytes, local, central)
    this.#done.set(offset, offset + local.headerBytes + consumed)
  }

  /** Look between what is known for members that no directory names. */
  async #unlisted(covered: [number, number][]): Promise<void> {
    const known = [...this.#done, ...covered].sort(([a], [b]) => a - b)
    const next = finder(this.#source, LOCAL_SIGNATURE)
    let at = 0
    let strange = 0
    for (const [start, end] of [...known, [this.#source.size, this.#source.size] as const]) {
      while (at < start) {
        const found = next(at, start)
        if (found < 0) break
        const local = readLocal(this.#source, found, isPossible)
        at = found + 4
        if (!local) continue
        if (!isPlausible(local)) {
          if (++strange > MOST_STRANGE) return this.#sink.problem('corrupt', 'headers of members without end')
          continue
        }
        at = found + local.headerBytes + (await this.#member(found + local.headerBytes, local, undefined))
      }
      at = Math.max(at, end)
    }
  }

  /** @returns octets that the data take */
  async #member(start: number, local: MemberHeader, central: CentralHeader | undefined): Promise<number> {
    const names = [...(central?.names ?? []), ...local.names]
    const header = central ?? local
    const isDirectory = names[0]?.endsWith('/') === true && header.size === 0
    if (isDirectory && (header.packed === 0 || header.packed <= 2)) {
      this.#sink.addEntry('directory', names)
      return header.packed
    }
    let longest = 0
    for (const reading of readingsOf(local, central)) {
      const known = reading.hasDescriptor && !central ? undefined : reading.packed
      const end =
        known === undefined ? this.#endOf(start, reading) : Math.min(start + known, this.#source.size)
      const consumed = await this.#reading(names, start, Math.max(start, end), reading, [
        local.crc,
        header.crc,
      ])
      longest = Math.max(longest, known ?? consumed)
    }
    return longest
  }

  /** Where data end whose size stands behind them: for a deflated stream it says so itself. */
  #endOf(start: number, {method}: MemberHeader): number {
    if (method !== METHOD.stored) return this.#source.size
    const descriptor = find(this.#source, DESCRIPTOR_SIGNATURE, start)
    if (descriptor >= 0) return descriptor
    const next = find(this.#source, LOCAL_SIGNATURE, start)
    return next < 0 ? this.#source.size : next
  }

  async #reading(
    names: readonly string[],
    start: number,
    end: number,
    reading: MemberHeader,
    crcs: readonly number[],
  ): Promise<number> {
    const source = this.#source
    const {method, isEncrypted} = reading
    const sink = this.#sink
    if (method !== METHOD.stored && this.#isStored(start, end, reading)) {
      sink.addStored(names, source, start, end)
      return end - start
    }
    if (isEncrypted && !(await this.#isPlain(start, end, reading, crcs))) {
      sink.addEntry('file', names, {kind: 'encrypted', reason: 'encrypted'})
      return end - start
    }
    if (FOREIGN_METHODS.has(method)) return await this.#foreign(names, start, end, reading)
    const codec = CODECS.get(method)
    if (codec === undefined) {
      const reason = `compressed by an unknown method ${method}`
      sink.addEntry('file', names, {kind: 'unsupported', reason})
      return end - start
    }
    const writer = sink.begin(...names)
    let crc = 0
    const write = (octets: Buffer) => {
      crc = crc32(octets, crc)
      writer.write(octets)
    }
    let {consumed, failure} = await inflate(codec, source, start, end, write)
    // A size that is too small hides the rest from us, not from those who do not look at it.
    if (failure !== undefined && end < source.size && writer.size === 0) {
      ;({consumed, failure} = await inflate(codec, source, start, source.size, write))
    }
    const isRight = reading.hasDescriptor || crcs.includes(crc)
    const problem: Problem | undefined =
      failure !== undefined
        ? {kind: 'corrupt', reason: failure}
        : isRight
          ? undefined
          : {kind: 'corrupt', reason: 'its checksum is wrong'}
    writer.end(problem)
    return consumed
  }

  /** Whether a member that says it is packed is not. */
  #isStored(start: number, end: number, {packed, size, crc}: MemberHeader): boolean {
    if (packed !== size || size === 0 || size > MOST_TRIED_BYTES) return false
    return crc32(this.#source.read(start, end - start)) === crc
  }

  /** Whether a member that says it is encrypted is not. */
  async #isPlain(
    start: number,
    end: number,
    {method, packed}: MemberHeader,
    crcs: readonly number[],
  ): Promise<boolean> {
    const codec = CODECS.get(method)
    if (codec === undefined || packed > MOST_TRIED_BYTES) return false
    let crc = 0
    let size = 0
    const {failure} = await inflate(codec, this.#source, start, end, octets => {
      size += octets.length
      if (size <= MOST_TRIED_BYTES) crc = crc32(octets, crc)
    })
    return failure === undefined && size <= MOST_TRIED_BYTES && crcs.includes(crc)
  }

  /** Hand the member to 7-Zip, as the only one of a zip file that says what its directory said. */
  async #foreign(
    names: readonly string[],
    start: number,
    end: number,
    reading: MemberHeader,
  ): Promise<number> {
    const packed = end - start
    const before = this.#sink.count
    const file = singleMember(sliceSource(this.#source, start, end), {...reading, packed})
    await this.#sevenZip.read(file, this.#sink, {type: 'zip', names})
    if (this.#sink.count === before) {
      this.#sink.addEntry('file', names, {kind: 'corrupt', reason: 'cannot be unpacked'})
    }
    if (reading.method !== METHOD.deflate64 || !this.#sink.isLastBroken) return packed
    // It may be deflated all the same.
    const writer: Buffer[] = []
    const {failure} = await inflate('deflate', this.#source, start, end, octets => {
      if (writer.length < 64) writer.push(octets)
    })
    if (failure === undefined && writer.length < 64) this.#sink.add(names, Buffer.concat(writer))
    return packed
  }
}

/** What may be tried on the chance that it is not encrypted. */
const MOST_TRIED_BYTES = 16 * 1024 * 1024

const CODECS: ReadonlyMap<number, 'stored' | 'deflate' | 'zstd'> = new Map([
  [METHOD.stored, 'stored'],
  [METHOD.deflate, 'deflate'],
  [METHOD.zstd, 'zstd'],
  [METHOD.zstdOld, 'zstd'],
])

/** The ways in which one member can be understood; mostly one. */
function readingsOf(local: MemberHeader, central: CentralHeader | undefined): MemberHeader[] {
  if (!central) return [local]
  const isEncrypted = central.isEncrypted || local.isEncrypted
  const sizesDiffer = !local.hasDescriptor && local.packed !== central.packed
  const isSame = local.method === central.method && !(sizesDiffer && local.method === METHOD.stored)
  const listed = {...central, isEncrypted, hasDescriptor: false}
  return isSame
    ? [listed]
    : [listed, {...local, isEncrypted, packed: sizesDiffer ? local.packed : central.packed}]
}

/** What looks like a header and is none, and was read as far as its name; honest files have none of these. */
const MOST_STRANGE = 1000
/** It stands in the extra field. */
const ZIP64 = 0xffffffff

/** By what does not take long to look at. */
function isPossible({method, packed, size}: Pick<MemberHeader, 'method' | 'packed' | 'size'>): boolean {
  const isKnown = CODECS.has(method) || FOREIGN_METHODS.has(method) || method === METHOD.aes
  return isKnown && (method !== METHOD.stored || packed === size || packed === ZIP64 || size === ZIP64)
}

function isPlausible({names, method, packed, size}: MemberHeader): boolean {
  return names[0] !== '' && !(method === METHOD.stored && packed !== size)
}

/** A zip file with this one member in it, called `m`. */
function singleMember(data: Source, {method, crc, size, packed, hasDescriptor}: MemberHeader): Source {
  const fields = Buffer.alloc(26)
  fields.writeUInt16LE(63, 0)
  fields.writeUInt16LE(method === 14 ? 2 : 0, 2) // LZMA with an end mark
  fields.writeUInt16LE(method, 4)
  fields.writeUInt32LE(hasDescriptor ? 0 : crc, 10)
  fields.writeUInt32LE(Math.min(packed, 0xffffffff), 14)
  fields.writeUInt32LE(Math.min(size, 0xffffffff), 18)
  fields.writeUInt16LE(1, 22)
  const name = Buffer.from('m')
  const local = Buffer.concat([LOCAL_SIGNATURE, fields, name])
  const central = Buffer.concat([Buffer.from('PK\x01\x02?\0', 'latin1'), fields, Buffer.alloc(14), name])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length + packed, 16)
  return joinedSource([bufferSource(local), data, bufferSource(Buffer.concat([central, end]))])
}
