/**
 * ole — files within a compound file ([MS-CFB]): embedded in a document, attached to a message of Outlook, in an
 * installer.
 *
 * A document's own streams are not members, as they mean nothing without each other. What counts is a stream
 * that is a file: a packaged one (Ole10Native), an attachment (.msg), or one that begins as an archive, a
 * program or another document does.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import {bufferSource, type Source} from '../source.ts'
import {CompoundFile, type CompoundStream} from './compound-file.ts'

const MAX_STREAM_BYTES = 256 * 1024 * 1024
const ATTACHMENT_DATA = '__substg1.0_37010102'
const ATTACHMENT_NAMES = /^__substg1\.0_(?:3707|3704|3001)001([EF])$/

/** How files begin that are worth to be looked at by themselves. */
const FILES: readonly string[] = [
  'MZ',
  '\x7fELF',
  'PK\x03\x04',
  'PK\x05\x06',
  '\xd0\xcf\x11\xe0',
  'Rar!',
  '7z\xbc\xaf',
  'MSCF',
  '\x1f\x8b\x08',
  '%PDF',
  'CWS',
  'FWS',
  'ZWS',
  '{\\rtf',
  '\x89PNG',
  '\xff\xd8\xff',
  'ITSF',
  '\xca\xfe\xba\xbe',
]

export function readOle(source: Source, sink: Sink): void {
  const file = new CompoundFile(source)
  const streams = file.streams()
  for (const stream of streams) {
    if (stream.size === 0) continue
    if (stream.size > MAX_STREAM_BYTES) throw new CorruptError('a stream that is larger than any')
    if (/^\x01Ole10Native/.test(stream.name)) addPackage(file.read(stream), sink)
    else if (stream.name === ATTACHMENT_DATA) {
      sink.add(attachmentNames(file, streams, stream), file.read(stream))
    } else if (isFile(file.read(stream, 8))) sink.add([printable(stream.name)], file.read(stream))
  }
}

function isFile(head: Buffer): boolean {
  const text = head.toString('latin1')
  return FILES.some(start => text.startsWith(start))
}

/** Names of streams of installers are coded in signs of no meaning. */
function printable(name: string): string {
  return name.replace(/[^\x20-\x7e\xa0-\u05ff]/g, '_')
}

/** The streams beside the data say what they are called. */
function attachmentNames(
  file: CompoundFile,
  streams: readonly CompoundStream[],
  {parent}: CompoundStream,
): string[] {
  return streams
    .filter(stream => stream.parent === parent && stream.size < 4096)
    .flatMap(stream => {
      const match = ATTACHMENT_NAMES.exec(stream.name)
      if (!match) return []
      return [
        file
          .read(stream)
          .toString(match[1] === 'F' ? 'utf16le' : 'latin1')
          .replace(/\0+$/, ''),
      ]
    })
}

/** A file with label and path, as the packager writes it; or its octets alone ([MS-OLEDS] 2.3.6). */
function addPackage(octets: Buffer, sink: Sink): void {
  const names: string[] = []
  let at = 6
  const text = () => {
    const end = octets.indexOf(0, at)
    if (end < 0 || end - at > 4096) return undefined
    const value = nameText(octets.subarray(at, end))
    at = end + 1
    return value
  }
  const label = text()
  const path = text()
  if (label !== undefined && path !== undefined && at + 8 <= octets.length) {
    const pathBytes = octets.readUInt32LE(at + 4)
    at += 8 + pathBytes
    const size = at + 4 <= octets.length ? octets.readUInt32LE(at) : Number.POSITIVE_INFINITY
    if (size <= octets.length - at - 4) {
      names.push(...[label, path].filter(name => name !== ''))
      sink.add(names, octets.subarray(at + 4, at + 4 + size))
      return
    }
  }
  const source = bufferSource(octets)
  sink.addStored([], source, 4, octets.length)
}
