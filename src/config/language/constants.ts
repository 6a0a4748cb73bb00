/**
 * language/constants — names that configurations may use without a sigil: destinies and categories.
 */
import {DESTINY, MAJOR} from '../category.ts'

/** Major categories as configurations name them. */
export const CATEGORY_CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['CC_CATCHALL', MAJOR.CatchAll],
  ['CC_CLEAN', MAJOR.Clean],
  ['CC_MTA', MAJOR.MtaFailed],
  ['CC_OVERSIZED', MAJOR.Oversized],
  ['CC_BADH', MAJOR.BadHdr],
  ['CC_SPAMMY', MAJOR.Spammy],
  ['CC_SPAM', MAJOR.Spam],
  ['CC_UNCHECKED', MAJOR.Unchecked],
  ['CC_BANNED', MAJOR.Banned],
  ['CC_VIRUS', MAJOR.Virus],
])

export const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ...CATEGORY_CONSTANTS,
  ...Object.entries(DESTINY).map(([name, value]): [string, number] => [`D_${name}`, value]),
])
