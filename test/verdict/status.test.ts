import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {actionsOf, directionOf, statusOf} from '../../src/verdict/status.ts'
import {displayName, leadingCategory, logWord, mainCategory} from '../../src/verdict/summary.ts'
import type {RecipientOutcome} from '../../src/verdict/verdict.ts'
import {blocked, category, delivery, facts, outcome, relayed, verdict} from './make.ts'

const refused = outcome(verdict(), {delivery: delivery('550 5.1.1 no such user')})

const words: readonly (readonly [RecipientOutcome, string])[] = [
  [relayed(), 'RelayedUntagged'],
  [outcome(verdict(), {delivery: delivery(undefined, {tagged: true})}), 'RelayedTagged'],
  [outcome(verdict(), {delivery: delivery('450 4.2.0 busy')}), 'TempFailed'],
  [outcome(verdict()), 'TempFailed'],
  [refused, 'Rejected'],
  [{...refused, dsn: 'sent'}, 'Bounced'],
  [{...refused, dsn: 'suppressed'}, 'NoBounce'],
  [outcome(blocked('DISCARD')), 'Discarded'],
  [outcome(blocked('REJECT')), 'Rejected'],
  [outcome(blocked('TEMPFAIL')), 'TempFailed'],
  [outcome(blocked('BOUNCE'), {dsn: 'sent'}), 'Bounced'],
  [outcome(blocked('BOUNCE'), {dsn: 'suppressed'}), 'NoBounce'],
  [outcome(blocked('BOUNCE'), {dsn: 'failed'}), 'TempFailed'],
  [outcome(blocked('BOUNCE'), {dsn: 'refused'}), 'Rejected'],
  [outcome(blocked('BOUNCE'), {dsn: 'refused', quarantined: true}), 'NoBounce'],
]
for (const [end, word] of words) {
  test(`${end.destiny}, ${end.response.code}, DSN ${end.dsn}: ${word}`, () =>
    assert.equal(statusOf(end), word))
}

test('directions follow from where the mail comes from and where it goes', () => {
  assert.deepEqual(
    [directionOf(true, false), directionOf(true, true), directionOf(false, true), directionOf(false, false)],
    ['Inbound', 'Internal', 'Outbound', 'OpenRelay'],
  )
})

test('actions are unique and sorted, a plain Relayed as if it were RelayedUntagged', () => {
  const foreign = outcome(verdict({local: false}), {delivery: delivery()})
  const tagged = outcome(verdict(), {delivery: delivery(undefined, {tagged: true})})
  const ends = [relayed(), relayed(), foreign, tagged, outcome(blocked('TEMPFAIL'))]
  assert.deepEqual(actionsOf(ends, {originating: false, quarantined: true, archived: true}), [
    'RelayedTaggedInbound',
    'RelayedInbound',
    'RelayedOpenRelay',
    'TempFailedInbound',
    'Quarantined',
    'Archived',
  ])
})

test('what a mail is called by: the highest blocking category, else the main one', () => {
  const badHeader = verdict({categories: [category(MAJOR.BadHdr, 7), category(MAJOR.Clean)]})
  const spam = blocked('REJECT', MAJOR.Spam)
  assert.deepEqual(mainCategory([badHeader, spam]), category(MAJOR.Spam))
  assert.deepEqual(leadingCategory([badHeader]), category(MAJOR.BadHdr, 7))
  assert.deepEqual(
    leadingCategory([badHeader, {...spam, blocking: category(MAJOR.Clean)}]),
    category(MAJOR.Clean),
  )
  assert.deepEqual(mainCategory([]), category(MAJOR.Clean))
})

const names = facts({virusNames: ['V1', 'V2'], bannedReasons: ['.exe,a.exe', 'other']})
const logWords = [
  [category(MAJOR.CatchAll), 'OTHER', 'CatchAll'],
  [category(MAJOR.Clean, 1), 'CLEAN', 'CleanTag'],
  [category(MAJOR.MtaFailed, 2), 'MTA-BLOCKED', 'MtaRejected'],
  [category(MAJOR.Oversized), 'OVERSIZED', 'Oversized'],
  [category(MAJOR.BadHdr, 7), 'BAD-HEADER-7', 'BadHdrMissing'],
  [category(MAJOR.Spammy, 1), 'SPAMMY', 'Spammy3'],
  [category(MAJOR.Spam), 'SPAM', 'Spam'],
  [category(MAJOR.Unchecked), 'UNCHECKED', 'Unchecked'],
  [category(MAJOR.Unchecked, 1), 'UNCHECKED-ENCRYPTED', 'UncheckedEncrypted'],
  [category(MAJOR.Unchecked, 3), 'UNCHECKED', 'UncheckedAmbiguousContent'],
  [category(MAJOR.Banned), 'BANNED (.exe,a.exe)', 'Banned'],
  [category(MAJOR.Virus), 'INFECTED (V1, V2)', 'Virus'],
] as const
for (const [of, word, display] of logWords) {
  test(`category ${of.major},${of.minor} is ${word} in the log and ${display} on display`, () => {
    assert.equal(logWord(of, names), word)
    assert.equal(displayName(of), display)
  })
}
