/**
 * run — where one mail is on its way through the stages: says so, takes the times, holds the deadline.
 *
 * A stage begins where the one before it ends. Whoever runs the stages learns from `stage` where a failure
 * happened; what the client is told is his matter.
 */
import type {State} from '../bus/publisher.ts'
import {AmavisError} from '../errors.ts'

export interface RunHooks {
  /** a state letter begins */
  state(state: State): void
  /** a section of the TIMING line ends */
  mark(name: string): void
  /** ms that are left for the whole run; asked before each wait */
  remainingMs(): number
}

export class Run {
  readonly #hooks: RunHooks
  #stage = ''
  #section = ''
  #isJudged = false

  constructor(hooks: RunHooks) {
    this.#hooks = hooks
  }

  /** The stage that was begun last. */
  get stage(): string {
    return this.#stage
  }

  /** It is known that the mail is not to pass as it came: a failure from here on is none of the checks'. */
  judged(): void {
    this.#isJudged = true
  }

  get isJudged(): boolean {
    return this.#isJudged
  }

  /**
   * The next stage.
   * @param state the letter that monitors show while it runs (spec/monitoring, Who sends what, when)
   * @param section its name in the TIMING line; '' for work that marks sections of its own
   */
  begin(stage: string, state?: State, section = stage): void {
    this.end()
    this.#stage = stage
    this.#section = section
    if (state !== undefined) this.#hooks.state(state)
  }

  /** The last stage is over. */
  end(): void {
    if (this.#section !== '') this.#hooks.mark(this.#section)
    this.#section = ''
  }

  /**
   * The promise's value; the work itself has the same deadline and ends by itself.
   * @throws AmavisError AM_TIMEOUT when it is not there at the deadline
   */
  async within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new AmavisError('AM_TIMEOUT', `timed out in ${this.#stage}`)),
        Math.max(0, this.#hooks.remainingMs()),
      )
    })
    try {
      return await Promise.race([work, overdue])
    } finally {
      clearTimeout(timer)
    }
  }
}
