/**
 * limits — how much may come out of one mail (spec/daemon "Limits").
 */
import type {Settings} from '../config/settings.ts'

export interface UnpackLimits {
  /** archives within archives ($MAXLEVELS) */
  readonly levels: number
  /** parts of the mail, of all kinds ($MAXFILES) */
  readonly files: number
  /** octets that all members together may have */
  readonly quota: number
}

/** What holds where the configuration sets no limit: no honest mail comes near, and memory has an end. */
const MOST_LEVELS = 100
const MOST_FILES = 30_000
const LARGEST_QUOTA_BYTES = 4 * 1024 ** 3

/** @param size of the mail, in octets */
export function unpackLimits(size: number, settings: Settings): UnpackLimits {
  const number = (name: `$${string}`) => settings.number(name) ?? 0
  const most = Math.min(
    number('$MAX_EXPANSION_QUOTA') || Number.POSITIVE_INFINITY,
    size * number('$MAX_EXPANSION_FACTOR'),
  )
  const quota = Math.max(number('$MIN_EXPANSION_QUOTA'), size * number('$MIN_EXPANSION_FACTOR'), most)
  return {...countLimits(settings), quota: Math.min(Math.floor(quota), LARGEST_QUOTA_BYTES)}
}

/** Those that do not hang on a mail's size; they hold for its MIME structure, too. */
export function countLimits(settings: Settings): Pick<UnpackLimits, 'levels' | 'files'> {
  return {
    levels: Math.min(settings.number('$MAXLEVELS') || MOST_LEVELS, MOST_LEVELS),
    files: Math.min(settings.number('$MAXFILES') || MOST_FILES, MOST_FILES),
  }
}
