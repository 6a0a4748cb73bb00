/**
 * reason — how the recipient of blocked mail is answered: status, verb and reason.
 *
 * Source: spec/daemon §2.6, spec/config §5.6. The reasons are the defaults; their templates come with the
 * macro language. Unlike in amavisd-new the minor category is kept, so that the reason says what is wrong.
 * Pure.
 */
import type {SmtpReply} from '../errors.ts'
import {type Category, type Destiny, MAJOR} from './category.ts'

/** Longer reasons are cut and end in `...`. */
const REASON_LIMIT = 450

export interface ReasonFacts {
  readonly taskId: string
  readonly virusNames: readonly string[]
  readonly bannedReason: string | undefined
  readonly softBounce: boolean
}

/** The answer for a recipient whose mail a category blocks. */
export function blockedReply(
  blocking: Category,
  destiny: Exclude<Destiny, 'PASS'>,
  facts: ReasonFacts,
): SmtpReply {
  const {code, detail} = status(blocking)
  const reason = cut(`id=${facts.taskId} - ${explain(blocking, facts)}`)
  const reply = (code: number, word: string): SmtpReply => ({
    code,
    enhanced: `${Math.floor(code / 100)}.${detail}`,
    text: `${word}, ${reason}`,
  })
  if (destiny === 'TEMPFAIL') return reply(450, 'Temporary failure')
  const word = destiny === 'DISCARD' ? 'Ok, discarded' : destiny === 'REJECT' ? 'Reject' : 'Bounce'
  if (facts.softBounce) return reply(450, `${word} (soft_bounce)`)
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

const BAD_HEADER: readonly string[] = [
  '',
  ': MIME error',
  ': nonencoded 8-bit character',
  ': contains invalid control character',
  ': line made up entirely of whitespace',
  ': line longer than RFC 5322 limit',
  ': syntax error',
  ': missing required header field',
  ': duplicate header field',
]
const UNCHECKED: readonly string[] = ['', ': encrypted', ': over limits', ': ambiguous content']

function explain({major, minor}: Category, {virusNames, bannedReason}: ReasonFacts): string {
  switch (major) {
    case MAJOR.Virus:
      return `INFECTED: ${virusNames.join(', ')}`
    case MAJOR.Banned:
      return `BANNED: ${bannedReason ?? ''}`
    case MAJOR.Unchecked:
      return `UNCHECKED${UNCHECKED[minor] ?? ''}`
    case MAJOR.Spam:
      return 'spam'
    case MAJOR.Spammy:
      return minor === 1 ? 'spammy (tag3)' : 'spammy'
    case MAJOR.BadHdr:
      return `BAD HEADER${BAD_HEADER[minor] ?? ''}`
    case MAJOR.Oversized:
      return "Message size exceeds recipient's size limit"
    case MAJOR.MtaFailed:
      return 'Unable to relay message back to MTA'
    case MAJOR.Clean:
      return 'CLEAN'
    default:
      return 'OTHER'
  }
}

/** Octets decide; names of viruses and files may hold anything, which a reply must not. */
function cut(reason: string): string {
  const clean = reason.replace(/[^\x20-\x7e]/g, '?')
  return clean.length <= REASON_LIMIT ? clean : `${clean.slice(0, REASON_LIMIT)}...`
}
