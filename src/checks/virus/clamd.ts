/**
 * clamd — asks a ClamAV daemon about a mail: the mail as it came, and parts that had to be decoded.
 *
 * One session on one connection (clamd(8): IDSESSION, INSTREAM), octets over the socket: the daemon needs no
 * right to read our files and may be on another host. Every failure is a value; what it means is for policy
 * to say. Nothing is tried twice and nothing is slept on: a daemon that is down costs no time.
 */
import net from 'node:net'
import {errorText} from '../../errors.ts'
import type {Part} from '../../message/message.ts'
import {type Octets, readChunks} from '../../message/octets.ts'
import {partOctets} from '../../message/part.ts'
import type {ScannerAnswer} from './answer.ts'

/** Where a daemon listens. */
export type Endpoint = {readonly path: string} | {readonly host: string; readonly port: number}

export interface ClamdOptions {
  readonly endpoint: Endpoint
  /** for the whole conversation */
  readonly timeoutMs: number
  readonly connect?: (endpoint: Endpoint) => net.Socket
}

/** Requests that may be unanswered at a time; the daemon's own queue is not endless. */
const MOST_OUTSTANDING = 8

/** How much goes in one chunk of INSTREAM. */
const CHUNK_BYTES = 256 * 1024

const END_OF_STREAM = Buffer.alloc(4)

/** Scan a mail and those of its parts whose octets are not in the mail as such. */
export async function scanClamd(
  octets: Octets,
  parts: readonly Part[],
  {endpoint, timeoutMs, connect = endpoint => net.connect(endpoint)}: ClamdOptions,
): Promise<ScannerAnswer> {
  const session = new Session(connect(endpoint), timeoutMs)
  try {
    return await session.scan([octets, ...parts.filter(isDecoded).map(partOctets)])
  } catch (error) {
    return {kind: 'failed', reason: errorText(error)}
  } finally {
    session.close()
  }
}

function isDecoded({kind, encoding, content}: Part): boolean {
  return kind === 'leaf' && content.length > 0 && !/^(?:7bit|8bit|binary)$/.test(encoding)
}

/** A connection and what has been heard on it. */
class Session {
  readonly #socket: net.Socket
  readonly #timer: NodeJS.Timeout
  /** names by request; present when answered */
  readonly #answers = new Map<number, string | undefined>()
  #received = ''
  #failure: Error | undefined
  /** wakes whoever waits for the socket to change */
  #wake: () => void = () => {}

  constructor(socket: net.Socket, timeoutMs: number) {
    this.#socket = socket
    this.#timer = setTimeout(() => this.#fail(new Error('timed out')), timeoutMs)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#hear(text))
    socket.on('drain', () => this.#wake())
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed before all answers came')))
  }

  async scan(items: readonly Octets[]): Promise<ScannerAnswer> {
    await this.#write(Buffer.from('zIDSESSION\0'))
    for (const [index, item] of items.entries()) {
      await this.#until(() => index - this.#answers.size < MOST_OUTSTANDING)
      await this.#send(item)
    }
    await this.#until(() => this.#answers.size === items.length)
    const names = [...new Set([...this.#answers.values()].filter(name => name !== undefined))]
    return names.length > 0 ? {kind: 'infected', names} : {kind: 'clean'}
  }

  async #send(item: Octets): Promise<void> {
    this.#socket.cork()
    this.#socket.write('zINSTREAM\0')
    for await (const octets of readChunks(item)) {
      for (let at = 0; at < octets.length; at += CHUNK_BYTES) {
        const chunk = octets.subarray(at, at + CHUNK_BYTES)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(chunk.length)
        this.#socket.write(length)
        await this.#write(chunk)
      }
    }
    await this.#write(END_OF_STREAM)
    this.#socket.uncork()
  }

  /** Write, and wait until the peer has taken enough. */
  async #write(octets: Buffer): Promise<void> {
    if (this.#failure) throw this.#failure
    this.#socket.write(octets)
    if (!this.#socket.writableNeedDrain) return
    while (this.#socket.writableCorked > 0) this.#socket.uncork()
    await this.#until(() => !this.#socket.writableNeedDrain)
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (this.#failure) throw this.#failure
      const {promise, resolve} = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  /** `1: stream: OK`, `2: stream: Win.Test FOUND`, `INSTREAM size limit exceeded. ERROR`; each ends with NUL. */
  #hear(text: string): void {
    const replies = (this.#received + text).split('\0')
    this.#received = replies.pop() ?? ''
    if (this.#received.length > LONGEST_REPLY) this.#fail(new Error('an answer without end'))
    for (const reply of replies) {
      const match = /^(\d+): (?:stream: )?(?:OK|(.+) FOUND)$/.exec(reply)
      if (match) this.#answers.set(Number(match[1]), match[2])
      else this.#fail(new Error(`the daemon says "${reply.slice(0, 200)}"`))
    }
    this.#wake()
  }

  /** The first failure tells most: a daemon that refuses a mail says so and then hangs up. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }

  close(): void {
    clearTimeout(this.#timer)
    if (!this.#failure) this.#socket.write('zEND\0')
    this.#failure ??= new Error('closed')
    this.#socket.destroySoon()
    // A daemon that stops reading must not keep the socket: it was the deadline's to say how long.
    if (this.#socket.writableLength > 0) this.#socket.destroy()
  }
}

const LONGEST_REPLY = 64 * 1024
