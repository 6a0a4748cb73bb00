/**
 * number — Perl's conversions between strings, numbers and truth (spec/config, Value model).
 */
import type {Scalar} from './value.ts'

const LEADING_NUMBER = /^\s*([+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))/

/** The leading numeric part of a string, 0 where there is none: `"10 apples"` is 10. */
export function numberOfText(text: string): number {
  const match = LEADING_NUMBER.exec(text)
  return match ? Number(match[1]) : 0
}

/** Whether the whole of a string is a number, as an operator would expect of one. */
export function isNumeric(text: string): boolean {
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)
}

/** A number as Perl prints it: fifteen significant digits. */
export function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '0' : String(value)
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf'
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 64) return BigInt(value).toString()
  const text = value.toPrecision(15)
  const [mantissa = '', exponent] = text.split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  if (exponent === undefined) return short.length > 18 ? value.toExponential() : short
  const size = exponent.slice(1).padStart(2, '0')
  return `${short}e${exponent[0] === '-' ? '-' : '+'}${size}`
}

/** False are undef, the empty string, `'0'` and 0; everything else, references too, is true. */
export function isTrue(value: Scalar): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 0
}
