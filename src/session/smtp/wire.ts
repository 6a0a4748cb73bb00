/**
 * wire — the socket of a session: in the clear first, perhaps encrypted later, always the same to the session.
 */
import type {Socket} from 'node:net'
import type {Settings} from '../../config/settings.ts'
import {Output} from './output.ts'
import type {Handshake} from './tls.ts'

export interface WireEvents {
  received(chunk: Buffer): void
  /** the client has closed its side */
  ended(): void
  /** nothing came for as long as `timeout` says */
  timedOut(): void
  failed(): void
  closed(): void
  /** the client reads on */
  unblocked(): void
}

export class Wire {
  readonly output: Output
  readonly #events: WireEvents
  #socket: Socket
  #timeoutMs = 0

  constructor(socket: Socket, events: WireEvents) {
    this.#socket = socket
    this.#events = events
    // A client may shut its side after the last command; it still gets its answers.
    socket.allowHalfOpen = true
    this.output = new Output(socket, events.unblocked)
    this.#attach(socket)
  }

  #attach(socket: Socket): void {
    const {received, ended, timedOut, failed, closed} = this.#events
    socket.on('data', received)
    socket.on('end', ended)
    socket.on('timeout', timedOut)
    socket.on('error', failed)
    socket.on('close', closed)
  }

  get destroyed(): boolean {
    return this.#socket.destroyed
  }

  /** Silence that is borne from now on, ms. */
  set timeout(ms: number) {
    this.#timeoutMs = ms
    this.#socket.setTimeout(ms)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (this.#socket.readableFlowing !== true) this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Send what waits and read nothing more: what comes now belongs to a handshake. */
  hush(): void {
    const {received, ended, timedOut, closed} = this.#events
    const socket = this.#socket
    socket.pause()
    socket.off('data', received)
    socket.off('end', ended)
    socket.off('timeout', timedOut)
    socket.off('close', closed)
    socket.setTimeout(0)
    this.output.flush()
  }

  /** Be encrypted from now on; where that fails the connection is closed. */
  async encrypt(settings: Settings, limitMs: number): Promise<Handshake> {
    const {encrypt} = await import('./tls.ts')
    const handshake = await encrypt(this.#socket, settings, limitMs)
    if (handshake.kind === 'encrypted') {
      this.#socket = handshake.socket
      this.#socket.allowHalfOpen = true
      this.output.moveTo(this.#socket)
      this.#attach(this.#socket)
      this.#socket.setTimeout(this.#timeoutMs)
    }
    return handshake
  }
}
