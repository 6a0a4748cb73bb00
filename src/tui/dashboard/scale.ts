/**
 * scale — round numbers for axes, and values as a chart can draw them. Pure.
 */

/** The least of 1, 2 and 5 times a power of ten that is not below the value; 1 for nothing. */
export function roundMaximum(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const factor = [1, 2, 5, 10].find(factor => factor * power >= value) ?? 10
  return Math.max(factor * power, 0.1)
}

/** Points of lines over a common time: from the first that is known on, with the last one known where one is not. */
export function drawable(lines: readonly (readonly (number | undefined)[])[]): {
  readonly from: number
  readonly lines: readonly (readonly number[])[]
} {
  const length = Math.max(0, ...lines.map(line => line.length))
  let from = 0
  while (from < length && lines.every(line => line[from] === undefined)) from++
  return {
    from,
    lines: lines.map(line => {
      let last = 0
      return Array.from({length: length - from}, (_, n) => (last = line[from + n] ?? last))
    }),
  }
}

/** Local time of a second, as short as the range allows. */
export function timeLabel(second: number, isFine: boolean): string {
  const date = new Date(second * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`
  return isFine ? `${minutes}:${two(date.getSeconds())}` : minutes
}
