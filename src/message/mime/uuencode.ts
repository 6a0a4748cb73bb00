/**
 * uuencode — files in the way of uuencode(1): as a transfer encoding, and within plain text.
 *
 * `begin MODE NAME`, lines of a length digit and groups of four digits for three octets, `end`. A line whose
 * length digit lies is taken as far as it goes. Linear.
 */

export interface UuFile {
  readonly name: string
  readonly content: Buffer
}

const LF = 10
const EMPTY = Buffer.alloc(0)
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
  readonly files: readonly UuFile[]
  /** the text outside the files; undefined when a file holds lines that no uuencode writes, or does not end */
  readonly rest: Buffer | undefined
}

/**
 * All uuencoded files of a text, in order. A file that does not end goes to the end of the text.
 * @param limit how many files to look for
 */
export function readUuencoded(octets: Buffer, limit: number): Uuencoded {
  const files: UuFile[] = []
  const outside: Buffer[] = []
  let isClean = true
  let done = 0
  let at = findBegin(octets, 0)
  if (at < 0) return {files, rest: octets}
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
    done = body.next
    at = done < octets.length ? findBegin(octets, done) : -1
  }
  outside.push(octets.subarray(done))
  return {files, rest: isClean ? Buffer.concat(outside) : undefined}
}

function lineEnd(octets: Buffer, from: number): number {
  const lf = octets.indexOf(LF, from)
  return lf < 0 ? octets.length : lf
}

function decodeLines(octets: Buffer, start: number): {content: Buffer; next: number; isClean: boolean} {
  const out: Buffer[] = []
  let isClean = true
  let pos = start
  while (pos < octets.length) {
    const end = lineEnd(octets, pos)
    // `end` is also a line of data by its looks, but 69 octets of data do not fit in two digits.
    if (octets.toString('latin1', pos, Math.min(end, pos + 8)).trimEnd() === 'end') {
      return {content: Buffer.concat(out), next: Math.min(end + 1, octets.length), isClean}
    }
    const line = decodeLine(octets, pos, end)
    if (line) out.push(line)
    else isClean = false
    pos = end + 1
  }
  return {content: Buffer.concat(out), next: octets.length, isClean: false}
}

/** What a line of data holds, as far as it goes; undefined when it is none. */
function decodeLine(octets: Buffer, start: number, end: number): Buffer | undefined {
  while (end > start && (octets[end - 1] === 13 || octets[end - 1] === 32)) end--
  if (end === start) return EMPTY
  for (let i = start; i < end; i++) if (octets[i]! < 32 || octets[i]! > 96) return undefined
  const wanted = (octets[start]! - 32) & 63
  const groups = Math.ceil(wanted / 3)
  // Senders round up to whole groups, and some add a check digit.
  if (end - start - 1 > groups * 4 + 1) return undefined
  const out = Buffer.alloc(groups * 3)
  for (let group = 0; group < groups; group++) {
    const at = start + 1 + group * 4
    // Blanks at the end of a line get lost on the way; they mean zero.
    const digit = (i: number) => (at + i < end ? (octets[at + i]! - 32) & 63 : 0)
    out.writeUIntBE((digit(0) << 18) | (digit(1) << 12) | (digit(2) << 6) | digit(3), group * 3, 3)
  }
  return out.subarray(0, wanted)
}
