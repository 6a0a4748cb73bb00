/**
 * child — serves one connection at a time and says so.
 *
 * The process around the mail path: takes a socket from the master, has it served, says `idle`; looks at
 * its own memory now and then; ends when told to, when its master is gone, or when something fails that it
 * did not expect: a new process is the surest repair, and the mail in hand is still the client's.
 */
import type net from 'node:net'
import {setTimeout as elapsed} from 'node:timers/promises'
import type {SocketSpec} from '../config/socket-spec.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {RawHandle} from './listeners.ts'
import type {ChildOrders, FromChild, ToChild} from './messages.ts'
import {childTitle, type Title} from './title.ts'

/** What a child does for a living; mail-service.ts does it with mail. */
export interface Service {
  /** Serve one connection to its end; resolves when the socket is closed. */
  serve(socket: net.Socket, listener: SocketSpec): Promise<void>
  /** transactions begun so far */
  readonly tasks: number
  /** End the session in hand at the next place between two mails. */
  stopSoon(): void
  /** Whether connections wait for a child. */
  setPressure(on: boolean): void
  /** Remove work folders, say goodbye to next hops and to the bus. */
  finish(): Promise<void>
}

/** The channel to the master, as `process` has it. */
export interface Channel {
  send(message: FromChild, handle?: unknown, sent?: () => void): void
  onMessage(listener: (message: ToChild, handle: unknown) => void): void
  onDisconnect(listener: () => void): void
}

/** What a mail in hand gets when its child is to end at once. */
export const GRACE_MS = 4000

/**
 * When an idle child gives memory back. It costs 30 ms of CPU, and far more afterwards where the child was warm: V8
 * forgets, too, much of what it has compiled, and the next 500 mails take twice the time. So one that has taken many
 * mails waits for a pause which says that the load is gone; V8 itself keeps its memory small until then (CHILD_FLAGS).
 */
const RELEASES: readonly {readonly tasks: number; readonly idleMs: number}[] = [
  {tasks: 300, idleMs: 60_000},
  {tasks: 4, idleMs: 15_000},
]

/** Connections between two looks at the resident memory; a look costs 80 microseconds. */
const MEMORY_LOOK_EVERY = 64

export interface ChildOptions {
  readonly orders: ChildOrders
  readonly service: Service
  readonly channel: Channel
  readonly log: Log
  /** ends the process; may be called while a connection is being served */
  readonly exit: (status: number) => void
  readonly residentBytes?: () => number
  /** gives memory back to the system; takes some tens of ms */
  readonly releaseMemory?: () => void
  readonly title: Title
}

export class Child {
  readonly #options: ChildOptions
  #sessions = 0
  #serving: Promise<void> | undefined
  #ending = false
  #finishing = false
  #releasedAt = 0
  #release: NodeJS.Timeout | undefined

  constructor(options: ChildOptions) {
    this.#options = options
  }

  /** Say that we are here, and serve until told to end. */
  run(): void {
    const {channel, orders} = this.#options
    channel.onMessage((message, handle) => this.#take(message, handle))
    // An orphan must not go on taking mail.
    channel.onDisconnect(() => void this.end(0, GRACE_MS))
    setInterval(() => channel.send({type: 'alive'}), orders.aliveEveryMs).unref()
    this.#idle()
  }

  #take(message: ToChild, handle: unknown): void {
    switch (message.type) {
      case 'connection': {
        // undefined: the client was gone before the socket came over
        if (handle) this.#serving = this.#serve(handle as net.Socket, message.listener)
        else this.#idle()
        break
      }
      case 'echo':
        this.#options.channel.send({type: 'echo', key: message.key}, handle, () =>
          (handle as RawHandle | undefined)?.close(),
        )
        break
      case 'pressure':
        this.#options.service.setPressure(message.on)
        break
      case 'end':
        this.#ending = true
        if (message.soon) this.#options.service.stopSoon()
        if (!this.#serving) void this.end(0)
        break
    }
  }

  async #serve(socket: net.Socket, listener: SocketSpec): Promise<void> {
    const {service, log} = this.#options
    this.#sessions++
    clearTimeout(this.#release)
    try {
      await service.serve(socket, listener)
    } catch (error) {
      log.write(-2, `TROUBLE in process_request: ${error instanceof Error ? (error.stack ?? error) : error}`)
      log.write(-1, 'Requesting process rundown after fatal error')
      socket.destroy()
      this.#serving = undefined
      await this.end(1)
      return
    }
    this.#serving = undefined
    if (this.#ending) await this.end(0)
    else this.#idle()
  }

  #idle(): void {
    const {channel, service, title} = this.#options
    title.show(() => childTitle(service.tasks, 'avail'))
    channel.send({type: 'idle', tasks: service.tasks, wornOut: this.#isWornOut()})
    this.#releaseWhenIdle()
  }

  #releaseWhenIdle(): void {
    const {service, releaseMemory} = this.#options
    const done = service.tasks - this.#releasedAt
    const due = RELEASES.find(({tasks}) => done >= tasks)
    if (!due) return
    this.#release = setTimeout(() => {
      this.#releasedAt = service.tasks
      releaseMemory?.()
    }, due.idleMs).unref()
  }

  #isWornOut(): boolean {
    const {orders, service, log, residentBytes = process.memoryUsage.rss} = this.#options
    const {maxRequests, memoryLimitBytes} = orders
    if (maxRequests > 0 && service.tasks >= maxRequests) {
      log.write(2, `Requesting process rundown after ${service.tasks} tasks (and ${this.#sessions} sessions)`)
      return true
    }
    if (memoryLimitBytes > 0 && this.#sessions % MEMORY_LOOK_EVERY === 1) {
      const resident = residentBytes()
      if (resident > memoryLimitBytes) {
        log.write(1, `Requesting process rundown, ${Math.round(resident / 1024 ** 2)} MiB of memory in use`)
        return true
      }
    }
    return false
  }

  /**
   * Tidy up and end the process; a second call does nothing. The mail in hand may still be answered in
   * `graceMs`: a next hop that has it already would get it again otherwise.
   */
  async end(status: number, graceMs = 0): Promise<void> {
    const {service, log, title, exit} = this.#options
    if (this.#finishing) return
    this.#finishing = true
    this.#ending = true
    try {
      service.stopSoon()
      if (this.#serving && graceMs > 0) await Promise.race([this.#serving, elapsed(graceMs)])
      title.end(childTitle(service.tasks, 'finish'))
      await service.finish()
    } catch (error) {
      log.write(-1, `finish: ${errorText(error)}`)
    }
    exit(status)
  }
}
