/**
 * language/statement — statements, blocks, and a file as a whole.
 *
 * What a configuration may not do (other modules, other packages) is refused here by name.
 */

import {configError} from '../problem.ts'
import type {Expr, Statement, Variable} from './ast.ts'
import {parseExpression} from './expression.ts'
import {nextStatement} from './recover.ts'
import type {Source} from './source.ts'
import {takeArguments} from './variable.ts'

/**
 * A whole file.
 * @param report takes a mistake and the text that it cost; reading goes on with what looks like the next
 *   statement. Without it the first mistake is thrown.
 */
export function parseFile(
  source: Source,
  report?: (error: unknown, skipped: string) => void,
): readonly Statement[] {
  const statements: Statement[] = []
  const {depth} = source
  for (;;) {
    source.skipBlank()
    if (source.atEnd || source.peek(/__(?:END|DATA)__(?!\w)|[\x04\x1a]/y) !== undefined) return statements
    const start = source.at
    source.depth = depth
    try {
      if (source.char === '}') throw source.fail('"}" without a "{"')
      parseStatement(source, statements)
    } catch (error) {
      if (!report) throw error
      source.jump(nextStatement(source, start, error))
      report(error, source.text.slice(start, source.at))
    }
  }
}

/** `{ … }`, which stands here. */
export function parseBlock(source: Source): readonly Statement[] {
  const begin = source.position()
  if (!source.accept('{')) throw source.fail(`expected "{", found ${source.found()}`)
  source.enter()
  const statements: Statement[] = []
  for (;;) {
    source.skipBlank()
    if (source.accept('}')) {
      source.depth--
      return statements
    }
    if (source.atEnd)
      throw source.fail(`expected "}" for the "{" of line ${begin.line}, found ${source.found()}`)
    parseStatement(source, statements)
  }
}

/** A `{` at the begin of a statement that is no block: a hash with its first entries, or of a spread one. */
const HASH = /\{\s*(?:(?:[-+]?\w+|'[^'\\]*'|"[^"\\]*"|\$\w+)\s*(?:=>|,)|%[\w:${]+[^;=]*?[,}])/y

function parseStatement(source: Source, into: Statement[]): void {
  if (source.accept(';')) return
  const at = source.position()
  const label = takeLabel(source)
  if (source.char === '{' && source.peek(HASH) === undefined) {
    into.push({type: 'block', label, body: parseBlock(source), at})
    return
  }
  const word = source.peek(/[A-Za-z_]\w*(?!\s*=>)(?!::)(?!\w)/y)
  const compound = word === undefined ? undefined : parseCompound(source, word, label, at)
  if (compound) into.push(...compound)
  else into.push(withModifier(source, parseSimple(source, at)))
}

/** `LABEL:`; undefined when none stands here. */
function takeLabel(source: Source): string | undefined {
  const label = source.take(/[A-Za-z_]\w*\s*:(?![:=])(?=\s*(?:for|foreach|while|until|\{))/y)
  source.skipBlank()
  return label?.slice(0, -1).trim()
}

/** Statements that begin with a word of their own; undefined when `word` begins an expression. */
function parseCompound(
  source: Source,
  word: string,
  label: string | undefined,
  at: Expr['at'],
): readonly Statement[] | undefined {
  switch (word) {
    case 'if':
    case 'unless':
      return [parseIf(source, at)]
    case 'while':
    case 'until': {
      source.takeWord()
      const test = parseTest(source, word === 'until')
      const body = parseBlockHere(source)
      return [{type: 'while', label, test, body, after: parseContinue(source), bodyFirst: false, at}]
    }
    case 'for':
    case 'foreach':
      return parseFor(source, label, at)
    case 'use':
    case 'no':
      return parseUse(source, word === 'use', at)
    case 'package':
      if (source.take(/package\s+Amavis::Conf\s*;/y) !== undefined) return []
      throw configError(
        source.position(),
        'a package of Perl code cannot be used in a configuration, which is read and not executed',
        source.peek(/package\s+Amavis::Custom\b/y) === undefined
          ? 'only settings can stand here'
          : 'custom hooks are a module of JavaScript, named by $custom_hooks',
      )
    case 'BEGIN':
    case 'END':
      throw source.fail(`"${word}" cannot be used in a configuration: it is read, not executed as Perl`)
    case 'sub':
      return source.peek(/sub\s+\w/y) === undefined ? undefined : [parseNamedSub(source, at)]
    default:
      return undefined
  }
}

/** `sub name {…}`, with or without a prototype; `sub name;` announces one. */
function parseNamedSub(source: Source, at: Expr['at']): Statement {
  source.take(/sub\s+/y)
  const name = source.takeWord() ?? ''
  source.skipBlank()
  source.take(PROTOTYPE)
  source.skipBlank()
  if (source.accept(';')) return {type: 'block', label: undefined, body: [], at}
  return {type: 'namedSub', name, body: parseBlockHere(source), at}
}

/** Says how many arguments a sub takes; of no use to us. */
export const PROTOTYPE = /\([$@%&*;\\[\]+_\s]*\)/y

function parseSimple(source: Source, at: Expr['at']): Statement {
  return parseLeave(source) ?? {type: 'expression', of: parseExpression(source), at}
}

/** `return VALUE`, `next LABEL`, `last LABEL`; undefined when none stands here. */
export function parseLeave(source: Source): Statement | undefined {
  const at = source.position()
  const word = source.take(/(?:return|next|last)(?!\w)(?!\s*(?:=>|,))/y)
  if (word === undefined) return undefined
  source.skipBlank()
  if (word !== 'return') {
    const label = source.take(/(?!(?:if|unless)\b)[A-Za-z_]\w*/y)
    return {type: 'jump', to: word as 'next' | 'last', label, at}
  }
  const bare = source.atEnd || source.peek(/[;})\]:]|(?:if|unless|or|and)(?!\w)/y) !== undefined
  return {type: 'return', value: bare ? undefined : parseExpression(source), at}
}

const MODIFIER = /(?:if|unless|while|until|foreach|for)(?!\w)/y

/** `… if COND`, then the end of the statement. */
function withModifier(source: Source, statement: Statement): Statement {
  source.skipBlank()
  const at = source.position()
  const word = source.take(MODIFIER)
  let whole = statement
  if (word !== undefined) {
    const operand = parseExpression(source)
    const test: Expr =
      word === 'unless' || word === 'until' ? {type: 'unary', op: '!', of: operand, at} : operand
    const body = [statement]
    if (word === 'if' || word === 'unless') {
      whole = {type: 'if', branches: [{test, body}], otherwise: undefined, at}
    } else if (word === 'for' || word === 'foreach') {
      whole = {type: 'foreach', label: undefined, variable: undefined, own: false, list: operand, body, at}
    } else {
      const bodyFirst = statement.type === 'expression' && statement.of.type === 'doBlock'
      whole = {type: 'while', label: undefined, test, body, after: [], bodyFirst, at}
    }
    source.skipBlank()
  }
  if (source.accept(';') || source.atEnd || source.char === '}') return whole
  if (source.peek(/__(?:END|DATA)__(?!\w)/y) !== undefined) return whole
  throw source.fail(`expected ";" or an operator, found ${source.found()}`)
}

function parseBlockHere(source: Source): readonly Statement[] {
  source.skipBlank()
  return parseBlock(source)
}

function parseTest(source: Source, negated: boolean): Expr {
  source.skipBlank()
  const at = source.position()
  if (source.char !== '(') throw source.fail(`expected "(", found ${source.found()}`)
  const inside = takeArguments(source)
  const of: Expr = inside.length === 1 ? inside[0]! : {type: 'list', items: inside, at}
  return negated ? {type: 'unary', op: '!', of, at} : of
}

function parseIf(source: Source, at: Expr['at']): Statement {
  const first = source.takeWord()
  const branches = [{test: parseTest(source, first === 'unless'), body: parseBlockHere(source)}]
  for (;;) {
    source.skipBlank()
    const word = source.take(/(?:elsif|else)(?!\w)/y)
    if (word === undefined) return {type: 'if', branches, otherwise: undefined, at}
    if (word === 'else') return {type: 'if', branches, otherwise: parseBlockHere(source), at}
    branches.push({test: parseTest(source, false), body: parseBlockHere(source)})
  }
}

/** `for my $x (LIST) {…}` and `for (INIT; TEST; STEP) {…}`. */
function parseFor(source: Source, label: string | undefined, at: Expr['at']): readonly Statement[] {
  source.takeWord()
  source.skipBlank()
  const own = source.take(/(?:my|our)(?!\w)/y) === 'my'
  source.skipBlank()
  const variableAt = source.position()
  const name = source.take(/\$[A-Za-z_]\w*/y)
  const variable: Variable | undefined =
    name === undefined ? undefined : {type: 'variable', sigil: '$', name: name.slice(1), at: variableAt}
  source.skipBlank()
  const open = source.at
  if (!source.accept('(')) throw source.fail(`expected "(", found ${source.found()}`)
  const parts = [parseOptional(source)]
  while (parts.length < 3 && source.accept(';')) parts.push(parseOptional(source))
  if (parts.length === 1) {
    source.at = open
    const list: Expr = {type: 'list', items: takeArguments(source), at}
    return [{type: 'foreach', label, variable, own, list, body: parseBlockHere(source), at}]
  }
  if (!source.accept(')')) throw source.fail(`expected ")", found ${source.found()}`)
  const [start, test = undefined, step] = parts
  const always: Expr = {type: 'constant', value: 1, at}
  const after: Statement[] = step ? [{type: 'expression', of: step, at}] : []
  const inside = parseBlockHere(source)
  const loop: Statement = {
    type: 'while',
    label,
    test: test ?? always,
    body: inside,
    after,
    bodyFirst: false,
    at,
  }
  const body: Statement[] = start ? [{type: 'expression', of: start, at}, loop] : [loop]
  return [{type: 'block', label: undefined, body, at}]
}

/** `continue {…}` behind a loop. */
function parseContinue(source: Source): readonly Statement[] {
  source.skipBlank()
  return source.take(/continue(?=\s*\{)/y) === undefined ? [] : parseBlockHere(source)
}

function parseOptional(source: Source): Expr | undefined {
  source.skipBlank()
  const value = source.char === ';' || source.char === ')' ? undefined : parseExpression(source)
  source.skipBlank()
  return value
}

const IGNORED_PRAGMAS = new Set(
  'warnings integer bytes re feature vars diagnostics constant lib locale sort subs version experimental'.split(
    ' ',
  ),
)
/** Modules of which we have what configurations use: the functions work without them. */
const KNOWN_MODULES = new Set(['POSIX', 'Sys::Hostname', 'Exporter', 'Carp'])

/** `use strict; no warnings; use 5.010;` and the like. */
function parseUse(source: Source, on: boolean, at: Expr['at']): readonly Statement[] {
  const begin = source.at
  source.takeWord()
  source.skipBlank()
  const version = source.take(/v?\d[\d._]*/y)
  const name = version ?? source.takeWord()
  if (name === undefined) throw source.fail(`expected the name of a pragma, found ${source.found()}`)
  const isKnown = name === 'strict' || name === 'utf8' || IGNORED_PRAGMAS.has(name) || KNOWN_MODULES.has(name)
  if (version === undefined && !isKnown) {
    throw configError(
      source.position(begin),
      `Perl modules cannot be loaded: "use ${name}"`,
      'remove it, and what needs it',
    )
  }
  source.skipBlank()
  const args = source.char === ';' || source.atEnd ? undefined : parseExpression(source)
  source.skipBlank()
  if (!source.accept(';') && !source.atEnd && source.char !== '}') {
    throw source.fail(`expected ";", found ${source.found()}`)
  }
  if (name === 'strict') source.pragmas.strict = on
  if (name === 'utf8') source.pragmas.utf8 = on
  if (name === 'constant' && args) return [{type: 'constants', of: args, at}]
  if (name === 'vars' && args) return [{type: 'ourNames', names: wordsOf(args), at}]
  return version === undefined ? [{type: 'pragma', on, name, at}] : []
}

function wordsOf(args: Expr): readonly string[] {
  const items = args.type === 'list' ? args.items : [args]
  return items.flatMap(item => (item.type === 'constant' ? [String(item.value)] : wordsOf(item)))
}
