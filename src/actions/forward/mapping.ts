/**
 * mapping — a next hop's replies and failures as replies of ours (spec/daemon, Response mapping). Pure.
 */
import type {SmtpReply} from '../../errors.ts'
import type {Target} from './method.ts'
import type {RemoteReply} from './reply-reader.ts'

/** At what a transaction was; as in the TIMING line. */
export type Section =
  | 'fwd-connect'
  | 'fwd-mail-from'
  | 'fwd-mail-pip'
  | 'fwd-rcpt-to'
  | 'fwd-rcpt-pip'
  | 'fwd-data-chkpnt'
  | 'fwd-data-contents'
  | 'fwd-end-chkpnt'

/**
 * `250 2.0.0 from MTA(smtp:[h]:p): 250 2.0.0 Ok`. Only the final dot makes a 2xx; whatever else was said
 * instead of a refusal is a temporary failure.
 */
export function fromRemote(target: Target, reply: RemoteReply, section: Section): SmtpReply {
  const final = section === 'fwd-end-chkpnt'
  const sensible = reply.code >= 400 || (reply.code < 300 && final)
  const code = sensible ? reply.code : 451
  const subject = final ? 6 : section.startsWith('fwd-data') ? 5 : 1
  const enhanced = (sensible ? reply.enhanced : undefined) ?? `${Math.floor(code / 100)}.${subject}.0`
  return {code, enhanced, text: `from MTA(${target.shown}): ${reply.text}`}
}

/** Nobody could be reached. */
export function unreachable(targets: readonly Target[], taskId: string): SmtpReply {
  const tried = targets.map(target => target.shown).join(', ')
  const text = `From MTA() during fwd-connect (All attempts (${targets.length}) failed connecting to ${tried}): id=${taskId}`
  return {code: 451, enhanced: '4.5.0', text}
}

/** The next hop fell silent. */
export function timedOut(target: Target, section: Section, taskId: string): SmtpReply {
  if (section === 'fwd-end-chkpnt') return noAnswerToDot(target)
  return {
    code: 450,
    enhanced: '4.4.2',
    text: `Timed out during ${section}, MTA(${target.shown}), id=${taskId}`,
  }
}

/** It has the whole mail and has not said what became of it: the client keeps it. */
export function noAnswerToDot(target: Target): SmtpReply {
  return {code: 451, enhanced: '4.5.0', text: `from MTA(${target.shown}): No resp. to data-dot`}
}

/** The connection broke, or the peer made no sense; what exactly is for the log. */
export function broken(target: Target, section: Section, taskId: string): SmtpReply {
  return {
    code: 451,
    enhanced: '4.5.0',
    text: `From MTA(${target.shown}) during ${section} (connection lost): id=${taskId}`,
  }
}

export function givingUp(taskId: string): SmtpReply {
  return {
    code: 451,
    enhanced: '4.5.0',
    text: `Giving up due to previous temporary failures, id=${taskId}`,
  }
}

/** The mail could not be read; why is for the log. */
export function innerFailure(taskId: string): SmtpReply {
  return {code: 451, enhanced: '4.3.0', text: `Error in processing, id=${taskId}`}
}

/** A delivery that our configuration does not allow for; what is wrong is for the log. */
export function misconfigured(taskId: string): SmtpReply {
  return {code: 451, enhanced: '4.3.5', text: `No usable delivery method, id=${taskId}`}
}

/** The next hop's name for the mail; undefined where it gave none. */
export function queueId(reply: RemoteReply): string | undefined {
  return /\bqueued as ([^\s;,]+)/i.exec(reply.text)?.[1] ?? /\bOK id=([^\s;,]+)/i.exec(reply.text)?.[1]
}
