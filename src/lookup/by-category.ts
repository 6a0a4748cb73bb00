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

/** CC_CATCHALL as a key. */
const CATCH_ALL = '0'

/** `9`, or `4,7`: a category as a key. */
export function categoryKey({major, minor}: CategoryPair): string {
  return minor === 0 ? String(major) : `${major},${minor}`
}

/** What a hash has for the highest of these categories, given in descending order; subs are called. */
export function byCategory(settings: Settings, name: HashName, categories: readonly CategoryPair[]): Scalar {
  const hash = settings.hash(name)
  for (const category of categories) {
    const key = categoryKey(category)
    if (hash.has(key)) return valueAt(settings, name, hash, key)
  }
  return hash.has(CATCH_ALL) ? valueAt(settings, name, hash, CATCH_ALL) : undefined
}

/** What a hash has for each of these categories that it has an entry for, highest first. */
export function allByCategory(
  settings: Settings,
  name: HashName,
  categories: readonly CategoryPair[],
): readonly Scalar[] {
  const hash = settings.hash(name)
  const keys = new Set(categories.map(categoryKey)).add(CATCH_ALL)
  const values: Scalar[] = []
  for (const key of keys) if (hash.has(key)) values.push(valueAt(settings, name, hash, key))
  return values
}

function valueAt(settings: Settings, name: HashName, hash: ReadonlyMap<string, Scalar>, key: string): Scalar {
  const value = hash.get(key)
  const said = typeof value === 'object' && value.kind === 'code' ? callCode(value, settings) : value
  settings.observer?.chose(name, key, said, settings)
  return said
}
