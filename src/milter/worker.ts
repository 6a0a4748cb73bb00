/**
 * worker — a process of a milter's pool: several connections at a time, each in a context of its own.
 *
 * An MTA keeps its connection as long as its SMTP client does, and most of that time is silence. So a process has
 * many; a context is all that a mail needs (work folder, scanners, next hops), and is used again for the connection
 * after.
 */
import type net from 'node:net'
import type {Service} from '../daemon/child.ts'
import type {RawHandle} from '../daemon/listeners.ts'
import {errorText} from '../errors.ts'
import type {Log} from '../log/log.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'
import type {FromWorker, ToWorker} from './messages.ts'

export interface WorkerOptions {
  readonly makeContext: () => Promise<Service>
  readonly send: (message: FromWorker, handle?: unknown, sent?: () => void) => void
  readonly log: Log
  /** ends the process */
  readonly exit: (status: number) => void
}

export class Worker {
  readonly #options: WorkerOptions
  readonly #free: Service[] = []
  readonly #busy = new Map<net.Socket, Service | undefined>()
  /** those that there is no room for */
  readonly #leaving = new Set<net.Socket>()
  #created = 0
  #isRetiring = false
  #isEnding = false

  constructor(options: WorkerOptions) {
    this.#options = options
  }

  /** The first context is made before the first connection comes. @throws what making it throws */
  async begin(): Promise<void> {
    this.#free.push(await this.#make())
    this.#options.send({type: 'ready'})
  }

  take(message: ToWorker, handle: unknown): void {
    const {send} = this.#options
    switch (message.type) {
      case 'connection':
        if (message.turnAway) void this.#turnAway(handle as net.Socket | undefined, message.turnAway)
        else if (handle) void this.#serve(handle as net.Socket, message)
        else this.#closed()
        break
      case 'retire':
        this.retire()
        break
      case 'abort':
        void this.abort()
        break
      case 'ping':
        send({
          type: 'pong',
          id: message.id,
          contexts: this.#free.length + this.#busy.size,
          created: this.#created,
        })
        break
      case 'echo':
        send({type: 'echo', key: message.key}, handle, () => (handle as RawHandle | undefined)?.close())
        break
    }
  }

  /** No more connections are to come; the last one ends the process. */
  retire(): void {
    this.#isRetiring = true
    this.#endWhenDone()
  }

  /** Nothing is answered any more: what an MTA is owed is for it to decide. */
  async abort(): Promise<void> {
    this.#isRetiring = true
    for (const socket of [...this.#busy.keys(), ...this.#leaving]) socket.destroy()
    await this.#end(0)
  }

  async #serve(socket: net.Socket, {listener}: Extract<ToWorker, {type: 'connection'}>): Promise<void> {
    const {log} = this.#options
    this.#busy.set(socket, undefined)
    try {
      const context = this.#free.pop() ?? (await this.#make())
      this.#busy.set(socket, context)
      await context.serve(socket, listener)
      this.#free.push(context)
    } catch (error) {
      // A context that failed in a way that nobody expected is not used again.
      log.write(-2, `TROUBLE: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
      socket.destroy()
    }
    this.#busy.delete(socket)
    this.#closed()
  }

  /** It has no context, and is none of the connections that are counted. */
  async #turnAway(socket: net.Socket | undefined, how: TurnAway): Promise<void> {
    if (!socket) return
    this.#leaving.add(socket)
    const {turnAway} = await import('../session/milter/turn-away.ts')
    await turnAway(socket, how)
    this.#leaving.delete(socket)
    this.#endWhenDone()
  }

  #closed(): void {
    this.#options.send({type: 'closed'})
    this.#endWhenDone()
  }

  #endWhenDone(): void {
    if (this.#isRetiring && this.#busy.size + this.#leaving.size === 0) void this.#end(0)
  }

  #make(): Promise<Service> {
    this.#created++
    return this.#options.makeContext()
  }

  async #end(status: number): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    const {log, exit} = this.#options
    const contexts = [...this.#free, ...[...this.#busy.values()].filter(context => context !== undefined)]
    for (const context of contexts) {
      try {
        await context.finish()
      } catch (error) {
        log.write(-1, `finish: ${errorText(error)}`)
      }
    }
    exit(status)
  }
}
