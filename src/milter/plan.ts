/**
 * plan — the milters of a configuration, as plain data.
 *
 * Source: spec/milter-control §6. `@milters` gives the order; what `%milter` has beside comes after, sorted.
 */
import {hashAt} from '../config/checks/examined.ts'
import {isTrue} from '../config/number.ts'
import {optionalNumber} from '../config/scalar.ts'
import type {Settings} from '../config/settings.ts'
import type {Snapshot} from '../config/snapshot.ts'
import {milterSocket, type SocketSpec} from '../config/socket-spec.ts'
import {configurationFor, type ProgramOrder} from '../config/usable.ts'
import type {Scalar} from '../config/value.ts'
import {AmavisError} from '../errors.ts'
import {MANNERS, type Manners} from '../session/milter/manners.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'

/** Which configuration, and what a command line says beside. */
export interface MilterOrder extends ProgramOrder {
  /** stay root where no other user is configured */
  readonly allowRoot: boolean
}

export interface MilterPlan {
  readonly name: string
  /** as configured */
  readonly port: string
  readonly socket: SocketSpec
  readonly enabled: boolean
  /** names, separated by commas */
  readonly banks: string
  /** 0: one process, and connections beyond its limit wait */
  readonly maxProcs: number
  readonly minProcs: number
  readonly connsPerProc: number
  /** connections after which a process retires; 0: never */
  readonly connLimit: number
  readonly idleLimitMs: number
  readonly stopTimeoutMs: number
  readonly abortTimeoutMs: number
  /** what becomes of connections beyond the limits: they wait, or are told so at once */
  readonly overload: 'wait' | TurnAway
  readonly manners: Manners
  readonly backlog: number | undefined
  readonly socketMode: number | undefined
}

/** All of a configuration's, with what they share. */
export interface Milters {
  readonly milters: readonly MilterPlan[]
  readonly runDir: string
  readonly settings: Settings
  readonly snapshot: Snapshot
}

/** @throws AmavisError AM_CONFIG with each problem of the configuration in a line */
export function readMilters(order: MilterOrder): Milters {
  const {settings, snapshot} = configurationFor(order)
  return {
    milters: milterPlans(settings),
    runDir: settings.string('$milter_run_dir') ?? '',
    settings,
    snapshot,
  }
}

/** Of a configuration without errors (config/checks/milters.ts). */
export function milterPlans(settings: Settings): readonly MilterPlan[] {
  const table = settings.hash('%milter')
  const named = settings.list('@milters').map(String)
  const rest = [...table.keys()].filter(name => !named.includes(name)).sort()
  return [...named, ...rest].map(name => planOf(name, table.get(name), settings))
}

function planOf(name: string, value: Scalar, settings: Settings): MilterPlan {
  const entries = hashAt(value)?.entries ?? new Map<string, Scalar>()
  const text = (key: string) => {
    const item = entries.get(key)
    return typeof item === 'string' || typeof item === 'number' ? String(item) : ''
  }
  const number = (key: string, usual: number) => Math.floor(optionalNumber(entries.get(key)) ?? usual)
  const seconds = (key: string, usualMs: number) => 1000 * number(key, usualMs / 1000)
  const flag = (key: string, usual: boolean) => (entries.has(key) ? isTrue(entries.get(key)) : usual)
  const socket = milterSocket(text('port'))
  if (typeof socket === 'string') throw new AmavisError('AM_CONFIG', `$milter{'${name}'}: ${socket}`)
  const maxProcs = number('max_procs', Math.max(1, Math.floor(settings.number('$max_servers') ?? 1)))
  return {
    name,
    port: text('port'),
    socket,
    enabled: flag('enabled', true),
    banks: text('policy_bank'),
    maxProcs,
    minProcs: Math.min(Math.max(1, maxProcs), number('min_procs', 1)),
    connsPerProc: number('conns_per_proc', 8),
    connLimit: number('proc_conn_limit', 0),
    idleLimitMs: 1000 * number('proc_idle_limit', 300),
    stopTimeoutMs: 1000 * number('stop_timeout', 330),
    abortTimeoutMs: 1000 * number('abort_timeout', 2),
    overload: oneOf(text('overload_action'), ['wait', 'tempfail', 'accept']),
    manners: {
      idleMs: seconds('timeout', MANNERS.idleMs),
      writeMs: seconds('write_timeout', MANNERS.writeMs),
      contentMs: seconds('content_timeout', MANNERS.contentMs),
      progressMs: seconds('progress_interval', MANNERS.progressMs),
      largestFrame: number('max_data_size', MANNERS.largestFrame),
      noReply: flag('no_reply', MANNERS.noReply),
      leadingSpace: flag('leadspc', MANNERS.leadingSpace),
      macroLists: flag('symlist', MANNERS.macroLists),
      rejectedRecipients: flag('rcpt_rej', MANNERS.rejectedRecipients),
      onFailure: oneOf(text('on_failure'), ['tempfail', 'accept']),
    },
    backlog: optionalNumber(entries.get('listen_backlog')) ?? settings.number('$listen_queue_size'),
    socketMode: optionalNumber(entries.get('socket_mode')),
  }
}

/** The first of them where nothing is said. */
function oneOf<T extends string>(given: string, words: readonly [T, ...T[]]): T {
  return words.find(word => word === given.toLowerCase()) ?? words[0]
}
