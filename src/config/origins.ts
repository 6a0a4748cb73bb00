/**
 * origins — where in which file the entries of tables were written.
 *
 * Kept beside the values, by the identity of their containers, only in the process that reads the files: a
 * number for an entry, no object, so a table of 100,000 entries costs a Map more and children nothing.
 * What has no origin here, such as a default, has none to tell.
 */
import type {Position} from './problem.ts'
import type {Regexp, Scalar} from './value.ts'

/** A line of a file; lines count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

/** Lines a file can have in the number that stands for a place. */
const LINES = 2 ** 24

export class Origins {
  readonly #files: string[] = []
  readonly #numbers = new Map<string, number>()
  readonly #lists = new WeakMap<readonly Scalar[], number[]>()
  readonly #hashes = new WeakMap<ReadonlyMap<string, Scalar>, Map<string, number>>()
  readonly #regexps = new WeakMap<Regexp, number>()

  /** Where an element of a list was written. */
  ofItem(list: readonly Scalar[], index: number): Place | undefined {
    return this.#place(this.#lists.get(list)?.[index])
  }

  /** Where an entry of a hash was given its value. */
  ofEntry(entries: ReadonlyMap<string, Scalar>, key: string): Place | undefined {
    return this.#place(this.#hashes.get(entries)?.get(key))
  }

  ofRegexp(re: Regexp): Place | undefined {
    return this.#place(this.#regexps.get(re))
  }

  /** Whether the elements of a list have places of their own already. */
  has(list: readonly Scalar[]): boolean {
    return this.#lists.has(list)
  }

  /** Remember `count` elements of a list from `index` on, or to its present end. */
  markItems(list: readonly Scalar[], index: number, at: Place, count = list.length - index): void {
    const places = this.#listPlaces(list)
    const place = this.#number(at)
    while (places.length < index) places.push(0)
    for (let i = index; i < index + count; i++) places[i] = place
  }

  markEntry(entries: ReadonlyMap<string, Scalar>, key: string, at: Place): void {
    this.#hashPlaces(entries).set(key, this.#number(at))
  }

  markRegexp(re: Regexp, at: Place): void {
    this.#regexps.set(re, this.#number(at))
  }

  /** The elements of `from` were put into `to`, at `index`; those that have no place of their own get `at`. */
  copyItems(from: readonly Scalar[], to: readonly Scalar[], index = 0, at?: Position): void {
    const known = this.#lists.get(from)
    if (!known && !at) return
    const places = this.#listPlaces(to)
    const other = at ? this.#number(at) : 0
    while (places.length < index) places.push(0)
    for (let i = 0; i < from.length; i++) places[index + i] = known?.[i] || other
  }

  /** `count` elements were inserted into a list before all others. */
  shiftItems(list: readonly Scalar[], count: number): void {
    this.#lists.get(list)?.unshift(...Array.from({length: count}, () => 0))
  }

  /** A list of keys and values was made a hash. */
  copyPairs(from: readonly Scalar[], to: ReadonlyMap<string, Scalar>, keyOf: (key: Scalar) => string): void {
    const known = this.#lists.get(from)
    if (!known) return
    const places = this.#hashPlaces(to)
    for (let i = 0; i < from.length; i += 2) places.set(keyOf(from[i]), known[i] ?? 0)
  }

  #place(number: number | undefined): Place | undefined {
    if (!number) return undefined
    return {file: this.#files[Math.floor(number / LINES)]!, line: number % LINES}
  }

  /** Lines are at least 1, so 0 is no place. */
  #number({file, line}: Place): number {
    let index = this.#numbers.get(file)
    if (index === undefined) {
      index = this.#files.push(file) - 1
      this.#numbers.set(file, index)
    }
    return index * LINES + Math.min(line, LINES - 1)
  }

  #listPlaces(list: readonly Scalar[]): number[] {
    let places = this.#lists.get(list)
    if (!places) this.#lists.set(list, (places = []))
    return places
  }

  #hashPlaces(entries: ReadonlyMap<string, Scalar>): Map<string, number> {
    let places = this.#hashes.get(entries)
    if (!places) this.#hashes.set(entries, (places = new Map()))
    return places
  }
}
