/**
 * inflate — deflate and zstd streams of any length, in memory that does not grow with it.
 *
 * Most streams are small and are done at once; what is larger, or broken, goes through a stream, so that a
 * limit stops it and all that can be had of a broken one is had.
 */
import type {Writable} from 'node:stream'
import zlib from 'node:zlib'
import {piecesOf, type Source} from '../source.ts'

/** `stored`: as it is */
export type Codec = 'stored' | 'deflate' | 'zlib' | 'zstd'

export interface Inflated {
  /** octets of the source that belong to the stream */
  readonly consumed: number
  /** why there is no more; undefined: the stream is complete */
  readonly failure: string | undefined
}

/** Input and output up to which a stream is done in one go. */
const AT_ONCE_INPUT_BYTES = 512 * 1024
const AT_ONCE_OUTPUT_BYTES = 1024 * 1024

const CHUNK_BYTES = 64 * 1024

/**
 * Unpack the stream that begins at `start`, and stop where it stops.
 * @param write throws to end the work
 */
export async function inflate(
  codec: Codec,
  source: Source,
  start: number,
  end: number,
  write: (octets: Buffer) => void,
): Promise<Inflated> {
  if (codec === 'stored') {
    let at = start
    for (const piece of piecesOf(source, start, end)) {
      write(piece)
      at += piece.length
    }
    return {consumed: at - start, failure: at < end ? 'it ends too early' : undefined}
  }
  if (end - start <= AT_ONCE_INPUT_BYTES) {
    const done = atOnce(codec, source.read(start, end - start))
    if (done) {
      write(done.output)
      return {consumed: done.consumed, failure: undefined}
    }
  }
  return await streamed(codec, source, start, end, write)
}

interface WithEngine {
  readonly buffer: Buffer
  readonly engine: {readonly bytesWritten: number}
}

/** The whole stream; undefined when it is broken or becomes too large for this way. */
function atOnce(
  codec: Exclude<Codec, 'stored'>,
  input: Buffer,
): {output: Buffer; consumed: number} | undefined {
  const options = {maxOutputLength: AT_ONCE_OUTPUT_BYTES, chunkSize: CHUNK_BYTES, info: true}
  try {
    const unpack = {
      deflate: zlib.inflateRawSync,
      zlib: zlib.inflateSync,
      zstd: zlib.zstdDecompressSync,
    }[codec] as (input: Buffer, options: object) => unknown
    const {buffer, engine} = unpack(input, options) as WithEngine
    return {output: buffer, consumed: engine.bytesWritten}
  } catch {
    return undefined
  }
}

function streamOf(codec: Exclude<Codec, 'stored'>) {
  const options = {chunkSize: CHUNK_BYTES}
  if (codec === 'zstd') {
    const limited = {...options, params: {[zlib.constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG}}
    return zlib.createZstdDecompress(limited)
  }
  return codec === 'zlib' ? zlib.createInflate(options) : zlib.createInflateRaw(options)
}

/** 64 MiB: what the format's own specification asks of a decoder, and more than its tools ask for by default. */
const MAX_ZSTD_WINDOW_LOG = 26

async function streamed(
  codec: Exclude<Codec, 'stored'>,
  source: Source,
  start: number,
  end: number,
  write: (octets: Buffer) => void,
): Promise<Inflated> {
  const stream = streamOf(codec)
  let stopped: unknown
  let failure: string | undefined
  let over = false
  stream.on('data', (octets: Buffer) => {
    try {
      if (stopped === undefined) write(octets)
    } catch (error) {
      stopped = error
      stream.destroy()
    }
  })
  stream.on('error', error => {
    failure = error.message
  })
  const closed = new Promise<void>(resolve => stream.once('close', resolve))
  stream.on('end', () => {
    over = true
    stream.destroy()
  })
  for (const piece of piecesOf(source, start, end)) {
    if (over || stream.destroyed) break
    // The piece is a view into the source's window, which the next read may replace.
    if (!stream.write(Buffer.from(piece))) await Promise.race([drained(stream), closed])
  }
  if (!over && !stream.destroyed) stream.end()
  await closed
  if (stopped !== undefined) throw stopped
  return {consumed: stream.bytesWritten, failure}
}

function drained(stream: Writable): Promise<void> {
  return new Promise(resolve => stream.once('drain', resolve))
}
