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
  /** who sends the mail on: we do, or our client, which is told what to change */
  readonly deliveredBy?: 'us' | 'client'
  /** everything is logged of it */
  readonly isDebugged?: boolean
  /** a client that delivers takes another body for the mail that it has */
  readonly takesBody?: boolean
  /** a client that delivers can keep a mail back until a person looks at it */
  readonly canHold?: boolean
  /** ms that the client waits for an answer */
  readonly answerWithinMs?: number
  /** policy banks that the request names, separated by commas */
  readonly requestedBanks?: string
  /** Keep the mail's folder for a person to look at; the reason is written beside it. Returns the folder. */
  preserve(reason: string): Promise<string | undefined>
}

/** What became of a mail: a reply for each recipient in order (LMTP), and the one for all (SMTP). */
export interface Outcome {
  readonly perRecipient: readonly SmtpReply[]
  readonly reply: SmtpReply
  /** what the client is to do to the mail that it goes on with; undefined: it does not */
  readonly edits?: ClientEdits | undefined
  /** nothing is known that speaks against the mail: the checks failed */
  readonly isFailure?: boolean
}

/** What a client that delivers the mail itself has to change before. */
export interface ClientEdits {
  /** deletions of a name from its last field up, then changes, then insertions from the top down */
  readonly changes: readonly HeaderChange[]
  /** in the place of its own, with CRLF line ends; only where the client takes it */
  readonly body?: Buffer | undefined
  /** recipients that are not to get it, as the client named them */
  readonly removedRecipients: readonly string[]
  readonly addedRecipients: readonly string[]
  /** the client is to keep the mail back until a person looks at it, for this reason; only where it can */
  readonly hold?: string | undefined
}

export type HeaderChange =
  /** `index` counts the fields of this name from 1 */
  | {readonly kind: 'delete'; readonly name: string; readonly index: number}
  /** the body without the blank after the colon; folds are LF and blanks */
  | {readonly kind: 'change'; readonly name: string; readonly index: number; readonly body: string}
  /** above all others */
  | {readonly kind: 'insert'; readonly name: string; readonly body: string}

/** Checks a mail, acts on it and says how to answer. Never rejects: an inner failure is a 451. */
export type Filter = (mail: Transaction) => Promise<Outcome>
