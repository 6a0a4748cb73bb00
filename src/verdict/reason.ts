/**
 * reason — how the recipient of blocked mail is answered: status, verb and reason.
 *
 * Source: spec/daemon §2.6, spec/config §5.6. Pure.
 */

import {type Category, type Destiny, MAJOR} from '../config/category.ts'
import type {SmtpReply} from '../errors.ts'

/** Longer reasons are cut and end in `...`. */
const REASON_LIMIT = 450

export interface ReasonFacts {
  /** from `%smtp_reason_by_ccat` */
  readonly template: string
  readonly taskId: string
  readonly virusNames: readonly string[]
  readonly bannedReason: string | undefined
  /** `$soft_bounce`: nothing is refused for good, and nothing is discarded */
  readonly softBounce: boolean
}

/** The answer for a recipient whose mail a category blocks; of the template's macros only the usual ones are known. */
export function blockedReply(
  blocking: Category,
  destiny: Exclude<Destiny, 'PASS'>,
  facts: ReasonFacts,
): SmtpReply {
  return replyWith(expand(facts), blocking, destiny, facts.softBounce)
}

/** Whether a template has other macros than `%n`, `%V` and `%F`, or anything of the language around them. */
export function needsLanguage(template: string): boolean {
  return /[%[\]#\\]|_[A-Z]+[_(]/.test(template.replace(/%[nVF%]/g, ''))
}

/** The same with a reason that is expanded already. */
export function replyWith(
  text: string,
  blocking: Category,
  destiny: Exclude<Destiny, 'PASS'>,
  softBounce: boolean,
): SmtpReply {
  const {code, detail} = status(blocking)
  const reason = cleaned(text)
  const reply = (code: number, word: string): SmtpReply => ({
    code,
    enhanced: `${Math.floor(code / 100)}.${detail}`,
    text: reason === '' ? word : `${word}, ${reason}`,
  })
  if (destiny === 'TEMPFAIL') return reply(450, 'Temporary failure')
  const word = destiny === 'DISCARD' ? 'Ok, discarded' : destiny === 'REJECT' ? 'Reject' : 'Bounce'
  if (softBounce) return reply(450, `${word} (soft_bounce)`)
  return reply(destiny === 'DISCARD' ? 250 : code, word)
}

/** The answer when no virus scanner works and the policy is to wait until one does. */
export function scannersFailedReply(taskId: string): SmtpReply {
  return {
    code: 451,
    enhanced: '4.5.0',
    text: `Error in processing, id=${taskId}, virus_scan FAILED: ALL VIRUS SCANNERS FAILED`,
  }
}

function status({major, minor}: Category): {code: number; detail: string} {
  if (major === MAJOR.BadHdr) return {code: 554, detail: minor === 2 ? '6.3' : '6.0'}
  if (major === MAJOR.Oversized) return {code: 552, detail: '3.4'}
  if (major === MAJOR.MtaFailed) return {code: 550, detail: '3.5'}
  return {code: 554, detail: '7.0'}
}

function expand({template, taskId, virusNames, bannedReason}: ReasonFacts): string {
  const values: Record<string, string> = {
    n: taskId,
    V: virusNames.join(', '),
    F: bannedReason ?? '',
    '%': '%',
  }
  return template.replace(/%([nVF%])/g, (all, letter: string) => values[letter] ?? all)
}

/** Names of viruses and files may hold anything, which a reply must not. */
function cleaned(text: string): string {
  const clean = text.trim().replace(/[^\x20-\x7e]/g, '?')
  return clean.length <= REASON_LIMIT ? clean : `${clean.slice(0, REASON_LIMIT)}...`
}
