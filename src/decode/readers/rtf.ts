/**
 * rtf — the compressed rich text of Outlook ([MS-OXRTFCP]).
 */
import {CorruptError} from '../member.ts'

const COMPRESSED = 0x75465a4c // LZFu
const STORED = 0x414c454d // MELA
const HEADER_BYTES = 16
const WINDOW_BYTES = 4096
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** What the window holds at first. */
const INITIAL =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript ' +
  '\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par ' +
  '\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx'

/**
 * The text; as much as can be had of a broken one.
 * @throws CorruptError when it is no compressed text
 */
export function unpackRtf(octets: Buffer): Buffer {
  if (octets.length < HEADER_BYTES) throw new CorruptError('no compressed rich text')
  const type = octets.readUInt32LE(8)
  if (type === STORED) return octets.subarray(HEADER_BYTES)
  if (type !== COMPRESSED) throw new CorruptError('no compressed rich text')
  const window = Buffer.alloc(WINDOW_BYTES)
  let place = window.write(INITIAL, 'latin1')
  const out: number[] = []
  const put = (octet: number) => {
    out.push(octet)
    window[place] = octet
    place = (place + 1) % WINDOW_BYTES
  }
  for (let at = HEADER_BYTES; at < octets.length; ) {
    const flags = octets[at++]!
    for (let bit = 0; bit < 8 && at < octets.length; bit++) {
      if ((flags & (1 << bit)) === 0) {
        put(octets[at++]!)
        continue
      }
      if (at + 2 > octets.length) return Buffer.from(out)
      const word = octets.readUInt16BE(at)
      at += 2
      const from = word >> 4
      if (from === place || out.length > MAX_OUTPUT_BYTES) return Buffer.from(out)
      for (let i = 0; i < (word & 15) + 2; i++) put(window[(from + i) % WINDOW_BYTES]!)
    }
  }
  return Buffer.from(out)
}
