/**
 * reply — replies as they go on the wire (RFC 5321 §4.2). Pure.
 *
 * A reply is a string whose characters are octets (latin1), so that any number of them are sent in one
 * write.
 */
import type {SmtpReply} from '../../errors.ts'

/** A reply line has at most 512 octets, with its code and its line end (RFC 5321 §4.5.3.1.5). */
const LINE_OCTETS = 512

/** `250 2.0.0 Ok`, on as many lines as it needs. */
export function formatReply({code, enhanced, text}: SmtpReply): string {
  const line = `${code} ${enhanced} ${text}`
  if (line.length <= LINE_OCTETS - 2) return `${line}\r\n`
  const room = LINE_OCTETS - 2 - `${code} ${enhanced} `.length
  const pieces = wrap(text, room)
  return pieces
    .map((piece, i) => `${code}${i < pieces.length - 1 ? '-' : ' '}${enhanced} ${piece}\r\n`)
    .join('')
}

/** A reply of several lines without enhanced codes, as EHLO has it. */
export function formatLines(code: number, lines: readonly string[]): string {
  return lines.map((line, i) => `${code}${i < lines.length - 1 ? '-' : ' '}${line}\r\n`).join('')
}

/** Pieces of at most `room` characters, cut at a space where there is one in the last third. */
function wrap(text: string, room: number): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > room) {
    const space = rest.lastIndexOf(' ', room)
    const cut = space > (room * 2) / 3 ? space : room
    pieces.push(rest.slice(0, cut))
    rest = rest.slice(rest[cut] === ' ' ? cut + 1 : cut)
  }
  pieces.push(rest)
  return pieces
}

/** Text of others made fit for a reply: no controls; beyond ASCII as UTF-8 where that is agreed, else `?`. */
export function replyText(text: string, utf8: boolean): string {
  const clean = text.replace(/[\x00-\x1f\x7f]+/g, ' ')
  return utf8 ? octetsAsText(clean) : clean.replace(/[^\x20-\x7e]/g, '?')
}

/** The octets of UTF-8 text, a character each. */
export function octetsAsText(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}
