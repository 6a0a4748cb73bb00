/**
 * language/literal — numbers, quoted texts, regular expressions and here-documents as terms.
 */
import type {Expr, Match} from './ast.ts'
import {parseInterpolated} from './interpolation.ts'
import {characters, plainText, type Quoted, takeQuoted, unindented} from './quote.ts'
import type {Source} from './source.ts'

const NUMBER =
  /0[xX][0-9A-Fa-f_]+|0[bB][01_]+|0[0-7_]+(?![\d.])|(?:\d[\d_]*)?\.?(?!\.)\d[\d_]*(?:\.(?!\.)(?:\d[\d_]*)?)?(?:[eE][+-]?\d+)?/y

/** A number that starts here; undefined when none does. */
export function parseNumber(source: Source): Expr | undefined {
  const at = source.position()
  const text = source.take(NUMBER)?.replaceAll('_', '')
  if (text === undefined) return undefined
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
  const start = source.take(/<<~?(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z_]\w*)/y)
  if (start === undefined) return undefined
  const indented = start[2] === '~'
  const tag = start.slice(indented ? 3 : 2)
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
  source.skipBlank()
  if (source.atEnd || (spaced && /[\w#]/.test(source.char))) {
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
      throw source.fail(`"${word}" is not supported in configurations, expected s/…/…/`, begin)
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
  const flags = takeFlags(source)
  if (flags.includes('e')) throw source.fail('s///e is not supported in configurations')
  const replacement = second.open === "'" ? constant(plainText(second), at) : interpolated(source, second, at)
  return {type: 'match', target: undefined, negate: false, pattern, flags, replacement, at}
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
