/**
 * errors — the one class for errors we raise ourselves, and its stable codes.
 *
 * Outcomes that are expected (a scanner is down, a recipient is refused) are values, not errors.
 * What reaches a client is only ever `reply`; message and cause are for the log and for people.
 */

/** A reply as SMTP sends it (RFC 5321 §4.2, RFC 3463); `text` has no code in it and no line ends. */
export interface SmtpReply {
  readonly code: number
  readonly enhanced: string
  readonly text: string
}

export type ErrorCode =
  /** a configuration file is wrong; the message has file:line */
  | 'AM_CONFIG'
  /** wrong use of the command line */
  | 'AM_USAGE'
  /** the daemon is in the wrong state: already running, not running, a port is taken */
  | 'AM_DAEMON'
  /** a deadline has passed */
  | 'AM_TIMEOUT'
  /** a peer broke its protocol or went away */
  | 'AM_PROTOCOL'
  /** a file or folder cannot be used */
  | 'AM_STORAGE'
  /** our own mistake */
  | 'AM_BUG'

export class AmavisError extends Error {
  readonly code: ErrorCode
  /** What the client is told when this ends a transaction; none: 451 4.5.0. */
  readonly reply: SmtpReply | undefined

  constructor(code: ErrorCode, message: string, options: {cause?: unknown; reply?: SmtpReply} = {}) {
    super(message, {cause: options.cause})
    this.name = 'AmavisError'
    this.code = code
    this.reply = options.reply
  }
}

/** The text of anything that was thrown, for a log line. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
