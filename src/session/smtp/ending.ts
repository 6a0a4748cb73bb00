/**
 * ending — how a session ends: the last words, our side closed, the socket gone, and its mail done with.
 *
 * The socket may go while a mail is being kept or filtered: then the session lasts until that is done.
 */
import type {SessionEnd} from '../conversation.ts'
import type {Wire} from './wire.ts'

/** How long a client may take to close its side after ours. */
const LINGER_MS = 5000

type Reason = SessionEnd['reason']

export class Ending {
  readonly #wire: Wire
  readonly #finished: (reason: Reason) => void
  #reason: Reason | undefined
  #isClosed = false
  #isFinished = false
  /** a mail is being kept or filtered */
  working = false

  /** @param finished is called once */
  constructor(wire: Wire, finished: (reason: Reason) => void) {
    this.#wire = wire
    this.#finished = finished
  }

  /** The socket is gone. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Why the session ends; the first reason counts. */
  because(reason: Reason): void {
    this.#reason ??= reason
  }

  /** Say the last words and close our side; the socket goes when the client has closed its own. */
  say(reason: Reason, last: string): void {
    const wire = this.#wire
    this.because(reason)
    if (wire.destroyed) return
    wire.timeout = LINGER_MS
    wire.output.add(last)
    // The child need not wait until the client has closed its side, too.
    wire.output.end(() => {
      this.#finish()
      // After QUIT there is nothing to wait for; many clients close without reading our answer.
      if (reason === 'quit') wire.destroy()
    })
    wire.resume()
  }

  /** Nothing more can be said. */
  break(reason: Reason): void {
    this.#reason = reason
    this.#wire.destroy()
  }

  closed(): void {
    this.#isClosed = true
    if (!this.working) this.#finish()
  }

  /** The mail is done with. @returns whether the session goes on */
  worked(): boolean {
    this.working = false
    if (this.#isClosed) this.#finish()
    return !this.#isClosed
  }

  #finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#finished(this.#reason ?? 'closed')
  }
}
