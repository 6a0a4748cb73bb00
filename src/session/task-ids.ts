/**
 * task-ids — the names of a child's tasks in logs and on the bus (spec/daemon, Identifiers).
 *
 * `%05d-%02d` is process id and number of the connection within the child; from the second MAIL of a
 * connection on, `-<seq>` follows.
 */
export class TaskIds {
  readonly #pid: string
  readonly #shared: {connections: number}
  /** of the connection in hand, within the process */
  #connection = 0
  #sequence = 0
  #tasks = 0

  /** @param shared counts the connections of a process that has several at a time */
  constructor(pid: number, shared = {connections: 0}) {
    this.#shared = shared
    this.#pid = String(pid).padStart(5, '0')
  }

  /** A connection was taken. */
  beginConnection(): void {
    this.#connection = ++this.#shared.connections
    this.#sequence = 0
  }

  /** The id of the next MAIL of this connection; each is counted, also those that are refused. */
  next(): string {
    this.#sequence++
    this.#tasks++
    const task = `${this.#pid}-${String(this.#connection).padStart(2, '0')}`
    return this.#sequence === 1 ? task : `${task}-${this.#sequence}`
  }

  /** The id of a task that its client has a name for, such as a milter's folder. */
  named(name: string): string {
    this.#tasks++
    return `${name}-${String(this.#tasks).padStart(2, '0')}`
  }

  get connections(): number {
    return this.#shared.connections
  }

  /** ids given since birth */
  get tasks(): number {
    return this.#tasks
  }
}
