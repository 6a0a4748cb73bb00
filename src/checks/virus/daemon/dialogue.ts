/**
 * dialogue — one connection to a scanner's daemon: what is written, and what comes back as lines or to its end.
 *
 * Bounded in time and in octets. Every failure is an Error from the call that waits: a daemon that hangs up, says too
 * much, or nothing at all until the deadline.
 */
import type net from 'node:net'
import {AmavisError} from '../../../errors.ts'

/** How a daemon is reached, and until when it may take. */
export interface DaemonLine {
  /** a connection that is up; rejects when there is none to be had */
  readonly open: () => Promise<net.Socket>
  /** by performance.now() */
  readonly deadline: number
  /** is told what is said and heard; undefined: nobody wants to know */
  readonly note?: ((text: string) => void) | undefined
}

/** What a daemon may say in all. */
const MOST_BYTES = 1024 * 1024

export class Dialogue {
  readonly #socket: net.Socket
  readonly #timer: NodeJS.Timeout
  readonly #note: DaemonLine['note']
  #received = ''
  #taken = 0
  #hasEnded = false
  #failure: Error | undefined
  #wake: () => void = () => {}

  static async begin({open, deadline, note}: DaemonLine): Promise<Dialogue> {
    return new Dialogue(await open(), Math.max(1, deadline - performance.now()), note)
  }

  constructor(socket: net.Socket, timeoutMs: number, note?: DaemonLine['note']) {
    this.#note = note
    this.#socket = socket
    this.#timer = setTimeout(() => this.#fail(new AmavisError('AM_TIMEOUT', 'timed out')), timeoutMs)
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#hear(text))
    this.#socket.on('drain', () => this.#wake())
    this.#socket.on('end', () => this.#end())
    this.#socket.on('error', error => this.#fail(error))
    this.#socket.on('close', () => this.#end())
    if (socket.destroyed) this.#end()
  }

  /** Write, and wait until the peer has taken enough. */
  async write(octets: Buffer | string): Promise<void> {
    if (this.#failure) throw this.#failure
    this.#note?.(`> ${shown(octets)}`)
    if (!this.#socket.writable) throw new AmavisError('AM_PROTOCOL', 'the connection was closed')
    this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
    await this.#until(() => !this.#socket.writableNeedDrain || this.#hasEnded)
  }

  /** The next line, without its end (LF, CRLF or NUL). */
  async line(): Promise<string> {
    let end = -1
    await this.#until(() => {
      end = this.#received.slice(this.#taken).search(/[\n\0]/)
      return end >= 0 || this.#hasEnded
    })
    if (end < 0) throw new AmavisError('AM_PROTOCOL', 'the connection was closed before an answer came')
    const line = this.#received.slice(this.#taken, this.#taken + end)
    this.#taken += end + 1
    return line.replace(/\r$/, '')
  }

  /**
   * Everything until the peer closes the connection.
   * @param silentMs so long after a whole line the answer counts as ended, too; undefined: never
   */
  async toEnd(silentMs?: number): Promise<string> {
    let isSilent = false
    let length = -1
    const silence =
      silentMs === undefined
        ? undefined
        : setInterval(() => {
            isSilent = this.#received.length === length && this.#received.endsWith('\n')
            length = this.#received.length
            this.#wake()
          }, silentMs)
    try {
      await this.#until(() => this.#hasEnded || isSilent)
    } finally {
      clearInterval(silence)
    }
    return this.#received
  }

  close(last?: string): void {
    clearTimeout(this.#timer)
    if (last !== undefined && this.#socket.writable && !this.#failure) this.#socket.write(last)
    this.#socket.destroySoon()
    // Who does not read any more must not keep the socket.
    if (this.#socket.writableLength > 0) this.#socket.destroy()
  }

  async #until(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      if (this.#failure) throw this.#failure
      const {promise, resolve} = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
    if (this.#failure) throw this.#failure
  }

  #hear(text: string): void {
    this.#note?.(`< ${shown(text)}`)
    this.#received += text
    if (this.#received.length > MOST_BYTES)
      this.#fail(new AmavisError('AM_PROTOCOL', 'an answer without end'))
    this.#wake()
  }

  #end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#socket.destroy()
    this.#wake()
  }
}

const LONGEST_NOTE = 300

/** In a line; of what is long, as a mail, the beginning and how much there is. */
function shown(octets: Buffer | string): string {
  const begin = octets.slice(0, LONGEST_NOTE)
  const text = (typeof begin === 'string' ? begin : begin.toString('latin1')).replace(/[^\x20-\x7e]+/g, ' ')
  return octets.length <= LONGEST_NOTE ? text.trim() : `${text.trim()} … (${octets.length} octets)`
}

/** A daemon said what it should not have. */
export function unexpected(said: string): AmavisError {
  return new AmavisError('AM_PROTOCOL', `the daemon says "${said.slice(0, 200)}"`)
}
