/**
 * sink — takes what a reader unpacks, counts it against the limits and keeps it.
 *
 * The counting is of octets that were really produced, never of sizes that an archive declares. Small members
 * stay in memory; what does not fit is written to files in the mail's own folder, under names that are made
 * here: no name out of an archive is ever a file's name.
 */
import {closeSync, constants, mkdirSync, openSync, rmSync, writeSync} from 'node:fs'
import path from 'node:path'
import {
  CorruptError,
  type Decoded,
  type DecodeLimits,
  LimitReached,
  type Member,
  type Problem,
} from './member.ts'
import {piecesOf, type Source} from './source.ts'

/** What all members of a leaf may take of memory; the rest is written to files. */
const MEMORY_BYTES = 4 * 1024 * 1024
/** What is kept in memory of a member in a file, for a look at its type; less when there are very many. */
const HEAD_BYTES = 64 * 1024
const SHORT_HEAD_BYTES = 1024
const HEADS_BYTES = 8 * 1024 * 1024

const EMPTY = Buffer.alloc(0)

export interface SinkOptions {
  readonly limits: DecodeLimits
  /** for large members; made when needed. undefined: there is none, and nothing may grow so large */
  readonly folder: string | undefined
  /** gives the file's name for the n-th member, from 0 */
  readonly fileName: (index: number) => string
  /** who unpacks, for the text of a limit */
  readonly who: string
}

export class Sink {
  readonly #options: SinkOptions
  readonly #members: Member[] = []
  readonly #problems: Problem[] = []
  #bytes = 0
  #inMemory = 0
  #heads = 0
  #open: MemberWriter | undefined

  constructor(options: SinkOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#members.length
  }

  /** whether the member that was ended last is not, or not all, there */
  get isLastBroken(): boolean {
    return this.#members.at(-1)?.problem !== undefined
  }

  /**
   * Begin a file; what was begun before is ended.
   * @throws LimitReached
   */
  begin(...names: string[]): MemberWriter {
    this.#open?.end()
    this.#makeRoom()
    this.#open = new MemberWriter(this, distinct(names))
    return this.#open
  }

  /**
   * A whole file.
   * @throws LimitReached
   */
  add(names: readonly string[], content: Buffer, problem?: Problem): void {
    const writer = this.begin(...names)
    writer.write(content)
    writer.end(problem)
  }

  /**
   * A whole file that stands in the source as it is.
   * @throws LimitReached
   */
  addStored(names: readonly string[], source: Source, start: number, end: number): void {
    const writer = this.begin(...names)
    for (const piece of piecesOf(source, start, end)) writer.write(piece)
    writer.end(end > source.size ? {kind: 'corrupt', reason: 'it ends too early'} : undefined)
  }

  /**
   * An entry without content: a directory, a link, a device, or a file that is closed to us.
   * @throws LimitReached
   */
  addEntry(kind: Member['kind'], names: readonly string[], problem?: Problem): void {
    this.#open?.end()
    this.#makeRoom()
    this.#members.push({kind, names: distinct(names), size: 0, content: EMPTY, path: undefined, problem})
  }

  #makeRoom(): void {
    const {limits, who} = this.#options
    if (this.#members.length >= limits.files) {
      throw new LimitReached(`Maximum number of files (${limits.maxFiles}) exceeded by ${who}`)
    }
  }

  /** The leaf as a whole has this problem; said once. */
  problem(kind: Problem['kind'], reason: string): void {
    if (!this.#problems.some(known => known.kind === kind)) this.#problems.push({kind, reason})
  }

  /** What came of it. An open member was cut off by whatever ended the reading. */
  finish(failure?: Problem): Decoded {
    if (failure) {
      this.#open?.end(failure)
      this.problem(failure.kind, failure.reason)
    } else this.#open?.end()
    return {members: this.#members, problems: this.#problems}
  }

  // The following three are for MemberWriter.

  /** @throws LimitReached */
  account(length: number): void {
    this.#bytes += length
    const {bytes, quota} = this.#options.limits
    if (this.#bytes > bytes) {
      throw new LimitReached(
        `Exceeded storage quota ${quota} bytes by ${this.#options.who}; last chunk ${length} bytes`,
      )
    }
  }

  /** A new file for the member being written, when memory is used up by it; undefined: it fits. */
  spill(length: number): SpillFile | undefined {
    if (this.#inMemory + length <= MEMORY_BYTES) {
      this.#inMemory += length
      return undefined
    }
    const {folder, fileName} = this.#options
    if (folder === undefined) throw new LimitReached('there is no folder for large members')
    mkdirSync(folder, {recursive: true, mode: 0o750})
    const file = path.join(folder, fileName(this.#members.length))
    // A process that was killed may have left one of this name.
    rmSync(file, {force: true})
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
    const head = this.#heads < HEADS_BYTES ? HEAD_BYTES : SHORT_HEAD_BYTES
    this.#heads += head
    return {fd: openSync(file, flags, 0o640), path: file, head}
  }

  close(member: Member, freed: number): void {
    this.#members.push(member)
    this.#inMemory -= freed
    this.#open = undefined
  }
}

/** Names that say something, each once. */
function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].filter(name => name !== '')
}

interface SpillFile {
  readonly fd: number
  readonly path: string
  /** how many octets stay in memory too */
  readonly head: number
}

/** One file being unpacked. */
export class MemberWriter {
  readonly #sink: Sink
  readonly #names: readonly string[]
  #pieces: Buffer[] = []
  #size = 0
  #held = 0
  #file: SpillFile | undefined
  #ended = false

  constructor(sink: Sink, names: readonly string[]) {
    this.#sink = sink
    this.#names = names
  }

  get size(): number {
    return this.#size
  }

  /**
   * The next octets; the writer keeps a copy.
   * @throws LimitReached
   */
  write(octets: Uint8Array): void {
    if (octets.length === 0) return
    this.#sink.account(octets.length)
    this.#size += octets.length
    if (!this.#file) {
      this.#file = this.#sink.spill(octets.length)
      if (!this.#file) {
        this.#pieces.push(Buffer.from(octets))
        this.#held += octets.length
        return
      }
      for (const piece of this.#pieces) writeFully(this.#file.fd, piece)
      const {head} = this.#file
      this.#pieces = [
        Buffer.from(Buffer.concat([...this.#pieces, octets.subarray(0, head)]).subarray(0, head)),
      ]
    }
    writeFully(this.#file.fd, octets)
  }

  /** That was all; `problem` says why it is less than it should be. A second call does nothing. */
  end(problem?: Problem): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#file) closeSync(this.#file.fd)
    const content = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces)
    const member = {
      kind: 'file',
      names: this.#names,
      size: this.#size,
      content,
      path: this.#file?.path,
      problem,
    } as const
    this.#sink.close(member, this.#file ? this.#held : 0)
  }
}

function writeFully(fd: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at)
}

/** What an error means for the leaf whose reading it ended; errors of our own making are thrown on. */
export function problemOf(error: unknown): Problem {
  if (error instanceof LimitReached) return {kind: 'limit', reason: error.message}
  if (error instanceof CorruptError) return {kind: error.kind, reason: error.message}
  throw error
}
