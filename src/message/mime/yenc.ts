/**
 * yenc — files in the way of yEnc within a text (yenc.org, draft 1.3).
 *
 * A line `=ybegin … size=N name=NAME`, `=ypart` where the file is one of several pieces, lines of octets that are
 * 42 more than they mean, `=yend`. Linear.
 */
import {textOf} from '../header.ts'
import type {EmbeddedFile} from './uuencode.ts'

const LF = 10
const CR = 13
const ESCAPE = 61
const BEGIN = Buffer.from('=ybegin ')
const PART = Buffer.from('=ypart ')
const END = Buffer.from('=yend')

/**
 * All files of a text that are in this encoding, in order; one that does not end goes to the end of the text.
 * @param limit how many files to look for
 */
export function readYenc(octets: Buffer, limit: number): EmbeddedFile[] {
  const files: EmbeddedFile[] = []
  let at = octets.indexOf(BEGIN)
  while (at >= 0 && files.length < limit) {
    // A line is read once, however many of these words are in it.
    const isLineStart = at === 0 || octets[at - 1] === LF
    const line = octets.subarray(at, isLineStart ? lineEnd(octets, at) : at)
    const name = / name=(.*)$/s.exec(textOf(line))
    if (!name) {
      at = octets.indexOf(BEGIN, at + BEGIN.length)
      continue
    }
    let start = lineEnd(octets, at) + 1
    if (octets.subarray(start, start + PART.length).equals(PART)) start = lineEnd(octets, start) + 1
    const end = findEnd(octets, start)
    files.push({name: name[1]!.trim(), content: decode(octets.subarray(start, end))})
    at = octets.indexOf(BEGIN, end)
  }
  return files
}

function lineEnd(octets: Buffer, from: number): number {
  const lf = octets.indexOf(LF, from)
  return lf < 0 ? octets.length : lf
}

function findEnd(octets: Buffer, start: number): number {
  let at = octets.indexOf(END, start)
  while (at > start && octets[at - 1] !== LF) at = octets.indexOf(END, at + END.length)
  return at < 0 ? octets.length : at
}

function decode(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  for (let i = 0; i < octets.length; i++) {
    const c = octets[i]!
    if (c === LF || c === CR) continue
    if (c === ESCAPE && i + 1 < octets.length) out[length++] = octets[++i]! - 64 - 42
    else out[length++] = c - 42
  }
  return out.subarray(0, length)
}
