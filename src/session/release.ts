/**
 * release — what a session hands on when it is asked for a mail in quarantine, and what it gets back. Types.
 */

import type {Settings} from '../config/settings.ts'
import type {SmtpReply} from '../errors.ts'

/** As the attributes of a request have it (spec/daemon §5.2, 5.4); nothing of it is checked yet. */
export interface ReleaseRequest {
  readonly kind: 'release' | 'requeue' | 'report'
  readonly mailId: string
  readonly secretId: string | undefined
  /** its name below `$QUARANTINEDIR` */
  readonly mailFile: string | undefined
  /** F, Z, B, M or Q */
  readonly quarType: string | undefined
  readonly partition: string | undefined
  /** addresses without angle brackets */
  readonly requestedBy: string | undefined
  readonly sender: string | undefined
  readonly recipients: readonly string[]
  /** with the banks of the socket */
  readonly settings: Settings
}

export type ReleaseResult =
  /** an answer for each recipient */
  | {readonly kind: 'answered'; readonly replies: readonly SmtpReply[]}
  /** nothing was sent; the text may be read by the client */
  | {readonly kind: 'failed'; readonly reason: string}

/** Never rejects. */
export type Release = (request: ReleaseRequest) => Promise<ReleaseResult>
