/**
 * plan — what a configuration says to the counting server, as plain data.
 */
import path from 'node:path'
import type {Settings} from '../config/settings.ts'
import {configurationFor, type ProgramOrder} from '../config/usable.ts'
import type {AnvilRules} from './server.ts'
import {type StoreName, storeName} from './stores.ts'

/** Which configuration, and what a command line puts in its place. */
export interface AnvilOrder extends ProgramOrder {
  readonly socket: string | undefined
  readonly level: number | undefined
  /** stay root where no other user is configured */
  readonly allowRoot: boolean
  readonly log: 'stderr' | 'syslog'
}

export interface AnvilPlan {
  readonly socket: string
  readonly socketMode: number
  /** for our own sessions; always announced; '' for none, and the same as `socket` for that one */
  readonly ownSocket: string
  /** seconds */
  readonly unit: number
  readonly reportEveryMs: number
  readonly rules: AnvilRules
  readonly store: StoreName
  readonly pidFile: string
  readonly controlSocket: string
  /** who to become when started as root; '' where the configuration names nobody */
  readonly user: string
  readonly allowRoot: boolean
  readonly level: number
  readonly log: 'stderr' | 'syslog'
  /** name in front of each entry */
  readonly ident: string
  readonly facility: string
  /** where the counters are published; none: nowhere */
  readonly bus: readonly string[]
}

/** @throws AmavisError AM_CONFIG with each problem of the configuration in a line */
export function anvilPlan(order: AnvilOrder): AnvilPlan {
  return planOf(configurationFor(order).settings, order)
}

function planOf(settings: Settings, {socket, level, allowRoot, log}: AnvilOrder): AnvilPlan {
  const text = (name: `$${string}`) => settings.string(name) ?? ''
  const seconds = (name: `$${string}`, least = 1) =>
    Math.max(least, Math.floor(settings.number(name) ?? least))
  return {
    socket: path.resolve(socket ?? text('$anvil_socket')),
    socketMode: settings.number('$anvil_socket_mode') ?? 0o666,
    ownSocket: text('$smtpd_anvil_socket'),
    unit: seconds('$anvil_rate_time_unit'),
    reportEveryMs: 1000 * seconds('$anvil_status_update_time'),
    rules: {
      announce: settings.flag('$anvil_announce'),
      connectionLimit: seconds('$anvil_connection_limit'),
      requestTimeoutMs: 1000 * seconds('$anvil_request_timeout'),
    },
    store: storeName(text('$anvil_store')),
    pidFile: text('$anvil_pid_file'),
    controlSocket: text('$anvil_control_socket'),
    user: text('$daemon_user'),
    allowRoot,
    level: level ?? settings.number('$log_level') ?? 0,
    log,
    ident: text('$anvil_syslog_ident'),
    facility: (text('$syslog_facility') || 'mail').toLowerCase().replace(/^log_/, ''),
    bus: settings.flag('$enable_zmq') ? settings.list('@zmq_sockets').map(String) : [],
  }
}
