/**
 * regexp-escape — backslash escapes and bracketed classes of Perl's regular expressions.
 *
 * Pure string work for regexp-translate.ts.
 */
import {
  type CharSet,
  caseless,
  complementOf,
  letterSet,
  namedSet,
  propertySet,
  type Range,
  setOf,
} from './regexp-set.ts'

/** How a place in a pattern is read. */
export interface Reading {
  /** case does not matter here */
  readonly caseless: boolean
  /** subjects are characters and not octets: letters are those of Unicode */
  readonly wide: boolean
  /** blanks within classes mean nothing (`/xx`) */
  readonly blanks: boolean
}

export type Wrong = {readonly kind: 'unsupported' | 'malformed'; readonly what: string}

export type Escape =
  | {readonly kind: 'set'; readonly set: CharSet; readonly length: number}
  /** a character by its code point */
  | {readonly kind: 'code'; readonly code: number; readonly length: number}
  /** a reference to a group by Perl's number, or by name */
  | {readonly kind: 'group'; readonly group: number | string; readonly length: number}
  /** `\A \z \Z \b \B \G \K \R \X`, by letter */
  | {readonly kind: 'special'; readonly letter: string; readonly length: number}
  | Wrong

const CONTROLS: Readonly<Record<string, number>> = {n: 10, t: 9, r: 13, f: 12, a: 7, e: 27}
const CODE =
  /^\\(?:x\{\s*([0-9A-Fa-f_]*)\s*\}|x([0-9A-Fa-f]{0,2})|o\{\s*([0-7_]+)\s*\}|N\{\s*U\+([0-9A-Fa-f_]+)\s*\}|c([\x20-\x7e]))/

/** The escape that stands at `at`; `captures`: groups opened so far, to tell `\10` from an octal number. */
export function readEscape(pattern: string, at: number, captures: number, reading: Reading): Escape {
  const rest = pattern.slice(at, at + 80)
  const letter = rest[1]
  if (letter === undefined) return {kind: 'malformed', what: 'a "\\" at its end'}
  const coded = readCode(rest)
  if (coded) return coded
  const digits = /^\\([1-9]\d*)/.exec(rest)?.[1]
  if (digits !== undefined && (Number(digits) < 10 || Number(digits) <= captures))
    return {kind: 'group', group: Number(digits), length: digits.length + 1}
  const reference =
    /^\\(?:k(?:<([A-Za-z_]\w*)>|\{\s*([A-Za-z_]\w*)\s*\}|'([A-Za-z_]\w*)')|g\{([A-Za-z_]\w*)\})/.exec(rest)
  if (reference) {
    const name = reference.slice(1).find(value => value !== undefined)!
    return {kind: 'group', group: name, length: reference[0].length}
  }
  const numbered = /^\\g(?:\{\s*(-?\d+)\s*\}|(-?\d+))/.exec(rest)
  if (numbered) {
    const number = Number(numbered[1] ?? numbered[2])
    const group = number < 0 ? captures + 1 + number : number
    return group > 0
      ? {kind: 'group', group, length: numbered[0].length}
      : {kind: 'malformed', what: `"${numbered[0]}" refers to no group`}
  }
  const octal = readOctal(rest)
  if (octal) return octal
  if (/^\\[bB]\{/.test(rest)) return {kind: 'unsupported', what: `"${rest.slice(0, 3)}…}"`}
  if (/[AzZbBGKRX]/.test(letter)) return {kind: 'special', letter, length: 2}
  if (/[Cgk]/.test(letter)) return {kind: 'unsupported', what: `"\\${letter}"`}
  if (letter === 'N' && rest[2] === '{' && !/^\\N\{\d*,?\d*\}/.test(rest))
    return {kind: 'unsupported', what: '"\\N{name}"'}
  return readSet(rest, reading) ?? codeAt(rest, 1, 2)
}

/** `\d`, `\pL`, `\p{…}`. */
function readSet(rest: string, reading: Reading): Escape | undefined {
  const property = /^\\([pP])(?:\{([^}]*)\}|(\w))/.exec(rest)
  if (property) {
    const set = propertySet((property[2] ?? property[3])!)
    if (!set) return {kind: 'unsupported', what: `"${property[0]}"`}
    const folded = reading.caseless ? caseless(set, true) : set
    return {
      kind: 'set',
      set: property[1] === 'P' ? complementOf(folded) : folded,
      length: property[0].length,
    }
  }
  const set = letterSet(rest[1]!, reading.wide)
  return set && {kind: 'set', set, length: 2}
}

/** Escapes that give a character by its number. */
function readCode(rest: string): Escape | undefined {
  const control = Object.hasOwn(CONTROLS, rest[1]!) ? CONTROLS[rest[1]!] : undefined
  if (control !== undefined) return {kind: 'code', code: control, length: 2}
  const found = CODE.exec(rest)
  if (!found) return undefined
  const [whole, wide, narrow, octal, named, letter] = found
  const code =
    letter !== undefined
      ? letter.toUpperCase().charCodeAt(0) ^ 0x40
      : octal !== undefined
        ? Number.parseInt(octal.replaceAll('_', ''), 8)
        : Number.parseInt((wide ?? narrow ?? named ?? '').replaceAll('_', '') || '0', 16)
  if (code > 0x10ffff) return {kind: 'malformed', what: `"${whole}" is no character`}
  return {kind: 'code', code, length: whole.length}
}

function readOctal(rest: string): Escape | undefined {
  const octal = /^\\([0-7]{1,3})/.exec(rest)?.[1]
  if (octal === undefined) return undefined
  return {kind: 'code', code: Number.parseInt(octal, 8), length: octal.length + 1}
}

function codeAt(text: string, index: number, length: number): Escape {
  return {kind: 'code', code: text.charCodeAt(index), length}
}

/** The class that begins with `[` at `at`. */
export function readClass(
  pattern: string,
  at: number,
  reading: Reading,
): {readonly kind: 'set'; readonly set: CharSet; readonly length: number} | Wrong {
  const inverted = pattern[at + 1] === '^'
  const ranges: Range[] = []
  let i = at + (inverted ? 2 : 1)
  const begin = i
  /** the last single character: what a `-` behind it makes a range of */
  let from: number | undefined
  let open = false
  const add = (set: CharSet) => {
    if (open) ranges.push([0x2d, 0x2d])
    ranges.push(...set)
    from = undefined
    open = false
  }
  const addCode = (code: number): Wrong | undefined => {
    if (!open || from === undefined) {
      ranges.push([code, code])
      from = code
      return undefined
    }
    if (from > code) return {kind: 'malformed', what: 'a class has a range whose end is before its begin'}
    ranges.push([from, code])
    from = undefined
    open = false
    return undefined
  }
  while (i < pattern.length) {
    const char = pattern[i]!
    if (char === ']' && i > begin) {
      if (open) ranges.push([0x2d, 0x2d])
      const set = setOf(ranges)
      const folded = reading.caseless ? caseless(set, reading.wide) : set
      return {kind: 'set', set: inverted ? complementOf(folded) : folded, length: i + 1 - at}
    }
    if (reading.blanks && (char === ' ' || char === '\t')) {
      i++
      continue
    }
    const posix = char === '[' ? /^\[([:.=])(\^?)(\w+)\1\]/.exec(pattern.slice(i, i + 24)) : null
    if (posix) {
      const set = posix[1] === ':' ? namedSet(posix[3]!, reading.wide) : undefined
      if (!set) return {kind: posix[1] === ':' ? 'malformed' : 'unsupported', what: `"${posix[0]}"`}
      add(posix[2] ? complementOf(set) : set)
      i += posix[0].length
      continue
    }
    if (char === '-' && from !== undefined && !open) {
      open = true
      i++
      continue
    }
    if (/[\ud800-\udbff]/.test(char))
      return {kind: 'unsupported', what: 'a character beyond U+FFFF within a class'}
    const piece = char === '\\' ? readInside(pattern.slice(i, i + 80), reading) : codeAt(char, 0, 1)
    if (piece.kind === 'set') add(piece.set)
    else if (piece.kind === 'code') {
      if (piece.code > 0xffff) return {kind: 'unsupported', what: 'a character beyond U+FFFF within a class'}
      const wrong = addCode(piece.code)
      if (wrong) return wrong
    } else return piece.kind === 'malformed' || piece.kind === 'unsupported' ? piece : unexpected(pattern, i)
    i += piece.length
  }
  return {kind: 'malformed', what: 'a "[" has no "]"'}
}

function unexpected(pattern: string, at: number): Wrong {
  return {kind: 'unsupported', what: `"${pattern.slice(at, at + 2)}" within a class`}
}

/** An escape within a class. */
function readInside(rest: string, reading: Reading): Escape {
  const letter = rest[1]
  if (letter === undefined) return {kind: 'malformed', what: 'a "[" has no "]"'}
  if (letter === 'b') return {kind: 'code', code: 8, length: 2}
  if (/[RXN]/.test(letter) && !/^\\N\{U\+/.test(rest))
    return {kind: 'unsupported', what: `"\\${letter}" within a class`}
  return readCode(rest) ?? readOctal(rest) ?? readSet(rest, reading) ?? codeAt(rest, 1, 2)
}
