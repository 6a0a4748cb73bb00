/**
 * control — what a running counting server can be asked.
 */
import type {ControlFailure} from '../process/control-socket.ts'
import type {NamedClient} from './store.ts'

export type AnvilRequest =
  | {readonly command: 'reload'}
  /** the clients with most to show, so many at most */
  | {readonly command: 'clients'; readonly limit: number}

export interface AnvilState {
  readonly kind: 'ok'
  readonly pid: number
  /** seconds */
  readonly unit: number
  readonly upSeconds: number
  /** of smtpd processes, and of children of the daemon */
  readonly connections: number
  /** clients that are remembered */
  readonly size: number
  readonly clients: readonly NamedClient[]
  /** since it was started */
  readonly requests: number
}

export type AnvilReply =
  | AnvilState
  | {readonly kind: 'ok'; readonly warnings: readonly string[]}
  | ControlFailure
