/**
 * lines — the lines of a file, now and as they come.
 *
 * Lines are read in blocks; one that is longer than any of ours is cut. A followed file is opened anew when its name
 * belongs to another file or when it became shorter (logrotate's create and copytruncate).
 */
import {type FileHandle, open, stat} from 'node:fs/promises'
import {StringDecoder} from 'node:string_decoder'
import {pause} from '../pause.ts'

const BLOCK_OCTETS = 65_536
const LONGEST_LINE = 65_536
const POLL_MS = 250

export interface Following {
  readonly signal: AbortSignal
  /** begin with what comes from now on */
  readonly fromEnd: boolean
}

/**
 * Blocks of lines; while nothing comes, an empty one every quarter of a second. `-` is standard input, to its end.
 * @throws when the file cannot be opened or read
 */
export async function* linesOf(path: string, following?: Following): AsyncGenerator<readonly string[]> {
  if (path === '-') {
    yield* linesOfStream(process.stdin)
    return
  }
  let file = await open(path, 'r')
  try {
    let position = following?.fromEnd ? (await file.stat()).size : 0
    let splitter = new LineSplitter()
    const block = Buffer.allocUnsafe(BLOCK_OCTETS)
    while (!following?.signal.aborted) {
      const {bytesRead} = await file.read(block, 0, block.length, following ? position : null)
      position += bytesRead
      if (bytesRead > 0) {
        yield splitter.push(block.subarray(0, bytesRead))
        continue
      }
      if (!following) break
      const next = await successor(path, file, position)
      if (next) {
        yield splitter.end()
        await file.close()
        file = next
        position = 0
        splitter = new LineSplitter()
        continue
      }
      yield []
      await pause(POLL_MS, following.signal)
    }
    yield splitter.end()
  } finally {
    await file.close()
  }
}

async function* linesOfStream(stream: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const splitter = new LineSplitter()
  for await (const octets of stream) yield splitter.push(octets)
  yield splitter.end()
}

/** The file that has the name now, when that is another one or was begun again; undefined while there is none. */
async function successor(path: string, file: FileHandle, position: number): Promise<FileHandle | undefined> {
  const [named, own] = await Promise.all([stat(path).catch(() => undefined), file.stat()])
  if (!named || (named.ino === own.ino && named.dev === own.dev && named.size >= position)) return undefined
  return open(path, 'r').catch(() => undefined)
}

class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #partial = ''

  push(octets: Buffer): string[] {
    const lines = (this.#partial + this.#decoder.write(octets)).split('\n')
    this.#partial = (lines.pop() ?? '').slice(0, LONGEST_LINE)
    return lines
  }

  /** The last line, which has no end. */
  end(): string[] {
    return this.#partial === '' ? [] : [this.#partial]
  }
}
