/**
 * zmq-publisher — a daemon process' voice on the bus, over ZeroMQ.
 *
 * Every call returns at once. Frames gather for the rest of the event-loop turn, and while frames went out
 * less than 100 ms ago until those are over, then leave as one multi-part message for each prefix; counters
 * gather 100 ms, and increments of the same name are added (counter-sums.ts). Sending is synchronous and
 * never blocks: a PUB socket drops what its peers do not take.
 *
 * ZeroMQ drops what is sent before a peer has subscribed. The socket is an XPUB one, which tells when that
 * has happened: until then, or for a second at most, frames are held here (at most 2000, then the newest
 * are dropped). After that the state is repeated every 2 s, so that whoever joins late has the whole picture.
 *
 * Diagnostics: one warning when the ZeroMQ library cannot be loaded, and one for an endpoint that is no
 * address; without any endpoint left everything is dropped in silence.
 */
import {errorText} from '../errors.ts'
import {type Log, silentLog} from '../log/log.ts'
import {CounterSums} from './counter-sums.ts'
import {isIpv6} from './endpoint.ts'
import {formatDelta, formatUnixTime, LARGEST_DELTA_MS, logPrefix, safeValue} from './grammar.ts'
import type {Counter, Publisher, State} from './publisher.ts'

const MOST_HELD_FRAMES = 2000
/** More log entries than this in one moment are given up: the log itself has them. */
const MOST_LOG_ENTRIES = 8
/** A message of many frames costs little more than one of few; what costs is the message, here and at every receiver. */
const STATE_GAP_MS = 100
const COUNTER_GAP_MS = 100
/** How long ZeroMQ's own thread gets for the last frames; it is done in well under a millisecond when idle. */
const CLOSE_MS = 50
/** Task ids go with these only (spec/monitoring §1.3). */
const WITH_TASK_ID: ReadonlySet<string> = new Set('md=GDVSPrQF')

/** The part of a ZeroMQ XPUB socket that is used here. */
export interface Outlet {
  connect(endpoint: string): void
  /** Resolves with the first subscription; rejects when none came in time, or when the socket is closed. */
  receive(): Promise<unknown>
  /** Takes its argument at once. */
  send(message: string[]): Promise<void>
  close(): void
}

export interface PublisherOptions {
  /** Where forwarders listen; all of them get every frame. */
  readonly endpoints: readonly string[]
  readonly pid?: number
  readonly log?: Log
  /** Unix time in ms. */
  readonly now?: () => number
  readonly repeatMs?: number
  /** How long the first frames wait for a subscriber. */
  readonly holdMs?: number
  /** Makes the socket, unconnected. */
  readonly open?: (endpoints: readonly string[], holdMs: number) => Promise<Outlet>
}

export interface BusPublisher extends Publisher {
  /** Frames that were given up so far. */
  readonly dropped: number
}

/**
 * Speak on the bus as one process.
 *
 * The first state of a process and the states `A` and `m` carry the time, all others the distance to the
 * last of these. `close` says `exiting` if a state was ever announced, and resolves within 200 ms.
 */
export function createPublisher(options: PublisherOptions): BusPublisher {
  return new ZmqPublisher(options)
}

async function openSocket(endpoints: readonly string[], holdMs: number): Promise<Outlet> {
  const {XPublisher} = await import('zeromq')
  return new XPublisher({
    linger: 0,
    sendTimeout: 0, // makes send synchronous
    receiveTimeout: holdMs,
    sendHighWaterMark: 1000,
    ipv6: endpoints.some(isIpv6),
  })
}

class ZmqPublisher implements BusPublisher {
  readonly #pid: number
  readonly #log: Log
  readonly #now: () => number
  readonly #endpoints: readonly string[]
  readonly #holdMs: number
  readonly #open: NonNullable<PublisherOptions['open']>
  readonly #repeat: NodeJS.Timeout

  /**
   * States not sent yet, as three lists of the same length: they become text when they are sent, many at once.
   * A time is a distance in ms, or above LARGEST_DELTA_MS the Unix time in ms.
   */
  #times: number[] = []
  #states: string[] = []
  #taskIds: (string | undefined)[] = []
  #logEntries = 0
  /** Frames by prefix, to be sent in this order. */
  readonly #waiting = new Map<string, string[]>()
  readonly #counters = new CounterSums()
  #held = 0
  #dropped = 0
  #socket: Outlet | undefined
  #phase: 'opening' | 'open' | 'mute' = 'opening'
  readonly #opened: Promise<void>
  #scheduled = false
  #countersScheduled = false
  #lastSent = Number.NEGATIVE_INFINITY
  /** Unix time in ms of the last absolute time stamp. */
  #base: number | undefined
  /** As announced last. */
  #state = '-'
  #taskId: string | undefined

  constructor(options: PublisherOptions) {
    this.#endpoints = options.endpoints
    this.#pid = options.pid ?? process.pid
    this.#log = options.log ?? silentLog
    this.#now = options.now ?? Date.now
    this.#holdMs = options.holdMs ?? 1000
    this.#open = options.open ?? openSocket
    this.#repeat = setInterval(() => this.#announceAgain(), options.repeatMs ?? 2000).unref()
    this.#opened = this.#start()
  }

  get dropped(): number {
    return this.#dropped
  }

  state(state: State, taskId?: string): void {
    if (this.#phase === 'mute') return
    const now = this.#now()
    this.#state = state
    this.#taskId = WITH_TASK_ID.has(state) ? taskId : undefined
    if (this.#base === undefined || state === 'A' || state === 'm') {
      this.#base = now
      this.#announce(now)
    } else this.#announce(now - this.#base)
  }

  count(name: string, increment?: number): void {
    if (this.#phase === 'mute') return
    this.#counters.count(name, increment)
    this.#scheduleCounters()
  }

  counters(counters: readonly Counter[]): void {
    if (this.#phase === 'mute') return
    this.#counters.add(counters)
    this.#scheduleCounters()
  }

  wantsLog(): boolean {
    return this.#phase !== 'mute' && this.#logEntries < MOST_LOG_ENTRIES
  }

  log(level: number, text: string): void {
    if (!this.wantsLog()) return
    this.#logEntries++
    const prefix = logPrefix(level)
    this.#put(prefix, `${prefix} ${this.#pid} ${formatUnixTime(this.#now())} ${safeValue(text)}`)
  }

  async close(): Promise<void> {
    clearInterval(this.#repeat)
    if (this.#phase === 'mute') return
    if (this.#base !== undefined) {
      this.#state = 'exiting'
      this.#taskId = undefined
      this.#announceAgain()
    }
    if (this.#counters.pending) this.#putCounters()
    if (this.#phase === 'opening') await Promise.race([this.#opened, elapsed(150)])
    this.#flush()
    const said = this.#socket !== undefined && this.#phase === 'open'
    this.#phase = 'mute'
    if (said) await elapsed(CLOSE_MS)
    this.#socket?.close()
    this.#socket = undefined
  }

  async #start(): Promise<void> {
    if (this.#endpoints.length === 0) return this.#giveUp()
    try {
      const socket = await this.#open(this.#endpoints, this.#holdMs)
      if (this.#phase === 'mute') return socket.close() // closed meanwhile
      this.#socket = socket
    } catch (error) {
      this.#log.write(-1, `ZMQ: no monitoring, the library cannot be used: ${errorText(error)}`)
      return this.#giveUp()
    }
    const connected = this.#endpoints.filter(endpoint => this.#connect(endpoint))
    if (connected.length === 0) return this.#giveUp()
    // Nobody subscribed in time: go on, they may come later. Closed: phase says so.
    await this.#socket.receive().catch(() => {})
    if (this.#phase !== 'opening') return
    this.#phase = 'open'
    this.#flush()
  }

  #connect(endpoint: string): boolean {
    try {
      this.#socket?.connect(endpoint)
      return true
    } catch (error) {
      this.#log.write(-1, `ZMQ: no monitoring at ${endpoint}: ${errorText(error)}`)
      return false
    }
  }

  #giveUp(): void {
    this.#phase = 'mute'
    this.#dropped += this.#held
    this.#held = 0
    this.#waiting.clear()
    this.#takeStates()
    clearInterval(this.#repeat)
    this.#socket?.close()
    this.#socket = undefined
  }

  #announceAgain(): void {
    if (this.#base !== undefined) this.#announce(this.#now() - this.#base)
  }

  #scheduleCounters(): void {
    if (this.#countersScheduled) return
    this.#countersScheduled = true
    setTimeout(() => this.#putCounters(), COUNTER_GAP_MS).unref()
  }

  #putCounters(): void {
    this.#countersScheduled = false
    for (const frame of this.#counters.take()) this.#put('am.snmp', frame)
  }

  #put(prefix: string, frame: string): void {
    if (this.#held >= MOST_HELD_FRAMES || this.#phase === 'mute') {
      this.#dropped++
      return
    }
    this.#held++
    this.#schedule()
    const frames = this.#waiting.get(prefix)
    if (frames) frames.push(frame)
    else this.#waiting.set(prefix, [frame])
  }

  #announce(time: number): void {
    if (this.#states.length >= MOST_HELD_FRAMES) {
      this.#dropped++
      return
    }
    this.#times.push(time)
    this.#states.push(this.#state)
    this.#taskIds.push(this.#taskId)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#phase !== 'open') return
    this.#scheduled = true
    const wait = this.#lastSent + STATE_GAP_MS - performance.now()
    if (wait <= 0) setImmediate(() => this.#flush())
    else setTimeout(() => this.#flush(), wait).unref()
  }

  /** The frames of what was announced since the last call. */
  #takeStates(): string[] {
    const begin = `am.st ${this.#pid} `
    const frames: string[] = []
    for (const [i, state] of this.#states.entries()) {
      const time = this.#times[i]!
      const taskId = this.#taskIds[i]
      const when = time > LARGEST_DELTA_MS ? formatUnixTime(time) : formatDelta(time)
      frames.push(taskId === undefined ? `${begin}${when} ${state}` : `${begin}${when} ${state} ${taskId}`)
    }
    this.#times = []
    this.#states = []
    this.#taskIds = []
    return frames
  }

  #flush(): void {
    this.#scheduled = false
    const socket = this.#socket
    if (socket === undefined || this.#phase !== 'open') return
    this.#logEntries = 0
    for (const frames of [this.#takeStates(), ...this.#waiting.values()]) {
      if (frames.length === 0) continue
      // PUB sockets refuse nothing; should one do so, the frames are lost and mail goes on
      socket.send(frames).catch(() => {
        this.#dropped += frames.length
      })
    }
    this.#waiting.clear()
    this.#held = 0
    this.#lastSent = performance.now()
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
