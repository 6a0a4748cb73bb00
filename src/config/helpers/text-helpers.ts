/**
 * helpers/text-helpers — domain names in Unicode, and dates for partition tags.
 */
import {domainToASCII, domainToUnicode} from 'node:url'
import {numberOf, textOf} from '../language/convert.ts'
import type {Builtin} from '../language/machine.ts'
import type {Scalar} from '../value.ts'

const DAY_MS = 86_400_000

const one =
  (give: (value: Scalar) => Scalar): Builtin =>
  (_, args) => [give(args[0])]

export const TEXT_HELPERS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['idn_to_ascii', one(value => domainToASCII(textOf(value)) || textOf(value).toLowerCase())],
  ['idn_to_utf8', one(value => domainToUnicode(textOf(value)) || textOf(value).toLowerCase())],
  ['mail_idn_to_ascii', one(value => mailToAscii(textOf(value)))],
  ['iso8601_week', one(value => String(weekOf(value).week).padStart(2, '0'))],
  ['iso8601_yearweek', one(value => weekOf(value).year * 100 + weekOf(value).week)],
  ['iso8601_year_and_week', (_, args) => [weekOf(args[0]).year, weekOf(args[0]).week]],
  ['iso8601_weekday', one(value => weekOf(value).weekday)],
  ['dump_hash', () => []],
  ['dump_array', () => []],
])

function mailToAscii(address: string): string {
  const split = address.lastIndexOf('@')
  if (split < 0) return address
  const domain = address.slice(split + 1)
  return `${address.slice(0, split)}@${domainToASCII(domain) || domain.toLowerCase()}`
}

/** The ISO 8601 week that a time in seconds falls into, by local time. */
function weekOf(seconds: Scalar): {year: number; week: number; weekday: number} {
  const local = new Date(numberOf(seconds) * 1000)
  const day = Date.UTC(local.getFullYear(), local.getMonth(), local.getDate())
  const weekday = ((new Date(day).getUTCDay() + 6) % 7) + 1
  const thursday = day + (4 - weekday) * DAY_MS
  const year = new Date(thursday).getUTCFullYear()
  const week = Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1
  return {year, week, weekday}
}
