/**
 * sprintf — Perl's formatted texts, for configuration files and templates.
 */
import {numberOf, textOf} from './language/convert.ts'
import type {Scalar} from './value.ts'

type Fail = (what: string) => Error

const CONVERSION = /%(?:(\d+)\$)?([-+0 #]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlqLV]*(v?[a-zA-Z%])/g
/** Widest field; more is a mistake. */
const WIDEST = 10_000

/**
 * `sprintf` with the conversions that make sense for texts and numbers.
 * @param fail makes the error for what cannot be done
 */
export function sprintf(format: string, args: readonly Scalar[], fail: Fail): string {
  let next = 0
  const number = (text: string | undefined) =>
    text === '*' ? Math.trunc(numberOf(args[next++])) : text === undefined ? undefined : Number(text)
  return format.replace(
    CONVERSION,
    (whole, index: string, flags: string, width: string, precision: string, letter: string) => {
      if (letter === '%') return '%'
      const size = number(width) ?? 0
      const digits = whole.includes('.') ? (number(precision) ?? 0) : undefined
      const value = index === undefined ? args[next++] : args[Number(index) - 1]
      if (Math.abs(size) > WIDEST || (digits ?? 0) > WIDEST) throw fail('sprintf: the field is too wide')
      return padded(
        signed(converted(letter, value, digits, fail), letter, flags),
        letter,
        flags,
        size,
        digits,
      )
    },
  )
}

/** A number with the sign or the prefix that its flags ask for. */
function signed(body: string, letter: string, flags: string): string {
  if (/[dieEfgG]/.test(letter) && /^[\dI.]/.test(body)) {
    return flags.includes('+') ? `+${body}` : flags.includes(' ') ? ` ${body}` : body
  }
  if (!flags.includes('#') || /^0*$/.test(body)) return body
  return letter === 'o' ? `0${body}` : /[xXbB]/.test(letter) ? `0${letter}${body}` : body
}

function padded(
  body: string,
  letter: string,
  flags: string,
  size: number,
  digits: number | undefined,
): string {
  if (flags.includes('-') || size < 0) return body.padEnd(Math.abs(size))
  const zeros = flags.includes('0') && !(digits !== undefined && /[dioxXb]/.test(letter))
  if (!zeros) return body.padStart(size)
  const sign = /^(?:[-+ ]|0[xXb])/.exec(body)?.[0] ?? ''
  return sign + body.slice(sign.length).padStart(size - sign.length, '0')
}

function converted(letter: string, value: Scalar, precision: number | undefined, fail: Fail): string {
  switch (letter) {
    case 's':
      return precision === undefined ? textOf(value) : textOf(value).slice(0, precision)
    case 'd':
    case 'i':
    case 'u': {
      const whole = Math.trunc(numberOf(value))
      if (!Number.isFinite(whole)) return String(whole)
      const text = BigInt(whole).toString()
      const sign = text.startsWith('-') ? '-' : ''
      return sign + text.slice(sign.length).padStart(precision ?? 0, '0')
    }
    case 'vd':
      return [...textOf(value)].map(char => char.codePointAt(0)).join('.')
    case 'f':
      return numberOf(value).toFixed(Math.min(precision ?? 6, 100))
    case 'e':
      return numberOf(value)
        .toExponential(Math.min(precision ?? 6, 100))
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'g':
      return textOf(Number(numberOf(value).toPrecision(Math.min(Math.max(precision ?? 6, 1), 100))))
    case 'x':
      return whole(value, 16, precision)
    case 'X':
      return whole(value, 16, precision).toUpperCase()
    case 'o':
      return whole(value, 8, precision)
    case 'b':
      return whole(value, 2, precision)
    case 'c':
      return String.fromCodePoint(Math.min(Math.max(0, Math.trunc(numberOf(value)) || 0), 0x10ffff))
    default:
      throw fail(`sprintf: the conversion "%${letter}" is not supported`)
  }
}

function whole(value: Scalar, base: number, precision: number | undefined): string {
  return Math.abs(Math.trunc(numberOf(value)) || 0)
    .toString(base)
    .padStart(precision ?? 0, '0')
}
