/**
 * stuffing — content as it goes on the wire: a dot more where a line begins with one (RFC 5321 §4.5.2). Pure.
 *
 * Everything else goes out as it is. A dot after a bare LF is stuffed as well: content of ours has none,
 * and if it had, a lenient next hop could take it for the end of data.
 */

const LF_DOT = Buffer.from('\n.')
const DOT = Buffer.from('.')
const CR = 13
const LF = 10
const FULL_STOP = 46
/** Dot lines of a chunk that are worth a piece each. */
const DOT_LINES = 32

export class DotStuffer {
  // The content begins as if it came after a line end.
  #last = LF
  #lastButOne = CR

  /** The octets to send for this chunk of content: views of it, added to `pieces`. */
  push(chunk: Buffer, pieces: Buffer[]): void {
    const {length} = chunk
    if (length === 0) return
    if (this.#last === LF && chunk[0] === FULL_STOP) pieces.push(DOT)
    let from = 0
    let dots = 0
    for (let at = chunk.indexOf(LF_DOT); at >= 0; at = chunk.indexOf(LF_DOT, at + 1)) {
      if (++dots > DOT_LINES) break
      pieces.push(chunk.subarray(from, at + 1), DOT)
      from = at + 1
    }
    pieces.push(dots > DOT_LINES ? stuffed(chunk, from) : from === 0 ? chunk : chunk.subarray(from))
    this.#lastButOne = length > 1 ? chunk[length - 2]! : this.#last
    this.#last = chunk[length - 1]!
  }

  /** The end of data, with a line end before it where the content has none. */
  end(): string {
    return this.#last === LF && this.#lastButOne === CR ? '.\r\n' : '\r\n.\r\n'
  }
}

/** A copy from an offset on, for content with so many dot lines that it would come to pieces. */
function stuffed(chunk: Buffer, from: number): Buffer {
  const copy = Buffer.allocUnsafe(2 * (chunk.length - from))
  let n = 0
  for (let i = from; i < chunk.length; i++) {
    const octet = chunk[i]!
    copy[n++] = octet
    if (octet === LF && chunk[i + 1] === FULL_STOP) copy[n++] = FULL_STOP
  }
  return copy.subarray(0, n)
}
