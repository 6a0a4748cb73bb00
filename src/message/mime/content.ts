/**
 * content — the body of an entity as the octets that its transfer encoding stands for.
 */
import {type Decoded, readBase64} from './base64.ts'
import type {Entity} from './entity.ts'
import {decodeQuotedPrintable, toLf} from './transfer.ts'
import {readUuencoded} from './uuencode.ts'

/** Never fails: an encoding that nobody knows is taken for none. Texts come out with LF line ends. */
export function decodeContent({type, encoding}: Pick<Entity, 'type' | 'encoding'>, octets: Buffer): Decoded {
  switch (encoding) {
    case 'base64':
      return readBase64(octets)
    case 'quoted-printable':
      return certain(decodeQuotedPrintable(octets))
    case 'x-uuencode':
    case 'x-uue':
    case 'uuencode':
      return certain(readUuencoded(octets, 1).files[0]?.content ?? toLf(octets))
    default:
      // A message is read again from these octets; a copy on each level would add up.
      return certain(type.startsWith('message/') ? octets : toLf(octets))
  }
}

function certain(content: Buffer): Decoded {
  return {content, isDoubtful: false}
}
