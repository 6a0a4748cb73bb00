/**
 * helpers/text-helpers — domain names in Unicode, and dates for partition tags.
 */
import {domainToASCII, domainToUnicode} from 'node:url'
import {numberOf, textOf} from '../language/convert.ts'
import type {Builtin} from '../language/machine.ts'
import {lowerCase} from '../language/template.ts'
import {isTrue} from '../number.ts'
import type {Scalar} from '../value.ts'

const DAY_MS = 86_400_000

const one =
  (give: (value: Scalar) => Scalar): Builtin =>
  (_, args) => [give(args[0])]

export const TEXT_HELPERS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['idn_to_ascii', one(value => asciiDomain(textOf(value)))],
  ['idn_to_utf8', one(value => octetsOf(domainToUnicode(asciiDomain(textOf(value))) || textOf(value)))],
  ['mail_idn_to_ascii', one(value => mailToAscii(textOf(value)))],
  ['iso8601_week', one(value => String(weekOf(value).week).padStart(2, '0'))],
  ['iso8601_yearweek', one(value => weekOf(value).year * 100 + weekOf(value).week)],
  ['iso8601_year_and_week', (_, args) => [weekOf(args[0]).year, weekOf(args[0]).week]],
  ['iso8601_weekday', one(value => weekOf(value).weekday)],
  ['iso8601_timestamp', (_, args) => [timestamp(args, true)]],
  ['iso8601_utc_timestamp', (_, args) => [timestamp(args, false)]],
  ['dump_hash', () => []],
  ['dump_array', () => []],
])

function mailToAscii(address: string): string {
  const split = address.lastIndexOf('@')
  if (split < 0) return address
  return `${address.slice(0, split)}@${asciiDomain(address.slice(split + 1))}`
}

/** A domain in lower-case ASCII; one that is no domain name is only in lower case. Octets are those of UTF-8. */
export function asciiDomain(domain: string): string {
  if (/^[\x00-\x7f]*$/.test(domain)) return domain.toLowerCase()
  const isOctets = /^[\x00-\xff]*$/.test(domain)
  const characters = isOctets ? Buffer.from(domain, 'latin1').toString('utf8') : domain
  return domainToASCII(characters) || lowerCase(domain)
}

function octetsOf(characters: string): string {
  return Buffer.from(characters, 'utf8').toString('latin1')
}

/**
 * `20090213T233130+0000`, or in UTC `20090213T233130Z`.
 * @param args time in seconds, whether to leave out the zone, what separates date and time, whether to
 *   separate the parts of both
 */
function timestamp([seconds, bare, between, separated]: readonly Scalar[], local: boolean): string {
  const moment = new Date(numberOf(seconds) * 1000)
  const offset = local ? -moment.getTimezoneOffset() : 0
  const shown = new Date(moment.getTime() + offset * 60_000)
  if (Number.isNaN(shown.getTime())) return ''
  const [date = '', time = ''] = shown.toISOString().slice(0, 19).split('T')
  const parts = isTrue(separated) ? [date, time] : [date.replaceAll('-', ''), time.replaceAll(':', '')]
  const size = Math.abs(offset)
  const [hours, minutes] = [Math.floor(size / 60), size % 60].map(part => String(part).padStart(2, '0'))
  const zone = local ? `${offset < 0 ? '-' : '+'}${hours}${isTrue(separated) ? ':' : ''}${minutes}` : 'Z'
  return parts.join(between === undefined ? 'T' : textOf(between)) + (isTrue(bare) ? '' : zone)
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
