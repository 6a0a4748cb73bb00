/**
 * patience — how long a client may be silent or drip, and what it is told when that is over. Pure.
 *
 * While connections wait for a child the time is short, and shorter outside a transaction than in one. Data must
 * average an octet a millisecond beyond it.
 */
import type {SessionDeps} from '../conversation.ts'
import {IDLE, IDLE_IN_DATA, IDLE_UNDER_PRESSURE} from './last-words.ts'
import type {SessionPolicy} from './policy.ts'

/** Silence that ends a session without mails when the child is to stop. */
const LAST_MAIL_MS = 10_000
/** Within a transaction a client may be silent for so many times $smtpd_busy_timeout while others wait. */
const TRANSACTION_PATIENCE = 6

type Hurry = Pick<SessionDeps, 'stop' | 'pressure'>

/** The client has less time than usual. */
export function isHurried({stop, pressure}: Hurry): boolean {
  return stop?.aborted === true || pressure?.on === true
}

/** Silence and dripping are borne for so long, ms. */
export function patienceMs(
  {stop, pressure}: Hurry,
  {timeoutMs, busyTimeoutMs}: SessionPolicy,
  {inMail, transactions}: {readonly inMail: boolean; readonly transactions: number},
): number {
  let limit = timeoutMs
  if (pressure?.on) limit = Math.min(limit, inMail ? TRANSACTION_PATIENCE * busyTimeoutMs : busyTimeoutMs)
  if (stop?.aborted && !inMail && transactions === 0) limit = Math.min(limit, LAST_MAIL_MS)
  return limit
}

/** What the log and the client hear of a client that was silent for too long. */
export function impatience(
  inContent: boolean,
  {pressure}: Hurry,
): {readonly note: string; readonly last: string} {
  if (inContent) {
    return {
      note: 'ABORTING the session: timed out during waiting for input from client',
      last: IDLE_IN_DATA,
    }
  }
  return pressure?.on
    ? {note: 'client was idle for too long while others wait, closing', last: IDLE_UNDER_PRESSURE}
    : {note: 'client was idle for too long, closing', last: IDLE}
}
