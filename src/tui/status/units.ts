/**
 * units — numbers, times and sizes as the status says them. Pure.
 */

/** At most one digit after the point. */
export function shortNumber(value: number): string {
  return String(Number(value.toFixed(1)))
}

export function rateText(perMinute: number): string {
  return perMinute.toFixed(perMinute < 10 ? 1 : 0)
}

/** `3.1 s` */
export function secondsText(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
}

/** Without the unit. */
export function msText(ms: number): string {
  return ms >= 99.95 ? ms.toFixed(0) : ms.toFixed(1)
}

export function megabytes(octets: number): string {
  return `${(octets / 1_048_576).toFixed(1)} MB`
}

/** `3 days 4:05:06`, `4:05:06`, `5:06`, `6 s` */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const two = (n: number) => String(n % 60).padStart(2, '0')
  const [hours, days] = [Math.floor(seconds / 3600), Math.floor(seconds / 86_400)]
  const rest = `${two(Math.floor(seconds / 60))}:${two(seconds)}`
  if (days > 0) return `${days} days ${hours % 24}:${rest}`
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '')
}

/** `2026-11-22 21:00:00Z` */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().replace('T', ' ').slice(0, 19)}Z`
}

/** `21:00:00`, of the same time zone */
export function clockText(ms: number): string {
  return timeText(ms).slice(11, 19)
}
