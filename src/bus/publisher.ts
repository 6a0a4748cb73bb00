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

/** Adds to a counter (spec/monitoring, Counters); 1 unless told. */
export type Count = (name: string, n?: number) => void

export interface Publisher {
  /** Announce the state this process is in now; with a task id where spec/monitoring §1.3 says so. */
  state(state: State, taskId?: string): void
  /** Add to a counter; what is counted in one event-loop turn leaves together. */
  readonly count: Count
  /** Variables as they are now: texts and numbers that replace what was said of them before. */
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
  count() {},
  counters() {},
  wantsLog: () => false,
  log() {},
  close: async () => {},
}
