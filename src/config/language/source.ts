/**
 * language/source — a configuration text and a place in it.
 *
 * Reads what Perl calls white space: blanks, comments, POD blocks, and the bodies of here-documents whose
 * start has been read. The text is octets (one character each) until `use utf8` says otherwise.
 */
import type {AmavisError} from '../../errors.ts'
import {configError, type Position} from '../problem.ts'

const BLANK = /[ \t\n\r\f]*/y
/** Levels of brackets, blocks and texts within texts: more is no configuration, and would cost our stack. */
const DEEPEST = 150
const WORD = /[A-Za-z_]\w*(?:::\w+)*/y

/** What earlier statements said about how later ones are read. */
export interface Pragmas {
  strict: boolean
  utf8: boolean
}

export class Source {
  readonly file: string
  readonly text: string
  readonly pragmas: Pragmas
  at = 0
  /** how many brackets and blocks are open */
  depth: number
  readonly #base: {line: number; column: number}
  readonly #lineStarts: number[] = []
  /** newline after a line that began here-documents, and where the text goes on behind their bodies */
  #bodies: {newline: number; resume: number} | undefined

  /** @param base where the text's first character stands, for a text taken out of a file (a string's content) */
  constructor(file: string, text: string, pragmas: Pragmas, base = {line: 1, column: 1}, depth = 0) {
    this.file = file
    this.text = text
    this.pragmas = pragmas
    this.#base = base
    this.depth = depth
  }

  /** Go one level in; whoever does comes out again by `depth--`. */
  enter(): void {
    if (++this.depth > DEEPEST) throw this.fail(`nested more than ${DEEPEST} deep`)
  }

  /** A text that stands in this file from the given line on, as a source of its own. */
  within(text: string, line: number): Source {
    return new Source(this.file, text, this.pragmas, {line, column: 1}, this.depth + 1)
  }

  position(at = this.at): Position {
    if (this.#lineStarts.length === 0) {
      this.#lineStarts.push(0)
      for (let i = this.text.indexOf('\n'); i >= 0; i = this.text.indexOf('\n', i + 1))
        this.#lineStarts.push(i + 1)
    }
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#lineStarts[middle]! <= at) low = middle
      else high = middle - 1
    }
    const column = at - this.#lineStarts[low]! + 1
    return {
      file: this.file,
      line: this.#base.line + low,
      column: low === 0 ? this.#base.column + column - 1 : column,
    }
  }

  /** @throws always: AmavisError AM_CONFIG for this place */
  fail(message: string, at = this.at): AmavisError {
    return configError(this.position(at), message)
  }

  /** What stands here, for "found …". */
  found(): string {
    if (this.at >= this.text.length) return 'the end of the file'
    const rest = this.text.slice(this.at, this.at + 40)
    const token = /^(?:[$@%&]?[A-Za-z_]\w*|\d[\w.]*|\S)/.exec(rest)?.[0] ?? rest
    return `"${token}"`
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  /** The character here, '' at the end. */
  get char(): string {
    return this.text.charAt(this.at)
  }

  looksAt(text: string): boolean {
    return this.text.startsWith(text, this.at)
  }

  /** Match a sticky expression here without moving. */
  peek(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)?.[0]
  }

  /** Read a sticky expression; undefined when it does not match here. */
  take(pattern: RegExp): string | undefined {
    const text = this.peek(pattern)
    if (text !== undefined) this.at += text.length
    return text
  }

  /** Read this text if it stands here. */
  accept(text: string): boolean {
    if (!this.looksAt(text)) return false
    this.at += text.length
    return true
  }

  /** A bare word, package names included; undefined when none stands here. */
  word(): string | undefined {
    return this.peek(WORD)
  }

  takeWord(): string | undefined {
    return this.take(WORD)
  }

  /** The offset of a position that `position` gave; undefined for a place in another text. */
  offsetOf({file, line, column}: Position): number | undefined {
    if (file !== this.file) return undefined
    const row = line - this.position(0).line
    const start = this.#lineStarts[row]
    if (start === undefined) return undefined
    return start + column - (row === 0 ? this.#base.column : 1)
  }

  /** Go on at a later place, behind the here-documents of a line that is left behind. */
  jump(at: number): void {
    const bodies = this.#bodies
    const passed = bodies !== undefined && bodies.newline < at
    this.at = passed ? Math.max(at, bodies.resume) : at
    if (passed) this.#bodies = undefined
  }

  /** Pass over blanks, comments, POD and here-document bodies. */
  skipBlank(): void {
    for (;;) {
      const start = this.at
      const blank = this.peek(BLANK) ?? ''
      const newline = this.#bodies?.newline
      if (newline !== undefined && newline < start + blank.length && newline >= start) {
        this.at = this.#bodies!.resume
        this.#bodies = undefined
        continue
      }
      this.at += blank.length
      if (this.char === '#') {
        const end = this.text.indexOf('\n', this.at)
        this.at = end < 0 ? this.text.length : end
        continue
      }
      if (this.char === '=' && this.#startsLine() && /[A-Za-z]/.test(this.text.charAt(this.at + 1))) {
        this.#skipPod()
        continue
      }
      return
    }
  }

  #startsLine(): boolean {
    return this.at === 0 || this.text[this.at - 1] === '\n'
  }

  #skipPod(): void {
    const cut = /^=cut\b[^\n]*$/gm
    cut.lastIndex = this.at
    const end = cut.exec(this.text)
    this.at = end ? end.index + end[0].length : this.text.length
  }

  /** The lines of a here-document begun on this line, without its end line. */
  takeHereDocument(end: string, indented: boolean): {body: string; line: number} {
    const newline = this.text.indexOf('\n', this.at)
    const start = this.#bodies?.resume ?? newline + 1
    if (newline < 0) throw this.fail(`the here-document has no line "${end}" that ends it`)
    let at = start
    while (at < this.text.length) {
      const stop = this.text.indexOf('\n', at)
      const lineEnd = stop < 0 ? this.text.length : stop
      const line = this.text.slice(at, lineEnd)
      if ((indented ? line.trim() : line) === end) {
        this.#bodies = {newline, resume: Math.min(lineEnd + 1, this.text.length)}
        return {body: this.text.slice(start, at), line: this.position(start).line}
      }
      at = lineEnd + 1
    }
    throw this.fail(`the here-document has no line "${end}" that ends it`)
  }
}
