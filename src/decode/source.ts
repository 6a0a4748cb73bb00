/**
 * source — the octets of a leaf, for readers: in memory or in a file, at any place.
 *
 * A reader never sees more of a large leaf than it asks for. Reading beyond the end gives what there is.
 */
import {closeSync, fstatSync, openSync, readSync} from 'node:fs'
import {CorruptError} from './member.ts'

export interface Source {
  readonly size: number
  /** `length` octets from `at`, fewer at the end; a view that holds until the next call */
  read(at: number, length: number): Buffer
}

/** How much is read from a file at once. */
const WINDOW_BYTES = 256 * 1024

const EMPTY = Buffer.alloc(0)

export function bufferSource(octets: Buffer): Source {
  return {size: octets.length, read: (at, length) => octets.subarray(at, Math.max(at, at + length))}
}

/** A part of another source. */
export function sliceSource(source: Source, start: number, end = source.size): Source {
  const from = Math.min(start, source.size)
  const size = Math.max(0, Math.min(end, source.size) - from)
  return {
    size,
    read: (at, length) =>
      at >= size ? EMPTY : source.read(from + at, Math.max(0, Math.min(length, size - at))),
  }
}

/** Sources one behind the other. */
export function joinedSource(parts: readonly Source[]): Source {
  const size = parts.reduce((sum, part) => sum + part.size, 0)
  return {
    size,
    read(at, length) {
      const pieces: Buffer[] = []
      let from = at
      let left = Math.min(length, size - at)
      for (const part of parts) {
        if (left > 0 && from < part.size) {
          const piece = Buffer.from(part.read(from, Math.min(left, part.size - from)))
          pieces.push(piece)
          left -= piece.length
          from = 0
        } else from -= Math.min(from, part.size)
      }
      return pieces.length === 1 ? pieces[0]! : pieces.length === 0 ? EMPTY : Buffer.concat(pieces)
    },
  }
}

/** A file, opened until disposed of; small reads share a window. */
export class FileSource implements Source, Disposable {
  readonly size: number
  readonly #fd: number
  #window: Buffer = EMPTY
  #windowAt = 0

  constructor(path: string) {
    this.#fd = openSync(path, 'r')
    this.size = fstatSync(this.#fd).size
  }

  read(at: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - at))
    if (wanted > WINDOW_BYTES) return this.#load(at, wanted)
    const from = at - this.#windowAt
    if (from < 0 || from + wanted > this.#window.length) {
      this.#window = this.#load(at, Math.min(WINDOW_BYTES, this.size - at))
      this.#windowAt = at
      return this.#window.subarray(0, wanted)
    }
    return this.#window.subarray(from, from + wanted)
  }

  #load(at: number, length: number): Buffer {
    const octets = Buffer.allocUnsafe(Math.max(0, length))
    let filled = 0
    while (filled < octets.length) {
      const got = readSync(this.#fd, octets, filled, octets.length - filled, at + filled)
      if (got === 0) break
      filled += got
    }
    return octets.subarray(0, filled)
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** All of a source in pieces of a bounded size. */
export function* piecesOf(source: Source, start = 0, end = source.size): Generator<Buffer> {
  for (let at = start; at < end; ) {
    const piece = source.read(at, Math.min(WINDOW_BYTES, end - at))
    if (piece.length === 0) return
    yield piece
    at += piece.length
  }
}

/**
 * Exactly so many octets.
 * @throws CorruptError when there are fewer
 */
export function readExactly(source: Source, at: number, length: number): Buffer {
  const octets = source.read(at, length)
  if (octets.length < length) throw new CorruptError('it ends too early')
  return octets
}

/** Where `needle` next stands, from `from` on and before `end`; -1: nowhere. */
export function find(source: Source, needle: Buffer, from: number, end = source.size): number {
  return finder(source, needle)(from, end)
}

/** The same for many calls: what was read for one of them is there for the next. */
export function finder(source: Source, needle: Buffer): (from: number, end?: number) => number {
  let window: Buffer = EMPTY
  let windowAt = 0
  return (from, end = source.size) => {
    for (let at = from; at < end; ) {
      if (at < windowAt || at + needle.length > windowAt + window.length) {
        window = source.read(at, Math.min(WINDOW_BYTES, source.size - at))
        windowAt = at
        if (window.length < needle.length) return -1
      }
      const found = window.indexOf(needle, at - windowAt)
      if (found >= 0) return windowAt + found + needle.length <= end ? windowAt + found : -1
      at = windowAt + window.length - needle.length + 1
    }
    return -1
  }
}
