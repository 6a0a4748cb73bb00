/**
 * plan — the little that the master needs to know of a configuration, as plain data.
 *
 * The config reader makes it; the configuration itself goes through the master unread, as octets.
 */

import {signingKeys} from '../actions/dkim/keys.ts'
import {type ConfiguredBus, configuredBus} from '../bus/configured-bus.ts'
import {type SpamHelperPlan, spamHelperPlan} from '../checks/spam/spamassassin/helper-plan.ts'
import {childTimeoutMs} from '../config/child-timeout.ts'
import type {Settings} from '../config/settings.ts'
import type {Snapshot} from '../config/snapshot.ts'
import {type SocketSpec, socketSpecs} from '../config/socket-spec.ts'
import {type LogPlan, logPlan} from '../log/log-plan.ts'
import {wantsLimits} from '../session/limits/limits.ts'

export interface Plan {
  /** the configuration files read, in order */
  readonly files: readonly string[]
  readonly sockets: readonly SocketSpec[]
  /** permissions of Unix sockets; undefined: what the umask leaves */
  readonly socketMode: number | undefined
  /** backlog of every listener; undefined: the kernel's limit */
  readonly backlog: number | undefined
  /** connections that may wait in the master */
  readonly waitingLimit: number
  readonly children: number
  /** transactions after which a child is worn out; 0: never */
  readonly maxRequests: number
  /** resident memory above which a child is worn out; 0: never */
  readonly memoryLimitBytes: number
  /** a child that gives no sign of life for this long is killed */
  readonly childTimeoutMs: number
  /** '' where the configuration names none */
  readonly user: string
  readonly groups: readonly string[]
  readonly home: string
  readonly tempBase: string
  readonly pidFile: string
  readonly controlSocket: string
  /** module of the operator's; '' for none */
  readonly customHooks: string
  /** value of PATH for children; '' leaves ours */
  readonly path: string
  /** the bus to bring up; undefined: states and counters are not published */
  readonly bus: ConfiguredBus | undefined
  readonly busEndpoints: readonly string[]
  readonly identity: {
    readonly version: string
    readonly name: string
    readonly contact: string
    readonly location: string
  }
  readonly log: LogPlan
  /** what the SpamAssassin helper is started with; undefined: no mail is to be seen by it */
  readonly spamHelper: SpamHelperPlan | undefined
  readonly anvil: {
    readonly pidFile: string
    /** our own sessions ask it, as they are limited */
    readonly isAsked: boolean
  }
}

export type PlanResult =
  | {readonly kind: 'ok'; readonly plan: Plan}
  | {readonly kind: 'failed'; readonly problems: readonly string[]}

/** What a configuration means for the master; what it cannot do is a problem each. */
export function makePlan(snapshot: Snapshot, settings: Settings, {debug = false} = {}): PlanResult {
  const problems: string[] = []
  const text = (name: `$${string}`) => settings.string(name) ?? ''
  const number = (name: `$${string}`) => settings.number(name) ?? 0

  const list = socketSpecs(settings)
  if (list.kind === 'failed') problems.push(list.problem)
  else if (list.sockets.length === 0) {
    problems.push('no socket to listen on: set $inet_socket_port, $unix_socketname or @listen_sockets')
  }
  const children = number('$max_servers')
  if (!(children >= 1))
    problems.push(`$max_servers: expected a number from 1 up, found "${text('$max_servers')}"`)
  try {
    if (settings.list('@dkim_signing_keys_list').length > 0) signingKeys(settings)
  } catch (error) {
    problems.push((error as Error).message)
  }
  if (problems.length > 0 || list.kind === 'failed') return {kind: 'failed', problems}

  return {
    kind: 'ok',
    plan: {
      files: snapshot.files,
      sockets: list.sockets,
      socketMode: settings.number('$unix_socket_mode'),
      backlog: settings.number('$listen_queue_size'),
      waitingLimit: Math.max(1, number('$waiting_connections_limit')),
      children: Math.floor(children),
      maxRequests: Math.max(0, number('$max_requests')),
      memoryLimitBytes: Math.max(0, number('$child_memory_limit')),
      childTimeoutMs: childTimeoutMs(settings),
      user: text('$daemon_user'),
      groups: settings
        .list('@daemon_groups')
        .map(String)
        .filter(group => group !== ''),
      home: text('$MYHOME'),
      tempBase: text('$TEMPBASE'),
      pidFile: text('$pid_file'),
      controlSocket: text('$control_socket'),
      customHooks: text('$custom_hooks'),
      path: text('$path'),
      bus: settings.flag('$enable_zmq') ? configuredBus(settings) : undefined,
      busEndpoints: settings.list('@zmq_sockets').map(String),
      identity: {
        version: text('$myversion'),
        name: text('$myhostname'),
        contact: text('$snmp_contact'),
        location: text('$snmp_location'),
      },
      log: logPlan(settings, debug),
      spamHelper: spamHelperPlan(settings),
      anvil: {
        pidFile: text('$anvil_pid_file'),
        // elsewhere it may be another's
        isAsked: wantsLimits(settings) && text('$smtpd_anvil_socket').startsWith(`${text('$MYHOME')}/`),
      },
    },
  }
}
