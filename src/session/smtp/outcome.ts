/**
 * outcome — a mail's way through the filter, and the words in which the client hears of its end.
 */
import {errorText, type SmtpReply} from '../../errors.ts'
import type {Log} from '../../log/log.ts'
import type {SessionDeps} from '../conversation.ts'
import type {Outcome, Transaction} from '../transaction.ts'
import {formatReply, replyText} from './reply.ts'
import type {MailInProgress} from './state.ts'

const INNER_FAILURE: SmtpReply = {code: 451, enhanced: '4.5.0', text: 'Error in processing'}

/** Have a mail checked; `done` is called once, also when the filter fails. */
export function runFilter(
  mail: Transaction,
  {filter, log}: Pick<SessionDeps, 'filter' | 'log'>,
  done: (outcome: Outcome) => void,
): void {
  let outcome: Promise<Outcome>
  try {
    outcome = filter(mail)
  } catch (error) {
    outcome = Promise.reject(error)
  }
  outcome.then(done, async error => {
    await mail.preserve(errorText(error))
    done(innerFailure(error, mail.taskId, log))
  })
}

/** An inner failure: the client comes again, and learns nothing of us. */
export function innerFailure(error: unknown, taskId: string, log: Log): Outcome {
  log.forTask(taskId).write(-2, `TROUBLE in process_request: ${errorText(error)}`)
  return {...same({...INNER_FAILURE, text: `${INNER_FAILURE.text}, id=${taskId}`}), isFailure: true}
}

/** One answer, whoever asks. */
export function same(reply: SmtpReply): Outcome {
  return {reply, perRecipient: []}
}

/**
 * The replies after the end of data as they go on the wire: one, or in LMTP one for each recipient that was
 * accepted, in order (RFC 2033 §4.2).
 */
export function repliesOf({reply, perRecipient}: Outcome, mail: MailInProgress, lmtp: boolean): string {
  const utf8 = mail.smtputf8
  if (!lmtp) return formatReply({...reply, text: replyText(reply.text, utf8)})
  let text = ''
  for (let i = 0; i < mail.recipients.length; i++) {
    // A good word for all is none for a recipient who is not named.
    const own = perRecipient[i] ?? (reply.code >= 400 ? reply : INNER_FAILURE)
    text += formatReply({...own, text: replyText(own.text, utf8)})
  }
  return text
}
