/**
 * uuencode — files in a text that is a leaf by itself, as in an archive.
 */
import {readUuencoded} from '../../message/mime/uuencode.ts'
import {CorruptError} from '../member.ts'
import type {Sink} from '../sink.ts'
import type {Source} from '../source.ts'

const MAX_TEXT_BYTES = 64 * 1024 * 1024
const MAX_FILES = 10_000

export function readUuencode(source: Source, sink: Sink): void {
  if (source.size > MAX_TEXT_BYTES) throw new CorruptError('a text that is too large', 'unsupported')
  const {files} = readUuencoded(Buffer.from(source.read(0, source.size)), MAX_FILES)
  if (files.length === 0) throw new CorruptError('nothing is encoded in it')
  for (const {name, content} of files) sink.add([name], content)
}
