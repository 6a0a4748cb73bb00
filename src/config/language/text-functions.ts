/**
 * language/text-functions — Perl's functions of plain values, as far as configurations use them.
 */
import {configError, type Position} from '../problem.ts'
import type {Scalar} from '../value.ts'
import {numberOf, referenceName, textOf} from './convert.ts'
import type {Machine} from './machine.ts'
import {quoteMeta} from './template.ts'

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
  ['lc', onText(text => text.toLowerCase())],
  ['uc', onText(text => text.toUpperCase())],
  ['lcfirst', onText(text => text.slice(0, 1).toLowerCase() + text.slice(1))],
  ['ucfirst', onText(text => text.slice(0, 1).toUpperCase() + text.slice(1))],
  ['quotemeta', onText(quoteMeta)],
  ['length', args => (args[0] === undefined ? undefined : textOf(args[0]).length)],
  ['hex', onText(text => Number.parseInt(text.replace(/^0x|_/gi, '') || '0', 16))],
  ['oct', onText(octal)],
  ['ord', onText(text => (text === '' ? 0 : text.codePointAt(0)))],
  ['chr', args => String.fromCodePoint(Math.min(Math.max(0, Math.trunc(numberOf(args[0]))), 0x10ffff))],
  ['int', onNumber(Math.trunc)],
  ['abs', onNumber(Math.abs)],
  ['sqrt', onNumber(Math.sqrt)],
  ['time', () => Math.floor(Date.now() / 1000)],
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
  ['substr', substring],
  ['sprintf', (args, at) => formatted(textOf(args[0]), args.slice(1), at)],
  [
    'die',
    (args, at) => {
      throw configError(at, `the configuration says: ${args.map(textOf).join('').trim() || 'Died'}`)
    },
  ],
  [
    'warn',
    (args, at, machine) => {
      machine.warnings.push({at, message: `the configuration says: ${args.map(textOf).join('').trim()}`})
      return 1
    },
  ],
])

function octal(text: string): number {
  const plain = text.trim().replaceAll('_', '')
  if (/^0?x/i.test(plain)) return Number.parseInt(plain.replace(/^0?x/i, ''), 16) || 0
  if (/^0?b/i.test(plain)) return Number.parseInt(plain.replace(/^0?b/i, ''), 2) || 0
  return Number.parseInt(plain, 8) || 0
}

function substring(args: readonly Scalar[]): Scalar {
  const text = textOf(args[0])
  const offset = Math.trunc(numberOf(args[1]))
  const start = offset < 0 ? Math.max(0, text.length + offset) : offset
  if (start > text.length) return undefined
  if (args[2] === undefined) return text.slice(start)
  const length = Math.trunc(numberOf(args[2]))
  return length < 0 ? text.slice(start, length) : text.slice(start, start + length)
}

/** `sprintf` with the conversions that make sense for texts and numbers. */
function formatted(format: string, args: readonly Scalar[], at: Position): string {
  let next = 0
  return format.replace(
    /%([-+0 ]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_, flags: string, width: string, precision: string, letter: string) => {
      if (letter === '%') return '%'
      const body = converted(
        letter,
        args[next++],
        precision === undefined ? undefined : Number(precision),
        at,
      )
      const signed =
        flags.includes('+') && /^[\d.]/.test(body) && /[dieEfgG]/.test(letter) ? `+${body}` : body
      const size = Math.min(Number(width ?? 0), 1000)
      if (flags.includes('-')) return signed.padEnd(size)
      if (!flags.includes('0')) return signed.padStart(size)
      const sign = /^[-+]/.exec(signed)?.[0] ?? ''
      return sign + signed.slice(sign.length).padStart(size - sign.length, '0')
    },
  )
}

function converted(letter: string, value: Scalar, precision: number | undefined, at: Position): string {
  switch (letter) {
    case 's':
      return precision === undefined ? textOf(value) : textOf(value).slice(0, precision)
    case 'd':
    case 'i':
    case 'u':
      return String(Math.trunc(numberOf(value)))
    case 'f':
      return numberOf(value).toFixed(Math.min(precision ?? 6, 100))
    case 'e':
      return numberOf(value)
        .toExponential(Math.min(precision ?? 6, 100))
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'g':
      return textOf(Number(numberOf(value).toPrecision(Math.min(Math.max(precision ?? 6, 1), 100))))
    case 'x':
      return Math.trunc(numberOf(value)).toString(16)
    case 'X':
      return Math.trunc(numberOf(value)).toString(16).toUpperCase()
    case 'o':
      return Math.trunc(numberOf(value)).toString(8)
    case 'b':
      return Math.trunc(numberOf(value)).toString(2)
    case 'c':
      return String.fromCodePoint(Math.max(0, Math.trunc(numberOf(value))))
    default:
      throw configError(at, `sprintf: the conversion "%${letter}" is not supported`)
  }
}
