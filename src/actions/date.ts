/**
 * date — a time as RFC 5322 §3.3 writes it: `Sun, 22 Nov 2026 15:07:00 +0000 (UTC)`.
 *
 * In local time, with the zone's name as a comment, as amavisd writes Received and Date.
 */
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** @param ms since the epoch */
export function rfc5322Date(ms: number): string {
  const at = new Date(ms)
  const minutes = -at.getTimezoneOffset()
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`
  const zone = rememberedZoneName(at, minutes)
  return (
    `${DAYS[at.getDay()]}, ${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}` +
    ` ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${offset}${zone && ` (${zone})`}`
  )
}

/** `20261122T150853`, local time: `%i` in file names. */
export function localStamp(ms: number): string {
  const at = new Date(ms)
  return (
    `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}` +
    `T${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`
  )
}

/** `20261122T150853Z`, as in our ENVID. */
export function utcStamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Zones change their offset and name at full quarters of an hour. */
const QUARTER_MS = 900_000
let named = {quarter: Number.NaN, name: ''}

/** As zoneName; asked anew each quarter of an hour, as it costs more than all else that is done for a mail. */
function rememberedZoneName(at: Date, minutes: number): string {
  const quarter = Math.floor(at.getTime() / QUARTER_MS)
  if (named.quarter !== quarter) named = {quarter, name: zoneName(at, minutes)}
  return named.name
}

/** The zone's abbreviation, '' where it has none but its offset. Intl is loaded for other zones than UTC only. */
function zoneName(at: Date, minutes: number): string {
  if (minutes === 0 && /\((?:UTC|Coordinated Universal Time)\)$/.test(at.toString())) return 'UTC'
  for (const locale of ['en-GB', 'en-US']) {
    const parts = new Intl.DateTimeFormat(locale, {timeZoneName: 'short'}).formatToParts(at)
    const name = parts.find(({type}) => type === 'timeZoneName')?.value ?? ''
    if (/^[A-Z]{2,5}$/.test(name)) return name
  }
  return ''
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
