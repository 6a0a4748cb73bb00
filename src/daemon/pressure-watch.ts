/**
 * pressure-watch — looks whether connections wait for a child for long, and has the children told.
 *
 * A line that forms and goes in a moment is daily life; one whose first has waited a second means that every
 * child is held. The children then bear silence for less time (session/smtp). They are told again at each
 * look, as new ones come up meanwhile; the watch ends when nobody waits.
 */
const LOOK_EVERY_MS = 500
const LONG_MS = 1000

export interface PressureWatchOptions {
  /** ms that the oldest connection has waited; 0: none waits */
  readonly longestMs: () => number
  readonly tell: (on: boolean) => void
  readonly lookEveryMs?: number
}

export class PressureWatch {
  readonly #options: PressureWatchOptions
  #timer: NodeJS.Timeout | undefined
  #on = false

  constructor(options: PressureWatchOptions) {
    this.#options = options
  }

  /** A connection has to wait. */
  begin(): void {
    this.#timer ??= setInterval(() => this.#look(), this.#options.lookEveryMs ?? LOOK_EVERY_MS).unref()
  }

  #look(): void {
    const {longestMs, tell} = this.#options
    const waited = longestMs()
    if (waited >= LONG_MS || (this.#on && waited > 0)) {
      this.#on = true
      tell(true)
    } else if (waited === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      if (this.#on) tell(false)
      this.#on = false
    }
  }
}
