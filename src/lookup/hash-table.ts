/**
 * hash-table — a hash of addresses and domains, asked only for keys that it can have.
 *
 * An address has up to thirty keys (address-keys.ts is their definition), while a table mostly has one or
 * two forms of them: whole addresses, or domains. Which forms there are is noticed once, so that asking a
 * table of 100,000 addresses for one that it has not takes two look-ups in its Map and not ten.
 */
import type {Scalar} from '../config/value.ts'
import {type AddressParts, MOST_SUFFIXES} from './address-keys.ts'
import type {Subject} from './subject.ts'
import {substituted} from './substitute.ts'
import type {Match, Table} from './table.ts'

type Entries = ReadonlyMap<string, Scalar>

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
  /** keys with an `@` in them */
  #hasAddresses = false
  /** `user@` */
  #hasUsers = false
  /** keys without `@` that do not begin with a dot */
  #hasDomains = false
  /** bit n: keys that begin with a dot and have n dots are there; 31 and more share a bit */
  #suffixes = 0
  #hasCatchAll = false
  #hasUndefined = false

  constructor(entries: Entries) {
    this.#entries = entries
    for (const [key, value] of entries) this.#notice(key, value)
  }

  find(subject: Subject): Match | undefined {
    const key = this.#keyOf(subject)
    if (key === undefined) return undefined
    const value = this.#entries.get(key)
    return value === undefined ? undefined : this.#match(value, key, subject)
  }

  findAll(subject: Subject): readonly Match[] {
    const keys = subject.keys.filter(key => this.#entries.has(key))
    return keys.map(key => this.#match(this.#entries.get(key), key, subject))
  }

  #match(value: Scalar, matchedKey: string, subject: Subject): Match {
    return {value: substituted(value, number => subject.group(number)), matchedKey}
  }

  #notice(key: string, value: Scalar): void {
    if (value === undefined) this.#hasUndefined = true
    if (key === '.') this.#hasCatchAll = true
    else if (key.includes('@')) {
      this.#hasAddresses = true
      if (key.endsWith('@')) this.#hasUsers = true
    } else if (key.startsWith('.')) this.#suffixes |= 1 << Math.min(key.split('.').length - 1, 31)
    else this.#hasDomains = true
  }

  #has(key: string): boolean {
    return this.#entries.get(key) !== undefined || (this.#hasUndefined && this.#entries.has(key))
  }

  /** The first key of the subject that is there. */
  #keyOf(subject: Subject): string | undefined {
    const {whole} = subject
    if (whole !== '' && whole !== '@' && this.#has(whole)) return whole
    const {parts} = subject
    // what is no common address has keys of unexpected forms
    if (!parts.hasAt || parts.local === '' || parts.domain.startsWith('.'))
      return subject.keys.find(key => this.#has(key))
    return this.#addressOf(parts) ?? this.#domainOf(parts.domain) ?? (this.#hasCatchAll ? '.' : undefined)
  }

  #addressOf({whole, user, extension, domain}: AddressParts): string | undefined {
    if (!this.#hasAddresses) return undefined
    if (extension !== '') {
      const full = `${user}${extension}@${domain}`
      if (this.#has(full)) return full
    }
    const plain = `${user}@${domain}`
    if (plain !== whole && this.#has(plain)) return plain
    if (!this.#hasUsers) return undefined
    if (extension !== '' && this.#has(`${user}${extension}@`)) return `${user}${extension}@`
    return this.#has(`${user}@`) ? `${user}@` : undefined
  }

  #domainOf(domain: string): string | undefined {
    if (this.#hasDomains && this.#has(domain)) return domain
    if (this.#suffixes === 0 || domain === '' || domain.startsWith('[')) return undefined
    let dots = 1
    for (let at = domain.indexOf('.'); at >= 0; at = domain.indexOf('.', at + 1)) dots++
    if (this.#mayHave(dots) && this.#has(`.${domain}`)) return `.${domain}`
    const fewest = Math.max(1, dots - MOST_SUFFIXES + 1)
    for (let at = domain.indexOf('.'); --dots >= fewest; at = domain.indexOf('.', at + 1)) {
      if (!this.#mayHave(dots)) continue
      const suffix = domain.slice(at)
      if (this.#has(suffix)) return suffix
    }
    return undefined
  }

  /** Whether there are suffixes with so many dots. */
  #mayHave(dots: number): boolean {
    return (this.#suffixes & (1 << Math.min(dots, 31))) !== 0
  }
}
