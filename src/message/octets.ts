/**
 * octets — a mail's octets as received: header and body, CRLF line ends, dots un-stuffed.
 *
 * Small mails stand in memory, large ones in a file; who reads them need not care.
 */
import {createReadStream} from 'node:fs'
import {open, readFile} from 'node:fs/promises'

export interface Octets {
  readonly size: number
  /** All octets, where they are in memory. */
  readonly memory: Buffer | undefined
  /** The file that holds them, where they are not. */
  readonly path: string | undefined
}

/** A mail up to this size is held in memory, a larger one in a file. */
export const MEMORY_LIMIT_BYTES = 1024 * 1024

/** The octets of a buffer, without a copy. */
export function octetsOf(memory: Buffer): Octets {
  return {size: memory.length, memory, path: undefined}
}

/** All octets in order, in chunks of a bounded size. */
export async function* readChunks(octets: Octets): AsyncIterable<Buffer> {
  if (octets.memory) yield octets.memory
  else if (octets.path !== undefined) yield* createReadStream(octets.path, {highWaterMark: 256 * 1024})
}

/** All octets in one buffer; for readers that need random access. */
export async function readAll(octets: Octets): Promise<Buffer> {
  return octets.memory ?? (octets.path === undefined ? Buffer.alloc(0) : await readFile(octets.path))
}

/** The first `length` octets, or all if there are fewer. */
export async function readHead(octets: Octets, length: number): Promise<Buffer> {
  if (octets.memory) return octets.memory.subarray(0, length)
  if (octets.path === undefined) return Buffer.alloc(0)
  await using file = await open(octets.path, 'r')
  const head = Buffer.alloc(Math.min(length, octets.size))
  const {bytesRead} = await file.read(head, 0, head.length, 0)
  return head.subarray(0, bytesRead)
}
