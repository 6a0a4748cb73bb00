/**
 * instances — finding objects by number: exactly, and the next one.
 *
 * All objects are scalars: the instance of each is its number and a 0. Pure.
 */
import type {MibObject} from './objects.ts'
import {compareOids, type Oid} from './oid.ts'

export interface Instance {
  readonly oid: Oid
  readonly object: MibObject
}

export class Instances {
  readonly #sorted: readonly Instance[]

  constructor(objects: readonly MibObject[]) {
    this.#sorted = objects
      .map(object => ({oid: [...object.oid, 0], object}))
      .sort((a, b) => compareOids(a.oid, b.oid))
  }

  /** `object`: it is known, but this is none of its instances. */
  find(oid: Oid): Instance | 'object' | undefined {
    const at = this.#firstFrom(oid)
    const found = this.#sorted[at]
    if (found && compareOids(found.oid, oid) === 0) return found
    const before = this.#sorted[at - 1]
    return [found, before].some(near => near && startsWith(oid, near.object.oid)) ? 'object' : undefined
  }

  /** Those after a number, the number itself too if `include`, as far as those before `end`. */
  *after(start: Oid, include: boolean, end: Oid | undefined): Generator<Instance> {
    for (let at = this.#firstFrom(start); at < this.#sorted.length; at++) {
      const instance = this.#sorted[at]!
      if (end && compareOids(instance.oid, end) >= 0) return
      if (include || compareOids(instance.oid, start) !== 0) yield instance
    }
  }

  /** Index of the first that stands at or after a number. */
  #firstFrom(oid: Oid): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareOids(this.#sorted[middle]!.oid, oid) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function startsWith(oid: Oid, prefix: Oid): boolean {
  return prefix.every((arc, n) => oid[n] === arc)
}
