/**
 * rules — which banned rules hold for a recipient, and what they say of a part.
 *
 * Source: spec/config §7.2 "Which rules" and §7.3 "Matching".
 */
import {isTrue, numberText} from '../../config/number.ts'
import {regexpText} from '../../config/regexp.ts'
import type {Settings} from '../../config/settings.ts'
import type {Obj, Scalar} from '../../config/value.ts'
import {lookup, lookupAll} from '../../lookup/lookup.ts'
import {regexpItems, regexpOf} from '../../lookup/regexp-table.ts'
import {substituted} from '../../lookup/substitute.ts'

/** What a rule said; the value is defined. */
export interface Decision {
  readonly value: Scalar
  /** the regexp that matched, as text, or the key */
  readonly rule: string
  /** texts of the regexp's `(?#…)` */
  readonly comment: string | undefined
}

/**
 * The tables that hold for a recipient, in the order in which they are tried.
 * @param address in its unquoted internal form
 * @param report told about names that `%banned_rules` does not have
 */
export function rulesFor(address: string, settings: Settings, report: (problem: string) => void): Scalar[] {
  const rules = settings.hash('%banned_rules')
  const tables: Scalar[] = []
  for (const {value} of lookupAll(settings.list('@banned_filename_maps'), address, settings)) {
    if (value === undefined) continue
    if (typeof value === 'object') {
      if (value.kind === 'ref' && value.to.kind === 'array') tables.push(...value.to.items.filter(isTable))
      continue
    }
    const names = typeof value === 'number' ? numberText(value) : value
    for (const name of names.split(/[\s,]+/)) {
      if (name === '') continue
      if (!rules.has(name)) report(`banned rule "${name}" is not in %banned_rules, skipped`)
      const table = rules.get(name)
      if (isTable(table)) tables.push(table)
    }
  }
  return tables
}

/** An undefined table, or a reference to one, says nothing. */
function isTable(table: Scalar): boolean {
  return (
    table !== undefined &&
    !(
      typeof table === 'object' &&
      table.kind === 'ref' &&
      table.to.kind === 'scalar' &&
      table.to.value === undefined
    )
  )
}

/** The first defined result of the tables for any of the keys; keys are the inner loop of regexp tables. */
export function decide(
  tables: readonly Scalar[],
  keys: readonly string[],
  settings: Settings,
): Decision | undefined {
  for (const table of tables) {
    const regexps = regexpTable(table)
    const decision = regexps ? decideByRegexps(regexps, keys) : decideByKeys(table, keys, settings)
    if (decision) return decision
  }
  return undefined
}

function regexpTable(table: Scalar): Obj | undefined {
  const value =
    typeof table === 'object' && table.kind === 'ref' && table.to.kind === 'scalar' ? table.to.value : table
  return typeof value === 'object' && value.kind === 'object' && value.of === 'RE' ? value : undefined
}

function decideByRegexps(table: Obj, keys: readonly string[]): Decision | undefined {
  for (const {re, value} of regexpItems(table)) {
    const regexp = regexpOf(re)
    for (const key of keys) {
      if (!regexp.test(key)) continue
      // An undefined value ends this table, and the next one is asked.
      if (value === undefined) return undefined
      const found = regexp.match(key)
      const filled = substituted(value, group => found?.[group])
      return {value: filled, rule: regexpText(re), comment: commentOf(re.pattern)}
    }
  }
  return undefined
}

function decideByKeys(table: Scalar, keys: readonly string[], settings: Settings): Decision | undefined {
  for (const key of keys) {
    const match = lookup([table], key, settings)
    if (match) return {value: match.value, rule: match.matchedKey, comment: undefined}
  }
  return undefined
}

function commentOf(pattern: string): string | undefined {
  if (!pattern.includes('(?#')) return undefined
  const texts = [...pattern.matchAll(/\(\?#([^)]*)\)/g)].map(match => match[1]!.trim())
  return texts.join(' ') || undefined
}

export function isBanned(decision: Decision | undefined): decision is Decision {
  return decision !== undefined && isTrue(decision.value)
}

/** The rule says that the sender is not told. */
export function isDiscard({value}: Decision): boolean {
  return typeof value === 'string' && value.startsWith('DISCARD')
}
