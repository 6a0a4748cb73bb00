/**
 * watch — gathers what buses, responders and the master tell, and publishes the facts once a second.
 *
 * Each host has a store of its own for its children. Nothing here draws or judges; the clock is handed in.
 */
import {type Frame, parseFrame} from '../../bus/grammar.ts'
import {INCIDENT_PREFIX, type Incident, parseIncident} from '../../bus/incident.ts'
import {parseScannerState} from '../../bus/scanner-state.ts'
import type {Variables} from '../agent/classic.ts'
import {CHILD_PREFIXES} from '../children/feed.ts'
import {TIMING_PREFIX} from '../children/finished.ts'
import {type ChildStore, createChildStore} from '../children/store.ts'
import {mailsPerMinute} from '../children/table.ts'
import {TimingSums} from '../timing/sums.ts'
import {parseTiming} from '../timing/timing-text.ts'
import {credible} from '../visible.ts'
import {
  anvilFacts,
  childFacts,
  type HostFacts,
  type MasterFacts,
  type Place,
  serviceFacts,
  type Trouble,
  variableFacts,
} from './facts.ts'

/** What a status listens to: children, their TIMING, and all that speaks of trouble. */
export const STATUS_PREFIXES: readonly string[] = [...CHILD_PREFIXES, TIMING_PREFIX, INCIDENT_PREFIX]

/** Looked so often whether there is something to publish. */
const TICK_MS = 200
const PERIOD_MS = 1000
/** At first each tick publishes: nobody likes to wait for the first figures. */
const EAGER_MS = 3000
const TEN_MINUTES_MS = 600_000
const MINUTE_MS = 60_000
/** Incidents and troubles that are remembered of a host. */
const MOST_REMEMBERED = 100
const LONGEST_TROUBLE = 1000
/** Lags that the median is of. */
const LAGS = 51
/** Scanners beyond this are not taken in. */
const MOST_SCANNERS = 100
/** A forwarding that did not end with 2xx, as the log has it. */
const FORWARDING_FAILED = /\b(?:FWD|SEND) from </

export interface StatusWatch {
  /** A message as it arrived, now or, of a recording, at its time. */
  put(endpoint: string, frames: readonly string[], atMs?: number): void
  /** Messages were dropped on the way from a bus to us. */
  lost(endpoint: string, messages: number): void
  /** A responder's answer; undefined: there was none. */
  answered(responder: string, variables: Variables | undefined): void
  /** What the responder remembers of incidents: those of before we listened. */
  recalled(endpoint: string, frames: readonly Frame[]): void
  /** What the master of a bus said; undefined: it could not be asked. */
  told(endpoint: string, master: MasterFacts | undefined): void
  /** The last published, in the order of the places; the same object until the next. */
  getSnapshot(): StatusSnapshot
  /** Publish now. */
  refresh(): StatusSnapshot
  /** Forget everything: what follows is of another time. */
  clear(): void
  /** @returns how to stop listening */
  subscribe(listener: () => void): () => void
}

export interface StatusSnapshot {
  readonly nowMs: number
  readonly hosts: readonly HostFacts[]
}

export function createStatusWatch(places: readonly Place[], now: () => number = Date.now): StatusWatch {
  let hosts = places.map(place => new Host(place, now))
  let byEndpoint = new Map(hosts.map(host => [host.place.endpoint, host]))
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | undefined
  const take = (): StatusSnapshot => ({nowMs: now(), hosts: hosts.map(host => host.facts())})
  let snapshot = take()
  const refresh = () => {
    snapshot = take()
    for (const listener of listeners) listener()
    return snapshot
  }
  // by our own time, which goes on where that of a recording is held
  let beganMs = performance.now()
  let publishedMs = -Infinity
  const tick = () => {
    const ticks = performance.now()
    if (ticks - publishedMs < PERIOD_MS && ticks - beganMs >= EAGER_MS) return
    publishedMs = ticks
    refresh()
  }
  return {
    put: (endpoint, frames, atMs = now()) => byEndpoint.get(endpoint)?.put(frames, atMs),
    lost: (endpoint, messages) => byEndpoint.get(endpoint)?.lost(messages),
    answered(responder, variables) {
      for (const host of hosts) if (host.place.responder === responder) host.answered(variables)
    },
    recalled: (endpoint, frames) => byEndpoint.get(endpoint)?.recalled(frames),
    told: (endpoint, master) => byEndpoint.get(endpoint)?.told(master),
    getSnapshot: () => snapshot,
    refresh,
    clear() {
      hosts = places.map(place => new Host(place, now))
      byEndpoint = new Map(hosts.map(host => [host.place.endpoint, host]))
      beganMs = performance.now()
    },
    subscribe(listener) {
      listeners.add(listener)
      timer ??= setInterval(tick, TICK_MS).unref()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
      }
    },
  }
}

/** The counters that rates are made of, as they were at a moment. */
interface Sample {
  readonly atMs: number
  readonly startedMs: number | undefined
  readonly messages: number
  readonly sent: number
  readonly failures: number
}

class Host {
  readonly place: Place
  readonly #now: () => number
  readonly #beganMs: number
  readonly #store: ChildStore
  readonly #timing = new TimingSums()
  readonly #incidents: Incident[] = []
  readonly #troubles: Trouble[] = []
  readonly #lags: number[] = []
  #samples: Sample[] = []
  #sentMs: number | undefined
  #lastFailure: Trouble | undefined
  #variables: Variables | undefined
  #master: MasterFacts | undefined
  #hadMaster = false
  #dropped = 0

  constructor(place: Place, now: () => number) {
    this.place = place
    this.#now = now
    this.#beganMs = now()
    this.#store = createChildStore({now})
  }

  put(frames: readonly string[], atMs: number): void {
    const states: string[] = []
    for (const text of frames) {
      if (text.startsWith('am.log.')) this.#hear(text, atMs)
      else states.push(text)
    }
    this.#store.put(this.place.endpoint, states, atMs)
  }

  lost(messages: number): void {
    this.#dropped += messages
  }

  #hear(text: string, atMs: number): void {
    const frame = credible(parseFrame(text))
    if (frame?.kind !== 'log') return
    remember(this.#lags, atMs - frame.timeMs, LAGS)
    const timing = parseTiming(frame.text)
    if (timing) this.#timing.add(timing, frame.pid)
    if (timing || frame.level >= 0) return
    const incident = parseIncident(frame)
    if (incident) {
      remember(this.#incidents, incident, MOST_REMEMBERED)
      return
    }
    const trouble = {atMs: frame.timeMs, pid: frame.pid, text: frame.text.slice(0, LONGEST_TROUBLE)}
    if (FORWARDING_FAILED.test(trouble.text)) this.#lastFailure = trouble
    remember(this.#troubles, trouble, MOST_REMEMBERED)
  }

  answered(variables: Variables | undefined): void {
    this.#variables = variables
    if (!variables) return
    const {counters, startedMs} = variableFacts(variables)
    const of = (name: string) => counters?.get(name) ?? 0
    const sample: Sample = {
      atMs: this.#now(),
      startedMs,
      messages: of('InMsgs'),
      sent: of('OutMsgs'),
      failures: of('OutMsgsAttemptFails'),
    }
    const last = this.#samples.at(-1)
    // another run of the daemon counts from zero
    if (last && (last.startedMs !== startedMs || sample.messages < last.messages)) this.#samples = []
    if (last && sample.sent > last.sent) this.#sentMs = sample.atMs
    this.#samples.push(sample)
    // one from before the ten minutes stays: growth is counted from it
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= sample.atMs - TEN_MINUTES_MS) {
      this.#samples.shift()
    }
  }

  recalled(frames: readonly Frame[]): void {
    const known = new Set(this.#incidents.map(keyOf))
    const before = frames.flatMap(frame => {
      const incident = credible(frame) && parseIncident(frame)
      return incident && !known.has(keyOf(incident)) ? [incident] : []
    })
    this.#incidents.push(...before)
    this.#incidents.sort((a, b) => a.timeMs - b.timeMs)
    this.#incidents.splice(0, this.#incidents.length - MOST_REMEMBERED)
  }

  told(master: MasterFacts | undefined): void {
    this.#master = master
    this.#hadMaster ||= master !== undefined
  }

  facts(): HostFacts {
    const snapshot = this.#store.refresh()
    const {table, nowMs} = snapshot
    const bus = table.buses.get(this.place.endpoint)
    const variables = variableFacts(this.#variables)
    const master = this.#master
    return {
      ...this.place,
      nowMs,
      watchedMs: nowMs - Math.min(this.#beganMs, bus?.firstHeardMs ?? nowMs),
      bus: {
        heardMs: bus?.heardMs,
        firstHeardMs: bus?.firstHeardMs,
        lagMs: median(this.#lags),
        dropped: this.#dropped,
      },
      services: serviceFacts(this.place, snapshot, this.#variables !== undefined),
      children: childFacts(snapshot, master?.maximum ?? variables.maximum),
      mails: {
        perMinute: mailsPerMinute(table, nowMs),
        watchedMs: bus === undefined ? 0 : nowMs - bus.firstHeardMs,
        perMinuteOfTen: this.#rateOfTen(),
      },
      tasks: this.#timing.tasks,
      sections: this.#timing.sections(),
      counters: variables.counters,
      name: variables.name ?? master?.name,
      version: master?.version ?? variables.version,
      generation: master?.generation ?? variables.generation,
      startedMs: master?.startedMs ?? variables.startedMs,
      countedSinceMs: variables.startedMs,
      nextHop: {
        sentMs: this.#sentMs,
        lastFailure: this.#lastFailure,
        recentFailures: (this.#samples.at(-1)?.failures ?? 0) - (this.#samples[0]?.failures ?? 0),
      },
      queues: variables.queues,
      anvil: anvilFacts(variables.counters, master),
      scanners: this.#scanners(),
      incidents: this.#incidents.toReversed(),
      troubles: this.#troubles.toReversed(),
      master,
      isMasterLost: this.#hadMaster && master === undefined,
    }
  }

  #rateOfTen(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (!first || !last || last.atMs - first.atMs < MINUTE_MS) return undefined
    return ((last.messages - first.messages) * MINUTE_MS) / (last.atMs - first.atMs)
  }

  #scanners(): HostFacts['scanners'] {
    const states = [...(this.#variables ?? [])].flatMap(
      ([name, {value}]) => parseScannerState(name, value) ?? [],
    )
    return states.slice(0, MOST_SCANNERS)
  }
}

function keyOf({pid, kind, timeMs}: Incident): string {
  return `${pid} ${kind} ${timeMs}`
}

function remember<T>(list: T[], one: T, most: number): void {
  list.push(one)
  if (list.length > most) list.shift()
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
