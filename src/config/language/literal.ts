/**
 * language/literal — numbers, quoted texts, regular expressions and here-documents as terms.
 */
import type {Expr, Match} from './ast.ts'
import {parseInterpolated, SIMPLE_ESCAPES} from './interpolation.ts'
import {characters, plainText, type Quoted, takeQuoted, unindented} from './quote.ts'
import {Source} from './source.ts'
import {parseFile} from './statement.ts'

const NUMBER =
  /0[xX][0-9A-Fa-f_]+|0[bB][01_]+|0[0-7_]+(?![\d.eE])|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const DOTTED = /v\d+(?:\.\d+)*(?![\w.])(?!\s*=>)|\d+(?:\.\d+){2,}(?:\/\d+)?/y
/** Whole numbers of more digits are kept as they are written: they would not all fit. */
const EXACT_DIGITS = 15

/** A number that starts here; undefined when none does. */
export function parseNumber(source: Source): Expr | undefined {
  const at = source.position()
  const dotted = source.peek(DOTTED)
  if (dotted !== undefined)
    throw source.fail(`"${dotted}" is no number, and no text without quotes: write '${dotted}'`)
  const text = source.take(NUMBER)?.replaceAll('_', '')
  if (text === undefined) return undefined
  if (/^[1-9]\d*$/.test(text) && text.length > EXACT_DIGITS) return {type: 'constant', value: text, at}
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text)
  return {type: 'constant', value, at}
}

/** `'…'`, `"…"`, backticks, or a here-document; undefined when none starts here. */
export function parseString(source: Source): Expr | undefined {
  const at = source.position()
  switch (source.char) {
    case "'":
      return {type: 'constant', value: characters(source, plainText(takeQuoted(source, 'the string'))), at}
    case '"':
      return interpolated(source, takeQuoted(source, 'the string'), at)
    case '`':
      return {type: 'command', text: interpolated(source, takeQuoted(source, 'the command'), at), at}
    case '<':
      return parseHereDocument(source)
    default:
      return undefined
  }
}

function interpolated(source: Source, quoted: Quoted, at: Expr['at']): Expr {
  const text = parseInterpolated(source, quoted.raw, quoted.start, 'string')
  if (text.parts.length === 0) return {type: 'constant', value: '', at}
  const only = text.parts[0]
  return text.parts.length === 1 && typeof only === 'string' ? {type: 'constant', value: only, at} : text
}

function parseHereDocument(source: Source): Expr | undefined {
  const at = source.position()
  const start = source.take(/<<~?(?:[ \t]*(?:"[^"\n]*"|'[^'\n]*')|[A-Za-z_]\w*)/y)
  if (start === undefined) return undefined
  const indented = start[2] === '~'
  const tag = start.slice(indented ? 3 : 2).trimStart()
  const quote = /^["']/.exec(tag)?.[0]
  const {body, line} = source.takeHereDocument(quote ? tag.slice(1, -1) : tag, indented)
  const text = indented ? unindented(body) : body
  if (quote === "'") return {type: 'constant', value: characters(source, text), at}
  const inner = source.within(text, line)
  return interpolated(inner, {raw: text, open: '', close: '', start: 0}, at)
}

const QUOTE_WORD = /(?:qq|qw|qr|qx|q|tr|m|s|y)(?!\w)(?!\s*(?:=>|,|\)|;|=[^=~]))/y

/** `q() qq() qw() qr// m// s/// tr/// qx()`; undefined when none starts here. */
export function parseQuoteLike(source: Source): Expr | undefined {
  const word = source.peek(QUOTE_WORD)
  if (word === undefined) return undefined
  const begin = source.at
  const at = source.position()
  source.at += word.length
  const spaced = /\s/.test(source.char)
  if (spaced) source.skipBlank()
  if (source.atEnd || (spaced && /\w/.test(source.char))) {
    source.at = begin
    return undefined
  }
  switch (word) {
    case 'q':
      return {type: 'constant', value: characters(source, plainText(takeQuoted(source, 'q'))), at}
    case 'qq':
      return interpolated(source, takeQuoted(source, 'qq'), at)
    case 'qx':
      return {type: 'command', text: interpolated(source, takeQuoted(source, 'qx'), at), at}
    case 'qw': {
      return {type: 'list', items: wordsOf(source, plainText(takeQuoted(source, 'qw')), at), at}
    }
    case 'qr': {
      const pattern = patternOf(source, takeQuoted(source, 'the regular expression'))
      return {type: 'regexp', pattern, flags: takeFlags(source), at}
    }
    case 'm':
      return parseMatch(source, at)
    case 's':
      return parseSubstitution(source, at)
    default:
      return parseTransliteration(source, at)
  }
}

/** The words of `qw(…)`, each with its line; the column is that of the list. */
function wordsOf(source: Source, text: string, at: Expr['at']): Expr[] {
  let {line} = at
  return text.split(/(\s+)/).flatMap((word, i): Expr[] => {
    if (i % 2 === 1) line += word.split('\n').length - 1
    const own = line === at.line ? at : {...at, line}
    return i % 2 === 1 || word === '' ? [] : [{type: 'constant', value: characters(source, word), at: own}]
  })
}

/** `/…/` or `m…`, the delimiter stands here. */
export function parseMatch(source: Source, at: Expr['at']): Match {
  const pattern = patternOf(source, takeQuoted(source, 'the regular expression'))
  const flags = takeFlags(source)
  return {type: 'match', target: undefined, negate: false, pattern, flags, replacement: undefined, at}
}

function parseSubstitution(source: Source, at: Expr['at']): Match {
  const first = takeQuoted(source, 'the regular expression')
  const pattern = patternOf(source, first)
  if (first.open === first.close) source.at--
  else source.skipBlank()
  const second = takeQuoted(source, 'the replacement')
  const letters = takeFlags(source)
  const flags = letters.replaceAll('e', '')
  const replacement = letters.includes('e')
    ? programOf(source, second, at)
    : second.open === "'"
      ? constant(plainText(second), at)
      : interpolated(source, second, at)
  return {type: 'match', target: undefined, negate: false, pattern, flags, replacement, at}
}

/** `s/…/PROGRAM/e` */
function programOf(source: Source, quoted: Quoted, at: Expr['at']): Expr {
  const {line, column} = source.position(quoted.start)
  const inner = new Source(source.file, quoted.raw, source.pragmas, {line, column}, source.depth + 1)
  return {type: 'doBlock', body: parseFile(inner), at}
}

/** `tr/…/…/` behind its word; the delimiter stands here. */
function parseTransliteration(source: Source, at: Expr['at']): Expr {
  const first = takeQuoted(source, 'the list of characters')
  if (first.open === first.close) source.at--
  else source.skipBlank()
  const second = takeQuoted(source, 'the list of characters')
  const flags = source.take(/[cdsr]+/y) ?? ''
  const [from, to] = [first, second].map(({raw}) => charactersOf(source, raw)) as [string, string]
  return {type: 'transliteration', target: undefined, negate: false, from, to, flags, at}
}

/** Escapes of a list of characters; `\\-` stays as it is, as it is no range. */
function charactersOf(source: Source, raw: string): string {
  const text = raw.replace(
    /\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|([^-\\]))/g,
    (_, ...found) => {
      const [wide, narrow, octal, char] = found as (string | undefined)[]
      if (char !== undefined) return SIMPLE_ESCAPES[char] ?? char
      const code = octal === undefined ? Number.parseInt((wide ?? narrow)!, 16) : Number.parseInt(octal, 8)
      return String.fromCodePoint(Math.min(code, 0x10ffff))
    },
  )
  return characters(source, text)
}

function constant(value: string, at: Expr['at']): Expr {
  return {type: 'constant', value, at}
}

function takeFlags(source: Source): string {
  return source.take(/[a-z]+/y) ?? ''
}

/** A regular expression's text; between apostrophes nothing is interpolated. */
function patternOf(source: Source, quoted: Quoted): Expr {
  if (quoted.open === "'") return constant(characters(source, quoted.raw), source.position(quoted.start))
  const text = parseInterpolated(source, quoted.raw, quoted.start, 'pattern')
  return text.parts.length === 1 && typeof text.parts[0] === 'string'
    ? constant(text.parts[0], text.at)
    : text
}
