import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {combineReplies} from '../../src/verdict/reply.ts'
import type {RecipientOutcome} from '../../src/verdict/verdict.ts'
import {blocked, delivery, outcome, recipient, relayed, replyText, TASK, verdict} from './make.ts'

const MTA = 'from MTA(smtp:[127.0.0.1]:21700)'
const QUEUED = `250 2.0.0 ${MTA}: 250 2.0.0 Ok: queued as Q7ABC0001`
const FULL = '450 4.2.0 mailbox busy'
const UNKNOWN = '550 5.1.1 no such user here'

const refused = (words: string, options: Parameters<typeof outcome>[1] = {}) =>
  outcome(verdict(), {delivery: delivery(words), ...options})

const smtp: readonly (readonly [title: string, outcomes: readonly RecipientOutcome[], reply: string])[] = [
  ['passed', [relayed()], QUEUED],
  ['passed twice', [relayed(), relayed()], QUEUED],
  ['discarded', [outcome(blocked('DISCARD'))], '250 2.7.0 Ok, discarded, id=24331-01 - spam'],
  ['rejected', [outcome(blocked('REJECT'))], '554 5.7.0 Reject, id=24331-01 - spam'],
  ['tempfailed', [outcome(blocked('TEMPFAIL'))], '450 4.7.0 Temporary failure, id=24331-01 - spam'],
  ['bounced', [outcome(blocked('BOUNCE'), {dsn: 'sent'})], '250 2.5.0 Ok, id=24331-01, BOUNCE'],
  [
    'bounce suppressed',
    [outcome(blocked('BOUNCE'), {dsn: 'suppressed'})],
    '250 2.5.0 Ok, id=24331-01, DISCARD(bounce.suppressed)',
  ],
  [
    'one passed, one tempfailed by the next hop',
    [relayed(), refused(FULL)],
    `450 4.2.0 id=24331-01 - Temporary MTA failure on relaying, ${MTA}: ${FULL}`,
  ],
  [
    'all refused by the next hop',
    [refused(UNKNOWN)],
    `550 5.1.1 id=24331-01 - Rejected by next-hop MTA on relaying, ${MTA}: ${UNKNOWN}`,
  ],
  [
    'one passed, one refused by the next hop and told',
    [relayed(), refused(UNKNOWN, {dsn: 'sent'})],
    `${QUEUED}, but 1 REJECT`,
  ],
  ['one passed, one discarded', [outcome(blocked('DISCARD')), relayed()], `${QUEUED}, but 1 DISCARD`],
  [
    'one passed, others each otherwise',
    [
      relayed(),
      outcome(blocked('DISCARD')),
      outcome(blocked('BOUNCE'), {dsn: 'sent'}),
      outcome(blocked('REJECT'), {dsn: 'sent'}),
    ],
    `${QUEUED}, but 1 REJECT, and 1 BOUNCE, and 1 DISCARD`,
  ],
  [
    'rejected and discarded',
    [outcome(blocked('DISCARD')), outcome(blocked('REJECT'))],
    '554 5.7.0 Reject, id=24331-01 - spam',
  ],
  [
    'rejected by us and by the next hop: its words are preferred',
    [outcome(blocked('REJECT')), refused(UNKNOWN)],
    `550 5.1.1 id=24331-01 - Rejected by next-hop MTA on relaying, ${MTA}: ${UNKNOWN}`,
  ],
  [
    'a DSN that cannot be sent now',
    [relayed(), outcome(blocked('BOUNCE'), {dsn: 'failed'})],
    '451 4.5.0 id=24331-01 - Temporary failure on notifying the sender',
  ],
  [
    'a DSN that nobody takes, mail not stored',
    [outcome(blocked('BOUNCE'), {dsn: 'refused'})],
    '554 5.7.0 Bounce, id=24331-01 - spam',
  ],
  [
    'a DSN that nobody takes, mail in quarantine',
    [outcome(blocked('BOUNCE'), {dsn: 'refused', quarantined: true})],
    '250 2.5.0 Ok, id=24331-01, DISCARD(bounce.suppressed)',
  ],
  [
    'a bounce of which nobody thought',
    [relayed(), outcome(blocked('BOUNCE'))],
    '554 5.7.0 Bounce, id=24331-01 - spam',
  ],
  [
    'passed, but never given to a next hop',
    [relayed(), outcome(verdict())],
    '451 4.5.0 Error in processing, id=24331-01, forwarding was not tried',
  ],
  ['no recipient at all', [], '451 4.5.0 id=24331-01 - Temporary failure on notifying the sender'],
]

for (const [title, outcomes, expected] of smtp) {
  test(`SMTP, ${title}: ${expected.slice(0, 3)}`, () => {
    assert.equal(replyText(combineReplies(TASK, outcomes).reply), expected)
  })
}

test('LMTP answers each recipient in order', () => {
  const u1 = {recipient: recipient('u1@example.com')}
  const {perRecipient} = combineReplies(TASK, [
    relayed(),
    refused(UNKNOWN),
    refused(FULL),
    outcome(blocked('BOUNCE', MAJOR.Spam, u1), {dsn: 'sent'}),
    outcome(blocked('BOUNCE', MAJOR.Spam, u1), {dsn: 'suppressed'}),
    outcome(blocked('BOUNCE', MAJOR.Spam, u1), {dsn: 'failed'}),
    outcome(blocked('DISCARD')),
  ])
  assert.deepEqual(perRecipient.map(replyText), [
    QUEUED,
    `550 5.1.1 id=24331-01 - Rejected by next-hop MTA on relaying, ${MTA}: ${UNKNOWN}`,
    `450 4.2.0 id=24331-01 - Temporary MTA failure on relaying, ${MTA}: ${FULL}`,
    '250 2.5.0 Ok <u1@example.com>, DSN was sent (554 5.7.0 Bounce, id=24331-01 - spam)',
    '250 2.5.0 Ok <u1@example.com>, DSN suppressed (554 5.7.0 Bounce, id=24331-01 - spam)',
    '451 4.5.0 id=24331-01 - Temporary failure on notifying the sender',
    '250 2.7.0 Ok, discarded, id=24331-01 - spam',
  ])
})

test('250 is never said while one recipient is neither delivered, discarded, told nor stored', () => {
  const ends: readonly RecipientOutcome[] = [
    relayed(),
    refused(FULL),
    refused(UNKNOWN),
    outcome(verdict()),
    ...(['DISCARD', 'REJECT', 'BOUNCE', 'TEMPFAIL'] as const).flatMap(destiny =>
      (['none', 'sent', 'suppressed', 'failed', 'refused'] as const).flatMap(dsn =>
        [false, true].map(quarantined => outcome(blocked(destiny), {dsn, quarantined})),
      ),
    ),
  ]
  const mayBe250 = ({response, dsn, quarantined}: RecipientOutcome) =>
    response.code < 300 ||
    (response.code >= 500 && (dsn === 'sent' || dsn === 'suppressed' || (dsn === 'refused' && quarantined)))
  for (const a of ends) {
    for (const b of ends) {
      const {reply, perRecipient} = combineReplies(TASK, [a, b])
      assert.equal(
        reply.code < 300,
        mayBe250(a) && mayBe250(b),
        `${replyText(a.response)} + ${replyText(b.response)}`,
      )
      assert.deepEqual(
        perRecipient.map(({code}) => code < 300),
        [mayBe250(a), mayBe250(b)],
      )
    }
  }
})
