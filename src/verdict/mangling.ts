/**
 * mangling — whether the body of a recipient's copy is to be changed, and how.
 *
 * Source: spec/config §5.4 step 3: the first value that `%defang_maps_by_ccat` has for the categories of mail that
 * passes, from the highest down, else `$defang_all`. Disclaimers are for mail of our own people, everything else for
 * local recipients. Pure.
 */
import {isTrue} from '../config/number.ts'
import type {Settings} from '../config/settings.ts'
import {textsByCategory} from './policy.ts'
import type {RecipientVerdict} from './verdict.ts'

/**
 * attach: wrapped as an attachment; altermime: attachments cut out; disclaimer: a text of the house added; other: a
 * name that nobody here knows. The last says which.
 */
export interface Mangling {
  readonly kind: 'attach' | 'altermime' | 'disclaimer' | 'other'
  /** as the configuration has it */
  readonly name: string
}

/** Values that ask for a change which changes nothing. */
const NOTHING = /^(?:null|nulldisclaimer)$/
const DISCLAIMER = /disclaimer$/

/**
 * @param isOurs whether one of the mail's authors is in a local domain; asked where a disclaimer is wanted
 * @returns undefined: the body stays as it is
 */
export function manglingFor(
  {categories, recipient, local, blocking}: RecipientVerdict,
  settings: Settings,
  isOurs: () => boolean,
): Mangling | undefined {
  if (blocking !== undefined) return undefined
  const value = wanted(settings, categories, recipient.address)?.toLowerCase()
  if (value === undefined || NOTHING.test(value)) return undefined
  if (DISCLAIMER.test(value)) {
    const isForbidden = local && settings.flag('$outbound_disclaimers_only')
    return settings.flag('$allow_disclaimers') && !isForbidden && isOurs()
      ? {kind: 'disclaimer', name: value}
      : undefined
  }
  if (!local) return undefined
  if (value === 'altermime') return {kind: 'altermime', name: value}
  return value === 'attach' || /^[\d.]+$/.test(value)
    ? {kind: 'attach', name: 'attach'}
    : {kind: 'other', name: value}
}

function wanted(
  settings: Settings,
  categories: RecipientVerdict['categories'],
  address: string,
): string | undefined {
  for (const value of textsByCategory(settings, '%defang_maps_by_ccat', categories, address)) {
    if (isTrue(value)) return value
  }
  return settings.flag('$defang_all') ? (settings.string('$defang_all') ?? '1') : undefined
}
