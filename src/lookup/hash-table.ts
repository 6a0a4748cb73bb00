/**
 * hash-table — a hash of addresses and domains, asked only for keys that it may have.
 *
 * An address has up to thirty keys (address-keys.ts is their definition). A filter tells which forms of
 * them are worth making, so that asking a table of 100,000 entries for what it has not mostly takes no look-up in
 * its Map, and for what it has one or two.
 */
import type {Scalar} from '../config/value.ts'
import {MOST_SUFFIXES} from './address-keys.ts'
import {KeyFilter, MAY_HAVE, UNUSUAL} from './key-filter.ts'
import type {Subject} from './subject.ts'
import {substituted} from './substitute.ts'
import type {Match, Table} from './table.ts'

type Entries = ReadonlyMap<string, Scalar>
/** null: the key is there, and its value is undefined, which ends the table */
type Asked = Match | null | undefined

/** Lists that share a hash share its table. Entries never change once a configuration is loaded. */
const known = new WeakMap<Entries, HashTable>()

export function hashTable(entries: Entries): Table {
  let table = known.get(entries)
  if (!table) {
    table = new HashTable(entries)
    known.set(entries, table)
  }
  return table
}

class HashTable implements Table {
  readonly #entries: Entries
  readonly #filter: KeyFilter
  readonly #hasCatchAll: boolean
  readonly #hasUndefined: boolean

  constructor(entries: Entries) {
    this.#entries = entries
    this.#filter = new KeyFilter(entries.keys(), entries.size)
    this.#hasCatchAll = entries.has('.')
    this.#hasUndefined = [...entries.values()].includes(undefined)
  }

  find(subject: Subject): Match | undefined {
    const may = this.#filter.ask(subject.whole, subject.rules.delimiters)
    if (may === UNUSUAL) return this.#byDefinition(subject) ?? undefined
    let asked: Asked
    if (may & MAY_HAVE.address) asked = this.#address(subject)
    if (asked === undefined && may & MAY_HAVE.user) asked = this.#user(subject)
    if (asked === undefined && may & MAY_HAVE.domain)
      asked = this.#ask(subject.lower.slice(subject.at + 1), subject)
    if (asked === undefined && may & MAY_HAVE.suffix) asked = this.#suffix(subject)
    if (asked === undefined && this.#hasCatchAll) asked = this.#ask('.', subject)
    return asked ?? undefined
  }

  findAll(subject: Subject): readonly Match[] {
    const keys = subject.keys.filter(key => this.#entries.has(key))
    return keys.map(key => this.#match(this.#entries.get(key), key, subject))
  }

  #byDefinition(subject: Subject): Asked {
    for (const key of subject.keys) {
      const asked = this.#ask(key, subject)
      if (asked !== undefined) return asked
    }
    return undefined
  }

  #ask(key: string, subject: Subject): Asked {
    const value = this.#entries.get(key)
    if (value !== undefined) return this.#match(value, key, subject)
    return this.#hasUndefined && this.#entries.has(key) ? null : undefined
  }

  #match(value: Scalar, matchedKey: string, subject: Subject): Match {
    const filled = typeof value === 'string' ? substituted(value, number => subject.group(number)) : value
    return {value: filled, matchedKey}
  }

  // Here the address is plain ASCII without trailing dots, so its keys are cut out of it in lower case.

  #address(subject: Subject): Asked {
    const {whole, lower, at, split} = subject
    const given = this.#ask(whole, subject)
    if (given !== undefined) return given
    const full = lower === whole ? undefined : this.#ask(lower, subject)
    return full === undefined && split >= 0
      ? this.#ask(lower.slice(0, split) + lower.slice(at), subject)
      : full
  }

  #user(subject: Subject): Asked {
    const {lower, at, split} = subject
    const full = this.#ask(lower.slice(0, at + 1), subject)
    return full === undefined && split >= 0 ? this.#ask(`${lower.slice(0, split)}@`, subject) : full
  }

  /** `.sub.example.com`, `.example.com`, `.com`. */
  #suffix(subject: Subject): Asked {
    const {lower, at} = subject
    if (lower.startsWith('[', at + 1)) return undefined
    let asked = this.#ask(`.${lower.slice(at + 1)}`, subject)
    let dot = lower.indexOf('.', at)
    for (let count = 1; asked === undefined && dot >= 0 && count < MOST_SUFFIXES; count++) {
      asked = this.#ask(lower.slice(dot), subject)
      dot = lower.indexOf('.', dot + 1)
    }
    return asked
  }
}
