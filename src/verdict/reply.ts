/**
 * reply — how the client is answered after the end of data.
 *
 * SMTP has one answer for all recipients, LMTP one for each (spec/daemon §3.4). The rule above all others:
 * 250 covers only recipients whose mail was delivered, discarded by policy, stored, or told to the sender by
 * a DSN that was accepted (or suppressed by policy); anything else stays with the client. Pure.
 */
import type {SmtpReply} from '../errors.ts'
import {isAccountedFor} from './status.ts'
import type {RecipientOutcome} from './verdict.ts'

/** Answers in the shape that a session takes: one for each recipient in order, and one for all. */
export interface Replies {
  readonly perRecipient: readonly SmtpReply[]
  readonly reply: SmtpReply
}

export function combineReplies(taskId: string, outcomes: readonly RecipientOutcome[]): Replies {
  const first = outcomes[0]
  // Nearly all mail: one recipient, delivered.
  if (first && outcomes.length === 1 && first.delivery && first.response.code < 300) {
    return {perRecipient: [first.response], reply: first.response}
  }
  return {
    perRecipient: outcomes.map(outcome => replyForRecipient(taskId, outcome)),
    reply: replyForAll(taskId, outcomes),
  }
}

/** One recipient's answer in LMTP. */
function replyForRecipient(taskId: string, outcome: RecipientOutcome): SmtpReply {
  const {dsn, response, verdict} = outcome
  if (response.code < 500) return response
  if (dsn === 'failed') return dsnFailed(taskId)
  if (!isAccountedFor(outcome)) return response
  const what = dsn === 'sent' ? 'DSN was sent' : dsn === 'suppressed' ? 'DSN suppressed' : 'DSN was refused'
  const {code, enhanced, text} = response
  return ok(`Ok <${verdict.recipient.address}>, ${what} (${code} ${enhanced} ${text})`)
}

function replyForAll(taskId: string, outcomes: readonly RecipientOutcome[]): SmtpReply {
  const deferred = outcomes.filter(({response}) => response.code >= 400 && response.code < 500)
  // What the next hop said tells more than that we gave up because of it.
  const temporary = deferred.find(({delivery}) => delivery?.remote) ?? deferred[0]
  if (temporary) return temporary.response
  if (outcomes.length === 0 || outcomes.some(({dsn, response}) => dsn === 'failed' && response.code >= 500))
    return dsnFailed(taskId)

  const isDiscarded = ({delivery, destiny}: RecipientOutcome) => !delivery && destiny === 'DISCARD'
  if (outcomes.every(isDiscarded)) return outcomes[0]!.response

  // A refusal that nobody else answers for goes back to the client; the next hop's own words say most.
  const refused = outcomes.filter(outcome => !isAccountedFor(outcome))
  const refusal = refused.find(({delivery}) => delivery) ?? refused[0]
  if (refusal) return refusal.response

  const relayed = outcomes.find(({delivery, response}) => delivery && response.code < 300)
  const base = relayed?.response ?? ok(`Ok, id=${taskId}`)
  return {...base, text: base.text + remarks(outcomes)}
}

/** `, but 1 REJECT, and 2 DISCARD`; without a count where it concerns all: `, BOUNCE`. */
function remarks(outcomes: readonly RecipientOutcome[]): string {
  const counts = new Map<string, number>()
  for (const outcome of outcomes) {
    const word = remark(outcome)
    if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  let text = ''
  for (const word of ['REJECT', 'BOUNCE', 'DISCARD(bounce.suppressed)', 'DISCARD']) {
    const count = counts.get(word)
    if (count === undefined) continue
    if (count === outcomes.length) return `, ${word}`
    text += `, ${text === '' ? 'but' : 'and'} ${count} ${word}`
  }
  return text
}

function remark({delivery, destiny, response, dsn}: RecipientOutcome): string | undefined {
  if (response.code < 300) return !delivery && destiny === 'DISCARD' ? 'DISCARD' : undefined
  if (destiny === 'REJECT') return 'REJECT'
  return dsn === 'sent' ? 'BOUNCE' : 'DISCARD(bounce.suppressed)'
}

function ok(text: string): SmtpReply {
  return {code: 250, enhanced: '2.5.0', text}
}

function dsnFailed(taskId: string): SmtpReply {
  return {code: 451, enhanced: '4.5.0', text: `id=${taskId} - Temporary failure on notifying the sender`}
}
