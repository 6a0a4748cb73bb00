/**
 * lookup — a mail address (or another key) in a list of static tables.
 *
 * The first table with a defined value ends the search; an undefined one ends only its table. Pure.
 * Source: spec/config, Lookups.
 */
import {numberText} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import type {Obj, Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {matchAcl} from './acl.ts'
import {type AddressParts, type AddressRules, addressKeys, splitAddress} from './address-keys.ts'
import {callCode} from './code.ts'
import {matchRegexpTable, regexpItems, regexpOf, substituted} from './regexp-table.ts'

export interface Match {
  readonly value: Scalar
  /** the key, entry or expression that matched, for the log */
  readonly matchedKey: string
}

/**
 * The value for an address.
 * @param tables as in a `*_maps` setting
 * @param key in its unquoted internal form, '' for the null sender
 * @returns undefined when no table has a defined value; `0` and `''` are values
 * @throws AmavisError AM_CONFIG for a table of no known kind, which is an error for the mail in hand
 */
export function lookup(tables: readonly Scalar[], key: string, settings: Settings): Match | undefined {
  const subject = new Subject(key, settings)
  for (const table of tables) {
    const match = inTable(table, subject, settings)
    if (match) return match
  }
  return undefined
}

/**
 * All values for an address, of all tables; hashes and regexp tables give one for each key that matches,
 * undefined ones too. Throws as lookup does.
 */
export function lookupAll(tables: readonly Scalar[], key: string, settings: Settings): readonly Match[] {
  const subject = new Subject(key, settings)
  return tables.flatMap(table => allInTable(table, subject, settings))
}

/**
 * A setting that may be a constant or a list of tables, as the values of `*_by_ccat` hashes are.
 * Throws as lookup does.
 */
export function lookupValue(setting: Scalar, key: string, settings: Settings): Scalar {
  const isList = typeof setting === 'object' && setting.kind === 'ref' && setting.to.kind === 'array'
  return isList && setting.to.kind === 'array' ? lookup(setting.to.items, key, settings)?.value : setting
}

export function addressRules(settings: Settings): AddressRules {
  return {
    delimiters: settings.string('$recipient_delimiter') ?? '',
    caseMatters: settings.flag('$localpart_is_case_sensitive'),
  }
}

/** An address and what is made of it, made once and only when a table asks for it. */
class Subject {
  readonly whole: string
  readonly #settings: Settings
  #rules: AddressRules | undefined
  #parts: AddressParts | undefined
  #keys: readonly string[] | undefined

  constructor(whole: string, settings: Settings) {
    this.whole = whole
    this.#settings = settings
  }

  get rules(): AddressRules {
    this.#rules ??= addressRules(this.#settings)
    return this.#rules
  }

  get parts(): AddressParts {
    this.#parts ??= splitAddress(this.whole, this.rules)
    return this.#parts
  }

  get keys(): readonly string[] {
    this.#keys ??= addressKeys(this.parts)
    return this.#keys
  }

  /** `$1` to `$5` of values in hashes. */
  group(number: number): string {
    const {whole, local, user, extension, domain} = this.parts
    return [undefined, whole, local, user, extension, domain][number] ?? ''
  }
}

/** A reference to a scalar followed one level, then a sub called. */
function resolved(table: Scalar, settings: Settings): Scalar {
  const value =
    typeof table === 'object' && table.kind === 'ref' && table.to.kind === 'scalar' ? table.to.value : table
  return typeof value === 'object' && value.kind === 'code' ? callCode(value, settings) : value
}

function inTable(table: Scalar, subject: Subject, settings: Settings): Match | undefined {
  const value = resolved(table, settings)
  if (value === undefined) return undefined
  if (typeof value !== 'object') return constant(value)
  switch (value.kind) {
    case 'ref':
      if (value.to.kind === 'hash') return inHash(value.to.entries, subject)
      if (value.to.kind === 'array') {
        const {items} = value.to
        return items.length === 0 ? undefined : matchAcl(items, subject.parts, subject.rules.caseMatters)
      }
      throw unknownTable('a reference to a reference')
    case 'object':
      return inObject(value, subject)
    default:
      throw unknownTable(value.kind === 're' ? 'a regular expression without new_RE' : 'a sub')
  }
}

function constant(value: string | number): Match {
  return {value, matchedKey: `(constant:${typeof value === 'number' ? numberText(value) : value})`}
}

function inHash(entries: ReadonlyMap<string, Scalar>, subject: Subject): Match | undefined {
  if (entries.size === 0) return undefined
  for (const key of subject.keys) {
    const value = entries.get(key)
    if (value === undefined) {
      if (entries.has(key)) return undefined
      continue
    }
    return {value: substituted(value, number => subject.group(number)), matchedKey: key}
  }
  return undefined
}

function inObject(object: Obj, subject: Subject): Match | undefined {
  switch (object.of) {
    case 'RE': {
      const match = matchRegexpTable(object, subject.whole)
      return match && match.value !== undefined ? match : undefined
    }
    case 'Opaque':
    case 'OpaqueRef': {
      const [value] = object.items
      return value === undefined ? undefined : {value, matchedKey: '(opaque)'}
    }
    case 'Label':
      return undefined
    default:
      throw unknownTable(`${object.of}, which needs a server`)
  }
}

function allInTable(table: Scalar, subject: Subject, settings: Settings): readonly Match[] {
  const value = resolved(table, settings)
  if (typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'hash') {
    const {entries} = value.to
    const keys = entries.size === 0 ? [] : subject.keys.filter(key => entries.has(key))
    return keys.map(key => ({
      value: substituted(entries.get(key), number => subject.group(number)),
      matchedKey: key,
    }))
  }
  if (typeof value === 'object' && value.kind === 'object' && value.of === 'RE') {
    return regexpItems(value).flatMap(item => {
      const found = regexpOf(item.re).match(subject.whole)
      return found
        ? [{value: substituted(item.value, group => found[group]), matchedKey: item.re.pattern}]
        : []
    })
  }
  const match = inTable(value, subject, settings)
  return match ? [match] : []
}

function unknownTable(what: string): AmavisError {
  return new AmavisError('AM_CONFIG', `${what} cannot be used as a look-up table`)
}
