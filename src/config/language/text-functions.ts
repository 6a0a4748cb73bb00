/**
 * language/text-functions — Perl's functions of plain values, as far as configurations use them.
 */
import {configError, configErrors, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {numberOf, referenceName, textOf} from './convert.ts'
import type {Machine} from './machine.ts'
import {lowerCase, quoteMeta, upperCase} from './template.ts'

export type PlainFunction = (args: readonly Scalar[], at: Position, machine: Machine) => Scalar

const onText =
  (change: (text: string) => Scalar): PlainFunction =>
  args =>
    change(textOf(args[0]))
const onNumber =
  (change: (value: number) => number): PlainFunction =>
  args =>
    change(numberOf(args[0]))

export const TEXT_FUNCTIONS: ReadonlyMap<string, PlainFunction> = new Map<string, PlainFunction>([
  ['lc', onText(lowerCase)],
  ['uc', onText(upperCase)],
  ['lcfirst', onText(text => lowerCase(text.slice(0, 1)) + text.slice(1))],
  ['ucfirst', onText(text => upperCase(text.slice(0, 1)) + text.slice(1))],
  ['quotemeta', onText(quoteMeta)],
  ['length', args => (args[0] === undefined ? undefined : textOf(args[0]).length)],
  ['hex', onText(text => Number.parseInt(text.replace(/^0x|_/gi, '') || '0', 16))],
  ['oct', onText(octal)],
  ['ord', onText(text => (text === '' ? 0 : text.codePointAt(0)))],
  ['chr', args => String.fromCodePoint(Math.min(Math.max(0, Math.trunc(numberOf(args[0])) || 0), 0x10ffff))],
  ['int', onNumber(Math.trunc)],
  ['floor', onNumber(Math.floor)],
  ['ceil', onNumber(Math.ceil)],
  ['abs', onNumber(Math.abs)],
  ['sqrt', onNumber(Math.sqrt)],
  ['ref', args => referenceName(args[0])],
  ['index', args => textOf(args[0]).indexOf(textOf(args[1]), numberOf(args[2]))],
  [
    'rindex',
    args =>
      textOf(args[0]).lastIndexOf(
        textOf(args[1]),
        args[2] === undefined ? Number.POSITIVE_INFINITY : numberOf(args[2]),
      ),
  ],
  ['sprintf', (args, at) => formatted(textOf(args[0]), args.slice(1), at)],
  [
    'die',
    (args, at) => {
      const text = args.map(textOf).join('')
      const message = `the configuration says: ${text.trim() || 'Died'}`
      const thrown = typeof args[0] === 'object' ? args[0] : text.endsWith('\n') ? text : undefined
      throw configErrors([{at, message, ...(thrown === undefined ? {} : {thrown})}])
    },
  ],
  ['warn', says],
  ['print', says],
  ['printf', (args, at, machine) => says([formatted(textOf(args[0]), args.slice(1), at)], at, machine)],
])

/** What a configuration prints becomes a warning: nobody reads its output. */
function says(args: readonly Scalar[], at: Position, machine: Machine): Scalar {
  const text = args.map(textOf).join('').trim()
  if (text !== '') machine.warnings.push({at, message: `the configuration says: ${text}`})
  return 1
}

function octal(text: string): number {
  const plain = text.trim().replaceAll('_', '')
  if (/^0?x/i.test(plain)) return Number.parseInt(plain.replace(/^0?x/i, ''), 16) || 0
  if (/^0?b/i.test(plain)) return Number.parseInt(plain.replace(/^0?b/i, ''), 2) || 0
  return Number.parseInt(plain, 8) || 0
}

const CONVERSION = /%(?:(\d+)\$)?([-+0 #]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlqLV]*(v?[a-zA-Z%])/g
/** Widest field; more is a mistake. */
const WIDEST = 10_000

/** `sprintf` with the conversions that make sense for texts and numbers. */
function formatted(format: string, args: readonly Scalar[], at: Position): string {
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
      if (Math.abs(size) > WIDEST || (digits ?? 0) > WIDEST)
        throw configError(at, 'sprintf: the field is too wide')
      return padded(signed(converted(letter, value, digits, at), letter, flags), letter, flags, size, digits)
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

function converted(letter: string, value: Scalar, precision: number | undefined, at: Position): string {
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
      throw configError(at, `sprintf: the conversion "%${letter}" is not supported`)
  }
}

function whole(value: Scalar, base: number, precision: number | undefined): string {
  return Math.abs(Math.trunc(numberOf(value)) || 0)
    .toString(base)
    .padStart(precision ?? 0, '0')
}
