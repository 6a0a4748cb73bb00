/**
 * xtext — the encoding of DSN and XFORWARD parameters (RFC 3461 §4, RFC 6533 §3). Pure.
 */

const PLAIN = /^[!-*,-<>-~]*$/
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/i

/** `+XX` for all but printable ASCII without `+` and `=`; what lies above ASCII is encoded as UTF-8. */
export function encodeXtext(text: string): string {
  if (PLAIN.test(text)) return text
  let encoded = ''
  for (const octet of Buffer.from(text, 'utf8')) {
    const plain = octet > 0x20 && octet < 0x7f && octet !== 0x2b && octet !== 0x3d
    encoded += plain ? String.fromCharCode(octet) : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** The text; octets above ASCII are read as UTF-8 where they are, else as latin1. Undefined: not xtext. */
export function decodeXtext(encoded: string): string | undefined {
  if (!XTEXT.test(encoded)) return undefined
  if (!encoded.includes('+')) return encoded
  const latin1 = encoded.replace(/\+(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const utf8 = Buffer.from(latin1, 'latin1').toString('utf8')
  return utf8.includes('\uFFFD') ? latin1 : utf8
}

/** The address of an ORCPT (`type;address`) as it goes on the wire: xtext, or RFC 6533's form for `utf-8`. */
export function encodeOrcpt(orcpt: string): string {
  const [, type = '', address = ''] = /^([^;]*);(.*)$/s.exec(orcpt) ?? []
  if (type.toLowerCase() !== 'utf-8') return `${type};${encodeXtext(address)}`
  const embedded = address.replace(
    /[^!-*,-<>-[\]-~]/gu,
    char => `\\x{${char.codePointAt(0)!.toString(16).toUpperCase()}}`,
  )
  return `${type};${embedded}`
}

/** The inverse of `encodeOrcpt`; undefined when it is no `type;address`. */
export function decodeOrcpt(value: string): string | undefined {
  const [, type = '', encoded = ''] = /^([!-:<-~]+);(.*)$/s.exec(value) ?? []
  if (type === '') return undefined
  if (type.toLowerCase() !== 'utf-8') {
    const address = decodeXtext(encoded)
    return address === undefined ? undefined : `${type};${address}`
  }
  const address = encoded.replace(/\\x\{([0-9A-F]{1,6})\}/gi, (whole, hex: string) => {
    const point = Number.parseInt(hex, 16)
    return point > 0x10ffff ? whole : String.fromCodePoint(point)
  })
  return `${type};${address}`
}
