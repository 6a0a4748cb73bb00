/**
 * language/quote — delimited texts: '…', "…", q(), qq{}, qw[], qr//, here-documents.
 *
 * Reading a text finds its end only; what backslashes mean is the business of its kind.
 */
import type {Source} from './source.ts'

const CLOSING: Readonly<Record<string, string>> = {'(': ')', '[': ']', '{': '}', '<': '>'}

export interface Quoted {
  /** between the delimiters, backslashes kept */
  readonly raw: string
  readonly open: string
  readonly close: string
  /** offset of the first octet of raw */
  readonly start: number
}

/** Read a delimited text that starts here; brackets nest. */
export function takeQuoted(source: Source, what: string): Quoted {
  const {text} = source
  const begin = source.at
  const open = source.char
  const close = CLOSING[open] ?? open
  let depth = 1
  for (let i = begin + 1; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === close) {
      if (--depth > 0) continue
      source.at = i + 1
      return {raw: text.slice(begin + 1, i), open, close, start: begin + 1}
    } else if (char === open) depth++
  }
  throw source.fail(`${what} has no end, expected "${close}"`, begin)
}

/** What '…' and q(…) mean: only the backslash itself and the delimiters can be escaped. */
export function plainText(quoted: Quoted): string {
  return quoted.raw.replace(/\\([\s\S])/g, (both, char: string) =>
    char === '\\' || char === quoted.open || char === quoted.close ? char : both,
  )
}

/** Remove the indentation that all lines share, as `<<~` does. */
export function unindented(body: string): string {
  const lines = body.split('\n')
  const widths = lines.filter(line => line.trim() !== '').map(line => /^[ \t]*/.exec(line)![0].length)
  const width = Math.min(...widths)
  return Number.isFinite(width) ? lines.map(line => line.slice(width)).join('\n') : body
}

/** Octets to characters, where `use utf8` is in force. */
export function characters(source: Source, octets: string): string {
  return source.pragmas.utf8 ? Buffer.from(octets, 'latin1').toString('utf8') : octets
}
