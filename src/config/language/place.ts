/**
 * language/place — where values are stored: variables, elements, what references point to.
 *
 * Reading through a place creates nothing; writing creates the levels on the way (auto-vivification).
 */
import {isTrue} from '../number.ts'
import {configError} from '../problem.ts'
import type {ArrayBox, HashBox, Scalar} from '../value.ts'
import type {Deref, Element, Expr, Variable} from './ast.ts'
import {numberOf, referred, textOf} from './convert.ts'
import {scalarOf} from './evaluate.ts'
import {declare, LONGEST_LIST, type Machine, newBox, variableBox} from './machine.ts'

/** A scalar that can be read and written. */
export interface Place {
  get(): Scalar
  set(value: Scalar): void
}

/** The array that an expression with sigil `@` is; made when missing and `create`. */
export function arrayBox(machine: Machine, expr: Variable | Deref, create: true): ArrayBox
export function arrayBox(machine: Machine, expr: Variable | Deref, create: boolean): ArrayBox | undefined
export function arrayBox(machine: Machine, expr: Variable | Deref, create: boolean): ArrayBox | undefined {
  if (expr.type === 'variable') {
    const box = variableBox(machine, '@', expr.name, expr.at)
    if (create) machine.assigned.set(box, expr.at)
    return box.kind === 'array' ? box : undefined
  }
  const place = create ? placeOf(machine, expr.of) : undefined
  const found = referred(place ? place.get() : scalarOf(machine, expr.of), 'array', expr.at)
  if (found || !place) return found
  const box: ArrayBox = {kind: 'array', items: []}
  place.set({kind: 'ref', to: box})
  return box
}

/** The hash that an expression with sigil `%` is; made when missing and `create`. */
export function hashBox(machine: Machine, expr: Variable | Deref, create: true): HashBox
export function hashBox(machine: Machine, expr: Variable | Deref, create: boolean): HashBox | undefined
export function hashBox(machine: Machine, expr: Variable | Deref, create: boolean): HashBox | undefined {
  if (expr.type === 'variable') {
    const box = variableBox(machine, '%', expr.name, expr.at)
    if (create) machine.assigned.set(box, expr.at)
    return box.kind === 'hash' ? box : undefined
  }
  const place = create ? placeOf(machine, expr.of) : undefined
  const found = referred(place ? place.get() : scalarOf(machine, expr.of), 'hash', expr.at)
  if (found || !place) return found
  const box: HashBox = {kind: 'hash', entries: new Map()}
  place.set({kind: 'ref', to: box})
  return box
}

/**
 * The scalar that an expression stands for.
 * An assignment or declaration is carried out, and its target is the place: `chomp(my $x = …)`.
 */
export function placeOf(machine: Machine, expr: Expr): Place {
  switch (expr.type) {
    case 'variable': {
      if (expr.sigil !== '$') break
      const box = variableBox(machine, '$', expr.name, expr.at)
      if (box.kind !== 'scalar') break
      return {
        get: () => box.value,
        set(value) {
          box.value = value
          machine.assigned.set(box, expr.at)
        },
      }
    }
    case 'deref': {
      if (expr.sigil !== '$') break
      const box = referred(scalarOf(machine, expr.of), 'scalar', expr.at)
      if (!box) throw configError(expr.at, "Can't use an undefined value as a SCALAR reference")
      return {get: () => box.value, set: value => void (box.value = value)}
    }
    case 'element':
      return elementPlace(machine, expr)
    case 'declare':
    case 'assign': {
      if (expr.type === 'assign') scalarOf(machine, expr)
      const target = expr.type === 'assign' ? expr.target : declared(machine, expr)[0]!
      if (expr.type === 'assign' && target.type === 'declare') return placeOf(machine, target.targets[0]!)
      return placeOf(machine, target)
    }
    case 'lastIndex': {
      const {items} = arrayBox(machine, expr.of, true)
      return {
        get: () => items.length - 1,
        set(value) {
          const length = Math.trunc(numberOf(value)) + 1
          if (!(length >= 0 && length <= LONGEST_LIST))
            throw configError(expr.at, `$# = ${length - 1} is out of range`)
          while (items.length < length) items.push(undefined)
          items.length = length
        },
      }
    }
    case 'conditional':
      return placeOf(machine, isTrue(scalarOf(machine, expr.test)) ? expr.yes : expr.no)
    case 'call':
      return expr.name === 'substr' ? substringPlace(machine, expr) : unnamed(machine, expr)
    case 'list':
      if (expr.items.length === 1) return placeOf(machine, expr.items[0]!)
      break
    default:
      return unnamed(machine, expr)
  }
  throw configError(expr.at, 'expected a scalar variable or an element')
}

/** A value without a name: it can be read, and what is written into it is lost. */
function unnamed(machine: Machine, expr: Expr): Place {
  let value = scalarOf(machine, expr)
  return {get: () => value, set: fresh => void (value = fresh)}
}

/** `substr($x, 0, 1) = …` */
function substringPlace(machine: Machine, call: Extract<Expr, {type: 'call'}>): Place {
  return {
    get: () => scalarOf(machine, call),
    set(value) {
      const {at} = call
      const [text, offset, length] = call.args
      if (!text || !offset) throw configError(at, 'substr needs a text and an offset')
      const whole: Expr = {type: 'call', name: 'length', args: [text], block: undefined, at}
      const fresh: Expr = {type: 'value', value, at}
      scalarOf(machine, {...call, args: [text, offset, length ?? whole, fresh]})
    },
  }
}

function elementPlace(machine: Machine, expr: Element): Place {
  if (expr.of.sigil === '%') {
    const {entries} = hashBox(machine, expr.of, true)
    const key = textOf(scalarOf(machine, expr.index))
    return {
      get: () => entries.get(key),
      set(value) {
        entries.set(key, value)
        machine.origins.markEntry(entries, key, expr.at)
      },
    }
  }
  const {items} = arrayBox(machine, expr.of, true)
  const number = Math.trunc(numberOf(scalarOf(machine, expr.index)))
  const index = number < 0 ? items.length + number : number
  if (!(index >= 0 && index <= LONGEST_LIST)) throw configError(expr.at, `index ${number} is out of range`)
  return {
    get: () => items[index],
    set(value) {
      while (items.length < index) items.push(undefined)
      items[index] = value
      machine.origins.markItems(items, index, expr.at, 1)
    },
  }
}

/** The variables of a `my`, `our` or `local`, declared now. */
export function declared(machine: Machine, expr: Extract<Expr, {type: 'declare'}>): readonly Expr[] {
  for (const target of expr.targets) {
    if (target.type !== 'variable') {
      if (expr.scope === 'local') {
        if (target.type === 'element') localizeElement(machine, target)
        continue
      }
      if (target.type === 'word' || target.type === 'call') continue
      throw configError(target.at, `expected a variable after "${expr.scope}"`)
    }
    if (expr.scope === 'my') declare(machine, target.sigil, target.name)
    else if (expr.scope === 'our') {
      const full = target.sigil + target.name
      if (!machine.variables.has(full)) machine.variables.set(full, newBox(target.sigil))
    } else localize(machine, target)
  }
  return expr.targets
}

/** `local $h{x}`, `local $ENV{PATH}` */
function localizeElement(machine: Machine, target: Element): void {
  const place = placeOf(machine, target)
  const before = place.get()
  machine.locals.push(() => place.set(before))
  place.set(undefined)
}

/** `local $x`: the value comes back when the block, or the file, ends. */
function localize(machine: Machine, target: Variable): void {
  const box = variableBox(machine, target.sigil, target.name, target.at)
  if (box.kind === 'scalar') {
    const {value} = box
    machine.locals.push(() => void (box.value = value))
    box.value = undefined
  } else if (box.kind === 'array') {
    const {items} = box
    machine.locals.push(() => void (box.items = items))
    box.items = []
  } else {
    const {entries} = box
    machine.locals.push(() => void (box.entries = entries))
    box.entries = new Map()
  }
}
