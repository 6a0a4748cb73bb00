/**
 * generation — a configuration and the children that serve by it.
 *
 * A reload makes a new one; the old one retires: its idle children end, the others when they have finished
 * the connection they hold.
 */
import os from 'node:os'
import {type SocketSpec, socketKey} from '../config/socket-spec.ts'
import {errorText} from '../errors.ts'
import {ChildHandle} from './child-process.ts'
import type {Connection, Inside} from './door.ts'
import type {RawHandle} from './listeners.ts'
import type {ChildOrders, FromChild} from './messages.ts'
import type {Plan} from './plan.ts'
import {type ChildNumber, Pool} from './pool.ts'
import {SpamHelper} from './spam-helper.ts'

/** Deaths at birth, none of its children being up, after which a new generation is given up. */
const BIRTHS_TO_TRY = 3
/** Signs of life in the time after whose silence a child is killed. */
const SIGNS_IN_TIMEOUT = 4

export interface GenerationOptions {
  readonly number: number
  readonly plan: Plan
  readonly snapshot: Uint8Array
  readonly uid: number
  /** a child that waits for its orders, to be the first */
  readonly prepared?: ChildHandle | undefined
  /** write a log entry */
  readonly say: (level: number, text: string) => void
  /** a child may be idle now, or is gone */
  readonly onChange: () => void
  /** a child ended before it got this connection */
  readonly onReturn: (connection: Connection) => void
  /** a second descriptor of a listening socket has come back */
  readonly onEcho: (key: string, handle: RawHandle) => void
}

export type Up = {readonly kind: 'up'} | {readonly kind: 'failed'; readonly reason: string}

export interface ChildStatus {
  readonly pid: number
  readonly state: string
  readonly generation: number
  readonly tasks: number
  readonly connections: number
  readonly since: number
  readonly bornAt: number
}

export class Generation implements Inside {
  readonly number: number
  readonly plan: Plan
  readonly #options: GenerationOptions
  readonly #pool: Pool
  readonly #sockets: ReadonlySet<string>
  #spamHelper: SpamHelper | undefined
  readonly #children = new Map<ChildNumber, ChildHandle>()
  readonly #watch: NodeJS.Timeout
  #nextNumber = 1
  #brake: NodeJS.Timeout | undefined
  #stopping = false
  #waitingForUp: {count: number; resolve: (up: Up) => void} | undefined
  readonly #gone = Promise.withResolvers<void>()

  constructor(options: GenerationOptions) {
    const {plan} = options
    this.number = options.number
    this.plan = plan
    this.#options = options
    // one processor stays with those that serve
    this.#pool = new Pool({size: plan.children, startingLimit: Math.max(1, os.availableParallelism() - 1)})
    this.#sockets = new Set(plan.sockets.map(socketKey))
    this.#watch = setInterval(() => this.#lookForSilence(), plan.childTimeoutMs / SIGNS_IN_TIMEOUT)
    this.#watch.unref()
  }

  /**
   * Make the children.
   * @param count how many have to be up: all of them, or the first
   */
  start(count: number): Promise<Up> {
    this.#spamHelper = this.#startSpamHelper()
    return new Promise(resolve => {
      this.#waitingForUp = {count: Math.min(count, this.plan.children), resolve}
      this.#act()
    })
  }

  /** Resolves when its SpamAssassin has its rules, or there is none to wait for. */
  async prepared(): Promise<void> {
    await this.#spamHelper?.settled
  }

  get alive(): number {
    return this.#children.size
  }

  /** Children that are to be there. */
  get size(): number {
    return this.#pool.size
  }

  /** All children that are wanted are up. */
  get complete(): boolean {
    return this.#pool.complete
  }

  /** Whether its configuration names this socket. */
  serves(spec: SocketSpec): boolean {
    return this.#sockets.has(socketKey(spec))
  }

  /** Give a connection to an idle child; false when there is none. */
  give(connection: Connection): boolean {
    const number = this.#pool.take()
    const child = number === undefined ? undefined : this.#children.get(number)
    if (!child) return false
    child.since = Date.now()
    child.give(connection)
    return true
  }

  /** Have a child send a descriptor back; a busy one can do that, too. */
  echo(key: string, handle: RawHandle): boolean {
    const [child] = this.#children.values()
    child?.echo(key, handle)
    return child !== undefined
  }

  /** Whether connections wait for a child. */
  tellPressure(on: boolean): void {
    for (const child of this.#children.values()) child.tellPressure(on)
  }

  resize(by: number): number {
    this.#pool.resize(by)
    this.#act()
    return this.#pool.size
  }

  /**
   * End each child as soon as it is idle; resolves when all are gone.
   * @param soon sessions end at the next place between two mails
   */
  retire(soon = false): Promise<void> {
    this.#pool.retire()
    for (const [number, child] of soon ? this.#children : []) {
      this.#pool.ending(number)
      child.end(true)
    }
    this.#act()
    this.#tellIfGone()
    return this.#gone.promise
  }

  /** End this child between two mails; another takes its place. @returns whether it is one of this generation */
  retireChild(pid: number): boolean {
    for (const [number, child] of this.#children) {
      if (child.pid !== pid) continue
      this.#pool.ending(number)
      child.end(true)
      this.#act()
      return true
    }
    return false
  }

  /** End all children now, whatever they hold; those that do not are killed after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true
    this.#pool.retire()
    for (const child of this.#children.values()) child.kill('SIGTERM')
    const deadline = setTimeout(() => {
      for (const child of this.#children.values()) child.kill('SIGKILL')
    }, limitMs)
    this.#tellIfGone()
    await this.#gone.promise
    clearTimeout(deadline)
  }

  status(): readonly ChildStatus[] {
    return [...this.#children].map(([number, child]) => ({
      pid: child.pid,
      state: this.#pool.state(number),
      generation: this.number,
      tasks: child.tasks,
      connections: child.connections,
      since: child.since,
      bornAt: child.bornAt,
    }))
  }

  #tellIfGone(): void {
    if (!this.#pool.retired || this.#children.size > 0) return
    clearInterval(this.#watch)
    clearTimeout(this.#brake)
    this.#spamHelper?.stop()
    this.#gone.resolve()
  }

  /** Do what the pool's policy says; called after everything that happens. */
  #act(): void {
    const {make, end, againInMs} = this.#pool.due()
    for (const number of end) {
      this.#pool.ending(number)
      this.#children.get(number)?.end()
    }
    for (let i = 0; i < make; i++) this.#make()
    clearTimeout(this.#brake)
    if (againInMs !== undefined) this.#brake = setTimeout(() => this.#act(), againInMs)
    this.#options.onChange()
  }

  /** It loads while the children come up; mail that is there sooner waits for it. */
  #startSpamHelper(): SpamHelper | undefined {
    const {plan, say} = this.#options
    if (!plan.spamHelper) return undefined
    try {
      return new SpamHelper({plan: plan.spamHelper, base: plan.tempBase, path: plan.path, say})
    } catch (error) {
      say(-1, `SpamAssassin cannot be used, mail gets no points of it: ${errorText(error)}`)
      return undefined
    }
  }

  #make(): void {
    const number = this.#nextNumber++
    this.#pool.born(number)
    const child = (number === 1 && this.#options.prepared) || new ChildHandle()
    child.begin(number, this.#orders(number), {
      onMessage: (message, handle) => this.#hear(child, message, handle),
      onEnd: (reason, unserved) => this.#bury(child, reason, unserved),
    })
    this.#children.set(number, child)
    this.#options.say(3, `child ${child.pid} started, generation ${this.number}`)
  }

  #orders(number: number): ChildOrders {
    const {plan, snapshot, uid} = this.#options
    return {
      path: plan.path,
      snapshot,
      generation: this.number,
      log: plan.log,
      maxRequests: plan.maxRequests,
      memoryLimitBytes: plan.memoryLimitBytes,
      aliveEveryMs: plan.childTimeoutMs / SIGNS_IN_TIMEOUT,
      uid,
      spamHelper: this.#spamHelper?.socketPath,
      describe: number === 1,
    }
  }

  #hear(child: ChildHandle, message: FromChild, handle: unknown): void {
    switch (message.type) {
      case 'idle':
        child.tasks = message.tasks
        child.since = Date.now()
        this.#pool.idle(child.number, message.wornOut)
        this.#act()
        this.#tellIfUp()
        break
      case 'echo':
        if (handle) this.#options.onEcho(message.key, handle as RawHandle)
        break
      case 'loaded':
        for (const entry of message.entries) this.#options.say(0, entry)
        break
      case 'alive':
      case 'failed':
        break
    }
  }

  #bury(child: ChildHandle, reason: string, unserved: Connection | undefined): void {
    const expected = this.#stopping || this.#pool.state(child.number) === 'ending'
    this.#children.delete(child.number)
    this.#pool.died(child.number)
    this.#options.say(expected ? 3 : -1, `child ${child.pid} ended: ${reason}`)
    const {failures} = this.#pool
    if (!expected && failures >= 2) {
      this.#options.say(-2, `children die at birth, ${failures} in a row; making more is slowed down`)
    }
    if (failures >= BIRTHS_TO_TRY) this.#tell({kind: 'failed', reason: `children die at birth: ${reason}`})
    if (unserved) this.#options.onReturn(unserved)
    this.#act()
    this.#tellIfGone()
  }

  #tellIfUp(): void {
    const up = this.#pool.count('idle') + this.#pool.count('busy')
    if (this.#waitingForUp && up >= this.#waitingForUp.count) this.#tell({kind: 'up'})
  }

  #tell(up: Up): void {
    this.#waitingForUp?.resolve(up)
    this.#waitingForUp = undefined
  }

  /** A child whose event loop has not turned for $child_timeout hangs in a loop. */
  #lookForSilence(): void {
    for (const child of this.#children.values()) {
      if (child.countSilence() <= SIGNS_IN_TIMEOUT) continue
      this.#options.say(
        -2,
        `child ${child.pid} has given no sign of life for ${this.plan.childTimeoutMs / 1000} s, sending SIGKILL`,
      )
      child.kill('SIGKILL')
    }
  }
}
