/**
 * binhex — a file of the old Macintosh as text (RFC 1741): BinHex 4.0.
 *
 * After a line that says so, `:`, digits of six bits, `:`. What they say has runs of equal octets shortened, and
 * is a header with name and sizes, the data fork and the resource fork, each with a checksum. Linear; what
 * a run-length code can blow up is bounded by the sizes that are declared and by a limit.
 */
import {textOf} from '../header.ts'
import type {EmbeddedFile} from './uuencode.ts'

const COLON = 58
const RUN = 0x90
/** How much more than what is encoded may come out of it; what is beyond is missing, and so corrupt. */
const MAX_GROWTH = 10
const MIN_SIZE = 1024 * 1024

const HEAD = Buffer.from('(This file must be converted with BinHex')

const DIGITS = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'
const VALUE = new Uint8Array(256).fill(255)
for (let i = 0; i < DIGITS.length; i++) VALUE[DIGITS.charCodeAt(i)] = i

export interface BinHex {
  /** the data fork; the resource fork too, where there is one, with `.rsrc` at its name */
  readonly files: readonly EmbeddedFile[]
  /** it ends too early, or a checksum is wrong */
  readonly isCorrupt: boolean
}

/** The file in a text; undefined where there is none. */
export function readBinHex(octets: Buffer): BinHex | undefined {
  const head = octets.indexOf(HEAD)
  if (head < 0 || (head > 0 && octets[head - 1] !== 10)) return undefined
  const start = octets.indexOf(COLON, head)
  if (start < 0) return undefined
  const end = octets.indexOf(COLON, start + 1)
  const data = decodeRuns(decodeDigits(octets.subarray(start + 1, end < 0 ? octets.length : end)))
  const nameLength = data[0] ?? 0
  const at = nameLength + 12 // after name, version, type, creator, flags
  if (nameLength === 0 || nameLength > 63 || at + 10 > data.length) return undefined
  const name = textOf(data.subarray(1, 1 + nameLength))
  const dataStart = at + 10
  const resourceStart = dataStart + data.readUInt32BE(at) + 2
  const resourceEnd = resourceStart + data.readUInt32BE(at + 4)
  const files = [{name, content: data.subarray(dataStart, resourceStart - 2)}]
  if (resourceEnd > resourceStart && resourceStart < data.length) {
    files.push({name: `${name}.rsrc`, content: data.subarray(resourceStart, resourceEnd)})
  }
  const isCorrupt =
    !isSound(data, 0, dataStart - 2) ||
    !isSound(data, dataStart, resourceStart - 2) ||
    !isSound(data, resourceStart, resourceEnd)
  return {files, isCorrupt}
}

/** Whether the checksum (CRC-CCITT from 0) after these octets is theirs. */
function isSound(data: Buffer, start: number, end: number): boolean {
  if (end + 2 > data.length) return false
  let crc = 0
  for (let i = start; i < end; i++) {
    crc ^= data[i]! << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1
  }
  return crc === data.readUInt16BE(end)
}

function decodeDigits(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil((octets.length * 3) / 4))
  let length = 0
  let bits = 0
  let held = 0
  for (const c of octets) {
    const value = VALUE[c]!
    if (value === 255) continue
    bits = ((bits << 6) | value) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      out[length++] = (bits >> held) & 255
    }
  }
  return out.subarray(0, length)
}

function decodeRuns(octets: Buffer): Buffer {
  if (!octets.includes(RUN)) return octets
  const out = Buffer.allocUnsafe(Math.min(sizeOfRuns(octets), octets.length * MAX_GROWTH + MIN_SIZE))
  let length = 0
  let done = 0
  for (let at = octets.indexOf(RUN); at >= 0 && length < out.length; at = octets.indexOf(RUN, done)) {
    length += octets.copy(out, length, done, at)
    const count = octets[at + 1] ?? 0
    // Zero stands for the octet that marks runs.
    const run = count === 0 ? 1 : count - 1
    out.fill(count === 0 ? RUN : (out[length - 1] ?? 0), length, length + run)
    length = Math.min(length + run, out.length)
    done = at + 2
  }
  length += octets.copy(out, length, done)
  return out.subarray(0, length)
}

function sizeOfRuns(octets: Buffer): number {
  let size = 0
  let done = 0
  for (let at = octets.indexOf(RUN); at >= 0; at = octets.indexOf(RUN, done)) {
    size += at - done + Math.max(1, (octets[at + 1] ?? 0) - 1)
    done = at + 2
  }
  return size + Math.max(0, octets.length - done)
}
