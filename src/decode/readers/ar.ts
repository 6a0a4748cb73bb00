/**
 * ar — archives of Unix, and Debian packages, which are such; with long names of System V and BSD.
 */
import {CorruptError} from '../member.ts'
import {nameText} from '../names.ts'
import type {Sink} from '../sink.ts'
import {readExactly, type Source} from '../source.ts'

const MAGIC_BYTES = 8
const HEADER_BYTES = 60
const MAX_NAMES_BYTES = 1024 * 1024

export function readAr(source: Source, sink: Sink): void {
  let longNames = Buffer.alloc(0)
  for (let at = MAGIC_BYTES; at < source.size; ) {
    const header = readExactly(source, at, HEADER_BYTES)
    const size = Number.parseInt(header.toString('latin1', 48, 58), 10)
    if (header.readUInt16BE(58) !== 0x600a || !(size >= 0)) throw new CorruptError(`no ar header at ${at}`)
    const field = nameText(header.subarray(0, 16)).trimEnd()
    const start = at + HEADER_BYTES
    const end = start + size
    at = end + (size % 2)
    if (field === '//') {
      longNames = Buffer.from(source.read(start, Math.min(size, MAX_NAMES_BYTES)))
      continue
    }
    const bsd = /^#1\/(\d{1,5})$/.exec(field)
    if (bsd) {
      const length = Math.min(Number(bsd[1]), size)
      sink.addStored([nameText(source.read(start, length))], source, start + length, end)
    } else if (field !== '/' && field !== '/SYM64/') {
      sink.addStored([longName(field, longNames) ?? field.replace(/\/$/, '')], source, start, end)
    }
    if (end > source.size) throw new CorruptError('it ends too early')
  }
}

/** `/123`: the name stands at that place of the table of names. */
function longName(field: string, table: Buffer): string | undefined {
  const place = /^\/(\d{1,7})$/.exec(field)
  if (!place) return undefined
  const from = table.subarray(Number(place[1]))
  const end = from.indexOf('\n')
  return nameText(end < 0 ? from : from.subarray(0, end)).replace(/\/$/, '')
}
