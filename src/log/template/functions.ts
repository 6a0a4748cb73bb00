/**
 * functions — the macros that make one text of others (spec/config §8.8, String functions). Pure.
 */
import {numberOfText, numberText} from '../../config/number.ts'
import {sprintf} from '../../config/sprintf.ts'
import {AmavisError} from '../../errors.ts'
import {decodeEncodedWords} from '../../message/mime/encoded-word.ts'
import type {MacroCode} from './expand.ts'
import {wrapped} from './wrap.ts'

/** Shortest limit at which a cut text gets its mark. */
const SHORTEST_MARKED = 6
const CUT_MARK = '[...]'

export const STRING_FUNCTIONS: ReadonlyMap<string, MacroCode> = new Map<string, MacroCode>([
  ['lc', (_, ...texts) => texts.join('').toLowerCase()],
  ['uc', (_, ...texts) => texts.join('').toUpperCase()],
  ['substr', (_, text = '', offset = '0', length) => substr(text, number(offset), length)],
  ['index', (_, text = '', part = '', from = '0') => text.indexOf(part, number(from))],
  ['len', (_, text = '') => [...text].length],
  ['incr', (_, value = '', ...amounts) => numberText(number(value) + total(amounts))],
  ['decr', (_, value = '', ...amounts) => numberText(number(value) - total(amounts))],
  ['min', (_, ...values) => extreme(values, Math.min)],
  ['max', (_, ...values) => extreme(values, Math.max)],
  ['sprintf', (_, format = '', ...values) => sprintf(format, values, badTemplate)],
  ['join', (_, separator = '', ...texts) => texts.join(separator)],
  ['limit', (_, size = '', text = '') => limited(text, number(size))],
  ['dquote', (_, ...texts) => texts.map(text => `"${text.replaceAll('"', '""')}"`).join('')],
  ['uquote', (_, ...texts) => texts.map(text => text.replace(/[ \t]+/g, '_')).join('')],
  ['rot13', (_, ...texts) => rot13(texts.join(''))],
  ['hexenc', (_, ...texts) => texts.map(text => octets(text).toString('hex')).join('')],
  ['b64encode', (_, ...texts) => texts.map(text => octets(text).toString('base64')).join(' ')],
  ['b64enc', (_, ...texts) => texts.map(text => withoutPadding(octets(text).toString('base64'))).join(' ')],
  ['b64urlenc', (_, ...texts) => texts.map(text => octets(text).toString('base64url')).join(' ')],
  ['mime_decode', (_, text, size, both) => decoded(text, size, both)],
  ['mime2utf8', (_, text, size, both) => decoded(text, size, both)],
  [
    'wrap',
    (_, width = '', prefix = '', indent = '', text = '') => wrapped(text, number(width), prefix, indent),
  ],
])

/** The first n−5 characters of a longer text, and a mark; a limit below 6 is none. */
export function limited(text: string, size: number): string {
  if (text.length <= size || size < SHORTEST_MARKED) return text
  const characters = [...text]
  if (characters.length <= size) return text
  return characters.slice(0, size - CUT_MARK.length).join('') + CUT_MARK
}

const number = numberOfText

function total(amounts: readonly string[]): number {
  return amounts.length === 0 ? 1 : amounts.reduce((sum, amount) => sum + number(amount), 0)
}

function extreme(values: readonly string[], choose: (...numbers: number[]) => number): string {
  const numbers = values.filter(value => value.trim() !== '').map(number)
  return numbers.length === 0 ? '' : numberText(choose(...numbers))
}

function substr(text: string, offset: number, length: string | undefined): string {
  const characters = [...text]
  const start = offset < 0 ? Math.max(0, characters.length + offset) : offset
  if (length === undefined || length.trim() === '') return characters.slice(start).join('')
  const count = number(length)
  return characters.slice(start, count < 0 ? count : start + count).join('')
}

export function rot13(text: string): string {
  return text.replace(/[a-z]/gi, letter => {
    const base = letter <= 'Z' ? 65 : 97
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base)
  })
}

/** Texts that are octets, one a character, stay those; others are UTF-8. */
function octets(text: string): Buffer {
  return Buffer.from(text, /[^\x00-\xff]/.test(text) ? 'utf8' : 'latin1')
}

function withoutPadding(base64: string): string {
  return base64.replace(/=+$/, '')
}

function decoded(raw = '', size = '', both = ''): string {
  const text = decodeEncodedWords(raw)
  const cut = (whole: string) => (size.trim() === '' ? whole : [...whole].slice(0, number(size)).join(''))
  const wantsBoth = both !== '' && both !== '0'
  return wantsBoth && text !== raw ? `${cut(text)} (raw: ${cut(raw)})` : cut(text)
}

function badTemplate(what: string): AmavisError {
  return new AmavisError('AM_CONFIG', `a template: ${what}`)
}
