/**
 * names — member names as text: archives say little about the charset of their names.
 */
import {isUtf8} from 'node:buffer'

/** The upper half of code page 437, in which DOS and the zip format write names. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

/** A name in UTF-8 where its octets are that, else in Latin 1. Ends at a NUL, as it does for who opens it. */
export function nameText(octets: Buffer): string {
  const end = octets.indexOf(0)
  const name = end < 0 ? octets : octets.subarray(0, end)
  return name.toString(isUtf8(name) ? 'utf8' : 'latin1')
}

/** A name in UTF-8 where its octets are that, else in code page 437. */
export function dosNameText(octets: Buffer): string {
  if (isUtf8(octets)) return octets.toString('utf8')
  return octets.toString('latin1').replace(/[\x80-\xff]/g, letter => CP437[letter.charCodeAt(0) - 128]!)
}
