import assert from 'node:assert/strict'
import test from 'node:test'
import {allRefused, type DsnFacts, decideDsn} from '../../../src/actions/notify/dsn-decision.ts'
import {MAJOR} from '../../../src/config/category.ts'
import type {RecipientOutcome} from '../../../src/verdict/verdict.ts'
import {blocked, CLEAN, category, delivery, outcome, recipient, relayed, verdict} from '../../verdict/make.ts'

const facts = (more: Partial<DsnFacts> = {}): DsnFacts => ({
  sender: 'sender@remote.test',
  passesBack: false,
  isBulk: false,
  fakesSender: false,
  senderCutoff: undefined,
  recipientCutoff: undefined,
  ...more,
})

const to = (notify: 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY') => ({
  recipient: recipient('user@example.com', {notify: [notify]}),
})
const bounce = (more: Parameters<typeof blocked>[2] = {}, major = MAJOR.Spam as 6 | 9) =>
  outcome(blocked('BOUNCE', major, more))
const refused = (words: string, more: Parameters<typeof verdict>[0] = {}) =>
  outcome(verdict(more), {delivery: delivery(words)})
const UNKNOWN = '550 5.1.1 no such user'

type Row = readonly [title: string, RecipientOutcome, Partial<DsnFacts>, expected: string]
const rows: readonly Row[] = [
  ['1: 4xx of ours', outcome(blocked('TEMPFAIL')), {}, 'none'],
  ['1: 4xx of the next hop', refused('450 4.2.0 busy'), {}, 'none'],
  ['2: 5xx, REJECT, status goes back', outcome(blocked('REJECT')), {passesBack: true}, 'none'],
  ['2: 5xx, REJECT, status cannot go back', outcome(blocked('REJECT')), {}, 'failed'],
  ['2: the next hop refused, status goes back', refused(UNKNOWN), {passesBack: true}, 'none'],
  ['2: the next hop refused, status cannot go back', refused(UNKNOWN), {}, 'failed'],
  ['3: 5xx, null sender', bounce(), {sender: ''}, 'null sender'],
  ['3: 5xx, NOTIFY=NEVER', bounce(to('NEVER')), {}, 'NOTIFY=NEVER'],
  ['3: 5xx, NOTIFY=SUCCESS', bounce(to('SUCCESS')), {}, 'NOTIFY without FAILURE'],
  ['3: 5xx, NOTIFY=DELAY', bounce(to('DELAY')), {}, 'NOTIFY without FAILURE'],
  ['4: 2xx, nothing asked', relayed(), {}, 'none'],
  ['4: 2xx, NOTIFY=FAILURE', outcome(verdict(to('FAILURE')), {delivery: delivery()}), {}, 'none'],
  [
    '5: 2xx, SUCCESS asked, passed on',
    outcome(verdict(to('SUCCESS')), {delivery: delivery(undefined, {dsnPassedOn: true})}),
    {},
    'none',
  ],
  [
    '5: 2xx, SUCCESS asked, not passed on',
    outcome(verdict(to('SUCCESS')), {delivery: delivery()}),
    {},
    'relayed',
  ],
  [
    '6: 2xx, SUCCESS asked by a null sender',
    outcome(verdict(to('SUCCESS')), {delivery: delivery()}),
    {sender: ''},
    'null sender',
  ],
  ['4: discarded', outcome(blocked('DISCARD')), {}, 'none'],
  ['7: discarded, SUCCESS asked', outcome(blocked('DISCARD', MAJOR.Spam, to('SUCCESS'))), {}, 'DISCARD'],
  ['8: a virus that fakes its sender', bounce({}, MAJOR.Virus), {fakesSender: true}, 'INFECTED'],
  ['8: a virus that does not', bounce({}, MAJOR.Virus), {}, 'failed'],
  ['8: a banned rule with DISCARD', bounce({discardRule: true}), {}, 'banned rule DISCARD'],
  ['9: at the cutoff of the sender', bounce({score: 10}), {senderCutoff: 10}, 'spam level of sender'],
  ['9: below the cutoff of the sender', bounce({score: 9.99}), {senderCutoff: 10}, 'failed'],
  ['10: at the cutoff of the recipient', bounce({score: 10}), {recipientCutoff: 10}, 'spam level'],
  ['10: blacklisted', bounce({score: 0, blacklisted: true}), {recipientCutoff: 10}, 'spam level'],
  ['10: blacklisted, no cutoff', bounce({score: 0, blacklisted: true}), {}, 'failed'],
  [
    '10: both lists',
    bounce({score: 0, blacklisted: true, whitelisted: true}),
    {recipientCutoff: 10},
    'failed',
  ],
  ['11: bulk mail with bad content', bounce(), {isBulk: true}, 'bulk mail'],
  [
    '11: bulk mail that we tagged and the next hop refused',
    refused(UNKNOWN, {categories: [category(MAJOR.Spammy), CLEAN]}),
    {isBulk: true},
    'bulk mail',
  ],
  ['11: clean bulk mail that the next hop refused is told', refused(UNKNOWN), {isBulk: true}, 'failed'],
  ['13: a bounce', bounce(), {}, 'failed'],
  ['13: a bounce, NOTIFY=FAILURE', bounce(to('FAILURE')), {}, 'failed'],
]
for (const [title, end, more, expected] of rows) {
  test(`row ${title}: ${expected}`, () => {
    const decision = decideDsn(end, facts(more))
    const word =
      decision.kind === 'none' ? 'none' : decision.kind === 'suppressed' ? decision.reason : decision.action
    assert.equal(word, expected)
  })
}

test('the status goes back to an SMTP client when every recipient is refused, or refused and discarded', () => {
  assert.ok(allRefused([outcome(blocked('REJECT'))]))
  assert.ok(allRefused([outcome(blocked('REJECT')), outcome(blocked('DISCARD'))]))
  assert.ok(!allRefused([outcome(blocked('REJECT')), relayed()]))
  assert.ok(!allRefused([outcome(blocked('REJECT')), outcome(blocked('BOUNCE'))]))
})
