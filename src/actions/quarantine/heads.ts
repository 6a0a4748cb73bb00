/**
 * heads — the first octets of many files, as text where they are compressed.
 *
 * What the page cache has is read at once; as soon as a file has to wait for the disk the others of its array are read
 * beside it, so that the disk may choose the order. Each file is read as far as it has to be: most need one read of
 * 4 KiB, compressed ones are unpacked from their first KiB.
 */
import {close, closeSync, constants, fstatSync, openSync, read, readSync} from 'node:fs'
import {gunzipSync, constants as zlib} from 'node:zlib'
import {HEAD_LIMIT} from '../release/stored.ts'
import {isErrno} from './new-file.ts'

/** Octets that are read of a plain file, as far as needed. */
const PLAIN_STEPS = [4096, 65_536, HEAD_LIMIT] as const
/** Of a compressed one; the last can only be the head of a mail for thousands of recipients. */
const PACKED_STEPS = [1024, 4096, 65_536] as const
const FIRST_OCTETS = 4096
/** Files that are open at the same time. */
const IN_FLIGHT = 16
/** A read that took longer was one of the disk. */
const CACHED_MS = 0.05

/** Of the text that a file begins with; `more` asks for more of it, unless that is all. */
export type ParseHead<T> = (head: Buffer, isAll: boolean) => T | 'more'

export type HeadRead<T> =
  | {readonly kind: 'read'; readonly value: T | 'more'}
  /** it is no file any more */
  | {readonly kind: 'missing'}
  | {readonly kind: 'failed'; readonly error: unknown}

/** Reads into buffers of its own, again and again: `parse` keeps nothing of them. */
export class HeadReader {
  readonly #buffers = Array.from({length: IN_FLIGHT}, () => Buffer.allocUnsafeSlow(FIRST_OCTETS))
  readonly #cachedMs: number

  constructor(cachedMs = CACHED_MS) {
    this.#cachedMs = cachedMs
  }

  /** One for each of `paths`, in their order; their folders are known to be no links. */
  async read<T>(paths: readonly string[], parse: ParseHead<T>): Promise<HeadRead<T>[]> {
    const heads: HeadRead<T>[] = []
    for (let start = 0; start < paths.length; start += IN_FLIGHT)
      heads.push(...(await this.#readSome(paths.slice(start, start + IN_FLIGHT), parse)))
    return heads
  }

  #readSome<T>(paths: readonly string[], parse: ParseHead<T>): Promise<HeadRead<T>[]> {
    let isCached = true
    return Promise.all(
      this.#buffers.slice(0, paths.length).map(async (buffer, n): Promise<HeadRead<T>> => {
        const file = paths[n] ?? ''
        try {
          let length: number
          if (isCached) {
            const began = performance.now()
            length = readFirst(file, buffer)
            isCached = performance.now() - began < this.#cachedMs
          } else length = await readBeside(file, buffer)
          return {kind: 'read', value: parseGrowing(file, buffer.subarray(0, length), parse)}
        } catch (error) {
          return failure(error)
        }
      }),
    )
  }
}

/** The same of a single file, at once. */
export function readHead<T>(file: string, parse: ParseHead<T>): HeadRead<T> {
  try {
    const buffer = Buffer.allocUnsafe(FIRST_OCTETS)
    return {
      kind: 'read',
      value: parseGrowing(file, buffer.subarray(0, readFirst(file, buffer)), parse),
    }
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): HeadRead<never> {
  return isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO') ? {kind: 'missing'} : {kind: 'failed', error}
}

function parseGrowing<T>(file: string, first: Buffer, parse: ParseHead<T>): T | 'more' {
  const isPacked = first[0] === 0x1f && first[1] === 0x8b
  let read = first
  let text = first
  for (const step of isPacked ? PACKED_STEPS : PLAIN_STEPS) {
    if (step > FIRST_OCTETS) {
      const buffer = Buffer.allocUnsafe(step)
      read = buffer.subarray(0, readFirst(file, buffer))
    }
    const octets = read.subarray(0, step)
    const unpacked = isPacked ? unpack(octets) : octets
    if (!unpacked) break
    text = unpacked
    if (read.length < step) break
    const parsed = parse(text, false)
    if (parsed !== 'more') return parsed
  }
  return parse(text, true)
}

/** undefined: it is more than any head. What is cut off is no damage. */
function unpack(octets: Buffer): Buffer | undefined {
  try {
    return gunzipSync(octets, {finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: HEAD_LIMIT, chunkSize: 4096})
  } catch (error) {
    if (isErrno(error, 'ERR_BUFFER_TOO_LARGE')) return undefined
    throw error
  }
}

/** How many octets there were. */
function readFirst(file: string, into: Buffer): number {
  const fd = openPlain(file)
  try {
    return readSync(fd, into, 0, into.length, 0)
  } finally {
    closeSync(fd)
  }
}

function readBeside(file: string, into: Buffer): Promise<number> {
  const fd = openPlain(file)
  return new Promise((resolve, reject) =>
    read(fd, into, 0, into.length, 0, (error, length) =>
      close(fd, () => (error ? reject(error) : resolve(length))),
    ),
  )
}

function openPlain(file: string): number {
  // a pipe must not keep us waiting
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw Object.assign(new Error('it is no file'), {code: 'ENOENT'})
}
