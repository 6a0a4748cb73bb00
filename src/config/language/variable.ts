/**
 * language/variable — variables, dereferences and their subscripts, in code and within texts.
 */
import type {Deref, Expr, Sigil, Statement, Variable} from './ast.ts'
import {parseExpression} from './expression.ts'
import type {TextKind} from './interpolation.ts'
import type {Source} from './source.ts'
import {parseBlock} from './statement.ts'

/** `$name @name %name $$name @{…} $#name`, with subscripts; the sigil stands here. */
export function parseVariable(source: Source): Expr {
  const at = source.position()
  const sigil = source.char as Sigil
  source.at++
  if (sigil === '$' && source.char === '#' && /[{$A-Za-z_]/.test(source.text.charAt(source.at + 1))) {
    source.at++
    return {type: 'lastIndex', of: parseNameOrDeref(source, '@', at), at}
  }
  return parseSubscripts(source, parseFirst(source, sigil, at), false)
}

/** What a sigil stands before, together with a first subscript that says which variable is meant. */
function parseFirst(source: Source, sigil: Sigil, at: Expr['at']): Expr {
  const whole = parseNameOrDeref(source, sigil, at)
  if (sigil === '%') return whole
  const subscript = subscriptAhead(source)
  if (subscript === undefined) return whole
  const of: Variable | Deref = {...whole, sigil: subscript === '[' ? '@' : '%'}
  const index = takeSubscript(source, subscript)
  return sigil === '@' ? {type: 'slice', of, index, at} : {type: 'element', of, index, at}
}

/** The name, `{name}`, `{ expression }` or `$name` after a sigil. */
function parseNameOrDeref(source: Source, sigil: Sigil, at: Expr['at']): Variable | Deref {
  const name = source.take(/(?:::)?[A-Za-z_]\w*(?:::\w+)*/y)
  if (name !== undefined) return {type: 'variable', sigil, name: plainName(name), at}
  if (source.peek(/\$+(?:::)?[A-Za-z_{]/y) !== undefined) {
    const inner = source.position()
    source.at++
    source.enter()
    const of = parseNameOrDeref(source, '$', inner)
    source.depth--
    return {type: 'deref', sigil, of, at}
  }
  if (source.char === '{') {
    const simple = source.take(/\{\s*\^?\w+(?:::\w+)*\s*\}/y)
    if (simple !== undefined)
      return {type: 'variable', sigil, name: plainName(simple.slice(1, -1).trim()), at}
    const body = parseReferenceBlock(source)
    const only = body[0]
    if (body.length === 1 && only?.type === 'expression') return {type: 'deref', sigil, of: only.of, at}
    return {type: 'deref', sigil, of: {type: 'doBlock', body, at}, at}
  }
  const special = source.take(
    sigil === '$' ? /\d+|\^[A-Z]|[&!@/\\,;.0_|"<>()$-]/y : sigil === '@' ? /[_-]/y : /_/y,
  )
  if (special === undefined) throw source.fail(`expected the name of a variable, found ${source.found()}`)
  return {type: 'variable', sigil, name: special, at}
}

/** The block of `@{…}`; braces that follow at once are those of a hash: `%{{a => 1}}`. */
function parseReferenceBlock(source: Source): readonly Statement[] {
  if (source.peek(/\{\s*\{/y) === undefined) return parseBlock(source)
  source.at++
  const of = parseExpression(source)
  source.skipBlank()
  if (!source.accept('}')) throw source.fail(`expected "}", found ${source.found()}`)
  return [{type: 'expression', of, at: of.at}]
}

/** Variables of the configuration's own package may be written in full. */
function plainName(name: string): string {
  return name.replace(/^(?:::)?(?:main::|Amavis::Conf::)?/, '')
}

/** `[…]`, `{…}`, `->[…]`, `->{…}`, `->method(…)` after a term. */
export function parseSubscripts(source: Source, first: Expr, inText: boolean): Expr {
  let term = first
  for (;;) {
    const at = source.position()
    const before = source.at
    if (!inText) source.skipBlank()
    const arrow = /^->/.test(source.text.slice(source.at, source.at + 2))
    if (arrow) {
      if (inText && !/^->[[{]/.test(source.text.slice(source.at, source.at + 3))) return term
      source.at += 2
      if (!inText) source.skipBlank()
      if (source.char !== '[' && source.char !== '{') {
        term = parseArrow(source, term, at)
        continue
      }
    } else if (!inText && isElement(term) && source.char === '(') {
      term = {type: 'callCode', of: term, args: takeArguments(source), at}
      continue
    } else if (!(isElement(term) && (source.char === '[' || source.char === '{'))) {
      source.at = before
      return term
    }
    const bracket = source.char as '[' | '{'
    const of: Deref = {type: 'deref', sigil: bracket === '[' ? '@' : '%', of: term, at}
    term = {type: 'element', of, index: takeSubscript(source, bracket), at}
  }
}

function isElement(term: Expr): boolean {
  return term.type === 'element' || term.type === 'callCode'
}

/** After `->`: a method, or a way to dereference as a whole. */
function parseArrow(source: Source, term: Expr, at: Expr['at']): Expr {
  if (source.char === '(') return {type: 'callCode', of: term, args: takeArguments(source), at}
  if (source.accept('$#*')) return {type: 'lastIndex', of: {type: 'deref', sigil: '@', of: term, at}, at}
  const slice = source.peek(/@[[{]/y)
  if (slice !== undefined) {
    source.at++
    const bracket = source.char as '[' | '{'
    const of: Deref = {type: 'deref', sigil: bracket === '[' ? '@' : '%', of: term, at}
    return {type: 'slice', of, index: takeSubscript(source, bracket), at}
  }
  const whole = source.take(/[@%$]\*/y)
  if (whole !== undefined) return {type: 'deref', sigil: whole[0] as Sigil, of: term, at}
  const method = source.takeWord()
  if (method === undefined)
    throw source.fail(`expected "[", "{" or a method after "->", found ${source.found()}`)
  const args = source.char === '(' ? takeArguments(source) : []
  return {type: 'methodCall', of: term, method, args, at}
}

/** A list in parentheses that stands here. */
export function takeArguments(source: Source): readonly Expr[] {
  source.at++
  source.skipBlank()
  if (source.accept(')')) return []
  const inside = parseExpression(source)
  source.skipBlank()
  if (!source.accept(')')) throw source.fail(`expected "," or ")", found ${source.found()}`)
  return inside.type === 'list' ? inside.items : [inside]
}

/** Whether a subscript follows a plain name; blanks may stand between. */
function subscriptAhead(source: Source): '[' | '{' | undefined {
  const before = source.at
  source.skipBlank()
  const char = source.char
  if (char === '[' || char === '{') return char
  source.at = before
  return undefined
}

function takeSubscript(source: Source, bracket: '[' | '{'): Expr {
  const close = bracket === '[' ? ']' : '}'
  const begin = source.at
  source.at++
  const bare = bracket === '{' ? source.peek(/\s*-?[A-Za-z_]\w*\s*\}/y) : undefined
  if (bare !== undefined) {
    const at = source.position()
    source.at += bare.length
    return {type: 'constant', value: bare.slice(0, -1).trim(), at}
  }
  source.skipBlank()
  const index = parseExpression(source)
  source.skipBlank()
  if (!source.accept(close))
    throw source.fail(
      `expected "${close}" for the "${bracket}" of line ${source.position(begin).line}, found ${source.found()}`,
    )
  return index
}

const STARTS_SCALAR = {
  string: /\$(?:(?:::)?[A-Za-z_{]|\$+[A-Za-z_{]|\$(?!\$)|[&@!\d])/y,
  pattern: /\$(?:(?:::)?[A-Za-z_{]|\$+[A-Za-z_{]|[&\d])/y,
}
const STARTS_LIST = /@(?:(?:::)?[A-Za-z_{]|\$+[A-Za-z_{])/y
const STARTS_LAST_INDEX = /\$#[{$A-Za-z_]/y
/** In a regexp a bracket after a name is a class or a quantifier, unless it can only be an index. */
const NO_SUBSCRIPT = {string: /\[\]|\{\s*\}/y, pattern: /\[(?!-?\d+\]|\$\w+\])|\{\d*,?\d*\}/y}

/**
 * A variable within a text, undefined when the `$` or `@` here is a plain character.
 * `"$name[0]"` is an element, `"${name}[0]"` a scalar and text.
 */
export function parseInterpolatedVariable(source: Source, kind: TextKind): Expr | undefined {
  const at = source.position()
  if (kind === 'string' && source.peek(STARTS_LAST_INDEX) !== undefined) {
    source.at += 2
    return {type: 'lastIndex', of: parseNameOrDeref(source, '@', at), at}
  }
  const sigil = source.char as '$' | '@'
  if (source.peek(sigil === '$' ? STARTS_SCALAR[kind] : STARTS_LIST) === undefined) return undefined
  source.at++
  const braced = source.char === '{'
  const whole = parseNameOrDeref(source, sigil, at)
  const char = source.char
  const isSubscript =
    !(braced && whole.type === 'variable') &&
    (char === '[' || char === '{') &&
    source.peek(NO_SUBSCRIPT[kind]) === undefined
  if (!isSubscript) return parseSubscripts(source, whole, true)
  const of: Variable | Deref = {...whole, sigil: char === '[' ? '@' : '%'}
  const index = takeSubscript(source, char)
  const first: Expr = sigil === '@' ? {type: 'slice', of, index, at} : {type: 'element', of, index, at}
  return parseSubscripts(source, first, true)
}
