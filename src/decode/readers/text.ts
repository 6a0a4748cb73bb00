/**
 * text — files written as text, uuencode, yEnc or BinHex, where the text is a leaf by itself, as in an archive.
 */
import {readEmbedded} from '../../message/mime/embedded.ts'
import {CorruptError} from '../member.ts'
import type {Sink} from '../sink.ts'
import type {Source} from '../source.ts'

const MAX_TEXT_BYTES = 64 * 1024 * 1024
const MAX_FILES = 10_000

export function readText(source: Source, sink: Sink): void {
  if (source.size > MAX_TEXT_BYTES) throw new CorruptError('a text that is too large', 'unsupported')
  const embedded = readEmbedded(Buffer.from(source.read(0, source.size)), MAX_FILES)
  if (!embedded) throw new CorruptError('nothing is encoded in it')
  for (const {name, content} of embedded.files) sink.add([name], content)
  if (embedded.problem) sink.problem(embedded.problem.kind, embedded.problem.reason)
}
