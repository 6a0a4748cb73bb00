/**
 * response — what became of a mail, in attributes (spec/daemon §5.3). Pure.
 *
 * A temporary failure is one: the client that keeps the mail must not be told to discard it.
 */
import type {SmtpReply} from '../../errors.ts'
import {quoteAddress} from '../../message/address.ts'
import type {HeaderChange, Outcome} from '../transaction.ts'
import {attributeLine} from './attributes.ts'

export interface ResponseFacts {
  readonly taskId: string
  readonly outcome: Outcome
  /** `$prepend_header_fields_hdridx` */
  readonly insertAt: number
}

type ReturnValue = 'continue' | 'reject' | 'discard' | 'tempfail'

const EXIT_CODES: Readonly<Record<ReturnValue, number>> = {continue: 0, discard: 99, reject: 69, tempfail: 75}

export function responseText({taskId, outcome, insertAt}: ResponseFacts): string {
  const {reply, edits} = outcome
  const value = returnValue(outcome)
  let text = attributeLine('version_server', '2') + attributeLine('log_id', taskId) + setReply(reply)
  if (edits && value === 'continue') {
    for (const address of edits.removedRecipients) text += attributeLine('delrcpt', quoteAddress(address))
    for (const address of edits.addedRecipients) text += attributeLine('addrcpt', quoteAddress(address))
    text += changesText(edits.changes, insertAt)
  }
  return text + returnText(value)
}

/** A reply for each recipient; whether all are well is for the client to see. */
export function repliesText(replies: readonly SmtpReply[]): string {
  return `${replies.map(setReply).join('')}\r\n`
}

/** A request that could not be done. */
export function failureText(reply: SmtpReply): string {
  return setReply(reply) + returnText('tempfail')
}

function returnText(value: ReturnValue): string {
  return `${attributeLine('return_value', value)}${attributeLine('exit_code', String(EXIT_CODES[value]))}\r\n`
}

function setReply({code, enhanced, text}: SmtpReply): string {
  return attributeLine('setreply', String(code), enhanced, text)
}

function returnValue({reply, edits}: Outcome): ReturnValue {
  if (reply.code >= 500) return 'reject'
  if (reply.code >= 400) return 'tempfail'
  // Nobody is left for the client to deliver to, or we have done it.
  return edits === undefined ? 'discard' : 'continue'
}

/** Insertions go from the bottom up, as each is put above those before it. */
function changesText(changes: readonly HeaderChange[], insertAt: number): string {
  let text = ''
  let insertions = ''
  for (const change of changes) {
    const {kind, name} = change
    if (kind === 'delete') text += attributeLine('delheader', String(change.index), name)
    else if (kind === 'change') text += attributeLine('chgheader', String(change.index), name, change.body)
    else insertions = attributeLine('insheader', String(insertAt), name, change.body) + insertions
  }
  return text + insertions
}
