/**
 * pool — the processes of a milter and who gets the next connection.
 *
 * Processes are started as connections need them, up to the limit, and retire: after so many connections, or idle
 * above the minimum. When all are full the listener pauses, and the rest waits in the kernel. A process that dies
 * young is not started anew at once, time and again; one that answers no more is replaced. Source: spec/milter-control §3, §8.
 */
import type {Socket} from 'node:net'
import {Listener, type RawHandle} from '../daemon/listeners.ts'
import type {Log} from '../log/log.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'
import {LifeSigns, PATIENCE, type Patience} from './life-signs.ts'
import type {FromWorker, WorkerOrders} from './messages.ts'
import type {MilterPlan} from './plan.ts'
import {type Slot, Slots} from './slots.ts'
import {WorkerProcess} from './worker-process.ts'

const LOOK_MS = 1000
/** A process that lived no longer than this has failed to start. */
const YOUNG_MS = 5000
const MOST_YOUNG_DEATHS = 5
const LONGEST_PAUSE_MS = 30_000
const PING_LIMIT_MS = 1000

export interface Interpreters {
  readonly pid: number
  readonly contexts: number
  readonly created: number
}

export class Pool {
  readonly slots: Slots
  readonly #plan: MilterPlan
  readonly #orders: WorkerOrders
  readonly #log: Log
  readonly #processes = new Map<Slot, WorkerProcess>()
  readonly #waiting: Socket[] = []
  readonly #pings = new Map<number, (pong: Extract<FromWorker, {type: 'pong'}>) => void>()
  #listener: Listener | undefined
  #isPaused = false
  /** since the pool was full, and told somebody so */
  #isTurningAway = false
  /** the port is closed */
  #isEnding = false
  #isDraining = false
  #mails = 0
  #pingId = 0
  #youngDeaths = 0
  #startAgainAt = 0
  readonly #lifeSigns: LifeSigns
  readonly #lookMs: number
  #look: NodeJS.Timeout | undefined
  #onReady: ((problem?: string) => void) | undefined
  #onEmpty: (() => void) | undefined

  constructor(plan: MilterPlan, orders: WorkerOrders, log: Log, patience: Patience = PATIENCE) {
    this.#plan = plan
    this.#orders = orders
    this.#log = log
    this.#lifeSigns = new LifeSigns(patience)
    this.#lookMs = Math.min(LOOK_MS, patience.askMs)
    this.slots = new Slots(Math.max(1, plan.maxProcs), plan.connsPerProc)
  }

  get mails(): number {
    return this.#mails
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get isBackingOff(): boolean {
    return this.#youngDeaths >= MOST_YOUNG_DEATHS
  }

  /**
   * @param inherited descriptor of the socket, which another master has bound
   * @throws AmavisError AM_DAEMON when the socket cannot be had
   */
  async listen(
    owner: {readonly uid: number; readonly gid: number} | undefined,
    inherited: number | undefined,
  ): Promise<void> {
    const {socket, backlog, socketMode: mode} = this.#plan
    const options = {backlog, mode, owner}
    const take = (connection: Socket) => this.#take(connection)
    this.#listener =
      inherited === undefined
        ? await Listener.open(socket, options, take)
        : await Listener.adopt(socket, inherited, options, take)
  }

  /** Our descriptor of the port, for a process that is to take it over. */
  get descriptor(): number | undefined {
    return this.#listener?.fd
  }

  /** Start the least number of processes; resolves when the first one is ready. @throws Error why it is not */
  async begin(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#onReady = problem => (problem === undefined ? resolve() : reject(new Error(problem)))
    })
    for (let n = 0; n < this.#plan.minProcs; n++) this.#start()
    this.#look = setInterval(() => this.#lookAtProcesses(), this.#lookMs).unref()
    await ready
  }

  /** Who is asked first how many contexts it has; undefined: nobody answers in time. */
  async ping(): Promise<Interpreters | undefined> {
    const slot = this.slots.choose() ?? this.slots.occupants('active')[0]
    const worker = slot && this.#processes.get(slot)
    if (!worker) return undefined
    const id = ++this.#pingId
    return await new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#pings.delete(id)
        resolve(undefined)
      }, PING_LIMIT_MS)
      this.#pings.set(id, ({contexts, created}) => {
        clearTimeout(timer)
        this.#pings.delete(id)
        resolve({pid: worker.pid, contexts, created})
      })
      worker.say({type: 'ping', id})
    })
  }

  /**
   * Take no more connections; resolves when the last one is over and no process is left.
   * @param isTakenOver another master listens on our socket now
   */
  drain(isTakenOver = false): Promise<void> {
    this.#close(isTakenOver)
    // Those that wait have been accepted: they are ours.
    this.#isDraining = true
    this.#serve()
    return this.#emptied()
  }

  /** Drop all connections; who does not end in time is killed. */
  async abort(): Promise<void> {
    this.#close(false)
    for (const socket of this.#waiting.splice(0)) socket.destroy()
    for (const worker of this.#processes.values()) worker.say({type: 'abort'})
    const kill = setTimeout(() => {
      for (const worker of this.#processes.values()) worker.kill('SIGKILL')
    }, this.#plan.abortTimeoutMs)
    await this.#emptied()
    clearTimeout(kill)
  }

  #close(keepPath: boolean): void {
    this.#isEnding = true
    this.#listener?.close({keepPath})
  }

  #emptied(): Promise<void> {
    if (this.#processes.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const before = this.#onEmpty
      this.#onEmpty = () => {
        clearInterval(this.#look)
        before?.()
        resolve()
      }
    })
  }

  #take(socket: Socket): void {
    socket.on('error', () => {})
    this.#waiting.push(socket)
    this.#serve()
  }

  #serve(): void {
    for (let slot = this.slots.choose(); slot && this.#waiting.length > 0; slot = this.slots.choose()) {
      this.slots.opened(slot)
      this.#processes.get(slot)!.give(this.#waiting.shift()!, this.#plan.socket)
      const {connLimit} = this.#plan
      if (connLimit > 0 && slot.occupant!.connections >= connLimit) this.#retire(slot)
    }
    if (this.#isDraining && this.#waiting.length === 0) {
      for (const slot of this.#processes.keys()) this.#retire(slot)
      return
    }
    // The first that waits has a process started for it; it is the next to be served, too.
    const isFull = this.slots.choose() === undefined
    if (isFull && this.slots.occupants('starting').length === 0) this.#start()
    const {overload, maxProcs} = this.#plan
    const mustWait =
      isFull && !this.slots.mayStart && (overload === 'wait' || this.slots.occupants('starting').length === 0)
    if (overload !== 'wait' && mustWait) this.#turnAway(overload)
    else if (maxProcs > 0) this.#pause(mustWait)
    if (!mustWait) this.#isTurningAway = false
  }

  /** Some process tells those that wait that there is no room; who has nobody to tell him, waits. */
  #turnAway(how: TurnAway): void {
    const [slot] = this.slots.occupants('active')
    if (!slot) return
    if (!this.#isTurningAway && this.#waiting.length > 0)
      this.#log.write(
        -1,
        `all processes are busy: connections hear "${how}" until one has room (overload_action)`,
      )
    for (const socket of this.#waiting.splice(0)) {
      this.#isTurningAway = true
      this.#processes.get(slot)!.give(socket, this.#plan.socket, how)
    }
  }

  #pause(wanted: boolean): void {
    if (wanted === this.#isPaused || this.#isEnding) return
    this.#isPaused = wanted
    if (wanted) this.#listener?.pause()
    else this.#listener?.resume()
    this.#askForSpare()
  }

  /** To pause, the listener needs a second descriptor, which comes back from a process (listeners.ts). */
  #askForSpare(): void {
    const handle = this.#listener?.handle
    if (!this.#listener || this.#listener.hasSpare || !handle || this.#isEnding) return
    const [slot] = [...this.slots.occupants('active'), ...this.slots.occupants('retiring')]
    if (slot) this.#processes.get(slot)?.say({type: 'echo', key: this.#listener.key}, handle)
  }

  #start(): void {
    if (
      (this.#isEnding && this.#waiting.length === 0) ||
      !this.slots.mayStart ||
      performance.now() < this.#startAgainAt
    )
      return
    let slot: Slot | undefined
    const worker = new WorkerProcess(this.#orders, {
      onMessage: (message, handle) => slot && this.#hear(slot, message, handle),
      onEnd: reason => slot && this.#ended(slot, reason),
    })
    slot = this.slots.occupy(worker.pid, performance.now())
    this.#processes.set(slot, worker)
  }

  #hear(slot: Slot, message: FromWorker, handle: unknown): void {
    if (slot.occupant) this.#lifeSigns.heard(slot.occupant, performance.now())
    switch (message.type) {
      case 'ready':
        if (slot.occupant?.phase === 'starting') slot.occupant.phase = 'active'
        this.#youngDeaths = 0
        this.#onReady?.()
        this.#askForSpare()
        this.#serve()
        break
      case 'answered':
        this.#mails++
        break
      case 'closed':
        this.slots.closed(slot, performance.now())
        this.#serve()
        break
      case 'pong':
        this.#pings.get(message.id)?.(message)
        break
      case 'echo':
        if (handle && this.#listener) this.#listener.keepSpare(handle as RawHandle)
        break
      case 'failed':
        break
    }
  }

  #retire(slot: Slot): void {
    if (!slot.occupant || slot.occupant.phase === 'retiring') return
    slot.occupant.phase = 'retiring'
    this.#processes.get(slot)?.say({type: 'retire'})
    if (!this.#isEnding) this.#keepMinimum()
  }

  #ended(slot: Slot, reason: string): void {
    const {occupant} = slot
    const now = performance.now()
    const isExpected = occupant?.phase === 'retiring' || this.#isEnding
    if (!isExpected) {
      this.#log.write(-1, `process ${occupant?.pid} of slot ${slot.index} ended: ${reason}`)
      if (occupant && now - occupant.bornAt < YOUNG_MS) this.#countYoungDeath(now)
    }
    this.slots.vacate(slot)
    this.#processes.delete(slot)
    this.#onReady?.(`its first process ended: ${reason}`)
    if (this.#processes.size === 0) this.#onEmpty?.()
    if (!this.#isEnding || this.#waiting.length > 0) this.#keepMinimum()
  }

  #countYoungDeath(now: number): void {
    this.#youngDeaths++
    if (!this.isBackingOff) return
    const pauseMs = Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** (this.#youngDeaths - MOST_YOUNG_DEATHS))
    this.#startAgainAt = now + pauseMs
    this.#log.write(-1, `processes die at birth: the next one is started in ${pauseMs / 1000} s`)
    setTimeout(() => this.#keepMinimum(), pauseMs + 10).unref()
  }

  #keepMinimum(): void {
    const working = this.slots.occupants('starting').length + this.slots.occupants('active').length
    for (let n = working; n < this.#plan.minProcs; n++) this.#start()
    this.#serve()
  }

  #lookAtProcesses(): void {
    this.#lookForLife()
    if (!this.#isEnding) this.#lookAtIdle()
  }

  #lookForLife(): void {
    for (const [slot, worker] of this.#processes) {
      const remedy = slot.occupant && this.#lifeSigns.due(slot.occupant, performance.now())
      if (remedy === undefined) continue
      const {pid, open} = slot.occupant!
      if (remedy === 'ask') worker.say({type: 'ping', id: ++this.#pingId})
      else if (remedy === 'retire') {
        this.#log.write(
          -1,
          `process ${pid} of slot ${slot.index} does not answer, it gets no more connections`,
        )
        this.#retire(slot)
      } else {
        this.#log.write(-1, `process ${pid} of slot ${slot.index} does not answer, killed with ${open} open`)
        worker.kill('SIGKILL')
      }
    }
  }

  #lookAtIdle(): void {
    const {idleLimitMs, minProcs} = this.#plan
    if (idleLimitMs <= 0) return
    const now = performance.now()
    for (const slot of this.slots.occupants('active')) {
      if (this.slots.occupants('active').length <= minProcs) return
      const {open, idleSince} = slot.occupant!
      if (open === 0 && now - idleSince > idleLimitMs) this.#retire(slot)
    }
  }
}
