/**
 * language/interpolation — the insides of "…", qq{}, here-documents and regular expressions.
 *
 * Variables are parsed by the same functions as in code, on the text's content as a source of its own.
 * In regular expressions backslashes belong to the expression and stay; a `$` before `)`, `|` or the end
 * is an anchor. Source: spec/config, Interpolation.
 */
import type {CaseMode, Expr, Template} from './ast.ts'
import {characters} from './quote.ts'
import {Source} from './source.ts'
import {parseInterpolatedVariable} from './variable.ts'

export type TextKind = 'string' | 'pattern'

/** The content of an interpolating text whose first octet stands at `start` of the source. */
export function parseInterpolated(source: Source, raw: string, start: number, kind: TextKind): Template {
  const at = source.position(start)
  const inner = new Source(source.file, raw, source.pragmas, {line: at.line, column: at.column}, source.depth)
  inner.enter()
  return parseParts(inner, kind, false)
}

/** Parts up to the end, or up to `\E` when within a case mode. */
function parseParts(source: Source, kind: TextKind, nested: boolean): Template {
  const at = source.position()
  const parts: (string | Expr | CaseMode)[] = []
  let literal = ''
  const flush = () => {
    if (literal !== '') parts.push(characters(source, literal))
    literal = ''
  }
  while (!source.atEnd) {
    const char = source.char
    if (char === '\\') {
      const mode = source.text.charAt(source.at + 1)
      if (mode === 'E') {
        source.at += 2
        if (nested) break
      } else if (/[LUQlu]/.test(mode) && (kind === 'string' || mode !== 'l')) {
        flush()
        source.at += 2
        parts.push(parseCaseMode(source, kind, mode as CaseMode['mode']))
      } else if (kind === 'pattern') {
        literal += source.text.slice(source.at, source.at + 2)
        source.at += 2
      } else literal += takeEscape(source)
      continue
    }
    const variable = char === '$' || char === '@' ? parseInterpolatedVariable(source, kind) : undefined
    if (variable) {
      flush()
      parts.push(variable)
    } else {
      literal += char
      source.at++
    }
  }
  flush()
  return {type: 'template', parts, at}
}

function parseCaseMode(source: Source, kind: TextKind, mode: CaseMode['mode']): CaseMode {
  // `\L\u` means `\u\L`
  const inner = mode === 'L' || mode === 'U' ? source.take(/\\[ul]/y) : undefined
  const of: CaseMode = {type: 'case', mode, of: parseParts(source, kind, true)}
  if (inner === undefined) return of
  const whole: Template = {type: 'template', parts: [of], at: of.of.at}
  return {type: 'case', mode: inner[1] as 'u' | 'l', of: whole}
}

export const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  b: '\b',
  a: '\x07',
  e: '\x1b',
}

/** One backslash escape of a string; an unknown one is the character itself. */
function takeEscape(source: Source): string {
  const octal = source.take(/\\[0-7]{1,3}/y)
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal.slice(1), 8))
  const hex = source.take(/\\x(?:\{[0-9A-Fa-f]*\}|[0-9A-Fa-f]{0,2})/y)
  if (hex !== undefined) return characterOf(hex.replace(/[\\x{}]/g, ''))
  const named = source.take(/\\N\{U\+[0-9A-Fa-f]+\}/y)
  if (named !== undefined) return characterOf(named.slice(5, -1))
  const control = source.take(/\\c[@-_a-z?]/y)
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(2) & 0x1f)
  const char = source.text.charAt(source.at + 1)
  source.at += 2
  return SIMPLE_ESCAPES[char] ?? char
}

function characterOf(hex: string): string {
  return String.fromCodePoint(Math.min(Number.parseInt(hex || '0', 16), 0x10ffff))
}
