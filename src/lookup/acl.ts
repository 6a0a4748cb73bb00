/**
 * acl — lists of addresses and domains, first match decides (spec/config, ACL arrays).
 *
 * Short lists are gone through. Long ones, such as those that read_array makes, have an index by key: an
 * address can match only its own entry, that of its domain, those of the domain's ends, and `.`; of those
 * that are there the one that comes first in the list decides.
 */
import {numberText} from '../config/number.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {type AddressParts, foldDomain} from './address-keys.ts'
import type {Subject} from './subject.ts'
import type {Match, Table} from './table.ts'

type Entry = Match &
  (
    | {readonly kind: 'all' | 'null'}
    | {readonly kind: 'address'; readonly local: string; readonly domain: string}
    | {readonly kind: 'domain' | 'suffix'; readonly domain: string}
  )

/** Longer lists are worth an index. */
const FEW = 8

/** Lists never change once a configuration is loaded, so what was made of one is kept as long as it lives. */
const known = new WeakMap<readonly Scalar[], Acl>()

/** @throws AmavisError AM_CONFIG when it is asked and has something else than texts in it */
export function aclTable(list: readonly Scalar[]): Table {
  let acl = known.get(list)
  if (!acl) {
    acl = new Acl(list)
    known.set(list, acl)
  }
  return acl
}

/**
 * The first entry that holds for an address: 1, or 0 for one with an odd number of `!`.
 * @throws AmavisError AM_CONFIG when the list has something else than texts in it
 */
export function matchAcl(
  list: readonly Scalar[],
  address: AddressParts,
  caseMatters: boolean,
): Match | undefined {
  for (const item of list) {
    if (item === undefined) continue
    const entry = entryOf(item)
    if (holds(entry, address, caseMatters)) return entry
  }
  return undefined
}

class Acl implements Table {
  readonly #list: readonly Scalar[]
  #entries: readonly Entry[] | undefined
  /** lower-case local parts, or local parts as they are, as settings have it: key → first entry with it */
  readonly #indexes = new Map<boolean, ReadonlyMap<string, number>>()

  constructor(list: readonly Scalar[]) {
    this.#list = list
  }

  find(subject: Subject): Match | undefined {
    this.#entries ??= this.#list.flatMap(item => (item === undefined ? [] : [entryOf(item)]))
    const {parts} = subject
    const {caseMatters} = subject.rules
    if (this.#entries.length > FEW) return this.#indexed(this.#entries, parts, caseMatters)
    for (const entry of this.#entries) if (holds(entry, parts, caseMatters)) return entry
    return undefined
  }

  findAll(subject: Subject): readonly Match[] {
    const match = this.find(subject)
    return match ? [match] : []
  }

  #indexed(entries: readonly Entry[], address: AddressParts, caseMatters: boolean): Match | undefined {
    let index = this.#indexes.get(caseMatters)
    if (!index) {
      index = indexOf(entries, caseMatters)
      this.#indexes.set(caseMatters, index)
    }
    let first = index.get('*') ?? entries.length
    const ask = (key: string) => {
      const found = index.get(key)
      if (found !== undefined && found < first) first = found
    }
    const {domain, local} = address
    if (address.whole === '') ask('@')
    if (address.hasAt) {
      if (domain !== '') ask(`${caseMatters ? local : local.toLowerCase()}@${domain}`)
      ask(`=${domain}`)
      ask(`.${domain}`)
      for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) ask(domain.slice(dot))
    }
    return entries[first]
  }
}

/** Keys: `*`, `@`, `local@domain`, `=domain`, `.domain`; no two kinds share one. */
function indexOf(entries: readonly Entry[], caseMatters: boolean): ReadonlyMap<string, number> {
  const index = new Map<string, number>()
  for (const [i, entry] of entries.entries()) {
    const key = indexKey(entry, caseMatters)
    if (!index.has(key)) index.set(key, i)
  }
  return index
}

function indexKey(entry: Entry, caseMatters: boolean): string {
  switch (entry.kind) {
    case 'all':
      return '*'
    case 'null':
      return '@'
    case 'domain':
      return `=${entry.domain}`
    case 'suffix':
      return entry.domain
    case 'address':
      return `${caseMatters ? entry.local : entry.local.toLowerCase()}@${entry.domain}`
  }
}

function entryOf(item: Scalar): Entry {
  if (typeof item === 'object')
    throw new AmavisError('AM_CONFIG', 'a list of addresses and domains has a reference in it')
  const matchedKey = typeof item === 'number' ? numberText(item) : (item ?? '')
  const [, marks = '', body = ''] = /^((?:!\s*)*)([\s\S]*)$/.exec(matchedKey) ?? []
  const value = marks.replace(/\s/g, '').length % 2 === 1 ? 0 : 1
  if (body === '.') return {kind: 'all', matchedKey, value}
  if (body === '@') return {kind: 'null', matchedKey, value}
  const at = body.lastIndexOf('@')
  if (at >= 0)
    return {
      kind: 'address',
      local: body.slice(0, at),
      domain: foldDomain(body.slice(at + 1)),
      matchedKey,
      value,
    }
  if (body.startsWith('.'))
    return {kind: 'suffix', domain: `.${foldDomain(body.slice(1))}`, matchedKey, value}
  return {kind: 'domain', domain: foldDomain(body), matchedKey, value}
}

function holds(entry: Entry, address: AddressParts, caseMatters: boolean): boolean {
  switch (entry.kind) {
    case 'all':
      return true
    case 'null':
      return address.whole === ''
    case 'domain':
      return address.hasAt && address.domain === entry.domain
    case 'suffix':
      return (
        address.hasAt && (address.domain.endsWith(entry.domain) || address.domain === entry.domain.slice(1))
      )
    case 'address':
      if (!address.hasAt || address.domain !== entry.domain || entry.domain === '') return false
      return caseMatters
        ? address.local === entry.local
        : address.local.toLowerCase() === entry.local.toLowerCase()
  }
}
