import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../src/config/category.ts'
import {mainLogLines, recipientLogLine} from '../../src/log/main-entry.ts'
import type {XforwardName} from '../../src/message/envelope.ts'
import {type LoggedMail, mainEntryOf, recipientEntryOf} from '../../src/verdict/log-facts.ts'
import {blocked, client, delivery, facts, outcome, recipient, relayed, verdict} from './make.ts'

const SENDER = 'sender@remote.test'
const mail = (more: Partial<LoggedMail> = {}): LoggedMail => ({
  outcomes: [relayed()],
  facts: facts(),
  client,
  bankPath: '',
  originating: false,
  sender: SENDER,
  oldestAddress: undefined,
  messageId: '<m1@remote.test>',
  resentMessageId: undefined,
  mailId: 'g8b6GiznPrGP',
  size: 150,
  partition: '',
  quarantine: [],
  archived: false,
  elapsedMs: 124,
  ...more,
})
const lines = (of: LoggedMail) => mainLogLines(mainEntryOf(of))
const user = (n: number) => ({recipient: recipient(`u${n}@example.com`)})

test('a clean mail', () => {
  const outcomes = [outcome(verdict({score: -0.001}), {delivery: delivery()})]
  assert.deepEqual(lines(mail({outcomes})), [
    'Passed CLEAN {RelayedInbound}, [127.0.0.1] <sender@remote.test> -> <user@example.com>, Message-ID: <m1@remote.test>, mail_id: g8b6GiznPrGP, Hits: -0.001, size: 150, queued_as: Q7ABC0001, 124 ms',
  ])
})

test('a virus in quarantine', () => {
  const of = mail({
    outcomes: [outcome(blocked('DISCARD', MAJOR.Virus))],
    facts: facts({virusNames: ['Eicar-Test-Signature.UNOFFICIAL']}),
    quarantine: ['virus-Z7mjPTnrsiBW'],
    mailId: 'Z7mjPTnrsiBW',
    size: 346,
    elapsedMs: 7077,
  })
  assert.deepEqual(lines(of), [
    'Blocked INFECTED (Eicar-Test-Signature.UNOFFICIAL) {DiscardedInbound,Quarantined}, [127.0.0.1] <sender@remote.test> -> <user@example.com>, quarantine: virus-Z7mjPTnrsiBW, Message-ID: <m1@remote.test>, mail_id: Z7mjPTnrsiBW, Hits: -, size: 346, 7077 ms',
  ])
})

test('three recipients, three outcomes: those who got it are called by what they got', () => {
  const forwarded = new Map<XforwardName, string>([
    ['ADDR', '203.0.113.5'],
    ['PORT', '41234'],
    ['IDENT', '4ABCD'],
  ])
  const refused = (n: number, words: string) => outcome(verdict(user(n)), {delivery: delivery(words)})
  const of = mail({
    outcomes: [
      outcome(verdict(user(1)), {delivery: delivery()}),
      refused(2, '550 5.1.1 no such user here'),
      refused(3, '450 4.2.0 mailbox busy'),
    ],
    client: {...client, forwarded},
    bankPath: 'LMTPBANK',
    oldestAddress: '203.0.113.5',
    messageId: undefined,
    elapsedMs: 181,
  })
  assert.deepEqual(lines(of), [
    'Passed CLEAN {RejectedInbound,RelayedInbound,TempFailedInbound}, LMTPBANK [203.0.113.5]:41234 [203.0.113.5] <sender@remote.test> -> <u1@example.com>, Queue-ID: 4ABCD, mail_id: g8b6GiznPrGP, Hits: -, size: 150, queued_as: Q7ABC0001/550 5.1.1 no such user here/450 4.2.0 mailbox busy, 181 ms',
    'Blocked MTA-BLOCKED {RejectedInbound,RelayedInbound,TempFailedInbound}, LMTPBANK [203.0.113.5]:41234 [203.0.113.5] <sender@remote.test> -> <u2@example.com>,<u3@example.com>, Queue-ID: 4ABCD, mail_id: g8b6GiznPrGP, Hits: -, size: 150, 181 ms',
  ])
})

test('an archive copy alone does not make a mail quarantined', () => {
  const actions = (quarantine: readonly string[], archived: boolean) =>
    mainEntryOf(mail({quarantine, archived})).actions.slice(1)
  assert.deepEqual(actions(['archive.mbox'], true), ['Archived'])
  assert.deepEqual(actions(['virus-x', 'archive.mbox'], true), ['Quarantined', 'Archived'])
  assert.deepEqual(actions(['virus-x'], false), ['Quarantined'])
})

test('an IPv6 client is shown without the mark of XFORWARD', () => {
  const forwarded = new Map<XforwardName, string>([['ADDR', 'IPv6:2001:db8::1']])
  assert.match(lines(mail({client: {...client, forwarded}}))[0]!, /, \[2001:db8::1\] <sender/)
})

test('the entry of a blocked recipient', () => {
  const spam = outcome(
    blocked('REJECT', MAJOR.Spam, {
      score: 12,
      levels: {tag: 2, tag2: 5, tag3: undefined, kill: 8},
      reached: {tag: true, tag2: true, tag3: false, kill: true},
    }),
  )
  assert.equal(
    recipientLogLine(recipientEntryOf(spam, SENDER)),
    'Blocked SPAM, <sender@remote.test> -> <user@example.com>, Hits: 12, tag=2, tag2=5, kill=8, L/Y/Y/Y',
  )
})
