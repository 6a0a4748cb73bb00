/**
 * by-category — settings that are hashes keyed by contents category (spec/config, Settings by contents category).
 *
 * The highest category that a hash has an entry for decides, even with an undefined value; CC_CATCHALL
 * comes last. For blocked mail the caller gives the blocking category alone.
 */
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {callCode} from './code.ts'

/** A contents category; minor 0 for the major one as such. */
export interface CategoryPair {
  readonly major: number
  readonly minor: number
}

type HashName = `%${string}`

/** `9`, or `4,7`: a category as a key. */
export function categoryKey({major, minor}: CategoryPair): string {
  return minor === 0 ? String(major) : `${major},${minor}`
}

/** What a hash has for the highest of these categories, given in descending order; subs are called. */
export function byCategory(settings: Settings, name: HashName, categories: readonly CategoryPair[]): Scalar {
  return firstByCategory(settings, [name], categories)?.values[0]
}

export interface CategoryValues {
  /** the category that was found, as a key */
  readonly key: string
  /** one value for each of the hashes, undefined where a hash lacks the key */
  readonly values: readonly Scalar[]
}

/** The values of several hashes, all at the highest category that any of them has. */
export function firstByCategory(
  settings: Settings,
  names: readonly HashName[],
  categories: readonly CategoryPair[],
): CategoryValues | undefined {
  for (const found of allByCategory(settings, names, categories)) return found
  return undefined
}

/** The values of several hashes at each category that any of them has, highest first. */
export function* allByCategory(
  settings: Settings,
  names: readonly HashName[],
  categories: readonly CategoryPair[],
): Generator<CategoryValues, void, undefined> {
  const hashes = names.map(name => settings.hash(name))
  const keys = categories.map(categoryKey)
  if (keys.at(-1) !== '0') keys.push('0')
  for (const key of keys) {
    if (!hashes.some(hash => hash.has(key))) continue
    const values = hashes.map(hash => {
      const value = hash.get(key)
      return typeof value === 'object' && value.kind === 'code' ? callCode(value, settings) : value
    })
    if (settings.observer)
      for (const [n, name] of names.entries()) settings.observer.chose(name, key, values[n], settings)
    yield {key, values}
  }
}
