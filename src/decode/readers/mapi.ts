/**
 * mapi — lists of MAPI properties as TNEF has them ([MS-OXTNEF] 2.1.3.4).
 *
 * A list that is cut off, or has a type that nobody knows, is read as far as it goes.
 */

export interface MapiProperty {
  readonly id: number
  readonly value: Buffer
  /** the value as text, without its NUL */
  readonly text: string
}

const TYPE = {string8: 0x1e, unicode: 0x1f, object: 0x0d, binary: 0x102} as const
const MULTIPLE = 0x1000
/** Octets of values with a fixed size, rounded up to four. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0x02, 4],
  [0x03, 4],
  [0x04, 4],
  [0x0a, 4],
  [0x0b, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
])

export function readMapiProperties(octets: Buffer): MapiProperty[] {
  const found: MapiProperty[] = []
  let at = 4
  const number = (): number => {
    const value = at + 4 <= octets.length ? octets.readUInt32LE(at) : Number.NaN
    at += 4
    return value
  }
  const padded = (size: number): Buffer => {
    const value = octets.subarray(at, at + size)
    at += Math.ceil(size / 4) * 4
    return value
  }
  while (at + 4 <= octets.length) {
    const type = octets.readUInt16LE(at)
    const id = octets.readUInt16LE(at + 2)
    at += 4
    if (id >= 0x8000) {
      at += 16
      if (number() === 1) padded(number())
      else at += 4
    }
    const base = type & ~MULTIPLE
    const fixed = FIXED.get(base)
    const isSized =
      base === TYPE.string8 || base === TYPE.unicode || base === TYPE.object || base === TYPE.binary
    if (fixed === undefined && !isSized) break
    const count = isSized || type & MULTIPLE ? number() : 1
    // Each value takes at least four octets: a count that does not fit is no count.
    if (!(count <= (octets.length - at) / 4 + 1)) break
    for (let i = 0; i < count; i++) {
      const size = fixed ?? number()
      if (!(size <= octets.length - at)) return found
      const value = padded(size)
      const text = value.toString(base === TYPE.unicode ? 'utf16le' : 'latin1').split('\0', 1)[0] ?? ''
      if (isSized) found.push({id, value, text})
    }
  }
  return found
}
