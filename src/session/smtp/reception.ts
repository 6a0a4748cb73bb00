/**
 * reception — one mail's content on its way in: read, unstuffed, kept, and not more of it than allowed.
 */
import type {Octets} from '../../message/octets.ts'
import type {Spool} from '../spool.ts'
import type {DataFacts} from '../transaction.ts'
import {DataReceiver} from './data.ts'
import {MailStore} from './mail-store.ts'

/** Content beyond the limit that is read and thrown away before the client is sent away. */
export const SURPLUS_OCTETS = 256 * 1024 * 1024

export class Reception {
  readonly #receiver: DataReceiver
  readonly #sizeLimit: number
  #store: MailStore | undefined
  /** set where reading on must wait for the disk; never rejects */
  wait: Promise<void> | undefined

  /** @param dots false: the content comes by BDAT */
  constructor(spool: Spool, sizeLimit = Number.POSITIVE_INFINITY, dots = true) {
    this.#receiver = new DataReceiver(sizeLimit, {dots})
    this.#sizeLimit = sizeLimit
    this.#store = new MailStore(spool)
  }

  /** @returns how many octets of the chunk belong to the data with their end; -1 when they go on */
  push(chunk: Buffer): number {
    const end = this.#receiver.push(chunk)
    if (this.tooLong) this.discard()
    this.wait = this.#store?.add(this.#receiver.take())
    return end
  }

  /** The last chunk of BDAT is read. */
  close(): void {
    this.#receiver.close()
    if (this.tooLong) this.discard()
    this.wait = this.#store?.add(this.#receiver.take())
  }

  /** octets of content so far */
  get size(): number {
    return this.#receiver.size
  }

  get tooLong(): boolean {
    return this.#receiver.tooLong
  }

  /** So far over the limit that there may be no end. */
  get endless(): boolean {
    return this.size > this.#sizeLimit + SURPLUS_OCTETS
  }

  get facts(): DataFacts {
    const {bareCr, bareLf, nul} = this.#receiver
    return {bareLf, bareCr, nul}
  }

  /**
   * All of the content.
   * @throws AmavisError AM_STORAGE when it could not be kept
   */
  finish(): Octets | Promise<Octets> {
    return this.#store!.finish()
  }

  discard(): void {
    this.#store?.discard()
    this.#store = undefined
  }
}
