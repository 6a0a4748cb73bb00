/**
 * child-process — a child as its master sees it: starts it, hands it connections, watches for signs of life.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import v8 from 'node:v8'
import {entryFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'
import type {Connection} from './door.ts'
import type {RawHandle} from './listeners.ts'
import type {ChildOrders, FromChild, ToChild} from './messages.ts'

/**
 * V8 for many small processes. No optimizing in a thread beside: its working memory comes from the same heap
 * of malloc, which never gets small again (66 MB of proportional set size became 20). New space of the smallest
 * size, which is the quickest as well (it stays in the processor's cache), and old space that is collected by what
 * collecting costs and gives, in the place of at twice its size. gc() for children that are idle (child.ts).
 * Feedback from the first call on: code that a new child runs is soon fast.
 */
export const CHILD_FLAGS: readonly string[] = [
  '--max-semi-space-size=1',
  '--memory-balancer',
  '--memory-balancer-c-value=1e-10',
  '--no-concurrent-recompilation',
  '--no-lazy-feedback-allocation',
  '--expose-gc',
]

export interface ChildEvents {
  onMessage(message: FromChild, handle: unknown): void
  /** once; `reason` is for the log, `unserved` the connection that it was given and never got */
  onEnd(reason: string, unserved: Connection | undefined): void
}

export class ChildHandle {
  readonly bornAt = Date.now()
  /** transactions and connections, as far as it has said */
  tasks = 0
  connections = 0
  /** since when it has the state that it is in, Unix time in ms */
  since = Date.now()
  #number = 0
  #silentChecks = 0
  /** on its way to the child */
  #handing: Connection | undefined
  #ended: string | undefined
  #events: ChildEvents | undefined
  /** undefined: it could not be started */
  readonly #process: ChildProcess | undefined

  /** Start the process; it loads its program and then waits for orders. */
  constructor() {
    const child = startProcess(() =>
      spawn(process.execPath, [...CHILD_FLAGS, entryFile('child-main')], {
        stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
        // one arena: a child has one busy thread, and each further arena is memory that stays
        env: {...process.env, MALLOC_ARENA_MAX: '1'},
      }),
    )
    if (typeof child === 'string') {
      this.#ended = `cannot be started: ${child}`
      return
    }
    this.#process = child
    let failure: string | undefined
    child.on('message', (message: FromChild, handle) => {
      this.#silentChecks = 0
      if (message.type === 'failed') failure = message.reason
      this.#events?.onMessage(message, handle)
    })
    child.once('error', error => this.#end(error.message))
    child.once('exit', (status, signal) =>
      this.#end(failure ?? (signal ? `signal ${signal}` : `exit ${status}`)),
    )
    // one that dies at birth does not read its orders
    child.stdin?.on('error', () => {})
  }

  /** Give it its orders. Events come from the next turn of the event loop on. */
  begin(number: number, orders: ChildOrders, events: ChildEvents): void {
    this.#number = number
    this.#process?.stdin?.end(v8.serialize(orders))
    this.#events = events
    const ended = this.#ended
    if (ended !== undefined) setImmediate(() => events.onEnd(ended, undefined))
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    const unserved = this.#handing
    this.#handing = undefined
    this.#events?.onEnd(reason, unserved)
  }

  get number(): number {
    return this.#number
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /**
   * Hand a connection over. It is ours until the channel has taken it: left to itself, Node loses the
   * socket of a message that it cannot write, or that is still queued, when the child dies.
   */
  give(connection: Connection): void {
    const {listener, socket} = connection
    this.connections++
    this.#handing = connection
    this.#send({type: 'connection', listener}, socket, () => {
      if (this.#handing !== connection) return
      this.#handing = undefined
      // the kernel holds the socket for the child from here on
      socket.destroy()
    })
  }

  /** Have a second descriptor of a listening socket made. */
  echo(key: string, handle: RawHandle): void {
    this.#send({type: 'echo', key}, handle)
  }

  /** Whether connections wait for a child. */
  tellPressure(on: boolean): void {
    this.#send({type: 'pressure', on})
  }

  /** Let it finish the connection it has, or with `soon` the mail, and end. */
  end(soon = false): void {
    this.#send({type: 'end', soon})
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  /**
   * Count one more check in which it said nothing. Checks and not time: after a pause of the whole machine
   * the master's clock has gone on, and the children have not had their turn.
   * @returns checks since its last word
   */
  countSilence(): number {
    return ++this.#silentChecks
  }

  /** @param onSent not called when the message could not be sent: the child is about to be seen to end */
  #send(message: ToChild, handle?: Socket | RawHandle, onSent = () => {}): void {
    this.#process?.send(message, handle as Socket, {keepOpen: true}, error => {
      if (!error) onSent()
    })
  }
}
