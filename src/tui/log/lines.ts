/**
 * lines — the lines of files, one file after the other, compressed ones too.
 *
 * Lines are read in blocks; one that is longer than any of ours is cut.
 */
import {createReadStream} from 'node:fs'
import {pipeline} from 'node:stream'
import {createGunzip} from 'node:zlib'
import {errorText} from '../../errors.ts'

export const BLOCK_OCTETS = 65_536
const LONGEST_LINE = 65_536
const LF = 10

/**
 * Blocks of lines. `-` is standard input; what begins as gzip does is unpacked, whatever its name.
 * @throws when a file cannot be read, or is damaged
 */
export async function* linesOf(paths: readonly string[]): AsyncGenerator<readonly string[]> {
  for (const path of paths) {
    const source = path === '-' ? process.stdin : createReadStream(path, {highWaterMark: BLOCK_OCTETS})
    const splitter = new LineSplitter()
    try {
      for await (const octets of unpacked(source)) yield splitter.push(octets)
    } catch (error) {
      throw isDamage(error) ? new Error(`${path}: ${errorText(error)}`, {cause: error}) : error
    }
    yield splitter.end()
  }
}

export function isGzip(start: Buffer): boolean {
  return start[0] === 0x1f && start[1] === 0x8b
}

/** zlib does not know the file's name. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

async function* unpacked(source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const chunks = source[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  while (start.length < 2) {
    const next = await chunks.next()
    if (next.done) break
    start = Buffer.concat([start, next.value])
  }
  const all = async function* () {
    if (start.length > 0) yield start
    yield* {[Symbol.asyncIterator]: () => chunks}
  }
  if (!isGzip(start)) return yield* all()
  const gunzip = createGunzip()
  // A failing source destroys gunzip with its error, and so reaches whoever reads it.
  pipeline(all(), gunzip, () => {})
  yield* gunzip
}

/** Each line is a string of its own: a part of a block's would keep the block in memory as long as itself. */
export class LineSplitter {
  #partial = Buffer.alloc(0)

  push(octets: Buffer): string[] {
    const lines: string[] = []
    let start = 0
    for (let end = octets.indexOf(LF); end >= 0; end = octets.indexOf(LF, start)) {
      const rest = octets.subarray(start, end)
      lines.push((lines.length === 0 ? Buffer.concat([this.#partial, rest]) : rest).toString())
      start = end + 1
    }
    const rest = octets.subarray(start)
    const partial = start === 0 ? Buffer.concat([this.#partial, rest]) : Buffer.from(rest)
    this.#partial = partial.subarray(0, LONGEST_LINE)
    return lines
  }

  /** The last line, which has no end. */
  end(): string[] {
    const last = this.#partial.toString()
    this.#partial = Buffer.alloc(0)
    return last === '' ? [] : [last]
  }
}
