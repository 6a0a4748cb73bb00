/**
 * minder-table — what childproc-minder knows of the daemon's processes, and what it does about them.
 *
 * Knows states and times; probing and signalling are handed in, so that a test can play a process that
 * is deaf to SIGTERM. Source: spec/monitoring §2.4. The original compares its SIGKILL delay the wrong way
 * round (first SIGKILL 2 s after SIGTERM, whatever was meant); here SIGKILL comes when the delay is over,
 * and again each time it is over once more, until giving up.
 *
 * Diagnostics: a process that vanished (level -2), one that may not be signalled (-1), signals (0).
 */
import {type Log, silentLog} from '../log/log.ts'
import {BUSY_AGES_SEC} from './counters/busy-ages.ts'
import {type Frame, formatFrame} from './grammar.ts'
import type {Incident, IncidentKind} from './incident.ts'

/** What came of probing or signalling: `denied` is a process that is not ours to signal. */
export type ProcessFate = 'alive' | 'gone' | 'denied'

export interface Processes {
  probe(pid: number): ProcessFate
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): ProcessFate
}

/** All in seconds. */
export interface MinderLimits {
  /** longest time in one task */
  readonly active: number
  /** longest time without one */
  readonly idle: number
  /** from SIGTERM to SIGKILL, and from one SIGKILL to the next */
  readonly kill: number
  /** from SIGTERM to forgetting a process that cannot be killed */
  readonly giveUp: number
}

export const DEFAULT_LIMITS: MinderLimits = {active: 600, idle: 3600, kill: 30, giveUp: 600}

/** Silent for less than this, and in time: taken to be alive. */
const SILENT_SEC = 10
const PROBE_BUSY_SEC = 10
const PROBE_IDLE_SEC = 20

/** Processes beyond this are not taken in. */
const MOST_PROCESSES = 10_000

interface Entry {
  state: string
  taskId: string | undefined
  /** its states since `base`, each once in a row */
  letters: string
  /** Unix times in ms */
  base: number
  heard: number
  probed: number | undefined
  /** first SIGTERM and last signal; undefined: in time, or became so again */
  signalled: {readonly first: number; last: number} | undefined
}

export class MinderTable {
  readonly #entries = new Map<number, Entry>()
  #incidents: Incident[] = []
  readonly #limits: MinderLimits
  readonly #processes: Processes
  readonly #log: Log

  constructor(processes: Processes, limits: MinderLimits = DEFAULT_LIMITS, log: Log = silentLog) {
    this.#processes = processes
    this.#limits = limits
    this.#log = log
  }

  /** Take in one frame; only `state` means something here. The time is Unix time in ms. */
  hear(frame: Frame, nowMs: number): void {
    if (frame.kind !== 'state') return
    const {pid, time, state, taskId} = frame
    if (state === 'FLUSH') {
      this.#log.write(2, 'childproc-minder: FLUSH process states')
      this.#entries.clear()
    } else if (state === 'exiting' || state === 'purged') {
      this.#entries.delete(pid)
    } else {
      const known = this.#entries.get(pid)
      const base = time.kind === 'abs' ? time.ms : (known?.base ?? nowMs - time.ms)
      const letters = lettersWith(time.kind === 'abs' ? '' : (known?.letters ?? ''), state)
      if (known) Object.assign(known, {state, taskId, letters, base, heard: nowMs})
      else if (this.#entries.size < MOST_PROCESSES) {
        this.#entries.set(pid, {
          state,
          taskId,
          letters,
          base,
          heard: nowMs,
          probed: undefined,
          signalled: undefined,
        })
      }
    }
  }

  /**
   * Look after every process and report.
   * @param nowMs Unix time
   * @returns messages to publish, in order: one `purged` for each process dropped, the report, the list of
   *   the busy, the list of the idle
   */
  check(nowMs: number): readonly (readonly string[])[] {
    const messages: string[][] = []
    let gone = 0
    for (const pid of [...this.#entries.keys()].sort((a, b) => a - b)) {
      const entry = this.#entries.get(pid)
      if (entry === undefined) continue
      const fate = this.#lookAfter(pid, entry, nowMs)
      if (fate === 'stays') continue
      if (fate === 'vanished') gone++
      this.#entries.delete(pid)
      messages.push([
        formatFrame({kind: 'state', pid, time: {kind: 'abs', ms: nowMs}, state: 'purged', taskId: undefined}),
      ])
    }
    const pids = (list: 'busy' | 'idle') =>
      [...this.#entries].filter(([, entry]) => isIdle(entry) === (list === 'idle')).map(([pid]) => pid)
    for (const list of ['busy', 'idle'] as const) {
      messages.push([formatFrame({kind: 'proc', list, pids: pids(list).sort((a, b) => a - b)})])
    }
    messages.splice(-2, 0, this.#report(nowMs, gone))
    return messages
  }

  /** What befell processes in the checks since the last call, in order. */
  takeIncidents(): readonly Incident[] {
    const taken = this.#incidents
    this.#incidents = []
    return taken
  }

  #note(kind: IncidentKind, pid: number, {taskId, letters, base}: Entry, nowMs: number): void {
    this.#incidents.push({kind, pid, taskId, letters, ageMs: nowMs - base, timeMs: nowMs})
  }

  #lookAfter(pid: number, entry: Entry, nowMs: number): 'stays' | 'vanished' | 'dropped' {
    const idle = isIdle(entry)
    const ageSec = (nowMs - entry.base) / 1000
    const overdue = ageSec > (idle ? this.#limits.idle : this.#limits.active)
    if (!overdue) {
      entry.signalled = undefined
      const silentSec = (nowMs - entry.heard) / 1000
      const unprobedSec =
        entry.probed === undefined ? Number.POSITIVE_INFINITY : (nowMs - entry.probed) / 1000
      if (silentSec < SILENT_SEC || unprobedSec < (idle ? PROBE_IDLE_SEC : PROBE_BUSY_SEC)) return 'stays'
    }
    const what = entry.taskId ?? entry.state
    entry.probed = nowMs
    let fate = this.#processes.probe(pid)
    if (fate === 'alive' && overdue) {
      fate = this.#urge(pid, entry, nowMs, what)
      if (
        fate === 'alive' &&
        entry.signalled &&
        nowMs - entry.signalled.first >= this.#limits.giveUp * 1000
      ) {
        this.#log.write(-1, `PID ${pid} cannot be killed, forgotten, ${what}`)
        this.#note('forgotten', pid, entry, nowMs)
        return 'dropped'
      }
    }
    if (fate === 'alive') return 'stays'
    if (fate === 'denied') {
      this.#log.write(-1, `PID ${pid} is not ours to signal, forgotten, ${what}`)
      this.#note('forgotten', pid, entry, nowMs)
      return 'dropped'
    }
    if (entry.signalled) {
      this.#log.write(2, `PID ${pid} terminated, ${what}`)
      this.#note('terminated', pid, entry, nowMs)
      return 'dropped'
    }
    this.#log.write(-2, `PID ${pid} went away, ${what}`)
    this.#note('went away', pid, entry, nowMs)
    return 'vanished'
  }

  /** SIGTERM at first, SIGKILL whenever the delay since the last signal is over. */
  #urge(pid: number, entry: Entry, nowMs: number, what: string): ProcessFate {
    const signal = entry.signalled === undefined ? 'SIGTERM' : 'SIGKILL'
    if (entry.signalled && nowMs - entry.signalled.last < this.#limits.kill * 1000) return 'alive'
    const fate = this.#processes.signal(pid, signal)
    if (fate === 'alive') {
      this.#log.write(0, `PID ${pid} is overdue, ${signal} sent, ${what}`)
      this.#note(signal === 'SIGTERM' ? 'TERM sent' : 'KILL sent', pid, entry, nowMs)
      entry.signalled = {first: entry.signalled?.first ?? nowMs, last: nowMs}
    }
    return fate
  }

  #report(nowMs: number, gone: number): string[] {
    const slots = new Array<number>(BUSY_AGES_SEC.length + 1).fill(0)
    const activities = {Transfer: 0, Decode: 0, Virus: 0, Spam: 0, Other: 0}
    let busy = 0
    for (const entry of this.#entries.values()) {
      if (isIdle(entry)) continue
      busy++
      activities[activityOf(entry.state)]++
      const ageSec = (nowMs - entry.base) / 1000
      const reached = 1 + BUSY_AGES_SEC.filter(sec => ageSec >= sec).length
      for (let i = 0; i < reached; i++) slots[i]!++
    }
    const frames = slots.map((count, i) => gauge(`ProcBusy${i}`, count))
    for (const [name, count] of Object.entries(activities)) frames.push(gauge(`ProcBusy${name}`, count))
    if (gone > 0)
      frames.push(formatFrame({kind: 'nanny', name: 'ProcGone', type: 'C32', value: String(gone)}))
    frames.push(gauge('ProcAll', this.#entries.size), gauge('ProcBusy', busy))
    frames.push(gauge('ProcIdle', this.#entries.size - busy))
    return frames
  }
}

/** Longest trail of states kept. */
const MOST_LETTERS = 35

/** A state that is repeated adds nothing; of a trail that is too long the newest stay. */
function lettersWith(letters: string, state: string): string {
  if (state.length !== 1 || letters.endsWith(state)) return letters
  return (letters + state).slice(-MOST_LETTERS)
}

function gauge(name: string, value: number): string {
  return formatFrame({kind: 'nanny', name, type: 'G32', value: String(value)})
}

function isIdle(entry: Entry): boolean {
  return entry.taskId === undefined && (entry.state === '-' || entry.state === '.')
}

function activityOf(state: string): 'Transfer' | 'Decode' | 'Virus' | 'Spam' | 'Other' {
  switch (state) {
    case 'm':
    case 'd':
    case 'F':
      return 'Transfer'
    case 'D':
      return 'Decode'
    case 'V':
      return 'Virus'
    case 'S':
      return 'Spam'
    default:
      return 'Other'
  }
}
