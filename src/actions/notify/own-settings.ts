/**
 * own-settings — from whom mails of our own come and by what template, as the configuration says it by category.
 */
import type {Category} from '../../config/category.ts'
import {textOf} from '../../config/language/convert.ts'
import type {Settings} from '../../config/settings.ts'
import {byCategory} from '../../lookup/by-category.ts'
import {parseAddresses} from '../../message/address.ts'

/** Where a configuration says nothing of them. */
const USUAL_FROM = '"Content-filter at ${myhostname_utf8}" <postmaster@${myhostname_ascii}>'

/** The field From of a mail of ours, the host's name filled in. */
export function fromField(settings: Settings, hash: `%${string}`, categories: readonly Category[]): string {
  const hostname = settings.string('$myhostname') ?? 'localhost'
  const text = plainText(byCategory(settings, hash, categories)) || USUAL_FROM
  return text.replace(/\$(?:\{(myhostname(?:_utf8|_ascii)?)\}|myhostname(?:_utf8|_ascii)?)/g, hostname)
}

/** Its envelope sender; where none is set, the address of the field; '' is the null sender. */
export function envelopeSender(
  settings: Settings,
  hash: `%${string}`,
  categories: readonly Category[],
  from: string,
): string {
  const value = byCategory(settings, hash, categories)
  return value === undefined ? (parseAddresses(from)[0] ?? '') : plainText(value).replace(/^<|>$/g, '')
}

/** '' : no such mail is wanted. */
export function templateFor(settings: Settings, hash: `%${string}`, categories: readonly Category[]): string {
  return plainText(byCategory(settings, hash, categories))
}

/** A text, or a reference to one. */
function plainText(value: ReturnType<typeof byCategory>): string {
  const isReference = typeof value === 'object' && value.kind === 'ref' && value.to.kind === 'scalar'
  const scalar = isReference && value.to.kind === 'scalar' ? value.to.value : value
  return typeof scalar === 'object' ? '' : textOf(scalar)
}
