/**
 * encoded-word — text in header fields that is not ASCII (RFC 2047): to write it, and to read what is there.
 */
import {encodeIn} from '../../message/charset.ts'
import {textOf} from '../../message/header.ts'
import {decodeWordsWith} from '../../message/mime/encoded-word.ts'

/** How words are written: `$hdr_encoding` and `$hdr_encoding_qb`. */
export interface WordStyle {
  readonly charset: string
  readonly encoding: 'Q' | 'B'
}

const UTF8_Q: WordStyle = {charset: 'UTF-8', encoding: 'Q'}

/** RFC 2047 §2: an encoded word has at most 75 characters. */
const WORD_LIMIT = 75
const SUFFIX = '?='

/**
 * Text as it may stand in a field: unchanged where it is printable ASCII, else in encoded words; they are UTF-8 where
 * the charset of the style has not all characters.
 */
export function encodeText(text: string, style = UTF8_Q): string {
  if (/^[\x20-\x7e]*$/.test(text) && !text.includes('=?')) return text
  const {charset, encoding} = encodeIn(style.charset, text) ? style : {...style, charset: 'UTF-8'}
  const prefix = `=?${charset}?${encoding}?`
  const room = WORD_LIMIT - prefix.length - SUFFIX.length
  const words: string[] = []
  let pieces: string[] = []
  let octets = 0
  let size = 0
  const finish = () => {
    const content = pieces.join('')
    words.push(
      prefix + (encoding === 'B' ? Buffer.from(content, 'latin1').toString('base64') : content) + SUFFIX,
    )
    pieces = []
    octets = size = 0
  }
  // One whole character after the other, since a word must not end within one (RFC 2047 §5).
  for (const character of text) {
    const encoded = encodeIn(charset, character) ?? Buffer.from('?')
    const piece = encoding === 'B' ? encoded.toString('latin1') : quoted(encoded)
    const grown = encoding === 'B' ? 4 * Math.ceil((octets + encoded.length) / 3) : size + piece.length
    if (pieces.length > 0 && grown > room) finish()
    pieces.push(piece)
    octets += encoded.length
    size += piece.length
  }
  finish()
  return words.join(' ')
}

function quoted(octets: Buffer): string {
  let piece = ''
  for (const octet of octets) {
    const character = String.fromCharCode(octet)
    if (character === ' ') piece += '_'
    else if (/[A-Za-z0-9!*+/-]/.test(character)) piece += character
    else piece += `=${octet.toString(16).toUpperCase().padStart(2, '0')}`
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
