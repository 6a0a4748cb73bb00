/**
 * language/evaluate — expressions to values, in scalar and in list context.
 *
 * Source: spec/config, Value model. Nothing is executed as Perl; what is not known here is refused.
 */
import {isTrue} from '../number.ts'
import {configError, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {assignList, assignScalar, entriesOf, ownList, takesList} from './assign.ts'
import type {Expr} from './ast.ts'
import {callFunction} from './call.ts'
import {numberOf, textOf} from './convert.ts'
import {type Machine, variableBox} from './machine.ts'
import {matchValue, regexpValue} from './match.ts'
import {binaryValue, rangeOf} from './operators.ts'
import {arrayBox, declared, hashBox, placeOf} from './place.ts'
import {runBlock} from './run.ts'
import {subBody} from './sub.ts'
import {templateText} from './template.ts'
import {wordValue} from './word.ts'

/** The value of an expression in scalar context. */
export function scalarOf(machine: Machine, expr: Expr): Scalar {
  switch (expr.type) {
    case 'constant':
      return expr.value
    case 'template':
      return templateText(machine, expr)
    case 'variable':
    case 'deref':
      if (expr.sigil === '$') return placeOf(machine, expr).get()
      return expr.sigil === '@'
        ? (arrayBox(machine, expr, false)?.items.length ?? 0)
        : (hashBox(machine, expr, false)?.entries.size ?? 0)
    case 'element':
      return elementValue(machine, expr)
    case 'lastIndex':
      return (arrayBox(machine, expr.of, false)?.items.length ?? 0) - 1
    case 'list': {
      let last: Scalar
      for (const item of expr.items) last = scalarOf(machine, item)
      return last
    }
    case 'newArray':
      return {kind: 'ref', to: {kind: 'array', items: ownList(machine, itemsOf(machine, expr.items))}}
    case 'newHash':
      return {kind: 'ref', to: {kind: 'hash', entries: entriesOf(machine, itemsOf(machine, expr.items))}}
    case 'reference':
      return referencesTo(machine, expr.of).at(-1)
    case 'codeName':
      return {kind: 'code', name: expr.name, body: undefined}
    case 'sub':
      return {kind: 'code', name: undefined, body: subBody(expr.body, expr.text, expr.at)}
    case 'regexp':
      return regexpValue(machine, expr.pattern, expr.flags, expr.at)
    case 'match':
      return matchValue(machine, expr)
    case 'unary':
      return unaryValue(machine, expr)
    case 'binary':
      return binaryValue(expr.op, scalarOf(machine, expr.left), scalarOf(machine, expr.right), expr.at)
    case 'logical': {
      const left = scalarOf(machine, expr.left)
      return keepsLeft(expr.op, left) ? left : scalarOf(machine, expr.right)
    }
    case 'conditional':
      return scalarOf(machine, isTrue(scalarOf(machine, expr.test)) ? expr.yes : expr.no)
    case 'assign':
      return takesList(expr.target) ? assignList(machine, expr).length : assignScalar(machine, expr)
    case 'step': {
      const place = placeOf(machine, expr.of)
      const before = place.get()
      const after = numberOf(before) + expr.by
      place.set(after)
      return expr.prefix ? after : (before ?? 0)
    }
    case 'declare':
      return scalarOf(machine, declared(machine, expr).at(-1)!)
    case 'call':
      return callFunction(machine, expr, 'scalar').at(-1)
    case 'methodCall':
      return callFunction(machine, expr, 'scalar').at(-1)
    case 'word':
      return wordValue(machine, expr.name, expr.at)
    case 'command':
      return commandOutput(machine, textOf(scalarOf(machine, expr.text)), expr.at)
    case 'fileTest':
      return machine.outside.testFile(expr.test, textOf(scalarOf(machine, expr.of)))
    case 'doBlock':
      return blockValues(machine, expr.body).at(-1)
    case 'slice':
    case 'listSlice':
    case 'range':
      return listOf(machine, expr).at(-1)
  }
}

/** The values of an expression in list context. */
export function listOf(machine: Machine, expr: Expr): readonly Scalar[] {
  switch (expr.type) {
    case 'list':
      return itemsOf(machine, expr.items)
    case 'variable':
    case 'deref':
      if (expr.sigil === '$') return [placeOf(machine, expr).get()]
      if (expr.sigil === '@') return arrayBox(machine, expr, false)?.items ?? []
      return [...(hashBox(machine, expr, false)?.entries ?? [])].flat()
    case 'slice':
      return listOf(machine, expr.index).map(key => {
        const index: Expr = {type: 'constant', value: textOf(key), at: expr.at}
        return scalarOf(machine, {type: 'element', of: expr.of, index, at: expr.at})
      })
    case 'listSlice': {
      const items = listOf(machine, expr.of)
      return listOf(machine, expr.index).map(index => items.at(Math.trunc(numberOf(index))))
    }
    case 'reference':
      return referencesTo(machine, expr.of)
    case 'conditional':
      return listOf(machine, isTrue(scalarOf(machine, expr.test)) ? expr.yes : expr.no)
    case 'logical': {
      const left = scalarOf(machine, expr.left)
      return keepsLeft(expr.op, left) ? [left] : listOf(machine, expr.right)
    }
    case 'range':
      return rangeOf(scalarOf(machine, expr.from), scalarOf(machine, expr.to), expr.at)
    case 'assign':
      if (!takesList(expr.target)) return [assignScalar(machine, expr)]
      assignList(machine, expr)
      return listOf(
        machine,
        expr.target.type === 'declare'
          ? {...expr.target, type: 'list', items: expr.target.targets}
          : expr.target,
      )
    case 'declare':
      return itemsOf(machine, declared(machine, expr))
    case 'binary':
      if (expr.op === 'x' && expr.left.type === 'list') {
        const items = listOf(machine, expr.left)
        const times = Math.max(0, Math.trunc(numberOf(scalarOf(machine, expr.right))))
        if (items.length * times > 100_000) throw configError(expr.at, 'the list is too long')
        return Array.from({length: times}, () => items).flat()
      }
      return [scalarOf(machine, expr)]
    case 'call':
    case 'methodCall':
      return callFunction(machine, expr, 'list')
    case 'doBlock':
      return blockValues(machine, expr.body)
    default:
      return [scalarOf(machine, expr)]
  }
}

/** Several expressions, flattened. */
export function itemsOf(machine: Machine, items: readonly Expr[]): readonly Scalar[] {
  const {origins} = machine
  const values: Scalar[] = []
  for (const item of items) {
    const found = listOf(machine, item)
    if (items.length === 1 && origins.has(found)) return found
    origins.copyItems(found, values, values.length, item.at)
    for (const value of found) values.push(value)
  }
  return values
}

function elementValue(machine: Machine, expr: Extract<Expr, {type: 'element'}>): Scalar {
  if (expr.of.sigil === '%') {
    const entries = hashBox(machine, expr.of, false)?.entries
    return entries?.get(textOf(scalarOf(machine, expr.index)))
  }
  const items = arrayBox(machine, expr.of, false)?.items
  return items?.at(Math.trunc(numberOf(scalarOf(machine, expr.index))))
}

/** `\$x`, `\@x`, `\%x`: the variable itself; `\(…)`: one reference for each; `\'text'`: to a new scalar. */
function referencesTo(machine: Machine, of: Expr): readonly Scalar[] {
  switch (of.type) {
    case 'variable':
    case 'deref':
      if (of.sigil === '@') return [{kind: 'ref', to: arrayBox(machine, of, true)}]
      if (of.sigil === '%') return [{kind: 'ref', to: hashBox(machine, of, true)}]
      if (of.type === 'deref') return [scalarOf(machine, of.of)]
      return [{kind: 'ref', to: variableBox(machine, '$', of.name, of.at)}]
    case 'list':
      return of.items.flatMap(item => referencesTo(machine, item))
    case 'declare':
      return declared(machine, of).flatMap(item => referencesTo(machine, item))
    case 'sub':
      return [scalarOf(machine, of)]
    default:
      return [{kind: 'ref', to: {kind: 'scalar', value: scalarOf(machine, of)}}]
  }
}

function unaryValue(machine: Machine, expr: Extract<Expr, {type: 'unary'}>): Scalar {
  const value = scalarOf(machine, expr.of)
  switch (expr.op) {
    case '!':
      return isTrue(value) ? '' : 1
    case '+':
      return value
    case '~':
      return ~numberOf(value) >>> 0
    case '-':
      return typeof value === 'string' && /^[A-Za-z_]/.test(value) ? `-${value}` : -numberOf(value)
  }
}

function keepsLeft(op: '&&' | '||' | '//', left: Scalar): boolean {
  if (op === '//') return left !== undefined
  return isTrue(left) === (op === '||')
}

function blockValues(machine: Machine, body: Parameters<typeof runBlock>[1]): readonly Scalar[] {
  const end = runBlock(machine, body)
  return end.kind === 'return' || end.kind === 'done' ? end.values : []
}

function commandOutput(machine: Machine, text: string, at: Position): string {
  const output = machine.outside.command(text.trim())
  if (output !== undefined) return output
  throw configError(
    at,
    `commands are not run while a configuration is read: \`${text.trim()}\`; known are \`hostname\`, \`hostname --fqdn\`, \`uname -n\` and \`head -n 1 /etc/mailname\``,
  )
}
