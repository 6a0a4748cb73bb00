/**
 * zstd — RFC 8878: frames one behind the other.
 */
import type {Sink} from '../sink.ts'
import type {Source} from '../source.ts'
import {inflate} from './inflate.ts'

const FRAME = 0xfd2fb528
/** Frames to skip have the numbers from here up to 15 more. */
const SKIPPABLE = 0x184d2a50

export async function readZstd(source: Source, sink: Sink): Promise<void> {
  const writer = sink.begin()
  let at = 0
  while (at + 8 <= source.size) {
    const head = source.read(at, 8)
    const magic = head.readUInt32LE(0)
    if (magic >>> 4 === SKIPPABLE >>> 4) {
      at += 8 + head.readUInt32LE(4)
      continue
    }
    if (magic !== FRAME) break
    const {consumed, failure} = await inflate('zstd', source, at, source.size, octets => writer.write(octets))
    if (failure !== undefined) {
      writer.end({kind: 'corrupt', reason: failure})
      return
    }
    at += consumed
  }
  writer.end()
  if (at < source.size) sink.addStored([], source, at, source.size)
}
