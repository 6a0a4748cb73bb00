/**
 * lzip — members of lzip(1): each is a stream of LZMA, which 7-Zip unpacks under a header of the older format.
 */
import {CorruptError} from '../member.ts'
import type {Sink} from '../sink.ts'
import {bufferSource, joinedSource, readExactly, type Source, sliceSource} from '../source.ts'
import type {SevenZip} from './seven-zip.ts'

const HEADER_BYTES = 6
const TRAILER_BYTES = 20
const MAGIC = 0x4c5a4950 // LZIP
const MAX_MEMBERS = 1000
/** lc 3, lp 0, pb 2: the only ones there are */
const PROPERTIES = 0x5d

export async function readLzip(source: Source, sink: Sink, sevenZip: SevenZip): Promise<void> {
  for (const [start, end] of members(source)) {
    const header = readExactly(source, start, HEADER_BYTES)
    const coded = header[5]!
    const dictionary = 2 ** (coded & 31) - (2 ** (coded & 31) / 16) * (coded >> 5)
    if (header[4] !== 1 || dictionary < 4096 || dictionary > 2 ** 29)
      throw new CorruptError('no header of lzip')
    const older = Buffer.alloc(13, 0xff)
    older[0] = PROPERTIES
    // 7-Zip takes only powers of two for one; a larger dictionary does no harm.
    older.writeUInt32LE(2 ** Math.ceil(Math.log2(dictionary)), 1)
    const stream = sliceSource(source, start + HEADER_BYTES, end - TRAILER_BYTES)
    await sevenZip.read(joinedSource([bufferSource(older), stream]), sink, {type: 'lzma', names: []})
  }
}

/** Where members begin and end, in order: each says at its end how long it is. */
function members(source: Source): [number, number][] {
  const found: [number, number][] = []
  for (let end = source.size; end > 0 && found.length < MAX_MEMBERS; ) {
    const size = end >= TRAILER_BYTES ? Number(source.read(end - 8, 8).readBigUInt64LE(0)) : 0
    const start = end - size
    const isMember = size > HEADER_BYTES + TRAILER_BYTES && start >= 0
    if (!isMember || source.read(start, 4).readUInt32BE(0) !== MAGIC)
      throw new CorruptError('cut off, or not at its end')
    found.unshift([start, end])
    end = start
  }
  return found
}
