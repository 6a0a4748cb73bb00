/**
 * readings — the parts that a client sees who reads a mail in another way than we did first.
 *
 * Of each other reading those leaves are kept that are not among the parts already: another content, another
 * type or another name. Then the part in question is ambiguous, which is a finding of its own (spec/daemon,
 * Parts, attribute B). Bounded: so many readings for a mail, and so many octets read again.
 */
import {hash} from 'node:crypto'
import type {Part, PartProblem} from '../message.ts'
import {withProblems} from '../part.ts'
import {type Doubt, MessageReader, type Reading} from './message-reader.ts'
import {crToLf, toLf} from './transfer.ts'

/** Other readings of one mail, those of messages in it included. */
const MAX_READINGS = 100
/** Readings of what was found by another reading. */
const MAX_DEPTH = 2
/** How much is read again, in sizes of the mail. */
const MAX_OCTETS_FACTOR = 8
const MIN_OCTETS = 1024 * 1024

interface News {
  readonly parts: readonly Part[]
  /** an item of the same reading with the numbers that its parts have got; 0 for a part that is not kept */
  moved<T extends {readonly number: number; readonly parent: number}>(item: T): T
}

export class Readings {
  readonly #seen = new Map<string, Part[]>()
  #left = MAX_READINGS
  #octets: number

  /** @param size of the mail */
  constructor(size: number) {
    this.#octets = Math.max(MIN_OCTETS, size * MAX_OCTETS_FACTOR)
  }

  /**
   * @param parts as they were read first, in order of their numbers
   * @param numbered how many parts the mail has in all
   * @returns all parts, those that are ambiguous marked
   */
  addTo(
    parts: readonly Part[],
    doubts: readonly Doubt[],
    numbered: number,
    maxParts: number,
  ): {readonly parts: readonly Part[]; readonly limit: string | undefined} {
    this.#seen.clear()
    for (const part of parts) this.#remember(part)
    const byNumber = new Map(parts.map(part => [part.number, part]))
    let next = numbered
    let limit: string | undefined
    let open: {readonly doubt: Doubt; readonly outer: string | undefined}[] = doubts.map(doubt => ({
      doubt,
      outer: undefined,
    }))
    for (let depth = 0; depth < MAX_DEPTH && open.length > 0; depth++) {
      const deeper: typeof open = []
      for (const {doubt, outer} of open) {
        for (const reading of doubt.readings) {
          if (!this.#mayRead(reading)) {
            limit ??= 'Maximum number of readings exceeded'
            break
          }
          const label = outer === undefined ? reading.label : `${outer}, ${reading.label}`
          const reader = new MessageReader(reading.region, next, maxParts)
          const again = reader.readAgain(reading, doubt)
          const news = this.#news(again, doubt.parent, next, label)
          limit ??= reader.limit
          for (const part of news.parts) byNumber.set(part.number, part)
          next += news.parts.length
          const doubtful = byNumber.get(doubt.number)
          if (news.parts.length > 0 && doubtful && !reading.isCertain) {
            byNumber.set(doubt.number, ambiguous(doubtful, label))
          }
          for (const doubt of reader.doubts) deeper.push({doubt: news.moved(doubt), outer: label})
        }
      }
      open = deeper
    }
    return {parts: [...byNumber.values()], limit}
  }

  #mayRead({region, content}: Reading): boolean {
    if (this.#left === 0) return false
    this.#left--
    this.#octets -= (content ?? region).length
    return this.#octets >= 0
  }

  /** The leaves that are new, and what they are in; numbered on from `numbered`, below `parent`. */
  #news(parts: readonly Part[], parent: number, numbered: number, label: string): News {
    const wanted = new Set<number>()
    const above = new Map(parts.map(part => [part.number, part.parent]))
    for (const part of parts) {
      if (part.kind === 'container' || part.content.length === 0 || this.#isKnown(part)) continue
      this.#remember(part)
      for (
        let at: number | undefined = part.number;
        at !== undefined && !wanted.has(at);
        at = above.get(at)
      ) {
        wanted.add(at)
      }
    }
    const kept = parts.filter(({number}) => wanted.has(number))
    const numbers = new Map(kept.map(({number}, index) => [number, numbered + index + 1]))
    const moved = <T extends {readonly number: number; readonly parent: number}>(item: T): T => ({
      ...item,
      number: numbers.get(item.number) ?? 0,
      parent: numbers.get(item.parent) ?? parent,
    })
    // The doubt is the first reading's; this one is certain.
    const told = (part: Part) => ({
      ...moved(part),
      attributes: part.attributes.replace('B', ''),
      reading: label,
    })
    return {parts: kept.map(told), moved}
  }

  #remember(part: Part): void {
    if (part.kind === 'container') return
    const key = keyOf(part.content)
    const same = this.#seen.get(key)
    if (same) same.push(part)
    else this.#seen.set(key, [part])
  }

  /** The same octets, and nothing about them that a rule could tell. */
  #isKnown({content, declaredTypes, names, kind}: Part): boolean {
    const same = this.#seen.get(keyOf(content))
    if (!same) return false
    if (kind !== 'leaf') return true
    return same.some(
      other =>
        declaredTypes.every(type => other.declaredTypes.includes(type)) &&
        names.every(name => other.names.includes(name)),
    )
  }
}

/** Octets that differ only in their line ends say the same. */
function keyOf(content: Buffer): string {
  return hash('sha1', content.includes(CR) ? crToLf(toLf(content)) : content)
}

const CR = 13

function ambiguous(part: Part, label: string): Part {
  const problem: PartProblem = {kind: 'ambiguous', reason: label}
  return withProblems(part, [problem])
}
