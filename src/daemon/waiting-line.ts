/**
 * waiting-line — connections that were accepted while every child was busy, oldest first.
 *
 * Bounded: at the limit accepting stops, and further connections wait in the kernel's backlog. It goes
 * on at half the limit, so that a loaded master does not switch for each connection.
 */
export class WaitingLine<Connection> {
  #limit: number
  readonly #line: {connection: Connection; since: number}[] = []
  readonly #now: () => number
  #accepting = true

  /** @param limit connections that may wait, at least 1 */
  constructor(limit: number, now: () => number = () => performance.now()) {
    this.#limit = Math.max(1, limit)
    this.#now = now
  }

  get length(): number {
    return this.#line.length
  }

  get limit(): number {
    return this.#limit
  }

  /** Those who wait already keep their place whatever the new limit. */
  set limit(limit: number) {
    this.#limit = Math.max(1, limit)
    this.#accepting = this.#line.length < this.#limit
  }

  /** Whether more connections may be accepted. */
  get accepting(): boolean {
    return this.#accepting
  }

  /** ms that the oldest connection has waited; 0 when none waits. */
  get longestMs(): number {
    const [oldest] = this.#line
    return oldest ? this.#now() - oldest.since : 0
  }

  /** The connection that has waited longest; it keeps its place. */
  get first(): Connection | undefined {
    return this.#line[0]?.connection
  }

  push(connection: Connection): void {
    this.#line.push({connection, since: this.#now()})
    if (this.#line.length >= this.#limit) this.#accepting = false
  }

  /** Put one back in front, whatever the limit. */
  unshift(connection: Connection): void {
    this.#line.unshift({connection, since: this.#line[0]?.since ?? this.#now()})
  }

  /** The connection that has waited longest. */
  shift(): Connection | undefined {
    const first = this.#line.shift()
    if (this.#line.length <= this.#limit >> 1) this.#accepting = true
    return first?.connection
  }
}
