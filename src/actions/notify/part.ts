/**
 * part — a MIME part of a mail of ours, in an encoding that any next hop takes (RFC 2045 §6).
 */

/** RFC 2045 §6.7: an encoded line has at most 76 characters, its soft break included. */
const LINE_LIMIT = 76

/** A part's header and content: as it is where it is short lines of ASCII, else quoted-printable. */
export function encodePart(type: string, content: Buffer, description?: string): Buffer {
  const text = content.toString('latin1')
  const plain = isPlain(text)
  const head =
    `Content-Type: ${type}\r\nContent-Disposition: inline\r\n` +
    `Content-Transfer-Encoding: ${plain ? '7bit' : 'quoted-printable'}\r\n` +
    `${description === undefined ? '' : `Content-Description: ${description}\r\n`}\r\n`
  return Buffer.concat([Buffer.from(head), plain ? content : Buffer.from(quotedPrintable(text))])
}

/** Only printable ASCII, tabs and CRLFs, in lines that SMTP carries. */
function isPlain(text: string): boolean {
  if (/[^\t\r\n\x20-\x7e]|\r(?!\n)|(?<!\r)\n/.test(text)) return false
  return text.split('\r\n').every(line => line.length <= 998)
}

/** @param text one character for each octet, CRLF line ends */
function quotedPrintable(text: string): string {
  return text
    .split('\r\n')
    .map(line => {
      let out = ''
      let column = 0
      for (let index = 0; index < line.length; index++) {
        const piece = quote(line[index]!, index === line.length - 1)
        if (column + piece.length > LINE_LIMIT - 1) {
          out += '=\r\n'
          column = 0
        }
        out += piece
        column += piece.length
      }
      return out
    })
    .join('\r\n')
}

function quote(octet: string, last: boolean): string {
  // A blank at the end of a line would not survive transport.
  const literal = last ? /[\x21-\x3c\x3e-\x7e]/ : /[\t\x20-\x3c\x3e-\x7e]/
  if (literal.test(octet)) return octet
  return `=${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
