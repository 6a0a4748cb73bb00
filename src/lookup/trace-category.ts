/**
 * trace-category — the look-up of a setting by contents category explained.
 */
import {MAJOR, type MajorName} from '../config/category.ts'
import type {Place} from '../config/origins.ts'
import type {Snapshot} from '../config/snapshot.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {byCategory, type CategoryPair, categoryKey} from './by-category.ts'
import {type Traced, type TraceSources, traceTables} from './trace-table.ts'

/** Major categories as configurations spell them, without `CC_`, and as logs do. */
const SPELLED: ReadonlyMap<string, number> = new Map([
  ...Object.keys(MAJOR).map((name): [string, number] => [name.toLowerCase(), MAJOR[name as MajorName]]),
  ['mta', MAJOR.MtaFailed],
  ['badh', MAJOR.BadHdr],
])

/**
 * `8`, `4,7`, `CC_BANNED`, `Banned`, and after a blank a mail address.
 * @throws AmavisError AM_CONFIG for anything else
 */
export function readCategory(key: string): {category: CategoryPair; address: string | undefined} {
  const [, name = '', minor = '0', address] = /^([A-Za-z_]+|\d+)(?:,(\d+))?(?:\s+(.*))?$/s.exec(key) ?? []
  const major = /^\d+$/.test(name) ? Number(name) : SPELLED.get(name.replace(/^CC_/, '').toLowerCase())
  if (major === undefined) {
    throw new AmavisError(
      'AM_CONFIG',
      `expected a contents category such as 8, 4,7 or CC_BANNED, found "${key}"`,
    )
  }
  return {category: {major, minor: Number(minor)}, address}
}

/** The category itself, its major one and the catch-all, in this order; then the tables found there. */
export function traceCategories(
  map: `%${string}`,
  category: CategoryPair,
  address: string | undefined,
  sources: TraceSources,
): Traced {
  const {settings} = sources
  const categories = category.minor === 0 ? [category] : [category, {major: category.major, minor: 0}]
  const keys = [...new Set([...categories.map(categoryKey), '0'])]
  const hash = settings.hash(map)
  const key = keys.find(candidate => hash.has(candidate))
  const tried = key === undefined ? keys : keys.slice(0, keys.indexOf(key) + 1)
  const value = byCategory(settings, map, categories)
  const at = key === undefined ? undefined : placeOfEntry(map, key, sources)
  const answer = key === undefined ? undefined : {key, value, at}
  const own = {name: map, kind: 'categories' as const, at: undefined, size: hash.size, tried, answer}
  const list = listOf(value)
  if (!list || address === undefined) return {tables: [own], answer}
  const {tables, answer: found} = traceTables(`${map}{${key}}`, list, {kind: 'address', address}, sources)
  return {tables: [own, ...tables], answer: found}
}

function listOf(value: Scalar): readonly Scalar[] | undefined {
  const isList = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'array'
  return isList && value.to.kind === 'array' ? value.to.items : undefined
}

/** Banks merge hashes, so an entry is of the last loaded bank that has it, or of the variable. */
export function placeOfEntry(
  map: string,
  key: string,
  {settings, variables, origins}: TraceSources,
): Place | undefined {
  for (const name of settings.bankPath.split('/').reverse()) {
    const entries = bankEntries(variables, name, map.slice(1))
    if (name !== '' && entries?.has(key)) return origins.ofEntry(entries, key)
  }
  const box = variables.get(map)
  return box?.kind === 'hash' ? origins.ofEntry(box.entries, key) : undefined
}

/** Where a variable has its value from: the last loaded bank that has one, else a file; undefined for a default. */
export function placeOfSetting(
  name: string,
  {settings, variables, origins, assigned}: TraceSources,
): Place | undefined {
  for (const bank of settings.bankPath.split('/').reverse()) {
    const own = variables.get('%policy_bank')
    const entries = own?.kind === 'hash' ? entriesOf(own.entries.get(bank)) : undefined
    if (bank !== '' && entries?.has(name.slice(1))) return origins.ofEntry(entries, name.slice(1))
  }
  const box = variables.get(name)
  return box && assigned?.get(box)
}

function bankEntries(
  variables: Snapshot['variables'],
  bank: string,
  name: string,
): ReadonlyMap<string, Scalar> | undefined {
  const banks = variables.get('%policy_bank')
  return entriesOf(banks?.kind === 'hash' ? entriesOf(banks.entries.get(bank))?.get(name) : undefined)
}

function entriesOf(value: Scalar): ReadonlyMap<string, Scalar> | undefined {
  const isHash = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash'
  return isHash && value.to.kind === 'hash' ? value.to.entries : undefined
}
