/**
 * transaction — what a session hands to the pipeline, and what it gets back.
 *
 * The one seam between the server side of a conversation and everything behind it.
 */
import type {Settings} from '../config/settings.ts'
import type {SmtpReply} from '../errors.ts'
import type {Timing} from '../log/timing.ts'
import type {Client, Envelope, Listener} from '../message/envelope.ts'
import type {Octets} from '../message/octets.ts'

/** Facts about the octets that only the data reader can see while it reads. */
export interface DataFacts {
  /** bare LFs that were made CRLF */
  readonly bareLf: number
  readonly bareCr: number
  readonly nul: number
}

/** One mail, received and not yet answered. */
export interface Transaction {
  /** am_id: `%05d-%02d[-seq]` (spec: identifiers) */
  readonly taskId: string
  readonly envelope: Envelope
  readonly client: Client
  readonly listener: Listener
  /** as recorded in Received: SMTP, ESMTP, … */
  readonly protocol: string
  readonly octets: Octets
  readonly data: DataFacts
  /** when MAIL was accepted, ms since the epoch */
  readonly receivedAt: number
  readonly timing: Timing
  /** the configuration with the banks that the socket and the client chose */
  readonly settings: Settings
  /** Keep the mail's folder for a person to look at; the reason is written beside it. Returns the folder. */
  preserve(reason: string): Promise<string | undefined>
}

/** What became of a mail: a reply for each recipient in order (LMTP), and the one for all (SMTP). */
export interface Outcome {
  readonly perRecipient: readonly SmtpReply[]
  readonly reply: SmtpReply
}

/** Checks a mail, acts on it and says how to answer. Never rejects: an inner failure is a 451. */
export type Filter = (mail: Transaction) => Promise<Outcome>
