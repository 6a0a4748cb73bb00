/**
 * hooks — what a module of an operator's own may do with each mail: the interface of `$custom_hooks`.
 *
 * A module exports any of the functions of `Hooks`. They are called in this order, each with what is known by then.
 * Types only, and it imports nothing, so that a module may import it wherever it stands. docs/hooks.md tells more.
 */

/** Called in turn for each mail; what `new` returns is handed to all others. */
export interface Hooks<State = unknown> {
  /** It has an id, and nobody has looked at it. */
  new?(mail: NewMail): State | Promise<State>
  /** All checks have reported; what recipients get is not decided. */
  checks?(mail: CheckedMail, state: State): void | Promise<void>
  /** Some recipients get the mail; nothing is sent. */
  beforeSend?(mail: DecidedMail, state: State): void | Promise<void>
  /** The next hop has answered; the sender is not told of anything. */
  afterSend?(mail: SentMail, state: State): void | Promise<void>
  /** The client has no answer yet, but it is decided, and logged. */
  mailDone?(mail: SentMail, state: State): void | Promise<void>
}

/** What is known all the time. */
export interface HookMail {
  /** am_id, as log entries have it */
  readonly taskId: string
  readonly mailId: string
  /** without angle brackets; '' is the null sender */
  readonly sender: string
  readonly recipients: readonly string[]
  readonly client: HookClient
  /** ESMTP, LMTP, … */
  readonly protocol: string
  /** ms since the epoch */
  readonly receivedAt: number
  /** octets as received: CRLF line ends; not to be changed */
  readonly octets: Uint8Array
  /** policy banks in force, in the order of loading */
  readonly banks: readonly string[]
  /** bodies of all fields of this name, each on one line, encoded words as they are */
  header(name: string): readonly string[]
  /** a line in the log with the id of the mail; levels as `$log_level` has them */
  log(level: number, text: string): void
  /** adds to a counter; letters, digits, `-`, `.` and `_` */
  count(counter: string, by?: number): void
}

/** The client as the MTA tells of it (XFORWARD); undefined: it does not. */
export interface HookClient {
  readonly address: string | undefined
  readonly name: string | undefined
  readonly helo: string | undefined
}

export interface NewMail extends HookMail {
  /** Load a policy bank on top of those in force, when the hook has ended. */
  loadBank(name: string): void
}

export interface CheckedMail extends NewMail {
  readonly virusNames: readonly string[]
  /** short reasons of forbidden parts */
  readonly bannedReasons: readonly string[]
  /** the first complaint about the header section */
  readonly headerComplaint: string | undefined
  /** what spam scanners said: a name, and points where the scanner tells them */
  readonly tests: readonly {readonly name: string; readonly score: number | undefined}[]
  /** Give points under the name of a test; without recipients to all of them. */
  addPoints(test: string, points: number, recipients?: readonly string[]): void
}

export interface DecidedMail extends NewMail {
  readonly decisions: readonly HookDecision[]
  /** A header field on top of the mail, for all who get it; folded and encoded as it needs to be. */
  addHeader(name: string, body: string): void
}

export interface HookDecision {
  readonly recipient: string
  /** in `@local_domains_maps` */
  readonly local: boolean
  /** contents categories, highest first: `Virus`, `Spam`, `Spammy`, `BadHdrMissing`, `CleanTag`, `Clean` */
  readonly categories: readonly string[]
  /** PASS, BOUNCE, REJECT, DISCARD, TEMPFAIL */
  readonly destiny: string
  /** the category that decided to block; undefined: the mail passes */
  readonly blocking: string | undefined
  /** points; undefined: not scanned */
  readonly score: number | undefined
}

export interface SentMail extends HookMail {
  readonly outcomes: readonly HookOutcome[]
}

export interface HookOutcome extends HookDecision {
  /** `250 2.0.0 from MTA(…): …` */
  readonly response: string
  readonly quarantined: boolean
  /** none, sent, suppressed, failed, refused; before the sender was told: none */
  readonly dsn: string
}
