/**
 * conversation — what every protocol is given to talk to a client, and what it says when that is over. Types.
 */
import type {Socket} from 'node:net'
import type {Publisher} from '../bus/publisher.ts'
import type {Settings} from '../config/settings.ts'
import type {Log} from '../log/log.ts'
import type {Listener} from '../message/envelope.ts'
import type {ClientGate} from './limits/gate.ts'
import type {Manners} from './milter/manners.ts'
import type {Pressure} from './pressure.ts'
import type {Release} from './release.ts'
import type {Spool} from './spool.ts'
import type {TaskIds} from './task-ids.ts'
import type {Filter} from './transaction.ts'

export interface Product {
  readonly name: string
  readonly version: string
}

/** Who is at the other end. */
export interface Peer {
  readonly address: string | undefined
  readonly port: number | undefined
}

export interface SessionDeps {
  /** with the banks of the socket */
  readonly settings: Settings
  readonly listener: Listener
  /** undefined: as the socket says */
  readonly peer?: Peer | undefined
  /** counts what the client does; undefined: nothing is limited */
  readonly gate?: ClientGate | undefined
  readonly filter: Filter
  readonly release: Release
  /** of milters; undefined: the usual */
  readonly manners?: Manners | undefined
  /** called each time a mail has its answer; of a milter */
  readonly answered?: (() => void) | undefined
  readonly publisher: Publisher
  readonly log: Log
  readonly taskIds: TaskIds
  readonly spool: Spool
  readonly product?: Product
  /** ms since the epoch */
  readonly clock?: () => number
  /**
   * When aborted, the session ends with 421 at the next place between two mails; one that has not had its
   * first mail yet may still bring it, if it does not idle.
   */
  readonly stop?: AbortSignal
  /** whether connections wait for a child: silence is borne for less time then */
  readonly pressure?: Pressure
}

export interface SessionEnd {
  /** mails that were answered after their data */
  readonly transactions: number
  readonly reason: 'quit' | 'closed' | 'timeout' | 'error' | 'protocol' | 'stopped'
}

/** Hold a conversation on a socket that was admitted; resolves when it is over and its mails are answered. */
export type Converse = (socket: Socket, deps: SessionDeps) => Promise<SessionEnd>
