/**
 * format — numbers as C's printf writes them.
 *
 * JavaScript's toFixed rounds an exact half up; printf rounds it to the even digit, and displays are
 * compared with the original's. Pure.
 */

/** `%.Nf`. */
export function fixed(value: number, digits: number): string {
  // Only x = odd / 2^(digits+1) can be an exact half at that digit; scaling by a power of two is exact.
  const halves = Math.abs(value) * 2 ** (digits + 1)
  if (Number.isInteger(halves) && halves % 2 === 1) {
    const scaled = Math.abs(value) * 10 ** digits
    const below = Math.floor(scaled)
    if (scaled - below === 0.5 && below % 2 === 0) {
      const text = (below / 10 ** digits).toFixed(digits)
      return value < 0 ? `-${text}` : text
    }
  }
  return value.toFixed(digits)
}

/** `%W.Nf` */
export function padFixed(value: number, width: number, digits: number): string {
  return fixed(value, digits).padStart(width)
}
