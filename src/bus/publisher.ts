/**
 * publisher — what a daemon process can say on the bus. Types; zmq-publisher.ts does it with ZeroMQ.
 *
 * Mail never waits for the bus: every call returns at once, and a bus that is dead or absent loses
 * the frames, nothing else.
 */

/** State letters (spec/monitoring §1.3); '-' is idle. */
export type State = '-' | 'A' | 'b' | 'm' | 'd' | '=' | 'G' | 'D' | 'V' | 'S' | 'P' | 'r' | 'Q' | 'F' | '.'

export type CounterType = 'C32' | 'C64' | 'INT' | 'STR' | 'OID' | 'TIM' | 'G32'

export interface Counter {
  readonly name: string
  readonly type: CounterType
  readonly value: number | string
}

export interface Publisher {
  /** Announce the state this process is in now; with a task id where spec/monitoring §1.3 says so. */
  state(state: State, taskId?: string): void
  /** The counters of one mail, together. */
  counters(counters: readonly Counter[]): void
  /** Whether a log entry would go out: of many in one moment only the first do. Ask before building a costly text. */
  wantsLog(): boolean
  /** A log entry for subscribers of `am.log`. */
  log(level: number, text: string): void
  /** Say `exiting` and end; resolves when the frames are out or cannot be sent. */
  close(): Promise<void>
}

/** For a process without a bus. */
export const silentPublisher: Publisher = {
  state() {},
  counters() {},
  wantsLog: () => false,
  log() {},
  close: async () => {},
}
