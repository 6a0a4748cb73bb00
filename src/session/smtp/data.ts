/**
 * data — reads the content of a mail as it comes after DATA, and finds its end.
 *
 * Only CRLF.CRLF ends the data, and a dot is taken away after CRLF only (RFC 5321 §4.1.1.4, 4.5.2). Every
 * other thing that somebody might take for an end of data stays content: a bare LF becomes CRLF, so that
 * a dot after it is stuffed again when the mail is sent on; a bare CR stays as it is and is counted, as are
 * NULs. Lines may have any length, nothing waits for the end of one.
 *
 * Pure: chunks in, pieces out; the pieces are views of the chunks.
 */
import type {DataFacts} from '../transaction.ts'

const CRLF = Buffer.from('\r\n')
const NUL = 0
const LF = 10
const CR = 13
const DOT = 46

export class DataReceiver implements DataFacts {
  bareLf = 0
  bareCr = 0
  nul = 0
  /** octets of the content so far, also those beyond the limit */
  size = 0
  readonly #limit: number
  #pieces: Buffer[] = []
  /** the beginning of something whose end is in the next chunk: CR, or `.` or `.CR` after CRLF */
  #held: Buffer | undefined
  /** what comes next stands after CRLF; the data begin as if it did */
  #lineStart = true

  /** @param limit octets of content that are kept; of a longer mail nothing is kept */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit
  }

  get tooLong(): boolean {
    return this.size > this.#limit
  }

  /** The content since the last call. */
  take(): Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }

  /**
   * Read on.
   * @returns how many octets of `chunk` belong to the data with their end; -1 when they do not end in it
   */
  push(chunk: Buffer): number {
    const held = this.#held?.length ?? 0
    const buffer = this.#held ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = undefined
    const end = this.#read(buffer)
    this.#countNul(buffer, end < 0 ? buffer.length : end)
    return end < 0 ? -1 : end - held
  }

  #read(buffer: Buffer): number {
    const length = buffer.length
    let from = 0 // first octet that is not yet kept
    let lineStart = this.#lineStart ? 0 : -1 // index after the last CRLF
    let cr = buffer.indexOf(CR) // the next one, -1 when there is none
    for (;;) {
      if (lineStart >= 0 && buffer[lineStart] === DOT) {
        this.#keep(buffer, from, lineStart)
        from = lineStart
        const rest = length - lineStart
        if (rest === 1 || (buffer[lineStart + 1] === CR && rest === 2)) {
          this.#held = buffer.subarray(lineStart)
          this.#lineStart = true
          return -1
        }
        if (buffer[lineStart + 1] === CR && buffer[lineStart + 2] === LF) return lineStart + 3
        from++
      }
      const lf = buffer.indexOf(LF, Math.max(lineStart, from))
      if (lf < 0) break
      while (cr >= 0 && cr < lf - 1) {
        this.bareCr++
        cr = buffer.indexOf(CR, cr + 1)
      }
      if (cr >= 0 && cr === lf - 1) {
        lineStart = lf + 1
        cr = buffer.indexOf(CR, lf + 1)
      } else {
        this.bareLf++
        this.#keep(buffer, from, lf)
        this.#keep(CRLF, 0, 2)
        from = lf + 1
        lineStart = -1
      }
    }
    while (cr >= 0 && cr < length - 1) {
      this.bareCr++
      cr = buffer.indexOf(CR, cr + 1)
    }
    this.#lineStart = lineStart === length
    if (cr >= 0) this.#held = buffer.subarray(cr)
    this.#keep(buffer, from, cr >= 0 ? cr : length)
    return -1
  }

  #keep(buffer: Buffer, from: number, to: number): void {
    if (to <= from) return
    this.size += to - from
    if (this.tooLong) this.#pieces = []
    else this.#pieces.push(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to))
  }

  #countNul(buffer: Buffer, end: number): void {
    for (let at = buffer.indexOf(NUL); at >= 0 && at < end; at = buffer.indexOf(NUL, at + 1)) this.nul++
  }
}
