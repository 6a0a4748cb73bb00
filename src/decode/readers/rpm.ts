/**
 * rpm — packages of RPM: behind two headers, one packed cpio archive, which is the member.
 */
import {CorruptError} from '../member.ts'
import type {Sink} from '../sink.ts'
import {readExactly, type Source} from '../source.ts'

const LEAD_BYTES = 96
const HEADER_MAGIC = 0x8eade801
const INDEX_BYTES = 16

export function readRpm(source: Source, sink: Sink): void {
  const signatureEnd = headerEnd(source, LEAD_BYTES)
  const start = headerEnd(source, Math.ceil(signatureEnd / 8) * 8)
  if (start >= source.size) throw new CorruptError('it ends too early')
  sink.addStored([], source, start, source.size)
}

function headerEnd(source: Source, at: number): number {
  const intro = readExactly(source, at, 16)
  if (intro.readUInt32BE(0) !== HEADER_MAGIC) throw new CorruptError('no header of RPM')
  return at + 16 + intro.readUInt32BE(8) * INDEX_BYTES + intro.readUInt32BE(12)
}
