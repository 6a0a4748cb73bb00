/**
 * canonical — header fields and bodies in the canonical forms of RFC 6376 §3.4, as octets to hash.
 *
 * Bodies are hashed as they come, in any chunks: what is held back is a count of line ends and one blank.
 */
import {createHash, type Hash} from 'node:crypto'

export type Form = 'simple' | 'relaxed'

/** One field, in latin1; with its CRLF. */
export function canonicalField(raw: Buffer, form: Form): string {
  const text = raw.toString('latin1')
  if (form === 'simple') return text
  const colon = text.indexOf(':')
  const name = text.slice(0, colon).trimEnd().toLowerCase()
  const body = text
    .slice(colon + 1)
    .replace(/\r?\n/g, '')
    .replace(/[ \t]+/g, ' ')
  return `${name}:${body.trim()}\r\n`
}

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const LINE_END = Buffer.from('\r\n')

/** SHA-256 of a body in a canonical form; give it the octets in order, then ask for the digest once. */
export class BodyHash {
  readonly #form: Form
  readonly #hash: Hash = createHash('sha256')
  /** line ends at the end of what came, not hashed as they may be the last */
  #lineEnds = 0
  #isEmpty = true
  /** blanks (as one) and a CR that nobody knows the end of yet */
  #tail = ''

  constructor(form: Form) {
    this.#form = form
  }

  update(chunk: Buffer): void {
    const text = this.#tail === '' ? chunk : Buffer.concat([Buffer.from(this.#tail, 'latin1'), chunk])
    let end = text.length
    if (text[end - 1] === CR) end--
    if (this.#form === 'relaxed') while (end > 0 && isBlank(text[end - 1])) end--
    const tail = text.toString('latin1', end)
    this.#tail = this.#form === 'relaxed' ? squeezed(tail) : tail
    const whole = text.subarray(0, end)
    this.#lines(this.#form === 'relaxed' ? Buffer.from(squeezed(whole.toString('latin1')), 'latin1') : whole)
  }

  /** In base64. */
  digest(): string {
    const last = this.#form === 'relaxed' ? this.#tail.trimStart() : this.#tail
    if (last !== '') this.#lines(Buffer.from(last, 'latin1'))
    if (!this.#isEmpty || this.#form === 'simple') this.#hash.update(LINE_END)
    return this.#hash.digest('base64')
  }

  #lines(text: Buffer): void {
    let end = text.length
    while (end >= 2 && text[end - 1] === LF && text[end - 2] === CR) end -= 2
    if (end > 0) {
      this.#flush()
      this.#hash.update(text.subarray(0, end))
      this.#isEmpty = false
    }
    this.#lineEnds += (text.length - end) / 2
  }

  #flush(): void {
    for (; this.#lineEnds > 0; this.#lineEnds -= Math.min(this.#lineEnds, BLOCK)) {
      this.#hash.update('\r\n'.repeat(Math.min(this.#lineEnds, BLOCK)))
    }
  }
}

/** Line ends that are hashed at once. */
const BLOCK = 4096

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB
}

function squeezed(text: string): string {
  return text.replace(/[ \t]+/g, ' ').replaceAll(' \r\n', '\r\n')
}
