/**
 * gzip — RFC 1952: one or more members, of which readers see one file.
 *
 * Octets after the last member are a file of their own here: what a reader ignores, another may open.
 */
import {crc32} from 'node:zlib'
import type {Problem} from '../member.ts'
import type {Sink} from '../sink.ts'
import {type Source, sliceSource} from '../source.ts'
import {inflate} from './inflate.ts'

const HEADER_BYTES = 10
const TRAILER_BYTES = 8
/** A header with its name and comment; longer ones are not read. */
const MAX_HEADER_BYTES = 128 * 1024

const FLAG = {headerCrc: 2, extra: 4, name: 8, comment: 16} as const

export async function readGzip(source: Source, sink: Sink): Promise<void> {
  let at = 0
  let header = readHeader(source, at)
  if (!header) {
    sink.problem('corrupt', 'no gzip header')
    return
  }
  const writer = sink.begin(...(header.name === undefined ? [] : [header.name]))
  let problem: Problem | undefined
  while (header) {
    let crc = 0
    let length = 0
    const {consumed, failure} = await inflate('deflate', source, at + header.size, source.size, octets => {
      crc = crc32(octets, crc)
      length += octets.length
      writer.write(octets)
    })
    const end = at + header.size + consumed
    const trailer = source.read(end, TRAILER_BYTES)
    if (failure !== undefined || trailer.length < TRAILER_BYTES) {
      problem ??= {kind: 'corrupt', reason: failure ?? 'it ends too early'}
    } else if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== length % 2 ** 32) {
      problem ??= {kind: 'corrupt', reason: 'its checksum is wrong'}
    }
    at = end + TRAILER_BYTES
    header = failure === undefined ? readHeader(source, at) : undefined
  }
  writer.end(problem)
  if (problem === undefined && !isPadding(sliceSource(source, at)))
    sink.addStored([], source, at, source.size)
}

function readHeader(source: Source, at: number): {size: number; name: string | undefined} | undefined {
  const octets = source.read(at, MAX_HEADER_BYTES)
  if (octets.length < HEADER_BYTES || octets.readUInt16BE(0) !== 0x1f8b || octets[2] !== 8) return undefined
  const flags = octets[3]!
  let end = HEADER_BYTES
  let name: string | undefined
  if (flags & FLAG.extra) end += 2 + (end + 2 <= octets.length ? octets.readUInt16LE(end) : 0)
  if (flags & FLAG.name) {
    const start = end
    end = octets.indexOf(0, start) + 1
    if (end === 0) return undefined
    name = octets.toString('latin1', start, end - 1)
  }
  if (flags & FLAG.comment) {
    end = octets.indexOf(0, end) + 1
    if (end === 0) return undefined
  }
  if (flags & FLAG.headerCrc) end += 2
  return {size: end, name}
}

/** Nothing but NULs, as tapes and blocks leave them. */
function isPadding(source: Source): boolean {
  for (let at = 0; at < source.size; ) {
    const octets = source.read(at, 64 * 1024)
    if (octets.some(octet => octet !== 0)) return false
    at += octets.length
  }
  return true
}
