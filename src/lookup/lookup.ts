/**
 * lookup — a mail address (or another key) in a list of tables.
 *
 * The first table with a defined value ends the search; an undefined one ends only its table. Pure; what
 * SQL and LDAP servers know of an address was asked before and is part of the settings (records.ts).
 * trace.ts explains a look-up: traceLookup gives each table asked, each key tried, and the entry that
 * answered with its file and line. Settings with an observer (observed.ts) tell it what is asked.
 * Source: spec/config, Lookups.
 */
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {Subject} from './subject.ts'
import type {Match} from './table.ts'
import {tablesOf} from './tables.ts'

export type {Match} from './table.ts'

/**
 * The value for an address.
 * @param tables as in a `*_maps` setting
 * @param key in its unquoted internal form, '' for the null sender
 * @returns undefined when no table has a defined value; `0` and `''` are values
 * @throws AmavisError AM_CONFIG for a table that cannot be asked, which is an error for the mail in hand
 */
export function lookup(tables: readonly Scalar[], key: string, settings: Settings): Match | undefined {
  const ready = tablesOf(tables)
  if (ready.length === 0) return undefined
  settings.observer?.asked(tables, key, 'address', settings)
  const subject = new Subject(key, settings)
  for (let i = 0; i < ready.length; i++) {
    const match = ready[i]!.find(subject)
    if (match) return match
  }
  return undefined
}

/**
 * All values for an address, of all tables; hashes and regexp tables give one for each key that matches,
 * undefined ones too. Throws as lookup does.
 */
export function lookupAll(tables: readonly Scalar[], key: string, settings: Settings): readonly Match[] {
  settings.observer?.asked(tables, key, 'address', settings)
  const subject = new Subject(key, settings)
  const matches: Match[] = []
  for (const table of tablesOf(tables)) matches.push(...table.findAll(subject))
  return matches
}

/**
 * A setting that may be a constant or a list of tables, as the values of `*_by_ccat` hashes are.
 * Throws as lookup does.
 */
export function lookupValue(setting: Scalar, key: string, settings: Settings): Scalar {
  const isList = typeof setting === 'object' && setting.kind === 'ref' && setting.to.kind === 'array'
  return isList && setting.to.kind === 'array' ? lookup(setting.to.items, key, settings)?.value : setting
}
