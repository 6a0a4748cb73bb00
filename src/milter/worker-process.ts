/**
 * worker-process — a process of a milter's pool as its master sees it.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import type {Socket} from 'node:net'
import v8 from 'node:v8'
import type {SocketSpec} from '../config/socket-spec.ts'
import {CHILD_FLAGS} from '../daemon/child-process.ts'
import type {RawHandle} from '../daemon/listeners.ts'
import {entryFile} from '../process/program-file.ts'
import {startProcess} from '../process/start-process.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'
import type {FromWorker, ToWorker, WorkerOrders} from './messages.ts'

export interface WorkerEvents {
  onMessage(message: FromWorker, handle: unknown): void
  /** once */
  onEnd(reason: string): void
}

export class WorkerProcess {
  /** undefined: it could not be started */
  readonly #process: ChildProcess | undefined

  constructor(orders: WorkerOrders, {onMessage, onEnd}: WorkerEvents) {
    const child = startProcess(() =>
      spawn(process.execPath, [...CHILD_FLAGS, entryFile('milter-worker-main')], {
        stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
        env: {...process.env, MALLOC_ARENA_MAX: '1'},
      }),
    )
    if (typeof child === 'string') {
      setImmediate(() => onEnd(`cannot be started: ${child}`))
      return
    }
    this.#process = child
    let failure: string | undefined
    let hasEnded = false
    const end = (reason: string) => {
      if (!hasEnded) onEnd(failure ?? reason)
      hasEnded = true
    }
    child.on('message', (message: FromWorker, handle) => {
      if (message.type === 'failed') failure = message.reason
      onMessage(message, handle)
    })
    child.once('error', error => end(error.message))
    child.once('exit', (status, signal) => end(signal ? `signal ${signal}` : `exit ${status}`))
    child.stdin?.on('error', () => {})
    child.stdin?.end(v8.serialize(orders))
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Hand a connection over; when the process dies meanwhile, the MTA sees it closed. */
  give(socket: Socket, listener: SocketSpec, turnAway?: TurnAway): void {
    // ours until the channel has taken it: left to itself, Node loses a socket whose receiver dies
    this.say({type: 'connection', listener, turnAway}, socket, () => socket.destroy())
  }

  say(message: ToWorker, handle?: Socket | RawHandle, sent = () => {}): void {
    if (!this.#process?.connected) sent()
    else this.#process.send(message, handle as Socket, {keepOpen: true}, () => sent())
  }

  kill(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }
}
