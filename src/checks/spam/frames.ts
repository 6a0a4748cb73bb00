/**
 * frames — lists of strings over a stream, as helpers/amavis-sa.pl says and hears them: the length of all in
 * octets, then each string after its own length; lengths are 32 bits, most significant first.
 */

/** One frame. */
export function frame(strings: readonly (string | Buffer)[]): Buffer {
  const body = packed(strings)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Strings each after its length; a frame without its head. */
export function packed(strings: readonly (string | Buffer)[]): Buffer {
  const pieces: Buffer[] = []
  for (const string of strings) {
    const octets = typeof string === 'string' ? Buffer.from(string) : string
    const length = Buffer.alloc(4)
    length.writeUInt32BE(octets.length)
    pieces.push(length, octets)
  }
  return Buffer.concat(pieces)
}

/** The strings of a frame's body. @throws RangeError when lengths do not fit */
export function unpacked(body: Buffer): readonly Buffer[] {
  const strings: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const end = at + 4 + body.readUInt32BE(at)
    if (end > body.length) throw new RangeError('a string is longer than its frame')
    strings.push(body.subarray(at + 4, end))
    at = end
  }
  return strings
}

/** Makes frames of the chunks of a stream. */
export class FrameReader {
  readonly #limit: number
  #pieces: Buffer[] = []
  #size = 0

  /** @param limit octets of a frame */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Frames that are complete with this chunk. @throws RangeError for one that is over the limit or wrong */
  push(chunk: Buffer): readonly (readonly Buffer[])[] {
    this.#pieces.push(chunk)
    this.#size += chunk.length
    const frames: (readonly Buffer[])[] = []
    while (this.#size >= 4) {
      const length = this.#first(4).readUInt32BE(0)
      if (length > this.#limit) throw new RangeError(`a frame of ${length} octets`)
      if (this.#size < 4 + length) break
      const all = this.#first(4 + length)
      frames.push(unpacked(all.subarray(4, 4 + length)))
      this.#pieces = [all.subarray(4 + length)]
      this.#size -= 4 + length
    }
    return frames
  }

  /** A buffer that has at least so many octets of the beginning. */
  #first(count: number): Buffer {
    const [first] = this.#pieces
    if (first && first.length >= count) return first
    const all = Buffer.concat(this.#pieces)
    this.#pieces = [all]
    return all
  }
}
