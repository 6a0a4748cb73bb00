/**
 * onenote — files within a section of OneNote ([MS-ONESTORE] 2.6.13, FileDataStoreObject).
 */
import type {Sink} from '../sink.ts'
import {finder, type Source} from '../source.ts'

const OBJECT = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex')
/** identifier, length, four octets unused, eight reserved */
const HEADER_BYTES = 36

export function readOnenote(source: Source, sink: Sink): void {
  const next = finder(source, OBJECT)
  for (let at = next(0); at >= 0; at = next(at + 16)) {
    const header = source.read(at, HEADER_BYTES)
    if (header.length < HEADER_BYTES) return
    const size = Number(header.readBigUInt64LE(16))
    if (size === 0) continue
    sink.addStored([], source, at + HEADER_BYTES, at + HEADER_BYTES + size)
  }
}
