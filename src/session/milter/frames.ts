/**
 * frames — the packets of the milter protocol: a length of 32 bits, a command, data (spec/milter §1). Pure.
 */
import {MANNERS} from './manners.ts'

export interface Frame {
  /** one character */
  readonly command: string
  readonly data: Buffer
}

/** Frames out of a stream that comes in pieces. */
export class FrameReader {
  readonly #largest: number
  #rest: Buffer = Buffer.alloc(0)
  #pieces: Buffer[] = []
  #held = 0

  /** @param largest octets of a frame without its length; a length beyond it is no frame */
  constructor(largest = MANNERS.largestFrame) {
    this.#largest = largest
  }

  /** The frames that are whole; `'broken'` after the last of them where what follows is none. */
  push(chunk: Buffer): readonly (Frame | 'broken')[] {
    this.#pieces.push(chunk)
    this.#held += chunk.length
    if (this.#rest.length >= 4 && this.#held < 4 + this.#rest.readUInt32BE(0) - this.#rest.length) return NONE
    const frames: (Frame | 'broken')[] = []
    let octets = Buffer.concat([this.#rest, ...this.#pieces])
    this.#pieces = []
    this.#held = 0
    while (octets.length >= 4) {
      const length = octets.readUInt32BE(0)
      if (length === 0 || length > this.#largest) {
        frames.push('broken')
        return frames
      }
      if (octets.length < 4 + length) break
      frames.push({command: String.fromCharCode(octets[4]!), data: octets.subarray(5, 4 + length)})
      octets = octets.subarray(4 + length)
    }
    this.#rest = octets
    return frames
  }
}

const NONE: readonly never[] = []

export function frame(command: string, data: Buffer | string = ''): Buffer {
  const octets = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
  const head = Buffer.alloc(5)
  head.writeUInt32BE(octets.length + 1, 0)
  head.write(command, 4, 'latin1')
  return Buffer.concat([head, octets])
}

/** Texts that end in NUL; undefined where the last one does not. */
export function strings(data: Buffer): readonly Buffer[] | undefined {
  if (data.length === 0) return []
  if (data[data.length - 1] !== 0) return undefined
  const found: Buffer[] = []
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(0, at)
    found.push(data.subarray(at, end))
    at = end + 1
  }
  return found
}
