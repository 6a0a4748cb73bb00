/**
 * encoded-word — text in header fields that is not ASCII (RFC 2047): to write it, and to read what is there.
 */
import {textOf} from '../../message/header.ts'
import {decodeWordsWith} from '../../message/mime/encoded-word.ts'

/** RFC 2047 §2: an encoded word has at most 75 characters. */
const WORD_LIMIT = 75
const PREFIX = '=?UTF-8?Q?'
const SUFFIX = '?='

/** Text as it may stand in a field: unchanged where it is printable ASCII, else UTF-8 words in encoding Q. */
export function encodeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text
  const words: string[] = []
  let word = ''
  for (const character of text) {
    const piece = encodeCharacter(character)
    if (PREFIX.length + word.length + piece.length + SUFFIX.length > WORD_LIMIT) {
      words.push(PREFIX + word + SUFFIX)
      word = ''
    }
    word += piece
  }
  words.push(PREFIX + word + SUFFIX)
  return words.join(' ')
}

/** One whole character, since a word must not end within one (RFC 2047 §5). */
function encodeCharacter(character: string): string {
  if (character === ' ') return '_'
  if (/^[A-Za-z0-9!*+/-]$/.test(character)) return character
  let piece = ''
  for (const octet of Buffer.from(character, 'utf8')) {
    piece += `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return piece
}

/**
 * An unfolded field body as text.
 *
 * Octets outside ASCII that nobody encoded are UTF-8 if they can be, else latin1.
 * @returns undefined where a charset is not known or octets do not fit it: leave such a field as it is
 */
export function decodeText(body: Buffer): string | undefined {
  return decodeWordsWith(textOf(body), strictCharset)
}

function strictCharset(octets: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, {fatal: true}).decode(octets)
  } catch {
    return undefined
  }
}
