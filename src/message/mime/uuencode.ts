/**
 * uuencode — files in the way of uuencode(1): as a transfer encoding, and within plain text.
 *
 * `begin MODE NAME`, lines of a length digit and groups of four digits for three octets, `end`. A line whose
 * length digit lies is taken as far as it goes. Linear.
 */

/** A file that stands in a text. */
export interface EmbeddedFile {
  readonly name: string
  readonly content: Buffer
}

const LF = 10
const BEGIN = Buffer.from('begin ')

/** Where a line `begin 644 name` starts, at or after `from`; -1 when there is none. */
function findBegin(octets: Buffer, from: number): number {
  let at = octets.indexOf(BEGIN, from)
  while (at >= 0) {
    const isLineStart = at === 0 || octets[at - 1] === LF
    if (isLineStart && /^[0-7]{3,4} /.test(octets.toString('latin1', at + 6, at + 11))) return at
    at = octets.indexOf(BEGIN, at + BEGIN.length)
  }
  return -1
}

export interface Uuencoded {
  readonly files: readonly EmbeddedFile[]
  /** the text outside the files; undefined when a file holds lines that no uuencode writes, or does not end */
  readonly rest: Buffer | undefined
  /** a file was so long that its end is missing */
  readonly isCut: boolean
}

/**
 * All uuencoded files of a text, in order. A file that does not end goes to the end of the text.
 * @param limit how many files to look for
 */
export function readUuencoded(octets: Buffer, limit: number): Uuencoded {
  const files: EmbeddedFile[] = []
  const outside: Buffer[] = []
  let isClean = true
  let isCut = false
  let done = 0
  let at = findBegin(octets, 0)
  if (at < 0) return {files, rest: octets, isCut: false}
  while (at >= 0 && files.length < limit) {
    outside.push(octets.subarray(done, at))
    const line = lineEnd(octets, at)
    const name = octets
      .toString('latin1', at + BEGIN.length, line)
      .replace(/^\S+ /, '')
      .trim()
    const body = decodeLines(octets, line + 1)
    files.push({name, content: body.content})
    isClean &&= body.isClean
    isCut ||= body.isCut
    done = body.next
    at = done < octets.length ? findBegin(octets, done) : -1
  }
  outside.push(octets.subarray(done))
  return {files, rest: isClean ? Buffer.concat(outside) : undefined, isCut}
}

function lineEnd(octets: Buffer, from: number): number {
  const lf = octets.indexOf(LF, from)
  return lf < 0 ? octets.length : lf
}

interface Lines {
  readonly content: Buffer
  /** where the text goes on */
  readonly next: number
  readonly isClean: boolean
  readonly isCut: boolean
}

function decodeLines(octets: Buffer, start: number): Lines {
  // All of the text may be lines of one file, or of a file each for a few octets.
  const expected = Math.ceil(((octets.length - start) * 3) / 4) + LONGEST_LINE
  let out = Buffer.allocUnsafeSlow(Math.min(expected, FIRST_BYTES))
  let length = 0
  let isClean = true
  let pos = start
  while (pos < octets.length) {
    const end = lineEnd(octets, pos)
    // `end` is also a line of data by its looks, but 69 octets of data do not fit in two digits.
    if (end - pos < 8 && octets.toString('latin1', pos, end).trimEnd() === 'end') {
      return {content: fitting(out, length), next: Math.min(end + 1, octets.length), isClean, isCut: false}
    }
    // Lines of zeros are short, since blanks at the end of a line get lost on the way.
    if (length + LONGEST_LINE > out.length) {
      if (out.length >= expected && out.length > MOST_GROWN) break
      const size = out.length * 2
      out = Buffer.concat([out], out.length < expected ? Math.min(size, expected) : size)
    }
    const written = decodeLine(octets, pos, end, out, length)
    if (written < 0) isClean = false
    else length += written
    pos = end + 1
  }
  return {content: fitting(out, length), next: octets.length, isClean: false, isCut: pos < octets.length}
}

/** What was written, without holding much more memory than that. */
function fitting(out: Buffer, length: number): Buffer {
  const written = out.subarray(0, length)
  return length < out.length / 2 ? Buffer.from(written) : written
}

/** Most files are short. */
const FIRST_BYTES = 16 * 1024

/** A file that has grown beyond this, and beyond what its lines should hold, is not decoded any further; the text then stays whole. */
const MOST_GROWN = 32 * 1024 * 1024

/** What the longest line of data holds. */
const LONGEST_LINE = 63

/** Write what a line of data holds, as far as it goes; the number of octets, -1 when it is no such line. */
function decodeLine(octets: Buffer, start: number, lineEnd: number, out: Buffer, at: number): number {
  let end = lineEnd
  while (end > start && (octets[end - 1] === 13 || octets[end - 1] === 32)) end--
  if (end === start) return 0
  for (let i = start; i < end; i++) if (octets[i]! < 32 || octets[i]! > 96) return -1
  const wanted = (octets[start]! - 32) & 63
  const groups = Math.ceil(wanted / 3)
  // Senders round up to whole groups, and some add a check digit.
  if (end - start - 1 > groups * 4 + 1) return -1
  const digit = (i: number) => (i < end ? (octets[i]! - 32) & 63 : 0)
  for (let group = 0; group < groups; group++) {
    const from = start + 1 + group * 4
    const to = at + group * 3
    const bits = (digit(from) << 18) | (digit(from + 1) << 12) | (digit(from + 2) << 6) | digit(from + 3)
    out[to] = bits >> 16
    out[to + 1] = bits >> 8
    out[to + 2] = bits
  }
  return wanted
}
