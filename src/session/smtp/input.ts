/**
 * input — takes what the client sends and gives it out as command lines or as data.
 *
 * A command line ends with CRLF; one that ends with a bare LF, or that has a control character in it, is
 * no command: a bare CR passed on inside an address would be a line end to somebody else.
 */

/** Longer command lines are refused; RFC 5321 asks for 512 and room for the parameters of extensions. */
export const LINE_LIMIT_OCTETS = 4096

/** What was no command line. */
export interface BadLine {
  readonly problem: 'syntax' | 'length'
}
const BAD_SYNTAX: BadLine = {problem: 'syntax'}
const TOO_LONG: BadLine = {problem: 'length'}

const EMPTY = Buffer.alloc(0)
const LF = 10
const CR = 13

export class Input {
  #buffer: Buffer = EMPTY
  /** octets of an over-long line that were thrown away so far */
  #skipped = 0

  /** octets that nobody has taken yet */
  get length(): number {
    return this.#buffer.length
  }

  /** octets of a line without an end that were thrown away */
  get skipped(): number {
    return this.#skipped
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
  }

  /** The next command line without its end, a character for each octet; undefined: none is complete. */
  line(): string | BadLine | undefined {
    const buffer = this.#buffer
    const end = buffer.indexOf(LF)
    if (end < 0) {
      if (this.#skipped > 0 || buffer.length > LINE_LIMIT_OCTETS) {
        this.#skipped += buffer.length
        this.#buffer = EMPTY
      }
      return undefined
    }
    this.#buffer = end + 1 === buffer.length ? EMPTY : buffer.subarray(end + 1)
    if (this.#skipped > 0 || end > LINE_LIMIT_OCTETS) {
      this.#skipped = 0
      return TOO_LONG
    }
    if (end === 0 || buffer[end - 1] !== CR) return BAD_SYNTAX
    const text = buffer.toString('latin1', 0, end - 1)
    return /[\x00-\x08\x0a-\x1f\x7f]/.test(text) ? BAD_SYNTAX : text
  }

  /** All octets that wait. */
  take(): Buffer {
    const all = this.#buffer
    this.#buffer = EMPTY
    return all
  }
}
