/**
 * messages — what a milter's master and its processes say to each other.
 */
import type {SocketSpec} from '../config/socket-spec.ts'
import type {LogPlan} from '../log/log-plan.ts'
import type {Manners} from '../session/milter/manners.ts'
import type {TurnAway} from '../session/milter/turn-away.ts'

/** Master → process. A connection has its socket with it, an echo the handle that is to come back. */
export type ToWorker =
  /** `turnAway`: nobody has room for it, and it is told so */
  | {readonly type: 'connection'; readonly listener: SocketSpec; readonly turnAway?: TurnAway | undefined}
  /** take no more; end with the last connection */
  | {readonly type: 'retire'}
  /** drop every connection, tidy up, end */
  | {readonly type: 'abort'}
  | {readonly type: 'ping'; readonly id: number}
  | {readonly type: 'echo'; readonly key: string}

/** Process → master. */
export type FromWorker =
  | {readonly type: 'ready'}
  /** a mail has its answer */
  | {readonly type: 'answered'}
  /** a connection is over */
  | {readonly type: 'closed'}
  | {readonly type: 'pong'; readonly id: number; readonly contexts: number; readonly created: number}
  | {readonly type: 'echo'; readonly key: string}
  /** why it cannot begin; it ends now */
  | {readonly type: 'failed'; readonly reason: string}

/** What a process reads from its standard input when it begins, as v8.serialize writes it. */
export interface WorkerOrders {
  readonly name: string
  /** serialized Snapshot */
  readonly snapshot: Uint8Array
  /** policy banks of the milter, separated by commas */
  readonly banks: string
  readonly manners: Manners
  readonly log: LogPlan
  /** where the SpamAssassin helper listens; undefined: there is none */
  readonly spamHelper: string | undefined
  /** value for PATH; '' leaves it as it is */
  readonly path: string
}
