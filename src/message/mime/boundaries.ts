/**
 * boundaries — finds the delimiter lines of the multiparts that are open.
 *
 * A delimiter is a line `--boundary` or `--boundary--` with nothing but blanks after it (RFC 2046 §5.1.1). All
 * open boundaries are looked up at once, so that each line is seen once however deep multiparts are nested.
 *
 * Some clients take every line that begins with `--boundary` for a delimiter, or do not care about case. Whether
 * there is such a line is noted for the innermost multipart; a multipart can be opened to be read that way.
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

interface Open {
  /** `--boundary` in lower case */
  readonly start: string
  readonly undo: readonly {readonly key: string; readonly entry: Entry | undefined}[]
  readonly longestBefore: number
  readonly isLoose: boolean
  hasNearMiss: boolean
}

export class Boundaries {
  readonly #octets: Buffer
  readonly #entries = new Map<string, Entry>()
  readonly #open: Open[] = []
  #longest = 0

  /** @param octets of the whole mail; all positions are positions in it */
  constructor(octets: Buffer) {
    this.#octets = octets
  }

  get level(): number {
    return this.#open.length
  }

  /**
   * Open a multipart; a boundary that is open already then belongs to the new one.
   * @param isLoose lines that only begin with the boundary, in whatever case, are delimiters too
   */
  open(boundary: string, isLoose = false): void {
    const level = this.level
    // Blanks at the end of a line get lost on the way, so they do not count on either side.
    const start = `--${boundary}`.trimEnd()
    const keys: [string, boolean][] = [
      [start, false],
      [`--${boundary}--`, true],
    ]
    const undo = keys.map(([key, isClosing]) => {
      const entry = this.#entries.get(key)
      this.#entries.set(key, {level, isClosing})
      return {key, entry}
    })
    const longestBefore = this.#longest
    this.#longest = Math.max(longestBefore, boundary.length + 4)
    this.#open.push({start: start.toLowerCase(), undo, longestBefore, isLoose, hasNearMiss: false})
  }

  /**
   * Close the innermost multipart.
   * @returns whether a line was almost a delimiter of it
   */
  close(): boolean {
    const innermost = this.#open.pop()
    if (!innermost) return false
    for (const {key, entry} of innermost.undo.toReversed()) {
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
    }
    this.#longest = innermost.longestBefore
    return innermost.hasNearMiss
  }

  /** The delimiter whose line begins at `start`. */
  at(start: number): Delimiter | undefined {
    const octets = this.#octets
    if (octets[start] !== DASH || octets[start + 1] !== DASH) return undefined
    const lf = octets.indexOf(LF, start)
    let end = lf < 0 ? octets.length : lf
    const next = lf < 0 ? octets.length : lf + 1
    while (end > start && isBlankOrCr(octets[end - 1]!)) end--
    const entry =
      end - start > this.#longest ? undefined : this.#entries.get(octets.toString('latin1', start, end))
    const found = entry ?? this.#almost(start, end)
    if (!found) return undefined
    let contentEnd = start
    if (contentEnd > 0 && octets[contentEnd - 1] === LF) contentEnd--
    if (contentEnd > 0 && octets[contentEnd - 1] === 13) contentEnd--
    return {start, contentEnd, next, ...found}
  }

  /** Looks whether a line that is no delimiter begins as one of the innermost multipart. */
  #almost(start: number, end: number): Entry | undefined {
    const innermost = this.#open.at(-1)
    if (!innermost) return undefined
    const {length} = innermost.start
    // A boundary of blanks, or of nothing, would be the beginning of every signature.
    if (end - start < length || length < MIN_ALMOST) return undefined
    if (octetsText(this.#octets, start, start + length) !== innermost.start) return undefined
    innermost.hasNearMiss = true
    if (!innermost.isLoose) return undefined
    const isClosing = octetsText(this.#octets, start + length, start + length + 2) === '--'
    return {level: this.level - 1, isClosing}
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

/** The shortest `--boundary` of which a longer line may remind. */
const MIN_ALMOST = 4

function octetsText(octets: Buffer, start: number, end: number): string {
  return octets.toString('latin1', start, end).toLowerCase()
}

function isBlankOrCr(c: number): boolean {
  return c === 32 || c === 9 || c === 13
}
