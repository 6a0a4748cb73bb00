/**
 * messages — what the daemon's processes say to each other over their channels.
 */

import type {SocketSpec} from '../config/socket-spec.ts'
import type {LogPlan} from '../log/log-plan.ts'
import type {RunAs} from '../process/privileges.ts'
import type {DaemonOptions} from './options.ts'
import type {Plan} from './plan.ts'
import type {ActivatedSocket} from './socket-activation.ts'

/** Master → child. A connection has its socket with it, an echo the handle that is to come back. */
export type ToChild =
  | {readonly type: 'connection'; readonly listener: SocketSpec}
  /** finish the connection in hand and end; `soon`: at the next place between two of its mails */
  | {readonly type: 'end'; readonly soon: boolean}
  | {readonly type: 'echo'; readonly key: string}
  /** connections wait for a child, or no longer do */
  | {readonly type: 'pressure'; readonly on: boolean}

/** Child → master. */
export type FromChild =
  /** ready for a connection: the first, or done with the one it had; transactions so far */
  | {readonly type: 'idle'; readonly tasks: number; readonly wornOut: boolean}
  /** its event loop is turning */
  | {readonly type: 'alive'}
  | {readonly type: 'echo'; readonly key: string}
  /** why it cannot begin; it ends now */
  | {readonly type: 'failed'; readonly reason: string}
  /** what it has loaded, one entry each; said once, by the first child of a generation */
  | {readonly type: 'loaded'; readonly entries: readonly string[]}

/** What a child reads from its standard input when it begins, as v8.serialize writes it. */
export interface ChildOrders {
  /** value for PATH; '' leaves it as it is */
  readonly path: string
  /** serialized Snapshot, unread by the master */
  readonly snapshot: Uint8Array
  readonly generation: number
  readonly log: LogPlan
  readonly maxRequests: number
  readonly memoryLimitBytes: number
  /** a sign of life is due this often */
  readonly aliveEveryMs: number
  /** the child has to be this user; -1: whoever it is */
  readonly uid: number
  /** where the SpamAssassin helper listens; undefined: there is none */
  readonly spamHelper: string | undefined
  /** say what is loaded */
  readonly describe: boolean
}

/** Master → config reader. */
export interface ReaderRequest {
  readonly options: DaemonOptions
  /** announce a cold start on the bus in the name of this process; 0: do not */
  readonly announce: number
  /** only look where things are, for stop and its like: whether the daemon could run does not matter */
  readonly inspect?: boolean
}

/** Config reader → master. */
export type ReaderResult =
  | {
      readonly kind: 'ok'
      readonly plan: Plan
      /** who the daemon is to be; undefined: whoever started it */
      readonly runAs: RunAs | undefined
      readonly snapshot: Uint8Array
      readonly warnings: readonly string[]
    }
  | {readonly kind: 'failed'; readonly problems: readonly string[]}

/** Of a master's sockets that it inherits: its standard streams and the channel come before them. */
export const FIRST_SOCKET_FD = 4

/** Starter → master. */
export interface MasterOrders {
  readonly options: DaemonOptions
  readonly inheritance: Inheritance | undefined
  /** what the service manager has bound for us, under the numbers that the master has them by */
  readonly activated: readonly ActivatedSocket[]
}

/** A listening socket that somebody else has bound. */
export interface InheritedSocket {
  readonly spec: SocketSpec
  readonly fd: number
  /** the service manager's: it stays open whatever the configuration says, and so does its path */
  readonly activated?: boolean
}

/** What a master that is replaced leaves to its successor. */
export interface Inheritance {
  readonly pid: number
  readonly sockets: readonly InheritedSocket[]
}

/** Predecessor → heir: PID file and control socket are free. */
export const LET_GO = 'let go'
/** Heir → predecessor: they are mine now. */
export const TOOK_OVER = 'took over'

/** Master → whoever started it: once, when mail can come or never will. */
export type StartResult =
  | {
      readonly kind: 'ready'
      readonly pid: number
      /** keys of the sockets it listens on */
      readonly sockets: readonly string[]
      readonly warnings: readonly string[]
    }
  | {readonly kind: 'failed'; readonly problems: readonly string[]}
