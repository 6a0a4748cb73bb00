/**
 * substitute — `$1` and its kind in the values of tables (spec/config, Values with substitution).
 */
import type {Scalar} from '../config/value.ts'

/** `$1`, `${1}`, `$(1)` in a text value replaced; anything else is given back as it is. */
export function substituted(value: Scalar, group: (number: number) => string | undefined): Scalar {
  if (typeof value !== 'string' || !value.includes('$')) return value
  return value.replace(
    /\$(?:\{(\d+)\}|\((\d+)\)|(\d+))/g,
    (_, braced: string | undefined, bracketed: string | undefined, plain: string | undefined) =>
      group(Number(braced ?? bracketed ?? plain)) ?? '',
  )
}
