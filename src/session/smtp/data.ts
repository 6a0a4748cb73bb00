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

/** Dots and bare CRs of a chunk that are worth a piece each. */
const ODD_LINES = 32

const NUL = 0
const LF = 10
const CR = 13
const DOT = 46
const CRLF = Buffer.from('\r\n')

export class DataReceiver implements DataFacts {
  bareLf = 0
  bareCr = 0
  nul = 0
  /** octets of the content so far, also those beyond the limit */
  size = 0
  readonly #limit: number
  readonly #dots: boolean
  #pieces: Buffer[] = []
  /** the beginning of something whose end is in the next chunk: CR, or `.` or `.CR` after CRLF */
  #held: Buffer | undefined
  /** what comes next stands after CRLF; the data begin as if it did */
  #lineStart = true

  /**
   * @param limit octets of content that are kept; of a longer mail nothing is kept
   * @param dots false: content of BDAT, where a dot is a dot and the length says the end
   */
  constructor(limit = Number.POSITIVE_INFINITY, {dots = true} = {}) {
    this.#limit = limit
    this.#dots = dots
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

  /** No more comes: what was held is content, and the last line gets its end. Only for content of BDAT. */
  close(): void {
    if (this.#held) {
      this.bareCr++
      this.#keep(this.#held, 0, this.#held.length)
      this.#held = undefined
      this.#lineStart = false
    }
    if (!this.#lineStart) this.#keep(CRLF, 0, CRLF.length)
    this.#lineStart = true
  }

  /** Line by line, for what mail normally looks like; views of the buffer are kept. */
  #read(buffer: Buffer): number {
    const length = buffer.length
    let from = 0 // first octet that is not yet kept
    let lineStart = this.#lineStart ? 0 : -1 // index after the last CRLF
    let cr = buffer.indexOf(CR) // the next one, -1 when there is none
    let odd = 0
    for (;;) {
      if (lineStart >= 0 && buffer[lineStart] === DOT && this.#dots) {
        this.#keep(buffer, from, lineStart)
        const end = this.#dotAt(buffer, lineStart)
        if (end !== 0) return end
        from = lineStart + 1
        if (++odd > ODD_LINES) return this.#readOctets(buffer, from)
      }
      const lf = buffer.indexOf(LF, Math.max(lineStart, from))
      const lineEnd = lf < 0 ? length : lf
      while (cr >= 0 && cr < lineEnd - 1) {
        this.bareCr++
        if (++odd > ODD_LINES) {
          this.#keep(buffer, from, cr + 1)
          return this.#readOctets(buffer, cr + 1)
        }
        cr = buffer.indexOf(CR, cr + 1)
      }
      if (lf < 0) break
      if (cr < 0 || cr !== lf - 1) {
        this.#keep(buffer, from, lf)
        return this.#readOctets(buffer, lf)
      }
      lineStart = lf + 1
      cr = buffer.indexOf(CR, lineStart)
    }
    this.#lineStart = lineStart === length
    if (cr >= 0) this.#held = buffer.subarray(cr)
    this.#keep(buffer, from, cr >= 0 ? cr : length)
    return -1
  }

  /**
   * Octet by octet into a buffer of its own, for content that would come to pieces.
   * @param at not after CRLF, and no LF that belongs to a CR before it
   */
  #readOctets(buffer: Buffer, at: number): number {
    const {length} = buffer
    const kept = Buffer.allocUnsafe(2 * (length - at))
    let n = 0
    let end = -1
    let lineStart = -1
    for (let i = at; i < length; i++) {
      const octet = buffer[i]!
      if (octet === DOT && i === lineStart && this.#dots) {
        end = this.#dotAt(buffer, i)
        if (end !== 0) break
        end = -1
        continue
      }
      if (octet === CR) {
        if (i + 1 === length) {
          this.#held = buffer.subarray(i)
          break
        }
        if (buffer[i + 1] !== LF) this.bareCr++
      } else if (octet === LF) {
        if (i > at && buffer[i - 1] === CR) lineStart = i + 1
        else {
          this.bareLf++
          kept[n++] = CR
        }
      }
      kept[n++] = octet
    }
    // A dot that was held has set it already.
    if (!this.#held) this.#lineStart = lineStart === length
    else if (this.#held[0] === CR) this.#lineStart = false
    this.#keep(kept, 0, n)
    return end
  }

  /** A dot after CRLF. @returns the index after the end of data, -1 if only more octets can tell, 0: un-stuff it */
  #dotAt(buffer: Buffer, at: number): number {
    const rest = buffer.length - at
    if (rest === 1 || (rest === 2 && buffer[at + 1] === CR)) {
      this.#held = buffer.subarray(at)
      this.#lineStart = true
      return -1
    }
    return buffer[at + 1] === CR && buffer[at + 2] === LF ? at + 3 : 0
  }

  #keep(buffer: Buffer, from: number, to: number): void {
    if (to <= from) return
    this.size += to - from
    if (this.tooLong) this.#pieces = []
    else this.#pieces.push(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to))
  }

  #countNul(buffer: Buffer, end: number): void {
    const first = buffer.indexOf(NUL)
    if (first < 0) return
    for (let at = first; at < end; at++) if (buffer[at] === NUL) this.nul++
  }
}
