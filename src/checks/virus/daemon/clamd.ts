/**
 * clamd — asks a ClamAV daemon about a mail: the mail as it came, and parts that had to be decoded.
 *
 * One session on one connection (clamd(8): IDSESSION, INSTREAM), octets over the socket: the daemon needs no
 * right to read our files and may be on another host. A daemon that is silent for a while is asked by another
 * connection whether it lives (PING): one that hangs is not waited for until the mail's time is over.
 */
import type net from 'node:net'
import {AmavisError} from '../../../errors.ts'
import type {Part} from '../../../message/message.ts'
import {type Octets, readChunks} from '../../../message/octets.ts'
import {partOctets} from '../../../message/part.ts'
import {type DaemonLine, Dialogue, unexpected} from './dialogue.ts'

/** Requests that may be unanswered at a time; the daemon's own queue is not endless. */
const MOST_OUTSTANDING = 8

/** How much goes in one chunk of INSTREAM. */
const CHUNK_BYTES = 256 * 1024

const LONGEST_REPLY = 64 * 1024

/** Silence after which a daemon is asked whether it lives, and how long it may take to say so. */
const SILENT_MS = 5000
const PING_MS = 10_000

const END_OF_STREAM = Buffer.alloc(4)

/** What is said of a daemon that hangs. */
export const NO_PONG = 'it does not answer, nor to a PING'

export interface ClamdTimes {
  readonly silentMs: number
  readonly pingMs: number
}

/**
 * What the daemon says of the mail, and of those of its parts whose octets are not in the mail as such:
 * `stream: OK`, `stream: NAME FOUND`.
 * @throws Error when it does not answer all; AM_PROTOCOL for what it says instead
 */
export async function askClamd(
  mail: Octets,
  parts: readonly Part[],
  line: DaemonLine,
  times: ClamdTimes = {silentMs: SILENT_MS, pingMs: PING_MS},
): Promise<string[]> {
  const items = [mail, ...parts.filter(isDecoded).map(partOctets)]
  const isAlive = () => ping({open: line.open, deadline: performance.now() + times.pingMs})
  const socket = await line.open()
  const session = new Session(socket, {deadline: line.deadline, silentMs: times.silentMs, isAlive})
  try {
    return await session.scan(items)
  } finally {
    session.close()
  }
}

/** Whether a daemon answers at all. */
export async function ping(line: DaemonLine): Promise<boolean> {
  let dialogue: Dialogue | undefined
  try {
    dialogue = await Dialogue.begin(line)
    await dialogue.write('zPING\0')
    return (await dialogue.line()) === 'PONG'
  } catch {
    return false
  } finally {
    dialogue?.close()
  }
}

function isDecoded({kind, encoding, content}: Part): boolean {
  return kind === 'leaf' && content.length > 0 && !/^(?:7bit|8bit|binary)$/.test(encoding)
}

interface Watch {
  readonly deadline: number
  readonly silentMs: number
  readonly isAlive: () => Promise<boolean>
}

/** A connection and what has been heard on it. */
class Session {
  readonly #socket: net.Socket
  readonly #timer: NodeJS.Timeout
  readonly #silence: NodeJS.Timeout
  readonly #isAlive: Watch['isAlive']
  /** replies by request */
  readonly #answers = new Map<number, string>()
  #received = ''
  #failure: Error | undefined
  /** wakes whoever waits for the socket to change */
  #wake: () => void = () => {}

  constructor(socket: net.Socket, {deadline, silentMs, isAlive}: Watch) {
    this.#socket = socket
    this.#isAlive = isAlive
    const left = Math.max(1, deadline - performance.now())
    this.#timer = setTimeout(() => this.#fail(new AmavisError('AM_TIMEOUT', 'timed out')), left)
    this.#silence = setTimeout(() => void this.#askWhetherAlive(), silentMs)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#hear(text))
    socket.on('drain', () => {
      this.#silence.refresh()
      this.#wake()
    })
    socket.on('error', error => this.#fail(isHangUp(error) ? closed() : error))
    socket.on('close', () => this.#fail(closed()))
    if (socket.destroyed) this.#fail(closed())
  }

  async scan(items: readonly Octets[]): Promise<string[]> {
    await this.#write(Buffer.from('zIDSESSION\0'))
    for (const [index, item] of items.entries()) {
      await this.#until(() => index - this.#answers.size < MOST_OUTSTANDING)
      await this.#send(item)
    }
    await this.#until(() => this.#answers.size === items.length)
    return [...this.#answers.values()]
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
    this.#silence.refresh()
    const replies = (this.#received + text).split('\0')
    this.#received = replies.pop() ?? ''
    if (this.#received.length > LONGEST_REPLY) this.#fail(unexpected(this.#received))
    for (const reply of replies) {
      const match = /^(\d+): (?:stream: )?(OK|.+ FOUND)$/.exec(reply)
      if (match) this.#answers.set(Number(match[1]), `stream: ${match[2]}`)
      else this.#fail(unexpected(reply))
    }
    this.#wake()
  }

  async #askWhetherAlive(): Promise<void> {
    const isAlive = await this.#isAlive()
    if (this.#failure) return
    if (isAlive) this.#silence.refresh()
    else this.#fail(new AmavisError('AM_TIMEOUT', NO_PONG))
  }

  /** The first failure tells most: a daemon that refuses a mail says so and then hangs up. */
  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }

  close(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#silence)
    if (!this.#failure) this.#socket.write('zEND\0')
    this.#failure ??= new Error('closed')
    this.#socket.destroySoon()
    // A daemon that stops reading must not keep the socket: it was the deadline's to say how long.
    if (this.#socket.writableLength > 0) this.#socket.destroy()
  }
}

/** A daemon that takes no more of a stream may have hung up before its refusal was read. */
function isHangUp(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'ECONNRESET'
}

function closed(): AmavisError {
  return new AmavisError('AM_PROTOCOL', 'the connection was closed before all answers came')
}
