/**
 * language/expression — operators, by precedence.
 *
 * Source: perlop's table of operators, as far as spec/config, Statements and expressions, needs it.
 */

import {configError} from '../problem.ts'
import type {Expr} from './ast.ts'
import type {Source} from './source.ts'
import {parseMatchTarget, parseTerm} from './term.ts'

/** How tightly binary operators bind; higher binds first. */
const BINARY: Readonly<Record<string, number>> = {
  '**': 16,
  '=~': 14,
  '!~': 14,
  '*': 13,
  '/': 13,
  '%': 13,
  x: 13,
  '+': 12,
  '-': 12,
  '.': 12,
  '<<': 11,
  '>>': 11,
  '<': 9,
  '>': 9,
  '<=': 9,
  '>=': 9,
  lt: 9,
  gt: 9,
  le: 9,
  ge: 9,
  '==': 8,
  '!=': 8,
  '<=>': 8,
  eq: 8,
  ne: 8,
  cmp: 8,
  '&': 7,
  '|': 6,
  '^': 6,
  '&&': 5,
  '||': 4,
  '//': 4,
  '..': 3,
  '...': 3,
  '?': 2,
}
export const ASSIGNMENT = 1
/** Named unary operators (`defined $x`, `lc $y`, `-e $z`) bind looser than arithmetic, tighter than `<`. */
export const NAMED_UNARY = 10
/** `!` `\` unary minus: tighter than `*`, looser than `**`. */
export const UNARY = 15

const OPERATOR =
  /\*\*=?|=~|!~|<=>|<<=?|>>=?|<=|>=|==(?!=)|!=|&&=?|\|\|=?|\/\/=?|\.\.\.?|[-+*/%.x&|^]=(?![=~>])|=(?![=~>])|[-+*/%.<>&|^?]|(?:x(?=\d)|(?:x|lt|gt|le|ge|eq|ne|cmp)(?!\w))(?!\s*=>)/y
const LOW = /(?:and|or|xor)(?!\w)(?!\s*=>)/y

/** A whole expression: lists with commas, `not`, `and`, `or`. */
export function parseExpression(source: Source): Expr {
  return parseLow(source, 0)
}

function parseLow(source: Source, level: 0 | 1): Expr {
  let left = level === 0 ? parseLow(source, 1) : parseNot(source)
  for (;;) {
    source.skipBlank()
    const word = source.peek(LOW)
    if (word === undefined || (level === 0) === (word === 'and')) return left
    const at = source.position()
    source.at += word.length
    const right = level === 0 ? parseLow(source, 1) : parseNot(source)
    if (word === 'xor') left = {type: 'binary', op: 'xor', left, right, at}
    else left = {type: 'logical', op: word === 'and' ? '&&' : '||', left, right, at}
  }
}

function parseNot(source: Source): Expr {
  source.skipBlank()
  const at = source.position()
  if (source.take(/not(?!\w)(?!\s*=>)/y) === undefined) return parseList(source)
  return {type: 'unary', op: '!', of: parseNot(source), at}
}

/** Expressions separated by commas; one alone is itself, several (or a trailing comma) are a list. */
export function parseList(source: Source): Expr {
  source.skipBlank()
  const at = source.position()
  const first = parseAssignment(source)
  source.skipBlank()
  if (!atComma(source)) return first
  const items = [first]
  while (acceptComma(source)) {
    while (acceptComma(source));
    if (atListEnd(source)) break
    items.push(parseAssignment(source))
  }
  return {type: 'list', items, at}
}

function atComma(source: Source): boolean {
  return source.char === ',' || source.looksAt('=>')
}

function acceptComma(source: Source): boolean {
  source.skipBlank()
  return source.accept(',') || source.accept('=>')
}

const LIST_END = /[)\]};:]|(?:or|and|if|unless|while|until|foreach|for)(?!\w)(?!\s*=>)/y

/** What may follow a trailing comma. */
export function atListEnd(source: Source): boolean {
  source.skipBlank()
  return source.atEnd || source.peek(LIST_END) !== undefined
}

/** One expression without commas. */
function parseAssignment(source: Source): Expr {
  return parseBinary(source, ASSIGNMENT)
}

/** Operators that bind at least as tightly as `least`. */
export function parseBinary(source: Source, least: number): Expr {
  let left = parseTerm(source)
  for (;;) {
    source.skipBlank()
    const op = source.peek(OPERATOR)
    if (op === undefined) return left
    const binds = BINARY[op] ?? ASSIGNMENT
    if (binds < least) return left
    const at = source.position()
    source.at += op.length
    left = parseRight(source, left, op, binds, at)
  }
}

/** What can stand in front of `=`. */
function canBeAssigned(target: Expr): boolean {
  switch (target.type) {
    case 'variable':
    case 'deref':
    case 'element':
    case 'slice':
    case 'lastIndex':
    case 'declare':
    case 'assign':
      return true
    case 'list':
      return target.items.every(item => canBeAssigned(item) || isUndef(item))
    case 'conditional':
      return canBeAssigned(target.yes) && canBeAssigned(target.no)
    case 'call':
      return target.name === 'substr'
    case 'step':
      return target.prefix
    default:
      return false
  }
}

/** `($x, undef) = …` */
function isUndef(item: Expr): boolean {
  return (item.type === 'call' || item.type === 'word') && item.name === 'undef'
}

function parseRight(source: Source, left: Expr, op: string, binds: number, at: Expr['at']): Expr {
  if (binds === ASSIGNMENT) {
    if (!canBeAssigned(left))
      throw configError(at, `"${op}" has no variable in front of it`, 'is a ";" or a "," missing before?')
    return {type: 'assign', op: op.slice(0, -1), target: left, value: parseBinary(source, ASSIGNMENT), at}
  }
  switch (op) {
    case '?': {
      const yes = parseBinary(source, ASSIGNMENT)
      source.skipBlank()
      if (!source.accept(':')) throw source.fail(`expected ":" of "? :", found ${source.found()}`)
      return {type: 'conditional', test: left, yes, no: parseBinary(source, ASSIGNMENT), at}
    }
    case '=~':
    case '!~':
      return parseMatchTarget(source, left, op === '!~', at)
    case '&&':
    case '||':
    case '//':
      return {type: 'logical', op, left, right: parseBinary(source, binds + 1), at}
    case '..':
    case '...':
      return {type: 'range', from: left, to: parseBinary(source, binds + 1), at}
    case '**':
      return {type: 'binary', op, left, right: parseBinary(source, UNARY), at}
    default:
      return {type: 'binary', op, left, right: parseBinary(source, binds + 1), at}
  }
}
