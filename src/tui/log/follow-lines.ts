/**
 * follow-lines — the lines of a file as they come, also across its rotation.
 *
 * When another file has the name (logrotate's `create`), that one is read beside the old one, since who writes goes on with
 * the old one until it is told; when the file became shorter (`copytruncate`), it is read from its start.
 */
import {type FileHandle, open, stat} from 'node:fs/promises'
import {pause} from '../pause.ts'
import {BLOCK_OCTETS, isGzip, LineSplitter} from './lines.ts'

const POLL_MS = 250
/** A child of a daemon that was told to use the new file ends its mail first, within $child_timeout. */
const RETIRED_MS = 600_000
/** Files that are read at the same time, when one is rotated again and again. */
const MOST_FILES = 4

export interface Following {
  readonly signal: AbortSignal
  /** begin with what comes from now on */
  readonly fromEnd: boolean
}

/**
 * Blocks of lines; while nothing comes, an empty one every quarter of a second.
 * @throws when the file cannot be opened or read, or is compressed
 */
export async function* followLines(
  path: string,
  {signal, fromEnd}: Following,
): AsyncGenerator<readonly string[]> {
  let newest = await Tail.open(path)
  let tails = [newest]
  try {
    if (fromEnd) await newest.skip()
    while (!signal.aborted) {
      let isSilent = true
      for (const tail of tails) {
        const lines = await tail.read()
        if (!lines) continue
        isSilent = false
        yield lines
      }
      if (!isSilent) continue
      const next = await successor(path, newest)
      if (next) {
        newest = next
        tails.push(newest)
        continue
      }
      for (const tail of tails.slice(0, -1)) {
        if (tail.silentMs < RETIRED_MS && tails.indexOf(tail) >= tails.length - MOST_FILES) continue
        tails = tails.filter(one => one !== tail)
        yield tail.end()
        await tail.close()
      }
      yield []
      await pause(POLL_MS, signal)
    }
    for (const tail of tails) yield tail.end()
  } finally {
    for (const tail of tails) await tail.close()
  }
}

/** The file that has the name now, when that is another one; undefined while there is none. */
async function successor(path: string, newest: Tail): Promise<Tail | undefined> {
  const named = await stat(path).catch(() => undefined)
  return named && !(await newest.is(named)) ? Tail.open(path).catch(() => undefined) : undefined
}

/** A file that grows. */
class Tail {
  readonly #file: FileHandle
  readonly #block = Buffer.allocUnsafe(BLOCK_OCTETS)
  #splitter = new LineSplitter()
  #position = 0
  #lastAt = performance.now()

  constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<Tail> {
    const file = await open(path, 'r')
    const {buffer, bytesRead} = await file.read(Buffer.alloc(2), 0, 2, 0)
    if (bytesRead < 2 || !isGzip(buffer)) return new Tail(file)
    await file.close()
    throw new Error(`${path} is compressed: nothing more will come`)
  }

  get silentMs(): number {
    return performance.now() - this.#lastAt
  }

  async is({ino, dev}: {readonly ino: number; readonly dev: number}): Promise<boolean> {
    const own = await this.#file.stat()
    return own.ino === ino && own.dev === dev
  }

  async skip(): Promise<void> {
    this.#position = (await this.#file.stat()).size
  }

  /** What came since the last time; undefined: nothing. */
  async read(): Promise<string[] | undefined> {
    const {bytesRead} = await this.#file.read(this.#block, 0, this.#block.length, this.#position)
    if (bytesRead > 0) {
      this.#position += bytesRead
      this.#lastAt = performance.now()
      return this.#splitter.push(this.#block.subarray(0, bytesRead))
    }
    if ((await this.#file.stat()).size >= this.#position) return undefined
    const last = this.end()
    this.#position = 0
    this.#splitter = new LineSplitter()
    return last
  }

  end(): string[] {
    return this.#splitter.end()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
