/**
 * language/variable-functions — Perl's functions that act on variables and not only on values.
 */
import {configError} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {takesList} from './assign.ts'
import type {Call, Deref, Expr, Variable} from './ast.ts'
import {numberOf, referred, textOf} from './convert.ts'
import {itemsOf, listOf, scalarOf} from './evaluate.ts'
import {countSteps, countText, type Machine} from './machine.ts'
import {arrayBox, hashBox, placeOf} from './place.ts'
import {plainName} from './run.ts'

type VariableFunction = (machine: Machine, call: Call, want: 'scalar' | 'list') => readonly Scalar[]

export const VARIABLE_FUNCTIONS: ReadonlyMap<string, VariableFunction> = new Map<string, VariableFunction>([
  ['push', (machine, call) => [added(machine, call, 'push')]],
  ['unshift', (machine, call) => [added(machine, call, 'unshift')]],
  ['pop', (machine, call) => [arrayArgument(machine, call).pop()]],
  ['shift', (machine, call) => [arrayArgument(machine, call).shift()]],
  [
    'splice',
    (machine, call) => {
      const [start = 0, count, ...fresh] = itemsOf(machine, call.args.slice(1))
      const items = arrayArgument(machine, call)
      return items.splice(numberOf(start), count === undefined ? items.length : numberOf(count), ...fresh)
    },
  ],
  ['keys', (machine, call, want) => counted([...entriesArgument(machine, call).keys()], want)],
  ['values', (machine, call, want) => counted([...entriesArgument(machine, call).values()], want)],
  ['each', nextEntry],
  ['substr', substring],
  [
    'exists',
    (machine, call) => [
      claim(
        elementArgument(
          machine,
          call,
          (map, key) => map.has(key),
          (items, i) => i < items.length,
        ),
      ),
    ],
  ],
  ['delete', deleteElement],
  ['defined', (machine, call) => [claim(isDefined(machine, call.args[0]))]],
  ['undef', undefine],
  ['scalar', (machine, call) => [scalarOf(machine, argument(call))]],
  ['chomp', (machine, call) => [cutEnds(machine, call, /\n$/)]],
  ['chop', (machine, call) => [cutEnds(machine, call, /[\s\S]$/)]],
])

function addedValues(machine: Machine, call: Call): readonly Scalar[] {
  const values = itemsOf(machine, call.args.slice(1))
  countSteps(machine, values.length, call.at)
  return values
}

/** Elements put at one end of an array; its new length. */
function added(machine: Machine, call: Call, where: 'push' | 'unshift'): number {
  const values = addedValues(machine, call)
  const items = arrayArgument(machine, call)
  const {length} = items
  if (where === 'unshift') machine.origins.shiftItems(items, values.length)
  // not spread: that many arguments would not fit on the stack
  const rest = where === 'unshift' ? items.splice(0) : []
  for (const part of [[...values], rest]) for (const value of part) items.push(value)
  machine.origins.copyItems(values, items, where === 'push' ? length : 0, call.at)
  return items.length
}

/** where `each` stands in a hash */
const walks = new WeakMap<ReadonlyMap<string, Scalar>, Iterator<[string, Scalar]>>()

function nextEntry(machine: Machine, call: Call, want: 'scalar' | 'list'): readonly Scalar[] {
  const entries = entriesArgument(machine, call)
  const walk = walks.get(entries) ?? entries.entries()
  walks.set(entries, walk)
  const next = walk.next()
  if (!next.done) return want === 'list' ? next.value : [next.value[0]]
  walks.delete(entries)
  return []
}

/** `substr TEXT, OFFSET, LENGTH`, with a fourth argument put in its place. */
function substring(machine: Machine, call: Call): readonly Scalar[] {
  const [text, offset, length, fresh] = call.args
  const number = (of: Expr | undefined) =>
    of === undefined ? undefined : Math.trunc(numberOf(scalarOf(machine, of)))
  const whole = textOf(scalarOf(machine, text ?? argument(call)))
  const part = partOf(whole, number(offset) ?? 0, number(length))
  if (fresh === undefined) return [part && whole.slice(part.start, part.end)]
  if (!part) throw configError(call.at, 'substr outside of the text')
  const replacement = textOf(scalarOf(machine, fresh))
  countText(machine, whole.length + replacement.length, call.at)
  placeOf(machine, text!).set(whole.slice(0, part.start) + replacement + whole.slice(part.end))
  return [whole.slice(part.start, part.end)]
}

function partOf(
  whole: string,
  offset: number,
  length: number | undefined,
): {start: number; end: number} | undefined {
  const start = offset < 0 ? Math.max(0, whole.length + offset) : offset
  if (start > whole.length) return undefined
  const end = length === undefined ? whole.length : length < 0 ? whole.length + length : start + length
  return {start, end: Math.min(Math.max(end, start), whole.length)}
}

function argument(call: Call): Expr {
  return call.args[0] ?? {type: 'variable', sigil: '$', name: '_', at: call.at}
}

function claim(holds: boolean): Scalar {
  return holds ? 1 : ''
}

function counted(values: readonly Scalar[], want: 'scalar' | 'list'): readonly Scalar[] {
  return want === 'list' ? values : [values.length]
}

function isContainer(expr: Expr | undefined, sigil: '@' | '%'): expr is Variable | Deref {
  return (expr?.type === 'variable' || expr?.type === 'deref') && expr.sigil === sigil
}

/** The first argument as an array: `@x`, `@$x`, or a reference. */
function arrayArgument(machine: Machine, call: Call): Scalar[] {
  const of: Expr = call.args[0] ?? {type: 'variable', sigil: '@', name: '_', at: call.at}
  if (isContainer(of, '@')) return arrayBox(machine, of, true).items
  if (of.type === 'declare') throw configError(of.at, `${call.name} needs an array that exists`)
  return arrayBox(machine, {type: 'deref', sigil: '@', of, at: of.at}, true).items
}

function entriesArgument(machine: Machine, call: Call): ReadonlyMap<string, Scalar> {
  const of = argument(call)
  if (isContainer(of, '%')) return hashBox(machine, of, false)?.entries ?? new Map()
  if (isContainer(of, '@')) {
    const items = arrayBox(machine, of, false)?.items ?? []
    return new Map(items.map((value, i) => [String(i), value]))
  }
  return referred(scalarOf(machine, of), 'hash', of.at)?.entries ?? new Map()
}

/** An element, without making the levels above it. */
function elementArgument<T>(
  machine: Machine,
  call: Call,
  inHash: (entries: Map<string, Scalar>, key: string) => T,
  inArray: (items: Scalar[], index: number) => T,
): T | false {
  const of = argument(call)
  if (of.type !== 'element') throw configError(of.at, `${call.name} needs an element of a hash or an array`)
  if (of.of.sigil === '%') {
    const box = hashBox(machine, of.of, false)
    return box ? inHash(box.entries, textOf(scalarOf(machine, of.index))) : false
  }
  const box = arrayBox(machine, of.of, false)
  return box ? inArray(box.items, Math.trunc(numberOf(scalarOf(machine, of.index)))) : false
}

function deleteElement(machine: Machine, call: Call): readonly Scalar[] {
  const of = argument(call)
  if (of.type === 'slice' && of.of.sigil === '%') {
    const box = hashBox(machine, of.of, false)
    const keys = itemsOf(machine, [of.index]).map(textOf)
    return keys.map(key => {
      const value = box?.entries.get(key)
      box?.entries.delete(key)
      return value
    })
  }
  const removed = elementArgument<Scalar>(
    machine,
    call,
    (entries, key) => {
      const value = entries.get(key)
      entries.delete(key)
      return value
    },
    (items, i) => items.splice(i, 1)[0],
  )
  return [removed === false ? undefined : removed]
}

function isDefined(machine: Machine, of: Expr | undefined): boolean {
  if (!of) return false
  if (isContainer(of, '@')) return (arrayBox(machine, of, false)?.items.length ?? 0) > 0
  if (isContainer(of, '%')) return (hashBox(machine, of, false)?.entries.size ?? 0) > 0
  if (of.type === 'call' && of.args.length === 0) {
    const name = plainName(of.name)
    return machine.builtins.has(name) || machine.subs.has(name)
  }
  return scalarOf(machine, of) !== undefined
}

/** `undef`, `undef $x`, `undef @x`. */
function undefine(machine: Machine, call: Call): readonly Scalar[] {
  const of = call.args[0]
  if (isContainer(of, '@')) arrayBox(machine, of, true).items = []
  else if (isContainer(of, '%')) hashBox(machine, of, true).entries = new Map()
  else if (of) placeOf(machine, of).set(undefined)
  return [undefined]
}

/** Of a variable, of each element of a list, or of the target of an assignment; how much was cut. */
function cutEnds(machine: Machine, call: Call, end: RegExp): number {
  const of = argument(call)
  if (of.type === 'assign' && takesList(of.target)) {
    listOf(machine, of)
    const {target} = of
    return cutEach(machine, target.type === 'declare' ? target.targets : [target], end)
  }
  return cutEach(machine, of.type === 'list' ? of.items : [of], end)
}

function cutEach(machine: Machine, targets: readonly Expr[], end: RegExp): number {
  let cut = 0
  for (const target of targets) {
    if (isContainer(target, '@')) {
      const {items} = arrayBox(machine, target, true)
      for (const [i, item] of items.entries()) {
        const after = textOf(item).replace(end, '')
        cut += textOf(item).length - after.length
        items[i] = after
      }
      continue
    }
    const place = placeOf(machine, target)
    const before = place.get()
    if (before === undefined) continue
    const after = textOf(before).replace(end, '')
    cut += textOf(before).length - after.length
    place.set(after)
  }
  return cut
}
