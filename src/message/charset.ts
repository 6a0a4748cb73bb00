/**
 * charset — text as octets in a charset that a configuration names. Pure.
 *
 * Node reads many charsets and writes few: those of one octet a character are written by asking what each octet is.
 */

type Encoder = (text: string) => Buffer | undefined

const encoders = new Map<string, Encoder>()
const MOST_ENCODERS = 20

/** @returns undefined where the charset is not known, or has no place for a character of the text */
export function encodeIn(charset: string, text: string): Buffer | undefined {
  const name = charset.trim().toLowerCase()
  let encoder = encoders.get(name)
  if (!encoder) {
    if (encoders.size >= MOST_ENCODERS) encoders.clear()
    encoder = encoderOf(name)
    encoders.set(name, encoder)
  }
  return encoder(text)
}

function encoderOf(name: string): Encoder {
  switch (name) {
    case 'utf-8':
    case 'utf8':
      return text => Buffer.from(text, 'utf8')
    case 'us-ascii':
    case 'ascii':
      return text => (/[^\x00-\x7f]/.test(text) ? undefined : Buffer.from(text, 'latin1'))
    // To browsers, and so to TextDecoder, this is another name for windows-1252.
    case 'iso-8859-1':
    case 'latin1':
      return text => (/[^\x00-\xff]/.test(text) ? undefined : Buffer.from(text, 'latin1'))
    default:
      return oneOctetEncoder(name)
  }
}

function oneOctetEncoder(name: string): Encoder {
  const decoder = decoderOf(name)
  if (!decoder) return () => undefined
  const octets = new Map<string, number>()
  for (let octet = 0; octet < 256; octet++) {
    try {
      const character = decoder.decode(Buffer.of(octet))
      if ([...character].length === 1) octets.set(character, octet)
    } catch {
      // no character, or the first octet of several
    }
  }
  return text => {
    const found: number[] = []
    for (const character of text) {
      const octet = octets.get(character)
      if (octet === undefined) return undefined
      found.push(octet)
    }
    return Buffer.from(found)
  }
}

function decoderOf(name: string) {
  try {
    return new TextDecoder(name, {fatal: true})
  } catch {
    return undefined
  }
}
