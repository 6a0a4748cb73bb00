/**
 * language/statement — statements, blocks, and a file as a whole.
 *
 * What a configuration may not do (other modules, packages, named subs) is refused here by name.
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
  for (;;) {
    source.skipBlank()
    if (source.atEnd || source.peek(/__(?:END|DATA)__(?!\w)|[\x04\x1a]/y) !== undefined) return statements
    const start = source.at
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
  const statements: Statement[] = []
  for (;;) {
    source.skipBlank()
    if (source.accept('}')) return statements
    if (source.atEnd)
      throw source.fail(`expected "}" for the "{" of line ${begin.line}, found ${source.found()}`)
    parseStatement(source, statements)
  }
}

function parseStatement(source: Source, into: Statement[]): void {
  if (source.accept(';')) return
  const at = source.position()
  if (source.char === '{') {
    into.push({type: 'block', body: parseBlock(source), at})
    return
  }
  const word = source.peek(/[A-Za-z_]\w*(?!\s*=>)(?!::)(?!\w)/y)
  const compound = word === undefined ? undefined : parseCompound(source, word, at)
  if (compound) into.push(...compound)
  else into.push(withModifier(source, parseSimple(source, at)))
}

/** Statements that begin with a word of their own; undefined when `word` begins an expression. */
function parseCompound(source: Source, word: string, at: Expr['at']): readonly Statement[] | undefined {
  switch (word) {
    case 'if':
    case 'unless':
      return [parseIf(source, at)]
    case 'while':
    case 'until': {
      source.takeWord()
      const test = parseTest(source, word === 'until')
      return [{type: 'while', test, body: parseBlockHere(source), step: undefined, at}]
    }
    case 'for':
    case 'foreach':
      return parseFor(source, at)
    case 'use':
    case 'no':
      return parseUse(source, word === 'use', at)
    case 'package':
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

/** `sub name {…}`, with or without a prototype: parsed, so that the file loads, and never run. */
function parseNamedSub(source: Source, at: Expr['at']): Statement {
  source.take(/sub\s+/y)
  const name = source.takeWord() ?? ''
  source.skipBlank()
  source.take(/\([$@%&*;\\[\]_\s]*\)/y)
  parseBlockHere(source)
  return {type: 'namedSub', name, at}
}

function parseSimple(source: Source, at: Expr['at']): Statement {
  const word = source.take(/(?:return|next|last)(?!\w)(?!\s*=>)/y)
  if (word === 'return') {
    source.skipBlank()
    const bare = source.atEnd || source.peek(/[;}]|(?:if|unless)(?!\w)/y) !== undefined
    return {type: 'return', value: bare ? undefined : parseExpression(source), at}
  }
  if (word !== undefined) return {type: 'jump', to: word as 'next' | 'last', at}
  return {type: 'expression', of: parseExpression(source), at}
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
      whole = {type: 'foreach', variable: undefined, own: false, list: operand, body, at}
    } else whole = {type: 'while', test, body, step: undefined, at}
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
function parseFor(source: Source, at: Expr['at']): readonly Statement[] {
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
    return [{type: 'foreach', variable, own, list, body: parseBlockHere(source), at}]
  }
  if (!source.accept(')')) throw source.fail(`expected ")", found ${source.found()}`)
  const [start, test = undefined, step] = parts
  const always: Expr = {type: 'constant', value: 1, at}
  const loop: Statement = {type: 'while', test: test ?? always, body: parseBlockHere(source), step, at}
  const body: Statement[] = start ? [{type: 'expression', of: start, at}, loop] : [loop]
  return [{type: 'block', body, at}]
}

function parseOptional(source: Source): Expr | undefined {
  source.skipBlank()
  const value = source.char === ';' || source.char === ')' ? undefined : parseExpression(source)
  source.skipBlank()
  return value
}

const IGNORED_PRAGMAS = new Set(['warnings', 'integer', 'bytes', 're', 'feature', 'vars', 'diagnostics'])

/** `use strict; no warnings; use 5.010;` and the like. */
function parseUse(source: Source, on: boolean, at: Expr['at']): readonly Statement[] {
  source.takeWord()
  source.skipBlank()
  const version = source.take(/v?\d[\d._]*/y)
  const name = version ?? source.takeWord()
  if (name === undefined) throw source.fail(`expected the name of a pragma, found ${source.found()}`)
  if (version === undefined && name !== 'strict' && name !== 'utf8' && !IGNORED_PRAGMAS.has(name)) {
    throw source.fail(`Perl modules cannot be loaded: "use ${name}"`)
  }
  source.skipBlank()
  const args = source.char === ';' || source.atEnd ? undefined : parseExpression(source)
  source.skipBlank()
  if (!source.accept(';') && !source.atEnd && source.char !== '}') {
    throw source.fail(`expected ";", found ${source.found()}`)
  }
  if (name === 'strict') source.pragmas.strict = on
  if (name === 'utf8') source.pragmas.utf8 = on
  if (name === 'vars' && args) return [{type: 'ourNames', names: wordsOf(args), at}]
  return version === undefined ? [{type: 'pragma', on, name, at}] : []
}

function wordsOf(args: Expr): readonly string[] {
  const items = args.type === 'list' ? args.items : [args]
  return items.flatMap(item => (item.type === 'constant' ? [String(item.value)] : wordsOf(item)))
}
