/**
 * charset — octets of a named character set as text.
 *
 * Only names and encoded words are ever decoded, so decoders are made when they are needed. A set that is not
 * known or not what it claims loses nothing: the octets are read as UTF-8 where valid, else as latin1.
 */
import {textOf} from '../header.ts'

/** Text of `octets` in the character set `label` (RFC 2978 names and the aliases of the WHATWG standard). */
export function decodeCharset(octets: Buffer, label: string): string {
  const name = label.trim().toLowerCase()
  if (name === '' || name === 'us-ascii' || name === 'utf-8') return textOf(octets)
  try {
    return new TextDecoder(name, {ignoreBOM: true}).decode(octets)
  } catch {
    return textOf(octets)
  }
}
