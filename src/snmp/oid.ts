/**
 * oid — object identifiers as lists of numbers. Pure.
 */

export type Oid = readonly number[]

const LARGEST_ARC = 0xffff_ffff
/** RFC 2578 §3.5. */
const MOST_ARCS = 128

/** `1.3.6.1` as a list; undefined for whatever is no identifier. */
export function parseOid(text: string): Oid | undefined {
  if (!/^\d{1,10}(?:\.\d{1,10})+$/.test(text)) return undefined
  const arcs = text.split('.').map(Number)
  return arcs.length <= MOST_ARCS && arcs.every(arc => arc <= LARGEST_ARC) ? arcs : undefined
}

/** Below, at or above 0 as `a` stands before, at or after `b`; a prefix stands before what it begins. */
export function compareOids(a: Oid, b: Oid): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
