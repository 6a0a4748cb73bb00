/**
 * status — one word for what happened to a recipient, and which way the mail went.
 *
 * Source: spec/config §9.5. The log's action list and the InMsgsStatus counters are made of them. Pure.
 */
import type {Direction, RecipientOutcome, Status} from './verdict.ts'

export function statusOf(outcome: RecipientOutcome): Status {
  const {delivery, destiny, response, dsn} = outcome
  if (delivery?.byClient) return 'Accepted'
  if (delivery && response.code < 300) return delivery.tagged ? 'RelayedTagged' : 'RelayedUntagged'
  if (response.code >= 400 && response.code < 500) return 'TempFailed'
  if (destiny === 'DISCARD') return 'Discarded'
  if (dsn === 'failed') return 'TempFailed'
  if (dsn === 'sent') return 'Bounced'
  if (!isAccountedFor(outcome)) return 'Rejected'
  return 'NoBounce'
}

/**
 * Whether a recipient may be part of a 250: delivered, discarded by policy, told to the sender, not worth
 * telling by policy, or at least stored. All others must stay with the client.
 */
export function isAccountedFor({response, dsn, quarantined}: RecipientOutcome): boolean {
  // A success that could not be told is no reason to take the mail once more.
  if (response.code < 300 || dsn === 'sent' || dsn === 'suppressed') return true
  return dsn === 'refused' && quarantined
}

export function directionOf(local: boolean, originating: boolean): Direction {
  if (local) return originating ? 'Internal' : 'Inbound'
  return originating ? 'Outbound' : 'OpenRelay'
}

/**
 * The action list of the log line: `RelayedInbound`, … unique and sorted, then Quarantined, then Archived.
 *
 * A plain `Relayed` is sorted as `RelayedUntagged`.
 */
export function actionsOf(
  outcomes: readonly RecipientOutcome[],
  {originating, quarantined, archived}: {originating: boolean; quarantined: boolean; archived: boolean},
): readonly string[] {
  const words = new Set(
    outcomes.map(outcome => statusOf(outcome) + directionOf(outcome.verdict.local, originating)),
  )
  const sorted = [...words].sort().map(word => word.replace('RelayedUntagged', 'Relayed'))
  if (quarantined) sorted.push('Quarantined')
  if (archived) sorted.push('Archived')
  return sorted
}
