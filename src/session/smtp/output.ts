/**
 * output — gathers replies and sends them, all that are ready in one write.
 *
 * A client that does not read its replies blocks the output; the session then reads no more commands.
 */
import type {Socket} from 'node:net'

/** Replies that may wait in the socket before the output is blocked. */
const WAITING_OCTETS = 256 * 1024

export class Output {
  #socket: Socket
  #text = ''
  #blocked = false
  readonly #drained: () => void

  /** @param unblocked is called when the client has read on */
  constructor(socket: Socket, unblocked: () => void) {
    this.#socket = socket
    this.#drained = () => {
      this.#blocked = false
      unblocked()
    }
    socket.on('drain', this.#drained)
  }

  /** What is said from now on goes over this socket. */
  moveTo(socket: Socket): void {
    this.#socket.off('drain', this.#drained)
    this.#socket = socket
    this.#blocked = false
    socket.on('drain', this.#drained)
  }

  get blocked(): boolean {
    return this.#blocked
  }

  /** @param reply whole lines, a character for each octet */
  add(reply: string): void {
    this.#text += reply
    if (this.#text.length > WAITING_OCTETS) this.flush()
  }

  flush(): void {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    if (this.#socket.destroyed) return
    this.#socket.write(text, 'latin1')
    this.#blocked = this.#socket.writableLength > WAITING_OCTETS
  }

  /** Send what is left and close our side; `done` when that is on its way or cannot be. */
  end(done: () => void): void {
    const text = this.#text
    this.#text = ''
    this.#socket.end(text, 'latin1', done)
  }
}
