/**
 * policy — the questions that verdict and actions put to the configuration.
 *
 * A thin layer over look-ups: what comes out has the type that a decision needs. Categories are asked for
 * from the highest down, each with its minor before its major; unlike in amavisd-new this holds for the one
 * category of blocked mail too, so that a blocking `4,8` finds what is set for `4`.
 */

import {type Category, DESTINY, type Destiny} from '../config/category.ts'
import {isTrue, numberText} from '../config/number.ts'
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import type {Scalar} from '../config/value.ts'
import {allByCategory, byCategory, categoryKey} from '../lookup/by-category.ts'
import {lookup, lookupValue} from '../lookup/lookup.ts'
import {internalAddress} from '../message/address.ts'
import type {Recipient} from '../message/envelope.ts'
import type {Bypass} from './verdict.ts'

/** Whether a `*_maps` list says yes for an address, or for another key such as a virus name. */
export function isListed(settings: Settings, maps: `@${string}`, address: string): boolean {
  return isTrue(lookup(settings.list(maps), internalAddress(address), settings)?.value)
}

/** What each recipient is exempt from, in order; looked up once for as long as the settings are the same. */
export class Bypasses {
  readonly #recipients: readonly Recipient[]
  #settings: Settings | undefined
  #known: readonly Bypass[] = []

  constructor(recipients: readonly Recipient[]) {
    this.#recipients = recipients
  }

  under(settings: Settings): readonly Bypass[] {
    if (this.#settings !== settings) {
      const known: Bypass[] = []
      for (const {address} of this.#recipients) known.push(bypassOf(settings, address))
      this.#known = known
      this.#settings = settings
    }
    return this.#known
  }

  /** Whether no recipient is to have this check. */
  areAll(check: keyof Bypass, settings: Settings): boolean {
    for (const bypass of this.under(settings)) if (!bypass[check]) return false
    return true
  }
}

function bypassOf(settings: Settings, address: string): Bypass {
  return {
    virus: isListed(settings, '@bypass_virus_checks_maps', address),
    banned: isListed(settings, '@bypass_banned_checks_maps', address),
    spam: isListed(settings, '@bypass_spam_checks_maps', address),
    header: isListed(settings, '@bypass_header_checks_maps', address),
  }
}

/** A `*_maps` list's number for an address; undefined where it says nothing or ''. */
export function levelFor(settings: Settings, maps: `@${string}`, address: string): number | undefined {
  return optionalNumber(lookup(settings.list(maps), internalAddress(address), settings)?.value)
}

/** A size limit below this is raised to it (RFC 5321 §4.5.3.1.7). */
const SMALLEST_SIZE_LIMIT = 64 * 1024

/** Octets that a mail may have for a recipient, by `@message_size_limit_maps`; undefined: as many as it likes. */
export function sizeLimitFor(settings: Settings, address: string): number | undefined {
  const limit = levelFor(settings, '@message_size_limit_maps', address)
  if (limit === undefined || limit <= 0) return undefined
  const smallest = settings.flag('$enforce_smtpd_message_size_limit_64kb_min') ? SMALLEST_SIZE_LIMIT : 0
  return Math.max(limit, smallest)
}

/** A `*_maps` list's text for an address; undefined where it says nothing or ''. */
export function textFor(settings: Settings, maps: `@${string}`, address: string): string | undefined {
  return textOf(lookup(settings.list(maps), internalAddress(address), settings)?.value)
}

/** The text that a `*_by_ccat` hash has for an address; undefined where it says nothing or ''. */
export function textByCategory(
  settings: Settings,
  hash: `%${string}`,
  categories: readonly Category[],
  address = '',
): string | undefined {
  return textOf(lookupValue(byCategory(settings, hash, categories), internalAddress(address), settings))
}

/** All texts that a `*_by_ccat` hash has for these categories and an address, highest category first. */
export function textsByCategory(
  settings: Settings,
  hash: `%${string}`,
  categories: readonly Category[],
  address: string,
): string[] {
  const texts: string[] = []
  for (const value of allByCategory(settings, hash, categories)) {
    const text = textOf(lookupValue(value, internalAddress(address), settings))
    if (text !== undefined) texts.push(text)
  }
  return texts
}

/** The categories under which a recipient's settings are found (spec/config §5.3). */
export function settingCategories(judged: {
  readonly categories: readonly Category[]
  readonly blocking: Category | undefined
}): readonly Category[] {
  return judged.blocking ? withMajor(judged.blocking) : judged.categories
}

/** What is to be done with mail of one category for a recipient; undefined: the policy does not mention it. */
export function destinyOf(settings: Settings, category: Category, address: string): Destiny | undefined {
  const destinies = settings.hash('%final_destiny_maps_by_ccat')
  if (!destinies.has(categoryKey(category))) return undefined
  const value = byCategory(settings, '%final_destiny_maps_by_ccat', [category])
  const number = optionalNumber(lookupValue(value, internalAddress(address), settings))
  if (number === undefined) return 'PASS'
  // A number that means nothing keeps the mail waiting rather than losing it.
  return DESTINIES.get(number) ?? 'TEMPFAIL'
}

/** Whether a recipient wants mail of a category in spite of its destiny. */
export function isLoved(settings: Settings, category: Category, address: string): boolean {
  const value = byCategory(settings, '%lovers_maps_by_ccat', withMajor(category))
  return isTrue(lookupValue(value, internalAddress(address), settings))
}

/** Whether the sender is to be told of mail that he would not hear of otherwise. */
export function warnsSender(settings: Settings, categories: readonly Category[]): boolean {
  return isTrue(byCategory(settings, '%warnsender_by_ccat', categories))
}

export function withMajor(category: Category): readonly Category[] {
  return category.minor === 0 ? [category] : [category, {major: category.major, minor: 0}]
}

const DESTINIES: ReadonlyMap<number, Destiny> = new Map(
  Object.entries(DESTINY).map(([name, number]) => [number, name as Destiny]),
)

function textOf(value: Scalar): string | undefined {
  if (typeof value === 'number') return numberText(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
