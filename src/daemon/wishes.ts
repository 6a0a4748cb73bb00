/**
 * wishes — what is wanted of the master, by signals and by control commands, in the order it was said.
 *
 * Nothing is done here: the master's loop takes one wish after the other.
 */
import type {ControlReply} from './control.ts'
import type {DaemonOptions} from './options.ts'

export type Wish =
  | {readonly kind: 'stop' | 'slow stop' | 'drained' | 'more' | 'fewer'}
  | {
      readonly kind: 'reload' | 'restart'
      readonly options?: DaemonOptions
      readonly done: (reply: ControlReply) => void
    }

/** Source: spec/daemon, "pid file, lock, signals". */
const SIGNALS = [
  ['SIGTERM', 'stop'],
  ['SIGINT', 'stop'],
  ['SIGQUIT', 'slow stop'],
  ['SIGTTIN', 'more'],
  ['SIGTTOU', 'fewer'],
] as const

export class Wishes {
  readonly #wishes: Wish[] = []
  #wake = () => {}

  push(wish: Wish): void {
    this.#wishes.push(wish)
    this.#wake()
  }

  /** The oldest wish that was not taken yet, when there is one. */
  async next(): Promise<Wish> {
    for (;;) {
      const wish = this.#wishes.shift()
      if (wish) return wish
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /**
   * Take this process's signals as wishes from now on.
   * @param onReload what became of a reload that SIGHUP asked for
   */
  followSignals(onReload: (reply: ControlReply) => void): void {
    for (const [signal, kind] of SIGNALS) process.on(signal, () => this.push({kind}))
    process.on('SIGHUP', () => this.push({kind: 'reload', done: onReload}))
  }
}
