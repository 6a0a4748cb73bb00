/**
 * encoded-word — `=?charset?Q|B?text?=` in header fields (RFC 2047), and wrongly but often in parameters.
 *
 * Words of one character set that stand side by side are joined before they are decoded, since senders cut
 * inside a character. What is no encoded word stays as it is. Linear.
 */

import {decodeBase64} from './base64.ts'
import {decodeCharset} from './charset.ts'
import {decodeQ} from './transfer.ts'

interface Word {
  /** where it ends in the text */
  readonly end: number
  readonly charset: string
  readonly octets: Buffer
}

/** Replace all encoded words of a text by what they say; octets that do not fit their charset stay readable. */
export function decodeEncodedWords(text: string): string {
  return decodeWordsWith(text, decodeCharset) ?? text
}

/** Octets in a character set as text. */
type DecodeCharset = (octets: Buffer, charset: string) => string | undefined

/**
 * The same with a choice of what a charset is.
 * @returns undefined where `decode` does so for one of the words
 */
export function decodeWordsWith(text: string, decode: DecodeCharset): string | undefined {
  let isFailed = false
  let result = ''
  let done = 0 // all before it is in `result`
  let joined: {charset: string; octets: Buffer[]} | undefined
  const flush = () => {
    if (joined) {
      const decoded = decode(Buffer.concat(joined.octets), joined.charset)
      if (decoded === undefined) isFailed = true
      else result += decoded
    }
    joined = undefined
  }
  let start = text.indexOf('=?')
  while (start >= 0) {
    const word = readWord(text, start)
    if (word === 'none') break // no `?=` follows any more
    if (word === undefined) {
      start = text.indexOf('=?', start + 2)
      continue
    }
    const between = text.slice(done, start)
    // Blanks between two words are not part of the text (RFC 2047 §6.2).
    if (joined && between.trim() === '') {
      if (joined.charset === word.charset) joined.octets.push(word.octets)
      else {
        flush()
        joined = {charset: word.charset, octets: [word.octets]}
      }
    } else {
      flush()
      result += between
      joined = {charset: word.charset, octets: [word.octets]}
    }
    done = word.end
    start = text.indexOf('=?', done)
  }
  flush()
  return isFailed ? undefined : result + text.slice(done)
}

/** The longest name of a character set we look for, language tag (RFC 2231 §5) included. */
const MAX_CHARSET = 100

function readWord(text: string, start: number): Word | undefined | 'none' {
  const close = text.indexOf('?', start + 2)
  if (close < 0) return 'none'
  if (close - start > MAX_CHARSET || text[close + 2] !== '?') return undefined
  const encoding = text[close + 1]!.toUpperCase()
  if (encoding !== 'Q' && encoding !== 'B') return undefined
  const end = text.indexOf('?=', close + 3)
  if (end < 0) return 'none'
  const encoded = Buffer.from(text.slice(close + 3, end))
  return {
    end: end + 2,
    charset: text
      .slice(start + 2, close)
      .replace(/\*.*$/s, '')
      .toLowerCase(),
    octets: encoding === 'B' ? decodeBase64(encoded) : decodeQ(encoded),
  }
}
