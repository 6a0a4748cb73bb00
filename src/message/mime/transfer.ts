/**
 * transfer — content transfer encodings back into octets (RFC 2045 §6).
 *
 * Decoders never fail: they take what can be taken, as mail clients do, because what a client would show must
 * be looked at. Text that was not encoded comes out with LF line ends, encoded octets exactly as they were.
 */

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const EQUALS = 61
const UNDERSCORE = 95

/**
 * CRLF made LF; a bare CR stays. Octets without CRLF are returned as they are, without a copy.
 */
export function toLf(octets: Buffer): Buffer {
  let cr = octets.indexOf(CR)
  if (cr < 0) return octets
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  let done = 0
  let lines = 0
  while (cr >= 0) {
    if (octets[cr + 1] === LF) {
      out.set(octets.subarray(done, cr), length)
      length += cr - done
      done = cr + 1
    }
    if (++lines % SAMPLE_LINES === 0 && cr < lines * SHORT_LINE)
      return copyShortLines(octets, done, out, length)
    cr = octets.indexOf(CR, cr + 1)
  }
  out.set(octets.subarray(done), length)
  return out.subarray(0, length + octets.length - done)
}

/** Where lines are shorter than this on average, octet by octet is quicker than line by line. */
const SHORT_LINE = 24
const SAMPLE_LINES = 4096

function copyShortLines(octets: Buffer, from: number, out: Buffer, start: number): Buffer {
  let length = start
  for (let i = from; i < octets.length; i++) {
    const c = octets[i]!
    if (c !== CR || octets[i + 1] !== LF) out[length++] = c
  }
  return out.subarray(0, length)
}

/** Each CR that ends no line made LF; no other octet moves. */
export function crToLf(octets: Buffer): Buffer {
  const out = Buffer.from(octets)
  for (let i = 0; i < out.length; i++) if (out[i] === CR && out[i + 1] !== LF) out[i] = LF
  return out
}

function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1
  if (c >= 48 && c <= 57) return c - 48
  const lower = c | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}

/**
 * Quoted-printable (RFC 2045 §6.7); line ends come out as LF. Blanks at the end of a line are dropped, an
 * escape that is none stays.
 */
export function decodeQuotedPrintable(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  let pos = 0
  while (pos < octets.length) {
    const lf = octets.indexOf(LF, pos)
    const next = lf < 0 ? octets.length : lf + 1
    let end = lf < 0 ? octets.length : lf
    // At the very end blanks may be what the sender meant: nothing has been cut there on the way.
    while (lf >= 0 && end > pos && isBlankOrCr(octets[end - 1])) end--
    const isSoft = end > pos && octets[end - 1] === EQUALS
    if (isSoft) end--
    for (let i = pos; i < end; i++) {
      const c = octets[i]!
      if (c !== EQUALS) {
        out[length++] = c
        continue
      }
      const high = hexDigit(octets[i + 1])
      const low = high < 0 || i + 2 >= end ? -1 : hexDigit(octets[i + 2])
      if (low < 0) out[length++] = c
      else {
        out[length++] = high * 16 + low
        i += 2
      }
    }
    if (lf >= 0 && !isSoft) out[length++] = LF
    pos = next
  }
  return out.subarray(0, length)
}

function isBlankOrCr(c: number | undefined): boolean {
  return c === SPACE || c === TAB || c === CR
}

/** The Q encoding of encoded words (RFC 2047 §4.2): as quoted-printable, but `_` is a blank. */
export function decodeQ(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  for (let i = 0; i < octets.length; i++) {
    const c = octets[i]!
    const high = c === EQUALS ? hexDigit(octets[i + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(octets[i + 2])
    if (low >= 0) {
      out[length++] = high * 16 + low
      i += 2
    } else out[length++] = c === UNDERSCORE ? SPACE : c
  }
  return out.subarray(0, length)
}

/** Percent escapes of RFC 2231 §4. */
export function decodePercent(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length)
  let length = 0
  for (let i = 0; i < octets.length; i++) {
    const c = octets[i]!
    const high = c === 37 ? hexDigit(octets[i + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(octets[i + 2])
    if (low >= 0) {
      out[length++] = high * 16 + low
      i += 2
    } else out[length++] = c
  }
  return out.subarray(0, length)
}
