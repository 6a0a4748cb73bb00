/**
 * regexp-table — tables made by new_RE: the first item that matches decides (spec/config, Regexp tables).
 */
import {type CompiledRegexp, compileRegexp, regexpText} from '../config/regexp.ts'
import type {Obj, Regexp, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {substituted} from './substitute.ts'
import type {Match, Table} from './table.ts'

/** Regexps never change once a configuration is loaded, so each is translated once, when first used. */
const compiled = new WeakMap<Regexp, CompiledRegexp>()

/**
 * A regexp ready for use.
 * @throws AmavisError AM_CONFIG when it cannot be said in JavaScript
 */
export function regexpOf(re: Regexp): CompiledRegexp {
  let known = compiled.get(re)
  if (!known) {
    known = compileRegexp(re)
    compiled.set(re, known)
  }
  return known
}

export interface RegexpItem {
  readonly re: Regexp
  /** 1 where the item names no value */
  readonly value: Scalar
}

const prepared = new WeakMap<Obj, readonly RegexpItem[]>()

/**
 * The items of a table made by new_RE, in order.
 * @throws AmavisError AM_CONFIG when it has something else than regexps in it
 */
export function regexpItems(table: Obj): readonly RegexpItem[] {
  let items = prepared.get(table)
  if (!items) {
    items = table.items.map(itemOf)
    prepared.set(table, items)
  }
  return items
}

function itemOf(item: Scalar): RegexpItem {
  if (typeof item === 'object' && item.kind === 're') return {re: item, value: 1}
  const isPair = typeof item === 'object' && item.kind === 'ref' && item.to.kind === 'array'
  const [re, ...value] = isPair && item.to.kind === 'array' ? item.to.items : []
  if (typeof re === 'object' && re.kind === 're') return {re, value: value.length > 0 ? value[0] : 1}
  throw new AmavisError(
    'AM_CONFIG',
    'a regular expression table has something else than regular expressions in it',
  )
}

/** The first item matching the subject, with `$1` and so on filled into a text value. */
export function matchRegexpTable(table: Obj, subject: string): Match | undefined {
  for (const {re, value} of regexpItems(table)) {
    const found = regexpOf(re).match(subject)
    if (found) return matchOf(re, value, found)
  }
  return undefined
}

/** A table made by new_RE; an undefined value of the first item that matches is no answer. */
export function regexpTable(object: Obj): Table {
  return {
    find({whole}) {
      const match = matchRegexpTable(object, whole)
      return match?.value === undefined ? undefined : match
    },
    findAll({whole}) {
      return regexpItems(object).flatMap(({re, value}) => {
        const found = regexpOf(re).match(whole)
        return found ? [matchOf(re, value, found)] : []
      })
    },
  }
}

function matchOf(re: Regexp, value: Scalar, found: readonly (string | undefined)[]): Match {
  return {value: substituted(value, group => found[group]), matchedKey: regexpText(re)}
}
