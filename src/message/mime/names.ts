/**
 * names — the file names that a field declares, in every way in which clients read them.
 *
 * RFC 2231 (`filename*`, `filename*0`), RFC 2047 in a plain parameter, and plain; each decoded and, where that
 * differs, raw. All of them count for rules, since a sender chooses a client by how the name is written.
 */
import {textOf} from '../header.ts'
import {decodeCharset} from './charset.ts'
import {decodeEncodedWords} from './encoded-word.ts'
import {joinPieces, type Parameterized, piecesAsWritten} from './parameters.ts'
import {decodePercent} from './transfer.ts'

/** Best form first: RFC 2231 over RFC 2047 over plain. */
export function declaredNames(field: Parameterized, name: string): string[] {
  const {parameters} = field
  if (parameters.length === 0) return []
  const names: string[] = []
  const add = (...texts: string[]) => {
    for (const text of texts) if (text !== '' && !names.includes(text)) names.push(text)
  }
  const pieces = joinPieces(parameters, name)
  if (pieces) {
    const {value, isExtended} = pieces
    add(...(isExtended ? decodeExtended(value) : decodePlain(value)), rawText(value))
    // Some clients join the pieces in the order in which they stand.
    const written = piecesAsWritten(parameters, name)
    if (written !== undefined && written !== value) add(...decodeExtended(written))
  }
  for (const parameter of parameters) {
    if (parameter.name === `${name}*`) add(...decodeExtended(parameter.value), rawText(parameter.value))
  }
  for (const parameter of parameters) {
    if (parameter.name !== name) continue
    const {value, isToken} = parameter
    add(...decodePlain(value), rawText(value))
    // A comment ends a token for those who keep to the standard, and is part of the name for others.
    const comment = isToken ? value.indexOf('(') : -1
    if (comment > 0) add(value.slice(0, comment))
  }
  return names
}

/** Whether names would make a client open the file with different programs. */
export function hasRivals(names: readonly string[]): boolean {
  const extensions = new Set<string>()
  for (const name of names) {
    // A raw form says nothing new: it is there decoded.
    if (/^=\?[^?]+\?[bq]\?|^[^']*'[^']*'/i.test(name) || name.includes('=?')) continue
    const extension = /\.([^.\s]+)[\s.]*$/.exec(name.slice(-MAX_EXTENSION))?.[1]
    if (extension !== undefined) extensions.add(extension.toLowerCase())
  }
  return extensions.size > 1
}

/** How far from the end of a name an extension may begin. */
const MAX_EXTENSION = 100

/** `charset'language'percent-escaped` (RFC 2231 §4). */
function decodeExtended(value: string): string[] {
  const match = /^([^']*)'[^']*'/.exec(value)
  const octets = decodePercent(Buffer.from(match ? value.slice(match[0].length) : value, 'latin1'))
  const charset = match?.[1] ?? ''
  const text = decodeCharset(octets, charset)
  return isWide(charset) ? [text, decodeCharset(octets, `${charset}be`)] : [text]
}

function decodePlain(value: string): string[] {
  const raw = rawText(value)
  if (!raw.includes('=?')) return [raw]
  const text = decodeEncodedWords(raw)
  // UTF-16 that does not say its order has either, by client.
  return isWide(/=\?([^?]*)\?/.exec(raw)?.[1] ?? '')
    ? [text, decodeEncodedWords(raw.replace(/=\?utf-?16\?/gi, '=?utf-16be?'))]
    : [text]
}

function isWide(charset: string): boolean {
  return /^utf-?16$/i.test(charset)
}

function rawText(value: string): string {
  return textOf(Buffer.from(value, 'latin1'))
}
