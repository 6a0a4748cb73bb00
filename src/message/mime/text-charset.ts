/**
 * text-charset — texts whose octets are not what a reader sees: UTF-7, UTF-16, UTF-32, EBCDIC.
 *
 * Clients decode them before they show them, so a check has to see them decoded too. Other character sets have
 * ASCII where it always is, and need nothing.
 */

/** Whether a text in this character set looks different when decoded. */
export function isOpaque(charset: string): boolean {
  return OPAQUE.test(charset)
}

const OPAQUE =
  /^(?:(?:unicode-\d-\d-|x-)?utf-?7|(?:utf|ucs|csucs|iso-10646-ucs)-?_?(?:16|32|2|4)|ebcdic|(?:cp|ibm)-?0?(?:37|500))/i

/** A text as UTF-8; undefined where it is not in this character set. */
export function decodeOpaque(octets: Buffer, charset: string): Buffer | undefined {
  const name = charset.toLowerCase()
  if (/utf-?7/.test(name)) return Buffer.from(decodeUtf7(octets.toString('latin1')))
  if (/ebcdic|cp|ibm/.test(name)) return Buffer.from(octets.map(c => EBCDIC[c]!))
  if (/32|ucs-?_?4/.test(name)) return decodeUtf32(octets, /le$/.test(name))
  const isLittle = octets[0] === 0xff || (octets[0] !== 0xfe && (/le$/.test(name) || octets[1] === 0))
  return Buffer.from(new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be').decode(octets))
}

/** RFC 2152: `+base64-` stands for UTF-16, `+-` for a plus sign. */
function decodeUtf7(text: string): string {
  return text.replace(/\+([A-Za-z0-9+/]*)-?/g, (_, digits: string) =>
    digits === ''
      ? '+'
      : Buffer.from(digits, 'base64')
          .subarray(0, Math.floor((digits.length * 3) / 8) * 2)
          .swap16()
          .toString('utf16le'),
  )
}

function decodeUtf32(octets: Buffer, isLittle: boolean): Buffer | undefined {
  if (octets.length < 4) return undefined
  const swapped = isLittle || octets[0] === 0xff || octets[3] === 0 ? 0 : 1
  const points: string[] = []
  for (let i = 0; i + 4 <= octets.length; i += 4) {
    const point = swapped ? octets.readUInt32BE(i) : octets.readUInt32LE(i)
    points.push(point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd')
  }
  return Buffer.from(points.join(''))
}

/** The printable characters of code page 37, the rest as blanks. */
const EBCDIC = new Uint8Array(256).fill(32)
for (const [start, text] of [
  [0x40, ' '],
  [0x4b, '.<(+|&'],
  [0x5a, '!$*);'],
  [0x60, '-/'],
  [0x6b, ',%_>?'],
  [0x79, '`:#@\'="'],
  [0x81, 'abcdefghi'],
  [0x91, 'jklmnopqr'],
  [0xa1, '~stuvwxyz'],
  [0xb0, '^'],
  [0xba, '[]'],
  [0xc0, '{ABCDEFGHI'],
  [0xd0, '}JKLMNOPQR'],
  [0xe0, '\\'],
  [0xe2, 'STUVWXYZ'],
  [0xf0, '0123456789'],
  [0x25, '\n'],
  [0x15, '\n'],
  [0x0d, '\r'],
  [0x05, '\t'],
] as const) {
  for (let i = 0; i < text.length; i++) EBCDIC[start + i] = text.charCodeAt(i)
}
