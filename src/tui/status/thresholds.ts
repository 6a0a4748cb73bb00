/**
 * thresholds — what is measured of a host, in which unit, and from which value on it is trouble. Pure.
 */
import {SILENCE_MS} from '../children/feed.ts'
import type {HostFacts} from './facts.ts'

/** A value that thresholds are about. */
interface Measure {
  /** as performance data of monitoring plugins has it */
  readonly unit: '%' | 's' | 'ms' | ''
  readonly help: string
  /** undefined: not known */
  readonly of: (facts: HostFacts) => number | undefined
  /** what to do when it is above its threshold */
  readonly todo: string
}

const RECENT_MS = 600_000

export const MEASURES = {
  busy: {
    unit: '%',
    help: 'per cent of the children that are busy',
    of: ({children: {busy, idle}}) => (busy + idle > 0 ? (100 * busy) / (busy + idle) : undefined),
    todo: 'if it stays so: what is slow shows in amavis timing; else raise $max_servers',
  },
  oldest: {
    unit: 's',
    help: 'seconds of the oldest task',
    of: ({children}) => (children.oldest?.ms ?? 0) / 1000,
    todo: 'amavis nanny shows what it is at; K there ends it, the MTA keeps its mail',
  },
  waiting: {
    unit: '',
    help: 'connections that wait for a child',
    of: ({master}) => master?.waiting.length,
    todo: 'the MTA sends more at once than there are children: make its maxproc equal to $max_servers',
  },
  age: {
    unit: 's',
    help: 'seconds since the bus was heard',
    of: ({bus, nowMs}) => (bus.heardMs === undefined ? undefined : Math.max(0, nowMs - bus.heardMs) / 1000),
    todo: 'are the daemon ("amavis start") and its services ("amavis mc") up?',
  },
  lag: {
    unit: 'ms',
    help: 'milliseconds that a message takes to us',
    of: ({bus}) => bus.lagMs,
    todo: 'the machines may have different clocks, or the network is slow',
  },
  p95: {
    unit: 'ms',
    help: 'milliseconds within which 95 of 100 mails were done',
    of: ({tasks}) => tasks?.p95Ms,
    todo: 'amavis timing shows which section takes so long',
  },
  failures: {
    unit: '',
    help: 'failed attempts at the next hop, in the last ten minutes',
    of: ({counters, nextHop}) => (counters === undefined ? undefined : nextHop.recentFailures),
    todo: 'the mail stays with the MTA; see whether $forward_method answers',
  },
  incidents: {
    unit: '',
    help: 'children that went away or had to be ended, in the last ten minutes',
    of: ({incidents, nowMs}) => incidents.filter(({timeMs}) => nowMs - timeMs < RECENT_MS).length,
    todo: 'the log has the reason under the PID of the child',
  },
  evidence: {
    unit: '',
    help: 'folders preserved after a failure',
    of: ({master}) => master?.evidence.length,
    todo: 'amavis evidence show says why; amavis evidence purge removes them',
  },
  deferred: {
    unit: '',
    help: 'messages in the deferred queue of the MTA',
    of: ({queues}) => queues.find(({name}) => name === 'deferred')?.entries,
    todo: 'postqueue -p says why they wait',
  },
} as const satisfies Readonly<Record<string, Measure>>

export type Measured = keyof typeof MEASURES
export const MEASURED = Object.keys(MEASURES) as readonly Measured[]

export type Thresholds = Readonly<Partial<Record<Measured, number>>>

export interface Limits {
  readonly warning: Thresholds
  readonly critical: Thresholds
}

export const DEFAULT_LIMITS: Limits = {
  warning: {busy: 90, oldest: 300, waiting: 1, failures: 0, incidents: 0, evidence: 0},
  critical: {oldest: 600, age: SILENCE_MS / 1000},
}

/** `busy=80,oldest=120` over the defaults; undefined when it is none. */
export function parseThresholds(texts: readonly string[], before: Thresholds): Thresholds | undefined {
  const thresholds: Partial<Record<Measured, number>> = {...before}
  for (const part of texts.flatMap(text => text.split(','))) {
    const match = /^([a-z0-9]+)=(\d+(?:\.\d+)?)$/.exec(part.trim())
    const name = MEASURED.find(measured => measured === match?.[1])
    if (!match || !name) return undefined
    thresholds[name] = Number(match[2])
  }
  return thresholds
}

/** The manual's list of them with their defaults. */
export function thresholdsText(): string {
  return MEASURED.map(name => {
    const [low, high] = [DEFAULT_LIMITS.warning[name], DEFAULT_LIMITS.critical[name]]
    const limits = [low !== undefined && `warning ${low}`, high !== undefined && `critical ${high}`]
    const shown = limits.filter(Boolean).join(', ')
    return `${name} (${MEASURES[name].help}${shown && `; ${shown}`})`
  }).join(', ')
}
