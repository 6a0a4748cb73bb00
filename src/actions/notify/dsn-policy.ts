/**
 * dsn-policy — what the configuration says about DSNs, and whom one is to tell about.
 */
import {coversEnvelopeSender} from '../../checks/dkim/relation.ts'
import type {Settings} from '../../config/settings.ts'
import {isListed, levelFor} from '../../verdict/policy.ts'
import type {Facts, RecipientOutcome} from '../../verdict/verdict.ts'
import {allRefused, type DsnDecision, decideDsn} from './dsn-decision.ts'

export interface DsnQuestion {
  readonly outcomes: readonly RecipientOutcome[]
  readonly facts: Facts
  readonly sender: string
  /** the client takes an answer for each recipient */
  readonly isLmtp: boolean
  readonly originating: boolean
  readonly isBulk: boolean
  readonly settings: Settings
}

/**
 * The decision for each recipient, in order; one DSN covers all that are included.
 *
 * An SMTP client that is told 4xx on account of one recipient comes back with the mail for all of them:
 * nothing is told until it does not have to, or each attempt would bring the sender one more DSN.
 */
export function decideDsns(question: DsnQuestion): readonly DsnDecision[] {
  const {outcomes, facts, sender, isBulk, settings} = question
  if (!question.isLmtp && outcomes.some(isTemporary)) return outcomes.map(() => NONE)
  const passesBack = question.isLmtp || allRefused(outcomes)
  const fakesSender = facts.virusNames.some(name =>
    isListed(settings, '@viruses_that_fake_sender_maps', name),
  )
  // Mail of our own users, and signed by the sender's domain, comes from where it says it does.
  const isCredible =
    sender !== '' && (question.originating || coversEnvelopeSender(facts.signatures ?? [], sender))
  const credible = isCredible ? 'crediblefrom_' : ''
  const senderCutoff = levelFor(settings, `@spam_${credible}dsn_cutoff_level_bysender_maps`, sender)
  return outcomes.map(outcome =>
    decideDsn(outcome, {
      sender,
      passesBack,
      isBulk,
      fakesSender,
      senderCutoff,
      recipientCutoff: levelFor(
        settings,
        `@spam_${credible}dsn_cutoff_level_maps`,
        outcome.verdict.recipient.address,
      ),
    }),
  )
}

const NONE: DsnDecision = {kind: 'none'}

function isTemporary({response}: RecipientOutcome): boolean {
  return response.code >= 400 && response.code < 500
}
