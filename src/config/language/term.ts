/**
 * language/term — what stands between operators.
 */
import type {Expr, Match, Transliteration} from './ast.ts'
import {ASSIGNMENT, atListEnd, NAMED_UNARY, parseBinary, parseList, UNARY} from './expression.ts'
import {parseMatch, parseNumber, parseQuoteLike, parseString} from './literal.ts'
import type {Source} from './source.ts'
import {PROTOTYPE, parseBlock, parseLeave} from './statement.ts'
import {parseSubscripts, parseVariable, takeArguments} from './variable.ts'

const words = (text: string) => new Set(text.split(' '))

/** Functions of one argument, `$_` or none when it is left out. */
const UNARY_FUNCTIONS = words(
  'abs chomp chop chr defined delete each exists gmtime hex int keys lc lcfirst length localtime lock oct ord pop quotemeta readlink ref require rmdir scalar shift sqrt stat uc ucfirst umask undef values chdir exit sleep',
)
/** Functions without arguments. */
const PLAIN_FUNCTIONS = words('time times wait wantarray getppid fork')
/** Functions whose first argument may be a block. */
const BLOCK_FUNCTIONS = words('map grep sort')
/** Words that take a list without parentheses. */
const LIST_FUNCTIONS = words(
  'push unshift join split sprintf reverse sort map grep die warn print printf substr index rindex splice open close system exec unlink mkdir pack unpack glob bless eval',
)

export function parseTerm(source: Source): Expr {
  source.skipBlank()
  source.enter()
  const term = parseTermHere(source)
  source.depth--
  return term
}

function parseTermHere(source: Source): Expr {
  const at = source.position()
  const char = source.char
  const arrow = source.peek(/-?[A-Za-z_]\w*(?=\s*=>)/y)
  if (arrow !== undefined) {
    source.at += arrow.length
    return {type: 'constant', value: arrow, at}
  }
  const literal = parseNumber(source) ?? parseString(source)
  if (literal) return literal
  switch (char) {
    case '$':
    case '@':
      return parseStep(source, parseVariable(source))
    case '%':
      return parseVariable(source)
    case '&':
      return parseAmpersand(source)
    case '\\':
      return parseReference(source)
    case '(':
      return parseParentheses(source)
    case '[':
      return parseSubscripts(source, {type: 'newArray', items: takeItems(source, ']'), at}, false)
    case '{':
      return parseSubscripts(source, {type: 'newHash', items: takeItems(source, '}'), at}, false)
    case '/':
      return parseMatch(source, at)
    case '<':
      throw source.fail(
        'files are not read by "<…>" in a configuration: read_array, read_hash and read_text do',
      )
    case '*':
      throw source.fail(
        '"*name" (a typeglob) cannot be used in a configuration: assign to the variable itself',
      )
    case '!':
    case '~':
      source.at++
      return {type: 'unary', op: char, of: parseBinary(source, UNARY), at}
    case '+':
    case '-':
      return parseSigned(source, char)
    default:
      return parseWord(source)
  }
}

/** `$x++`, `$x--` behind a variable. */
function parseStep(source: Source, of: Expr): Expr {
  const at = source.position()
  if (source.accept('++')) return {type: 'step', by: 1, prefix: false, of, at}
  if (source.accept('--')) return {type: 'step', by: -1, prefix: false, of, at}
  return of
}

function parseSigned(source: Source, sign: '+' | '-'): Expr {
  const at = source.position()
  if (source.accept(sign + sign)) {
    return {type: 'step', by: sign === '+' ? 1 : -1, prefix: true, of: parseTerm(source), at}
  }
  const test =
    sign === '-'
      ? source.take(/(?:-[erwxodfszlpSbcug]\s*)+(?!\w)(?!\s*(?:=>|,))(?=[\s"'$@(}&_;)]|q)/y)
      : undefined
  if (test !== undefined) return parseFileTest(source, test.replace(/[-\s]/g, ''), at)
  source.at++
  const of = parseBinary(source, UNARY)
  // a plus says only that what follows is an expression: `+(…)`, `+{…}`
  return sign === '+' ? of : {type: 'unary', op: sign, of, at}
}

/** `-e FILE`, `-f -r FILE`, `-d _`, and of `$_` when nothing follows. */
function parseFileTest(source: Source, tests: string, at: Expr['at']): Expr {
  source.skipBlank()
  if (source.take(/_(?!\w)/y) !== undefined) return {type: 'fileTest', tests, of: undefined, at}
  const topic: Expr = {type: 'variable', sigil: '$', name: '_', at}
  const bare = atListEnd(source) || atOperator(source)
  return {type: 'fileTest', tests, of: bare ? topic : parseBinary(source, NAMED_UNARY), at}
}

/** `\$x`, `\@x`, `\&name`, `\(@list)`. */
function parseReference(source: Source): Expr {
  const at = source.position()
  source.at++
  source.skipBlank()
  const code = source.take(/&\s*[A-Za-z_]\w*(?:::\w+)*(?!\s*\()/y)
  if (code !== undefined) return {type: 'codeName', name: code.slice(1).trim(), at}
  return {type: 'reference', of: parseBinary(source, UNARY), at}
}

/** `&name`, `&name(…)`, `&$code(…)`, `&{…}(…)`: a call. */
function parseAmpersand(source: Source): Expr {
  const at = source.position()
  source.at++
  if (source.char === '$' || source.char === '{') {
    const of = parseCodeReference(source)
    const args = source.looksAt('(') ? takeArguments(source) : [allArguments(at)]
    return parseSubscripts(source, {type: 'callCode', of, args, at}, false)
  }
  const name = source.takeWord()
  if (name === undefined)
    throw source.fail(`expected the name of a function after "&", found ${source.found()}`)
  const args = source.char === '(' ? takeArguments(source) : []
  return {type: 'call', name, args, block: undefined, at}
}

/** What `&` stands before: `$code`, or a block that gives it. */
function parseCodeReference(source: Source): Expr {
  const at = source.position()
  if (source.char === '{') return {type: 'doBlock', body: parseBlock(source), at}
  const name = source.take(/\$[A-Za-z_]\w*/y)
  if (name === undefined) throw source.fail(`expected "&$name(…)", found ${source.found()}`)
  return {type: 'variable', sigil: '$', name: name.slice(1), at}
}

/** `&name;` hands its own arguments on. */
function allArguments(at: Expr['at']): Expr {
  return {type: 'variable', sigil: '@', name: '_', at}
}

function parseParentheses(source: Source): Expr {
  const at = source.position()
  const inside: Expr = {type: 'list', items: takeArguments(source), at}
  const before = source.at
  source.skipBlank()
  if (source.char === '[') {
    const index: Expr = {type: 'list', items: takeItems(source, ']'), at}
    return {type: 'listSlice', of: inside, index, at}
  }
  if (source.looksAt('->')) return parseSubscripts(source, inside, false)
  source.at = before
  return inside
}

/** The items of `[…]` or `{…}`; the bracket stands here. */
function takeItems(source: Source, close: ']' | '}'): readonly Expr[] {
  const begin = source.position()
  source.at++
  source.skipBlank()
  while (source.accept(',')) source.skipBlank()
  if (source.accept(close)) return []
  const inside = parseList(source)
  source.skipBlank()
  if (!source.accept(close)) {
    throw source.fail(`expected "," or "${close}" (opened in line ${begin.line}), found ${source.found()}`)
  }
  return inside.type === 'list' ? inside.items : [inside]
}

/** An anonymous sub; its text is kept to be shown. */
function parseSub(source: Source, at: Expr['at']): Expr {
  source.take(PROTOTYPE)
  source.skipBlank()
  const begin = source.at
  const body = parseBlock(source)
  return {type: 'sub', body, text: source.text.slice(begin, source.at), at}
}

function parseWord(source: Source): Expr {
  const quoted = parseQuoteLike(source)
  if (quoted) return quoted
  const at = source.position()
  const leave = parseLeave(source)
  if (leave) return {type: 'leave', with: leave, at}
  const word = source.takeWord()
  if (word === undefined) throw source.fail(`expected a value, found ${source.found()}`)
  switch (word) {
    case 'my':
    case 'our':
    case 'local':
      return parseDeclaration(source, word, at)
    case 'sub':
      source.skipBlank()
      return parseSub(source, at)
    case 'eval':
      source.skipBlank()
      if (source.char === '{') return {type: 'evalBlock', body: parseBlock(source), at}
      break
    case 'not':
      source.skipBlank()
      if (source.char === '(') {
        return {type: 'unary', op: '!', of: {type: 'list', items: takeArguments(source), at}, at}
      }
      return {type: 'unary', op: '!', of: parseBinary(source, ASSIGNMENT), at}
    case 'do':
      source.skipBlank()
      if (source.char === '{') return {type: 'doBlock', body: parseBlock(source), at}
      return {type: 'call', name: 'do', args: [parseBinary(source, NAMED_UNARY)], block: undefined, at}
    case '__FILE__':
      return {type: 'constant', value: source.file, at}
    case '__LINE__':
      return {type: 'constant', value: at.line, at}
    case '__PACKAGE__':
      return {type: 'constant', value: 'Amavis::Conf', at}
  }
  return parseSubscripts(source, parseCall(source, word, at), false)
}

function parseDeclaration(source: Source, scope: 'my' | 'our' | 'local', at: Expr['at']): Expr {
  source.skipBlank()
  if (source.char === '(') return {type: 'declare', scope, targets: takeArguments(source), list: true, at}
  return {type: 'declare', scope, targets: [parseVariable(source)], list: false, at}
}

/** A word that is no keyword: a function with its arguments, a class, a constant. */
function parseCall(source: Source, name: string, at: Expr['at']): Expr {
  const before = source.at
  source.skipBlank()
  if (source.looksAt('->')) return {type: 'constant', value: name, at}
  if (source.char === '(') {
    if (BLOCK_FUNCTIONS.has(name)) return parseBlockCall(source, name, at)
    return {type: 'call', name, args: takeArguments(source), block: undefined, at}
  }
  if (PLAIN_FUNCTIONS.has(name)) return {type: 'call', name, args: [], block: undefined, at}
  if (UNARY_FUNCTIONS.has(name)) {
    // after `undef` a text is the next thing, and the comma before it is missing
    const bare = atListEnd(source) || atOperator(source) || (name === 'undef' && !/[$@%&]/.test(source.char))
    const args = bare ? [] : [parseBinary(source, NAMED_UNARY)]
    return {type: 'call', name, args, block: undefined, at}
  }
  if (BLOCK_FUNCTIONS.has(name) && source.char === '{') {
    const block = parseBlock(source)
    source.skipBlank()
    source.accept(',')
    return {type: 'call', name, args: listArguments(source), block, at}
  }
  const callable = LIST_FUNCTIONS.has(name) || /^[$@%\\"'[]/.test(source.char)
  if (callable && !atListEnd(source))
    return {type: 'call', name, args: listArguments(source), block: undefined, at}
  source.at = before
  return {type: 'word', name, at}
}

/** `map({ … } LIST)`, `join(…)` with the block inside the parentheses. */
function parseBlockCall(source: Source, name: string, at: Expr['at']): Expr {
  const open = source.at
  source.at++
  source.skipBlank()
  if (source.char !== '{') {
    source.at = open
    return {type: 'call', name, args: takeArguments(source), block: undefined, at}
  }
  const block = parseBlock(source)
  source.skipBlank()
  source.accept(',')
  const args = listArguments(source)
  source.skipBlank()
  if (!source.accept(')')) throw source.fail(`expected "," or ")", found ${source.found()}`)
  return {type: 'call', name, args, block, at}
}

function listArguments(source: Source): readonly Expr[] {
  if (atListEnd(source)) return []
  if (source.peek(/STDERR\b|STDOUT\b/y) !== undefined) source.takeWord()
  const list = parseList(source)
  return list.type === 'list' ? list.items : [list]
}

/** What cannot begin an argument of a named unary operator. */
function atOperator(source: Source): boolean {
  return source.peek(/[=?,.*|]|\/\/|<(?!<)|>|&&|(?:eq|ne|lt|gt|le|ge|cmp|x)\b/y) !== undefined
}

/** The right side of `=~`: a match, a substitution, or a value used as a pattern. */
export function parseMatchTarget(
  source: Source,
  target: Expr,
  negate: boolean,
  at: Expr['at'],
): Match | Transliteration {
  const right = parseBinary(source, 15)
  if (right.type === 'match' || right.type === 'transliteration') return {...right, target, negate, at}
  return {type: 'match', target, negate, pattern: right, flags: '', replacement: undefined, at}
}
