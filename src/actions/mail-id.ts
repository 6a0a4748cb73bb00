/**
 * mail-id — the long-term name of a mail, and the secret that allows its release.
 *
 * Source: spec/daemon, Identifiers. The mail_id is the digest of the secret, so whoever knows the secret can
 * be checked without storing it. MD5 stays: an amavisd that shares the quarantine recomputes it.
 */
import {hash, randomFillSync} from 'node:crypto'

export interface MailId {
  /** 12 characters of the base64url alphabet with 72 bits; first and last are alphanumeric */
  readonly mailId: string
  /** 9 random octets in base64url, 12 characters */
  readonly secretId: string
}

const SECRET_OCTETS = 9
const POOL_SECRETS = 64

/** Makes mail ids; random octets are fetched for many at a time. */
export class MailIds {
  readonly #length: number
  readonly #fill: (pool: Buffer) => void
  readonly #pool = Buffer.alloc(SECRET_OCTETS * POOL_SECRETS)
  #next = this.#pool.length

  /** @param bits `$mail_id_size_bits`, a multiple of 24 up to 120; others are rounded up and bounded */
  constructor(bits = 72, fill: (pool: Buffer) => void = randomFillSync) {
    this.#length = 4 * Math.min(5, Math.max(1, Math.ceil(bits / 24)))
    this.#fill = fill
  }

  make(): MailId {
    for (;;) {
      if (this.#next >= this.#pool.length) {
        this.#fill(this.#pool)
        this.#next = 0
      }
      const secret = this.#pool.subarray(this.#next, (this.#next += SECRET_OCTETS))
      const mailId = mailIdOf(secret, this.#length)
      // A name must not look like an option or end in punctuation; 1 of 16 is drawn again.
      if (alphanumeric(mailId, 0) && alphanumeric(mailId, mailId.length - 1)) {
        return {mailId, secretId: secret.toString('base64url')}
      }
    }
  }
}

/** Whether the secret belongs to the mail_id; both may be of the older form, where the secret's text was digested. */
export function isSecretOf(secretId: string, mailId: string): boolean {
  const secret = Buffer.from(secretId, 'base64url')
  if (secret.length !== SECRET_OCTETS) return false
  const id = urlAlphabet(mailId)
  return (
    mailIdOf(secret, mailId.length) === id ||
    [secretId, secret.toString('base64')].some(text => mailIdOf(Buffer.from(text), mailId.length) === id)
  )
}

/** The older alphabets end in `+/` or `+-`. */
function urlAlphabet(id: string): string {
  return id.includes('+') ? id.replace(/[+/-]/g, mark => (mark === '+' ? '-' : '_')) : id
}

function mailIdOf(secret: Buffer, length: number): string {
  return hash('md5', secret, 'base64url').slice(0, length)
}

function alphanumeric(text: string, at: number): boolean {
  const c = text.charCodeAt(at)
  return c !== 0x2d && c !== 0x5f
}
