/**
 * mail-store — where the content goes while it is read: memory first, a file when it grows too large.
 */
import {MEMORY_LIMIT_BYTES, type Octets, octetsOf} from '../../message/octets.ts'
import type {Spool, SpoolFile} from '../spool.ts'

/** Octets that may wait for the file before reading pauses. */
const WRITE_BEHIND_OCTETS = 4 * 1024 * 1024
/** Small pieces are joined when there are so many, or their overhead outweighs them. */
const PIECES = 256

export class MailStore {
  readonly #spool: Spool
  #pieces: Buffer[] = []
  #joined: Buffer[] = []
  #size = 0
  #file: Promise<SpoolFile> | undefined

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /**
   * Keep these too.
   * @returns undefined to read on at once, or a promise to wait for before reading on; it never rejects
   */
  add(pieces: readonly Buffer[]): Promise<void> | undefined {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#size += piece.length
    }
    if (this.#file !== undefined || this.#size > MEMORY_LIMIT_BYTES) return this.#spill()
    if (this.#pieces.length >= PIECES) {
      this.#joined.push(Buffer.concat(this.#pieces))
      this.#pieces = []
    }
    return undefined
  }

  #takeAll(): Buffer[] {
    const all = this.#joined.length === 0 ? this.#pieces : [...this.#joined, ...this.#pieces]
    this.#joined = []
    this.#pieces = []
    return all
  }

  #spill(): Promise<void> | undefined {
    const pieces = this.#takeAll()
    const opening = this.#file === undefined
    this.#file ??= this.#spool.createMail()
    const written = this.#file.then(
      file => {
        const written = file.write(pieces)
        return file.waiting > WRITE_BEHIND_OCTETS ? written : undefined
      },
      () => {}, // finish() says it
    )
    return opening || pieces.length > 0 ? written : undefined
  }

  /**
   * All that was added.
   * @throws AmavisError AM_STORAGE when it could not be written
   */
  finish(): Octets | Promise<Octets> {
    if (this.#file) return this.#file.then(file => file.finish())
    const pieces = this.#takeAll()
    return octetsOf(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
  }

  /** Forget all. */
  discard(): void {
    this.#takeAll()
    if (this.#file) this.#spool.discard(this.#file)
    this.#file = undefined
  }
}
