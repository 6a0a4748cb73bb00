/**
 * outcome — joins a recipient's verdict with what the next hop said.
 *
 * A recipient that passed and was refused downstream gets the category MTA: a 4xx is its minor 1, a 5xx
 * its minor 2, and its answer names the reason (spec/config §5.6, "Failures of the next hop"). Pure.
 */

import {type Category, compareCategories, MAJOR} from '../config/category.ts'
import type {SmtpReply} from '../errors.ts'
import type {Delivery, DsnResult, RecipientOutcome, RecipientVerdict} from './verdict.ts'

const MTA_TEMPFAILED: Category = {major: MAJOR.MtaFailed, minor: 1}
const MTA_REJECTED: Category = {major: MAJOR.MtaFailed, minor: 2}

/** A recipient's end, before a DSN was thought of. */
export function outcomeOf(
  taskId: string,
  verdict: RecipientVerdict,
  delivery: Delivery | undefined,
  quarantined = false,
): RecipientOutcome {
  const {categories, blocking, destiny} = verdict
  if (!delivery) {
    // A passed recipient that was never given to a next hop must not be answered 250.
    const response = verdict.response ?? notTried(taskId)
    return {verdict, delivery, categories, blocking, destiny, response, quarantined, dsn: 'none'}
  }
  const response = delivery.reply
  if (response.code < 300) {
    return {verdict, delivery, categories, blocking, destiny, response, quarantined, dsn: 'none'}
  }
  const temporary = response.code < 500
  const category = temporary ? MTA_TEMPFAILED : MTA_REJECTED
  return {
    verdict,
    delivery,
    categories: [...categories, category].sort(compareCategories),
    blocking: category,
    destiny: temporary ? 'TEMPFAIL' : 'REJECT',
    response: explain(taskId, response, temporary),
    quarantined,
    dsn: 'none',
  }
}

/** The same end, with what became of the DSN for it. */
export function withDsn(outcome: RecipientOutcome, dsn: DsnResult): RecipientOutcome {
  return {...outcome, dsn}
}

function notTried(taskId: string): SmtpReply {
  return {code: 451, enhanced: '4.5.0', text: `Error in processing, id=${taskId}, forwarding was not tried`}
}

function explain(taskId: string, {code, enhanced, text}: SmtpReply, temporary: boolean): SmtpReply {
  const reason = temporary ? 'Temporary MTA failure on relaying' : 'Rejected by next-hop MTA on relaying'
  return {code, enhanced, text: `id=${taskId} - ${reason}, ${text}`}
}
