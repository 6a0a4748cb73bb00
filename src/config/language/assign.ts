/**
 * language/assign — assignments to scalars, arrays, hashes, slices and lists.
 *
 * `@x = …` and `%x = …` replace the contents and keep the container, which references point to.
 */
import {isTrue} from '../number.ts'
import {configError} from '../problem.ts'
import type {Scalar} from '../value.ts'
import type {Expr} from './ast.ts'
import {textOf} from './convert.ts'
import {binaryOf, listOf, scalarOf} from './evaluate.ts'
import {countSteps, type Machine} from './machine.ts'
import {arrayBox, declared, hashBox, placeOf} from './place.ts'

type Assignment = Extract<Expr, {type: 'assign'}>

/** Whether an assignment to this target takes a list. */
export function takesList(target: Expr): boolean {
  switch (target.type) {
    case 'list':
    case 'slice':
      return true
    case 'declare':
      return target.list || target.targets.some(takesList)
    case 'variable':
    case 'deref':
      return target.sigil !== '$'
    default:
      return false
  }
}

/** Carry out a list assignment; the values that the right side gave. */
export function assignList(machine: Machine, expr: Assignment): readonly Scalar[] {
  if (expr.op !== '') return assignListOperator(machine, expr)
  const values = ownList(machine, listOf(machine, expr.value))
  countSteps(machine, values.length, expr.at)
  storeList(machine, expr.target, values)
  return values
}

/** Of the operators that assign only `||=` and `x=` make sense with a list. */
function assignListOperator(machine: Machine, expr: Assignment): readonly Scalar[] {
  if (expr.op === '||' && expr.target.type !== 'list') {
    const present = listOf(machine, expr.target)
    if (present.length > 0) return present
    return assignList(machine, {...expr, op: ''})
  }
  if (expr.op === 'x') {
    const left: Expr = {type: 'list', items: [expr.target], at: expr.at}
    const value: Expr = {type: 'binary', op: 'x', left, right: expr.value, at: expr.at}
    return assignList(machine, {...expr, op: '', value})
  }
  throw configError(expr.at, `"${expr.op}=" cannot be used with a list`)
}

function storeList(machine: Machine, target: Expr, values: Scalar[]): void {
  switch (target.type) {
    case 'declare': {
      const targets = declared(machine, target)
      storeList(machine, {type: 'list', items: targets, at: target.at}, values)
      return
    }
    case 'list': {
      let next = 0
      for (const item of target.items) {
        if (takesList(item)) {
          storeList(machine, item, values.slice(next))
          next = values.length
        } else if (item.type === 'call' && item.name === 'undef' && item.args.length === 0) next++
        else placeOf(machine, item).set(values[next++])
      }
      return
    }
    case 'variable':
    case 'deref':
      if (target.sigil === '@') arrayBox(machine, target, true).items = values
      else if (target.sigil === '%') hashBox(machine, target, true).entries = entriesOf(machine, values)
      else placeOf(machine, target).set(values[0])
      return
    case 'slice':
      listOf(machine, target.index).forEach((key, i) => {
        const at = target.at
        const index: Expr = {type: 'constant', value: textOf(key), at}
        placeOf(machine, {type: 'element', of: target.of, index, at}).set(values[i])
      })
      return
    default:
      throw configError(target.at, 'expected a variable on the left side of "="')
  }
}

/** A list of its own for a container; its elements keep their places. */
export function ownList(machine: Machine, values: readonly Scalar[]): Scalar[] {
  const own = [...values]
  machine.origins.copyItems(values, own)
  return own
}

/** Pairs to a hash; later keys win. */
export function entriesOf(machine: Machine, values: readonly Scalar[]): Map<string, Scalar> {
  const entries = new Map<string, Scalar>()
  machine.origins.copyPairs(values, entries, textOf)
  for (let i = 0; i < values.length; i += 2) entries.set(textOf(values[i]), values[i + 1])
  return entries
}

/** Carry out a scalar assignment, plain or with an operator; the new value. */
export function assignScalar(machine: Machine, expr: Assignment): Scalar {
  const {op, target} = expr
  if (op === '') {
    const value = scalarOf(machine, expr.value)
    placeOf(machine, target).set(value)
    return value
  }
  const place = placeOf(machine, target)
  const before = place.get()
  if (op === '||' || op === '&&' || op === '//') {
    const keep = op === '//' ? before !== undefined : isTrue(before) === (op === '||')
    if (keep) return before
  }
  const right = scalarOf(machine, expr.value)
  const value =
    op === '||' || op === '&&' || op === '//' ? right : binaryOf(machine, op, before, right, expr.at)
  place.set(value)
  return value
}
