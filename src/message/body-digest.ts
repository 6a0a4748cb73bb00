/**
 * body-digest — MD5 of a mail's body, which templates and file names call it by: a name, no protection.
 *
 * Line ends count as LF, as in the original, whose mail files have those.
 */
import {createHash} from 'node:crypto'

export class BodyDigest {
  readonly #hash = createHash('md5')
  /** the octets so far end in a CR */
  #endsInCr = false

  /** Octets with CRLF line ends, in pieces of any size. */
  update(octets: Buffer): this {
    const text = (this.#endsInCr ? '\r' : '') + octets.toString('latin1')
    this.#endsInCr = text.endsWith('\r')
    this.#hash.update((this.#endsInCr ? text.slice(0, -1) : text).replaceAll('\r\n', '\n'), 'latin1')
    return this
  }

  /** In hexadecimal; nothing may come after. */
  digest(): string {
    if (this.#endsInCr) this.#hash.update('\r')
    return this.#hash.digest('hex')
  }
}
