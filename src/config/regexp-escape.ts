/**
 * regexp-escape — backslash escapes and bracketed classes of Perl's regular expressions, in JavaScript's.
 *
 * Pure string work for regexp.ts; subjects are octets or characters, `\d \w \s` are those of ASCII.
 */

export type Piece =
  | {readonly kind: 'text'; readonly text: string; readonly length: number}
  | {readonly kind: 'unsupported' | 'malformed'; readonly what: string}

/** Escapes outside of classes that are other than JavaScript's. */
const OUTSIDE: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  s: '[\\t-\\r ]',
  S: '[^\\t-\\r ]',
  h: '[\\t ]',
  H: '[^\\t ]',
  v: '[\\n-\\r]',
  V: '[^\\n-\\r]',
  R: '(?:\\r\\n|[\\n-\\r\\x85])',
  N: '[^\\n]',
  a: '\\x07',
  e: '\\x1b',
}

/** Escapes within classes that are other than JavaScript's. */
const INSIDE: Readonly<Record<string, string>> = {
  s: '\\t-\\r ',
  h: '\\t ',
  v: '\\n-\\r',
  a: '\\x07',
  e: '\\x1b',
}

const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: '\\t ',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
  cntrl: '\\x00-\\x1f\\x7f',
  print: ' -~',
  graph: '!-~',
}
const POSIX_NEGATED: Readonly<Record<string, string>> = {digit: '\\D', space: '\\S', word: '\\W'}

/** The escape at `at`; `captures` is how many groups have been opened, to tell `\10` from an octal. */
export function translateEscape(pattern: string, at: number, captures: number): Piece {
  const rest = pattern.slice(at, at + 32)
  const coded = translateCode(rest)
  if (coded) return coded
  const digits = /^\\(\d+)/.exec(rest)?.[1]
  if (digits !== undefined) {
    const group = Number(digits)
    if (group > 0 && (group < 10 || group <= captures)) return text(`\\${group}(?:)`, digits.length + 1)
    const octal = /^[0-7]{1,3}/.exec(digits)?.[0] ?? '0'
    return text(hex(Number.parseInt(octal, 8)), octal.length + 1)
  }
  const named = /^\\(?:k[<{']|g\{)([A-Za-z_]\w*)[>}']/.exec(rest)
  if (named) return text(`\\k<${named[1]}>`, named[0].length)
  const numbered = /^\\g\{?(\d+)\}?/.exec(rest)
  if (numbered) return text(`\\${numbered[1]}(?:)`, numbered[0].length)
  const letter = rest[1]
  if (letter === undefined) return text('\\\\', 1)
  if (/[pPXGKCg]/.test(letter)) return {kind: 'unsupported', what: `"\\${letter}"`}
  const special = OUTSIDE[letter]
  if (special !== undefined) return text(special, 2)
  return text(plain(letter, /[dDwWbBntrf]/), 2)
}

/** The class that begins with `[` at `at`. */
export function translateClass(pattern: string, at: number): Piece {
  let i = at + 1
  let out = '['
  if (pattern[i] === '^') {
    out += '^'
    i++
  }
  for (let first = true; i < pattern.length; first = false) {
    const char = pattern[i]!
    if (char === ']' && !first) return text(`${out}]`, i + 1 - at)
    if (char === '[' && pattern[i + 1] === ':') {
      const named = /^\[:(\^?)(\w+):\]/.exec(pattern.slice(i, i + 16))
      const set = named && (named[1] ? POSIX_NEGATED : POSIX)[named[2]!]
      if (named && set === undefined) return {kind: 'unsupported', what: `"${named[0]}"`}
      if (named) {
        out += set
        i += named[0].length
        continue
      }
    }
    if (char === '\\') {
      const piece = translateInside(pattern.slice(i, i + 32))
      if (piece.kind !== 'text') return piece
      out += piece.text
      i += piece.length
    } else {
      out += /[\][/]/.test(char) ? `\\${char}` : char
      i++
    }
  }
  return {kind: 'malformed', what: 'a "[" has no "]"'}
}

/** An escape within a class. */
function translateInside(rest: string): Piece {
  const coded = translateCode(rest)
  if (coded) return coded
  const octal = /^\\([0-7]{1,3})/.exec(rest)?.[1]
  if (octal !== undefined) return text(hex(Number.parseInt(octal, 8)), octal.length + 1)
  const letter = rest[1]
  if (letter === undefined) return text('\\\\', 1)
  if (/[pPNRHV]/.test(letter)) return {kind: 'unsupported', what: `"\\${letter}" within a class`}
  return text(INSIDE[letter] ?? plain(letter, /[dDwWSbntrf]/), 2)
}

/** Escapes that give a character by its number. */
function translateCode(rest: string): Piece | undefined {
  const code = /^\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{0,2})|o\{([0-7]+)\}|c([@-_a-z?]))/.exec(rest)
  if (!code) return undefined
  const [whole, wide, narrow, octal, control] = code
  const value =
    wide !== undefined || narrow !== undefined
      ? Number.parseInt(wide ?? (narrow || '0'), 16)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : control!.charCodeAt(0) & 0x1f
  if (value > 0xffff) return {kind: 'unsupported', what: `"${whole}"`}
  return text(hex(value), whole.length)
}

/** A letter that means the same in both languages, or a character that is only itself. */
function plain(char: string, same: RegExp): string {
  if (same.test(char)) return `\\${char}`
  return /\w/.test(char) ? char : `\\${char}`
}

function hex(value: number): string {
  return value < 0x100
    ? `\\x${value.toString(16).padStart(2, '0')}`
    : `\\u${value.toString(16).padStart(4, '0')}`
}

function text(value: string, length: number): Piece {
  return {kind: 'text', text: value, length}
}
