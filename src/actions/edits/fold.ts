/**
 * fold — header fields of ours as octets on the wire: folded, in ASCII, never over a line's limit.
 *
 * Source: spec/daemon §6.3. A field is a list of items; lines are filled with as many as fit into 78 columns
 * and a continuation begins with one space, so that unfolding gives the items joined by spaces again.
 */
import {encodeText, type WordStyle} from './encoded-word.ts'

const WIDTH = 78
/** RFC 5322 §2.1.1, without CRLF. */
const LINE_LIMIT = 998
const CONTROL = /[\x00-\x1f\x7f]/
const EACH_CONTROL = /[\x00-\x1f\x7f]/g

/** `Name: item item…`, folded, with its CRLF; a field without items is `Name:`. */
export function foldItems(name: string, items: readonly string[]): string {
  let text = ''
  let line = `${name}:`
  for (const item of items) {
    // The first item stays beside the name: a line of the name alone would be empty when unfolded.
    if (line.length + 1 + item.length <= WIDTH || (text === '' && line.length === name.length + 1)) {
      line += ` ${item}`
    } else {
      text += `${cut(line)}\r\n`
      line = ` ${item}`
    }
  }
  return `${text}${cut(line)}\r\n`
}

/** A field of free text: non-ASCII is encoded (RFC 2047), controls replaced, folded at its spaces. */
export function foldText(name: string, body: string, style?: WordStyle): string {
  const clean = body.replace(/[\x00-\x1f\x7f]+/g, ' ').trim()
  return foldItems(name, clean === '' ? [] : encodeText(clean, style).split(' '))
}

/** A field of several lines that keep their ends, such as a report; empty ones, and tabs that fold, are left out. */
export function foldLines(name: string, text: string): string {
  const lines = text.split('\n').flatMap(line => {
    const clean = line
      .replace(/^\t+/, '')
      .replace(/[\x00-\x1f\x7f]+/g, ' ')
      .trimEnd()
    return clean.trim() === '' ? [] : [encodeText(clean)]
  })
  return lines.map((line, index) => `${cut(`${index === 0 ? `${name}:` : ''} ${line}`)}\r\n`).join('')
}

/** A mailbox, `"phrase" <address>`: only the phrase may be encoded (RFC 2047 §5). */
export function foldMailbox(name: string, mailbox: string, style?: WordStyle): string {
  const [, phrase, address] = /^(.*?)\s*(<[^<>]*>)\s*$/s.exec(mailbox) ?? []
  if (phrase === undefined || address === undefined || /^[\x20-\x7e]*$/.test(phrase)) {
    return foldItems(
      name,
      mailbox
        .replace(/[\x00-\x1f\x7f]+/g, ' ')
        .trim()
        .split(' '),
    )
  }
  const words = encodeText(phrase.replace(/^"|"$/g, '').replace(/[\x00-\x1f\x7f]+/g, ' '), style).split(' ')
  return foldItems(name, [...words, address])
}

/** What an item is made of may come from a client: nothing in it ends a line. */
function cut(line: string): string {
  const clean = CONTROL.test(line) ? line.replace(EACH_CONTROL, '?') : line
  return clean.length <= LINE_LIMIT ? clean : `${clean.slice(0, LINE_LIMIT - 3)}...`
}
