/**
 * dsn-decision — whether a recipient's fate is told to the sender.
 *
 * Source: spec/daemon §8.1, spec/config §6.3; the first row that matches decides. Pure.
 *
 * Differs from amavisd-new: that mail is bulk suppresses a DSN only for what we found in the mail
 * ourselves. A next hop's refusal of clean list mail is told as any MTA would tell it; without that the
 * mail would be neither delivered nor returned.
 */
import {MAJOR} from '../../config/category.ts'
import {isPassed} from '../../verdict/summary.ts'
import type {RecipientOutcome} from '../../verdict/verdict.ts'

export interface DsnFacts {
  readonly sender: string
  /** each recipient has an answer of its own (LMTP), or all were refused: the status goes back to the client */
  readonly passesBack: boolean
  /** list, automatic or bulk mail */
  readonly isBulk: boolean
  /** a virus was found whose name says that senders are faked (`@viruses_that_fake_sender_maps`) */
  readonly fakesSender: boolean
  /** `spam_dsn_cutoff_level_bysender_maps` for the sender, in points */
  readonly senderCutoff: number | undefined
  /** `spam_dsn_cutoff_level_maps` for this recipient */
  readonly recipientCutoff: number | undefined
}

export type DsnDecision =
  /** nothing to tell, or somebody else tells it */
  | {readonly kind: 'none'}
  /** should be told, but is not, by policy */
  | {readonly kind: 'suppressed'; readonly reason: string}
  | {readonly kind: 'included'; readonly action: 'failed' | 'relayed'}

const NONE: DsnDecision = {kind: 'none'}

export function decideDsn(outcome: RecipientOutcome, facts: DsnFacts): DsnDecision {
  const {verdict, destiny, delivery} = outcome
  const {notify} = verdict.recipient
  const {code} = outcome.response
  const neverTell = facts.sender === '' || notify?.includes('NEVER') === true

  if (code >= 400 && code < 500) return NONE
  if (code >= 500) {
    if (destiny === 'REJECT' && facts.passesBack) return NONE
    if (neverTell) return suppressed(facts.sender === '' ? 'null sender' : 'NOTIFY=NEVER')
    if (notify && !notify.includes('FAILURE')) return suppressed('NOTIFY without FAILURE')
  } else {
    const isWanted = notify?.includes('SUCCESS') && !delivery?.dsnPassedOn
    if (!isWanted && !(verdict.warnSender && delivery)) return NONE
    if (neverTell) return suppressed(facts.sender === '' ? 'null sender' : 'NOTIFY=NEVER')
  }
  if (destiny === 'DISCARD') return suppressed('DISCARD')
  const reason = contentReason(outcome, facts)
  if (reason !== undefined) return suppressed(reason)
  return {kind: 'included', action: isPassed(outcome) ? 'relayed' : 'failed'}
}

/** Why what is in the mail forbids to answer it: most likely the sender never sent it. */
function contentReason({verdict}: RecipientOutcome, facts: DsnFacts): string | undefined {
  const {categories, score, tests, blacklisted, whitelisted, discardRule} = verdict
  if (facts.fakesSender && categories.some(({major}) => major === MAJOR.Virus)) return 'INFECTED'
  if (discardRule) return 'banned rule DISCARD'
  if (tests.some(({name}) => name === 'DKIM_ADSP_DISCARD')) return 'author domain says DISCARD'
  const points = score ?? 0
  if (facts.senderCutoff !== undefined && points >= facts.senderCutoff) return 'spam level of sender'
  if (facts.recipientCutoff !== undefined) {
    if (points >= facts.recipientCutoff || (blacklisted && !whitelisted)) return 'spam level'
  }
  const main = categories[0]?.major ?? MAJOR.Clean
  return facts.isBulk && main > MAJOR.Clean ? 'bulk mail' : undefined
}

/**
 * Whether all statuses can be given to an SMTP client in its one answer: every recipient is refused, or
 * refused and discarded.
 */
export function allRefused(outcomes: readonly RecipientOutcome[]): boolean {
  return outcomes.every(
    ({response, destiny}) => (response.code >= 500 && destiny === 'REJECT') || destiny === 'DISCARD',
  )
}

function suppressed(reason: string): DsnDecision {
  return {kind: 'suppressed', reason}
}
