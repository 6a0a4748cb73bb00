/**
 * checks/examined — a configuration as the checks see it, and what they say of it.
 *
 * A check is a generator of remarks; it reads and changes nothing. Settings in statements that could not be
 * read are unknown, not unset: a check that would complain of a missing value asks `isLost` first.
 */
import {textOf} from '../language/convert.ts'
import type {Machine} from '../language/machine.ts'
import type {Place} from '../origins.ts'
import type {Position, Problem} from '../problem.ts'
import type {Box} from '../snapshot.ts'
import type {HashBox, Scalar} from '../value.ts'

/** error: the daemon would not start; warning: not what was meant, most likely; hint: worth a second look. */
export type Level = 'error' | 'warning' | 'hint'

export interface Remark extends Problem {
  readonly level: Level
}

export interface Examined {
  readonly machine: Machine
  /** defaults of the settings that have no effect */
  readonly retired: ReadonlyMap<string, Scalar>
  box(name: string): Box | undefined
  scalar(name: string): Scalar
  /** '' for undef */
  text(name: string): string
  list(name: string): readonly Scalar[]
  hash(name: string): ReadonlyMap<string, Scalar>
  /** where a file gave the variable its last value */
  at(name: string): Position | undefined
  /** where an entry of a hash was written; undefined for a default */
  entryAt(entries: ReadonlyMap<string, Scalar>, key: string): Position | undefined
  itemAt(items: readonly Scalar[], index: number): Position | undefined
  /** Has a file given it a value? */
  isSet(name: string): boolean
  /** Does a statement that could not be read name it? */
  isLost(...names: readonly string[]): boolean
}

export type Check = (config: Examined) => Iterable<Remark>

export function examined(machine: Machine, retired: ReadonlyMap<string, Scalar>): Examined {
  const box = (name: string) => machine.variables.get(name)
  const scalar = (name: string) => {
    const found = box(name)
    return found?.kind === 'scalar' ? found.value : undefined
  }
  const at = (name: string) => {
    const found = box(name)
    return found && machine.assigned.get(found)
  }
  return {
    machine,
    retired,
    box,
    scalar,
    at,
    text: name => textOf(scalar(name)),
    list(name) {
      const found = box(name)
      return found?.kind === 'array' ? found.items : []
    },
    hash(name) {
      const found = box(name)
      return found?.kind === 'hash' ? found.entries : new Map()
    },
    entryAt: (entries, key) => lineAt(machine.origins.ofEntry(entries, key)),
    itemAt: (items, index) => lineAt(machine.origins.ofItem(items, index)),
    isSet: name => at(name) !== undefined,
    isLost: (...names) => names.some(name => machine.lost.has(name.slice(1))),
  }
}

/** Entries are known by their lines; the defaults of the table of settings are in no file. */
function lineAt(place: Place | undefined): Position | undefined {
  return place && !place.file.startsWith('default of ') ? {...place, column: 1} : undefined
}

export function hashAt(value: Scalar): HashBox | undefined {
  return typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash' ? value.to : undefined
}

/** The policy banks of the files by name, without the built-in one. */
export function* banksOf(config: Examined): Iterable<readonly [string, ReadonlyMap<string, Scalar>]> {
  for (const [name, value] of config.hash('%policy_bank')) {
    const bank = hashAt(value)
    if (name !== '' && bank) yield [name, bank.entries]
  }
}

/** A scalar or the scalars of a list, references to scalars followed, as texts; undef and '' left out. */
export function texts(value: Scalar): readonly string[] {
  if (typeof value === 'object') {
    if (value.kind !== 'ref') return []
    if (value.to.kind === 'array') return value.to.items.flatMap(texts)
    return value.to.kind === 'scalar' ? texts(value.to.value) : []
  }
  return value === undefined || value === '' ? [] : [textOf(value)]
}
