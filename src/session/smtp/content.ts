/**
 * content — what comes between the commands: a mail after DATA, or the chunks of BDAT.
 *
 * Takes octets from the session's input and says what the session has to do about them. A chunk that is refused
 * is read all the same: content must never be taken for commands.
 */
import type {Spool} from '../spool.ts'
import type {Answer, Chunk} from './answer.ts'
import type {Input} from './input.ts'
import {repliesOf, same} from './outcome.ts'
import {Reception, SURPLUS_OCTETS} from './reception.ts'
import type {MailInProgress} from './state.ts'

export type ContentEvent =
  /** read on */
  | {readonly kind: 'more'}
  /** read on when the disk is ready; never rejects */
  | {readonly kind: 'wait'; readonly until: Promise<void>}
  /** far beyond every limit */
  | {readonly kind: 'flood'}
  /** a chunk is over, which is no mail yet */
  | {readonly kind: 'answer'; readonly answer: Answer}
  /** the mail is there */
  | {readonly kind: 'whole'}

const MORE: ContentEvent = {kind: 'more'}
const FLOOD: ContentEvent = {kind: 'flood'}
const WHOLE: ContentEvent = {kind: 'whole'}

export class Content {
  readonly #spool: Spool
  #reception: Reception | undefined
  /** the chunk of BDAT that is being read */
  #chunk: Chunk | undefined
  #chunkLeft = 0

  constructor(spool: Spool) {
    this.#spool = spool
  }

  /** Of the present mail; undefined before DATA and the first BDAT. */
  get reception(): Reception | undefined {
    return this.#reception
  }

  /** Octets of what is being read at present. */
  get received(): number {
    return this.#chunk ? this.#chunk.octets - this.#chunkLeft : (this.#reception?.size ?? 0)
  }

  /**
   * A mail begins.
   * @param dots false: it comes by BDAT
   */
  begin(sizeLimit: number, dots: boolean): void {
    this.#reception = new Reception(this.#spool, sizeLimit, dots)
  }

  /** A chunk begins. @returns false: it is refused, and too long to be read for nothing */
  beginChunk(chunk: Chunk): boolean {
    if (chunk.refusal && chunk.octets > SURPLUS_OCTETS) return false
    this.#chunk = chunk
    this.#chunkLeft = chunk.octets
    return true
  }

  /** @returns undefined when there is nothing to read */
  read(input: Input, mail: MailInProgress | undefined): ContentEvent | undefined {
    if (this.#chunk && this.#chunkLeft === 0) return this.#endChunk(this.#chunk, mail)
    if (input.length === 0) return undefined
    return this.#chunk ? this.#readChunk(input, this.#chunk) : this.#readData(input)
  }

  #readData(input: Input): ContentEvent {
    const reception = this.#reception!
    const chunk = input.take()
    const end = reception.push(chunk)
    if (end < 0) return next(reception)
    if (end < chunk.length) input.push(chunk.subarray(end))
    return WHOLE
  }

  #readChunk(input: Input, {refusal}: Chunk): ContentEvent {
    const all = input.take()
    const octets = all.length > this.#chunkLeft ? all.subarray(0, this.#chunkLeft) : all
    if (octets.length < all.length) input.push(all.subarray(octets.length))
    this.#chunkLeft -= octets.length
    if (refusal) return MORE
    this.#reception!.push(octets)
    return next(this.#reception!)
  }

  #endChunk({refusal, last, octets}: Chunk, mail: MailInProgress | undefined): ContentEvent {
    this.#chunk = undefined
    if (refusal) return {kind: 'answer', answer: refusal}
    const reception = this.#reception!
    if (last) {
      reception.close()
      return WHOLE
    }
    const text = reception.tooLong
      ? repliesOf(tooLong(reception), mail!, false)
      : `250 2.0.0 ${octets} octets received\r\n`
    return {kind: 'answer', answer: {text}}
  }

  /** The mail is in other hands. */
  leave(): void {
    this.#reception = undefined
  }

  /** There will be no mail. */
  drop(): void {
    this.#reception?.discard()
    this.#reception = undefined
  }
}

function next(reception: Reception): ContentEvent {
  if (reception.endless) return FLOOD
  return reception.wait ? {kind: 'wait', until: reception.wait} : MORE
}

/** The answer to a mail that is larger than allowed. */
export function tooLong({size}: Reception) {
  return same({code: 552, enhanced: '5.3.4', text: `Message size (${size} B) exceeds size limit`})
}
