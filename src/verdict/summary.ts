/**
 * summary — a mail's recipients seen together: highest categories, range of scores, words for the log.
 */
import {type Category, compareCategories, MAJOR} from '../config/category.ts'
import type {Facts, RecipientOutcome} from './verdict.ts'

const CLEAN: Category = {major: MAJOR.Clean, minor: 0}

/** What is summed up: a verdict or an outcome. */
interface Judged {
  readonly categories: readonly Category[]
  readonly blocking: Category | undefined
}

/** The highest category of any recipient. */
export function mainCategory(items: readonly Judged[]): Category {
  let best = CLEAN
  for (const {categories} of items) best = higher(best, categories[0])
  return best
}

/** The highest blocking category, or where nothing blocks the main one: what an item is called by. */
export function leadingCategory(items: readonly Judged[]): Category {
  let best: Category | undefined
  for (const {blocking} of items) if (blocking) best = higher(best ?? CLEAN, blocking)
  return best ?? mainCategory(items)
}

function higher(best: Category, next: Category | undefined): Category {
  return next && compareCategories(next, best) < 0 ? next : best
}

/** Lowest and highest score of those that have one. */
export function scoreRange(
  items: readonly {readonly score: number | undefined}[],
): {readonly min: number; readonly max: number} | undefined {
  let range: {min: number; max: number} | undefined
  for (const {score} of items) {
    if (score === undefined) continue
    range = range
      ? {min: Math.min(range.min, score), max: Math.max(range.max, score)}
      : {min: score, max: score}
  }
  return range
}

/** Whether a recipient gets the mail: the next hop took it, or the client goes on with it. */
export function isPassed({delivery, response}: RecipientOutcome): boolean {
  return delivery !== undefined && response.code < 300
}

const WORDS: Readonly<Record<number, string>> = {
  [MAJOR.CatchAll]: 'OTHER',
  [MAJOR.Clean]: 'CLEAN',
  [MAJOR.MtaFailed]: 'MTA-BLOCKED',
  [MAJOR.Oversized]: 'OVERSIZED',
  [MAJOR.BadHdr]: 'BAD-HEADER',
  [MAJOR.Spammy]: 'SPAMMY',
  [MAJOR.Spam]: 'SPAM',
  [MAJOR.Unchecked]: 'UNCHECKED',
  [MAJOR.Banned]: 'BANNED',
  [MAJOR.Virus]: 'INFECTED',
}

/** The category's word in the log without details: `BAD-HEADER`. */
export function shortWord({major}: Category): string {
  return WORDS[major] ?? 'OTHER'
}

/** The category's word in the main entry: `BAD-HEADER-7`, `BANNED (reason)`, `INFECTED (names)` (spec/config §9.3). */
export function logWord(category: Category, facts: Facts): string {
  const word = shortWord(category)
  switch (category.major) {
    case MAJOR.BadHdr:
      return `${word}-${category.minor}`
    case MAJOR.Unchecked:
      return category.minor === 1 ? `${word}-ENCRYPTED` : word
    case MAJOR.Banned:
      return `${word} (${facts.bannedReasons[0] ?? ''})`
    case MAJOR.Virus:
      return `${word} (${facts.virusNames.join(', ')})`
    default:
      return word
  }
}

const MINOR_NAMES: Readonly<Record<number, readonly string[]>> = {
  [MAJOR.Clean]: ['Clean', 'CleanTag'],
  [MAJOR.MtaFailed]: ['MtaFailed', 'MtaTempFailed', 'MtaRejected'],
  [MAJOR.BadHdr]: [
    'BadHdr',
    'BadHdrMime',
    'BadHdr8bit',
    'BadHdrChar',
    'BadHdrSpace',
    'BadHdrLong',
    'BadHdrSyntax',
    'BadHdrMissing',
    'BadHdrDupl',
  ],
  [MAJOR.Spammy]: ['Spammy', 'Spammy3'],
  [MAJOR.Unchecked]: ['Unchecked', 'UncheckedEncrypted', 'UncheckedOverLimits', 'UncheckedAmbiguousContent'],
}

/** `BadHdrMissing`, `Spam` (spec/config §5.1, display names). */
export function displayName({major, minor}: Category): string {
  return MINOR_NAMES[major]?.[minor] ?? majorName(major)
}

const MAJOR_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(MAJOR).map(([name, major]) => [major, name]),
)

/** `BadHdr`: the name of the category that counters carry. */
export function majorName(major: number): string {
  return MAJOR_NAMES.get(major) ?? 'CatchAll'
}
