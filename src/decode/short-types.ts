/**
 * short-types — the short names of a part's type (`exe`, `zip`, `txt`) from file(1)'s long text.
 *
 * These names are what banned rules and decoders are written in. The table is the default of
 * `$map_full_type_to_short_type_re`; an operator's own counts for rules and logs, but not for the choice of a
 * decoder, which goes by the octets. Source: spec/config, Short types.
 */
import type {Settings} from '../config/settings.ts'
import {SHORT_TYPE_RULES} from '../config/table/short-types.ts'
import type {Scalar} from '../config/value.ts'
import {lookup} from '../lookup/lookup.ts'
import {regexpItems} from '../lookup/regexp-table.ts'
import type {Part} from '../message/message.ts'

type Row = readonly [pattern: RegExp, types: readonly string[]]

const ROWS: readonly Row[] = SHORT_TYPE_RULES.map(([pattern, types]) => [
  new RegExp(
    pattern
      .replace(/^(?!\*)/, '^')
      .replace(/^\*|\/i$/g, '')
      .replace('\\z', '$'),
    flagsOf(pattern),
  ),
  types.split(' '),
])

function flagsOf(pattern: string): string {
  return pattern.endsWith('/i') ? 'i' : ''
}

const UNKNOWN: readonly string[] = ['dat']

/** How many long texts are remembered; there are few but for what files say of themselves. */
const MOST_REMEMBERED = 1000
const remembered = new Map<string, readonly string[]>()

/** Short types of a long text by the default table, `['dat']` when no row matches. */
export function shortTypes(full: string): readonly string[] {
  const before = remembered.get(full)
  if (before) return before
  const types = ROWS.find(([pattern]) => pattern.test(full))?.[1] ?? UNKNOWN
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(full, types)
  return types
}

/** What an operator's tables say of long texts; undefined where the tables are the default ones. */
const configured = new WeakMap<readonly Scalar[], Map<string, readonly string[]> | null>()

/** Parts with the short types of `@map_full_type_to_short_type_maps`, and encrypted ones marked as such. */
export function withConfiguredTypes(parts: readonly Part[], settings: Settings): readonly Part[] {
  const tables = settings.list('@map_full_type_to_short_type_maps')
  let known = configured.get(tables)
  if (known === undefined) {
    known = isDefault(tables) ? null : new Map()
    configured.set(tables, known)
  }
  const named = known
  if (named === null && !parts.some(isClosed)) return parts
  return parts.map(part => {
    if (part.fullType === '') return part
    const types = named === null ? part.shortTypes : typesBy(part.fullType, tables, named, settings)
    const renamed = types === part.shortTypes ? part : {...part, shortTypes: types}
    return isClosed(renamed)
      ? {...renamed, attributes: `${renamed.attributes}C`, problems: ENCRYPTED}
      : renamed
  })
}

const ENCRYPTED = [{kind: 'encrypted', reason: 'encrypted by PGP'}] as const

/** spec/config, Short types: a type pgp.enc adds the flag C. */
function isClosed({shortTypes, attributes}: Part): boolean {
  return shortTypes.length > 1 && shortTypes.includes('pgp.enc') && !attributes.includes('C')
}

function typesBy(
  full: string,
  tables: readonly Scalar[],
  known: Map<string, readonly string[]>,
  settings: Settings,
): readonly string[] {
  const before = known.get(full)
  if (before) return before
  const types = typesOf(lookup(tables, full, settings)?.value)
  if (known.size >= MOST_REMEMBERED) known.clear()
  known.set(full, types)
  return types
}

/** One type, or a list of them. */
function typesOf(value: Scalar): readonly string[] {
  if (value === undefined || value === '') return UNKNOWN
  if (typeof value !== 'object') return [String(value)]
  const isList = value.kind === 'ref' && value.to.kind === 'array'
  return isList && value.to.kind === 'array' ? value.to.items.map(String) : UNKNOWN
}

function isDefault(tables: readonly Scalar[]): boolean {
  const [table] = tables
  const value =
    typeof table === 'object' && table.kind === 'ref' && table.to.kind === 'scalar' ? table.to.value : table
  if (tables.length !== 1 || typeof value !== 'object' || value.kind !== 'object' || value.of !== 'RE')
    return false
  const items = regexpItems(value)
  return (
    items.length === SHORT_TYPE_RULES.length &&
    items.every(({re, value}, index) => {
      const [pattern, types] = SHORT_TYPE_RULES[index]!
      const anchored = pattern.startsWith('*') ? pattern.slice(1) : `^${pattern}`
      return anchored.replace(/\/i$/, '') === re.pattern && typesOf(value).join(' ') === types
    })
  )
}
