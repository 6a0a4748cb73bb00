/**
 * sparkline — numbers as a row of small bars. Pure.
 */

const BARS = '▁▂▃▄▅▆▇█'

/** A bar for each number, the highest as high as can be; nothing but blanks where all are zero or less. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(0, ...values)
  return values
    .map(value => (value <= 0 ? ' ' : BARS[Math.ceil((value / highest) * BARS.length) - 1]!))
    .join('')
}
