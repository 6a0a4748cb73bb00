/**
 * boundaries — finds the delimiter lines of the multiparts that are open.
 *
 * A delimiter is a line `--boundary` or `--boundary--` with nothing but blanks after it (RFC 2046 §5.1.1). All
 * open boundaries are looked up at once, so that each line is seen once however deep multiparts are nested.
 */

const LF = 10
const DASH = 45
const NEXT_DASHES = Buffer.from('\n--')

export interface Delimiter {
  /** where its line begins */
  readonly start: number
  /** where what stands before it ends: its line end belongs to the delimiter */
  readonly contentEnd: number
  /** where the next line begins */
  readonly next: number
  /** which open multipart it belongs to, 0 is the outermost */
  readonly level: number
  readonly isClosing: boolean
}

interface Entry {
  readonly level: number
  readonly isClosing: boolean
}

export class Boundaries {
  readonly #octets: Buffer
  readonly #entries = new Map<string, Entry>()
  readonly #undo: {key: string; entry: Entry | undefined}[] = []
  #longest = 0

  /** @param octets of the whole mail; all positions are positions in it */
  constructor(octets: Buffer) {
    this.#octets = octets
  }

  get level(): number {
    return this.#undo.length / 2
  }

  /** Open a multipart; a boundary that is open already then belongs to the new one. */
  open(boundary: string): void {
    const level = this.level
    this.#set(`--${boundary}`, {level, isClosing: false})
    this.#set(`--${boundary}--`, {level, isClosing: true})
    this.#longest = Math.max(this.#longest, boundary.length + 4)
  }

  /** Close the innermost multipart. */
  close(): void {
    for (const {key, entry} of this.#undo.splice(-2).reverse()) {
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
    }
  }

  #set(key: string, entry: Entry): void {
    this.#undo.push({key, entry: this.#entries.get(key)})
    this.#entries.set(key, entry)
  }

  /** The delimiter whose line begins at `start`. */
  at(start: number): Delimiter | undefined {
    const octets = this.#octets
    if (octets[start] !== DASH || octets[start + 1] !== DASH) return undefined
    const lf = octets.indexOf(LF, start)
    let end = lf < 0 ? octets.length : lf
    const next = lf < 0 ? octets.length : lf + 1
    while (end > start && isBlankOrCr(octets[end - 1]!)) end--
    if (end - start > this.#longest) return undefined
    const entry = this.#entries.get(octets.toString('latin1', start, end))
    if (!entry) return undefined
    let contentEnd = start
    if (contentEnd > 0 && octets[contentEnd - 1] === LF) contentEnd--
    if (contentEnd > 0 && octets[contentEnd - 1] === 13) contentEnd--
    return {start, contentEnd, next, ...entry}
  }

  /** The first delimiter of any open multipart on a line that begins at or after the line start `from`. */
  find(from: number): Delimiter | undefined {
    const octets = this.#octets
    let start = from
    for (;;) {
      const found = this.at(start)
      if (found) return found
      const newline = octets.indexOf(NEXT_DASHES, start)
      if (newline < 0) return undefined
      start = newline + 1
    }
  }
}

function isBlankOrCr(c: number): boolean {
  return c === 32 || c === 9 || c === 13
}
