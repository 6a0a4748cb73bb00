/**
 * language/text-functions — Perl's functions of plain values, as far as configurations use them.
 */
import {configError, configErrors, type Position} from '../problem.ts'
import {sprintf} from '../sprintf.ts'
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
  ['sprintf', (args, at) => formatted(args, at)],
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
  ['printf', (args, at, machine) => says([formatted(args, at)], at, machine)],
])

/** What a configuration prints becomes a warning: nobody reads its output. */
function formatted([format, ...args]: readonly Scalar[], at: Position): string {
  return sprintf(textOf(format), args, what => configError(at, what))
}

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
