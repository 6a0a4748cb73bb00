/**
 * voice — one process on the bus that has several mails in hand: it tells of the one that it began first.
 *
 * Monitors know a process by one task at a time; what is not told of meanwhile is told of when its turn comes, from
 * the state that it is in then. Counters and log entries are of all.
 */
import type {Publisher, State} from '../bus/publisher.ts'

export class Voice {
  readonly #publisher: Publisher
  /** those with a mail in hand, in order of their beginning, and the last that they said */
  readonly #speakers = new Map<symbol, {state: State; taskId: string | undefined}>()

  constructor(publisher: Publisher) {
    this.#publisher = publisher
  }

  /** The publisher of one of them. */
  speaker(): Publisher {
    const key = Symbol('speaker')
    return {
      count: (name, increment) => this.#publisher.count(name, increment),
      counters: counters => this.#publisher.counters(counters),
      log: (level, text) => this.#publisher.log(level, text),
      wantsLog: () => this.#publisher.wantsLog(),
      close: async () => {},
      state: (state, taskId) => this.#state(key, state, taskId),
    }
  }

  #state(key: symbol, state: State, taskId: string | undefined): void {
    const isFirst = this.#speakers.size === 0 || this.#speakers.keys().next().value === key
    const isOver = state === '-' || state === '.'
    if (isOver) this.#speakers.delete(key)
    else this.#speakers.set(key, {state, taskId})
    if (!isFirst) return
    const next = this.#speakers.values().next().value
    if (!isOver || next === undefined) {
      this.#publisher.state(state, taskId)
      return
    }
    this.#publisher.state('m', next.taskId)
    this.#publisher.state(next.state, next.taskId)
  }
}
