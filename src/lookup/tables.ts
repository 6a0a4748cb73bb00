/**
 * tables — the elements of a `*_maps` list made ready to be asked.
 *
 * Once for each list, as lists never change when a configuration is loaded: empty tables, of which the
 * default maps mostly consist, are dropped, so that a map nobody filled costs one look-up in a WeakMap.
 * Source: spec/config, Table types and the lookup loop.
 */
import {numberText} from '../config/number.ts'
import type {Code, Obj, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {aclTable} from './acl.ts'
import {callCode} from './code.ts'
import {hashTable} from './hash-table.ts'
import {recordTable} from './record-table.ts'
import {regexpTable} from './regexp-table.ts'
import type {Subject} from './subject.ts'
import type {Match, Table} from './table.ts'

const NONE: readonly Table[] = []
const prepared = new WeakMap<readonly Scalar[], readonly Table[]>()

/** The tables of a list that can have an answer, in order. */
export function tablesOf(list: readonly Scalar[]): readonly Table[] {
  let tables = prepared.get(list)
  if (!tables) {
    tables = list.length === 0 ? NONE : list.flatMap(element => tableOf(element) ?? [])
    prepared.set(list, tables)
  }
  return tables
}

/** A table; undefined for one that never has an answer. What cannot be a table fails when it is asked. */
function tableOf(element: Scalar): Table | undefined {
  const isPointer = typeof element === 'object' && element.kind === 'ref' && element.to.kind === 'scalar'
  const value = isPointer && element.to.kind === 'scalar' ? element.to.value : element
  if (value === undefined) return undefined
  if (typeof value !== 'object') {
    const text = typeof value === 'number' ? numberText(value) : value
    return constant({value, matchedKey: `(constant:${text})`})
  }
  switch (value.kind) {
    case 'ref':
      if (value.to.kind === 'hash')
        return value.to.entries.size === 0 ? undefined : hashTable(value.to.entries)
      if (value.to.kind === 'array') return value.to.items.length === 0 ? undefined : aclTable(value.to.items)
      return unusable('a reference to a reference')
    case 'code':
      return sub(value)
    case 'object':
      return ofObject(value)
    case 're':
      return unusable('a regular expression without new_RE')
  }
}

function ofObject(object: Obj): Table | undefined {
  switch (object.of) {
    case 'RE':
      return object.items.length === 0 ? undefined : regexpTable(object)
    case 'Opaque':
    case 'OpaqueRef': {
      const [value] = object.items
      return value === undefined ? undefined : constant({value, matchedKey: '(opaque)'})
    }
    case 'Label':
      return undefined
    case 'SQLfield':
    case 'LDAPattr':
      return recordTable(object)
    default:
      return unusable(object.of)
  }
}

function constant(match: Match): Table {
  const all = [match]
  return {find: () => match, findAll: () => all}
}

/** A sub is called with the key and whether all answers are wanted; what it gives is asked in its place. */
function sub(code: Code): Table {
  const called = (subject: Subject, all: boolean) => {
    const value = callCode(code, subject.settings, [subject.whole, all ? 1 : 0])
    if (typeof value === 'object' && value.kind === 'code') return unusable('a sub that gives a sub')
    return tableOf(value)
  }
  return {
    find: subject => called(subject, false)?.find(subject),
    findAll: subject => called(subject, true)?.findAll(subject) ?? [],
  }
}

function unusable(what: string): Table {
  const fail = (): never => {
    throw new AmavisError('AM_CONFIG', `${what} cannot be used as a look-up table`)
  }
  return {find: fail, findAll: fail}
}
