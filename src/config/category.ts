/**
 * category — content categories, their order and their names.
 *
 * Source: spec/daemon "Contents categories and destiny", spec/config §5.1. Pure.
 */
export const MAJOR = {
  CatchAll: 0,
  Clean: 1,
  MtaFailed: 2,
  Oversized: 3,
  BadHdr: 4,
  Spammy: 5,
  Spam: 6,
  Unchecked: 7,
  Banned: 8,
  Virus: 9,
} as const

export type MajorName = keyof typeof MAJOR
export type Major = (typeof MAJOR)[MajorName]

export interface Category {
  readonly major: Major
  readonly minor: number
}

/** Highest first: by major, then by minor. */
export function compareCategories(a: Category, b: Category): number {
  return b.major - a.major || b.minor - a.minor
}

/** What a policy wants done with a category's mail; the numbers are those that configurations see. */
export const DESTINY = {PASS: 1, DISCARD: 0, BOUNCE: -2, REJECT: -3, TEMPFAIL: -4} as const
export type Destiny = keyof typeof DESTINY
