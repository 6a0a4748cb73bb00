/**
 * manners — how long an MTA is waited for, what is agreed on with it, and what it hears when we fail.
 *
 * A `%milter` sets them by its keys (spec/milter-control §6); on the daemon's own ports they are as here.
 */
export interface Manners {
  /** ms that the MTA may be silent */
  readonly idleMs: number
  /** ms that it may leave our answers unread */
  readonly writeMs: number
  /** ms from the end of a mail to the answer; a 451 then */
  readonly contentMs: number
  /** ms between two signs of life while a mail is looked at */
  readonly progressMs: number
  /** octets of a frame without its length */
  readonly largestFrame: number
  /** events that need no reply get none */
  readonly noReply: boolean
  /** values of header fields come and go with the blank after the colon */
  readonly leadingSpace: boolean
  /** we say which macros we read */
  readonly macroLists: boolean
  /** recipients that the MTA refuses are told to us, too */
  readonly rejectedRecipients: boolean
  /** what is said of a mail when the checks fail */
  readonly onFailure: 'tempfail' | 'accept'
}

export const MANNERS: Manners = {
  // An SMTP client may be silent for long between two mails, and so the MTA is.
  idleMs: 7_210_000,
  writeMs: 60_000,
  // The MTA's own limit is 300 s, which Sendmail does not extend.
  contentMs: 240_000,
  progressMs: 30_000,
  largestFrame: 1024 * 1024 + 1,
  noReply: true,
  leadingSpace: true,
  macroLists: true,
  rejectedRecipients: false,
  onFailure: 'tempfail',
}
