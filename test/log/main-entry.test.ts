import assert from 'node:assert/strict'
import test from 'node:test'
import {
  checkingLine,
  hitsText,
  localDeliveryLine,
  type MainEntry,
  mainLogLines,
  recipientLogLine,
} from '../../src/log/main-entry.ts'

const entry = (more: Partial<MainEntry> = {}): MainEntry => ({
  passed: undefined,
  blocked: undefined,
  actions: ['RelayedInbound'],
  bankPath: '',
  originating: false,
  client: {address: '203.0.113.9', port: 41234},
  oldestAddress: undefined,
  sender: 'a@out.test',
  quarantine: [],
  queueId: undefined,
  messageId: undefined,
  resentMessageId: undefined,
  mailId: 'Qm3x_TBo0aY1',
  score: undefined,
  size: 452,
  partition: '',
  queuedAs: [],
  dkimValid: [],
  dkimAdded: [],
  elapsedMs: 61,
  ...more,
})

const to = (word: string, ...recipients: readonly string[]) => ({word, recipients})
const point = (score: number) => ({min: score, max: score})

const lines: readonly (readonly [MainEntry, readonly string[]])[] = [
  [
    entry({
      passed: to('CLEAN', 'u@our.test'),
      oldestAddress: '198.51.100.7',
      queueId: '4XyZ01',
      messageId: '<m1@out.test>',
      score: point(-0.1),
      queuedAs: ['Q00001'],
    }),
    [
      'Passed CLEAN {RelayedInbound}, [203.0.113.9]:41234 [198.51.100.7] <a@out.test> -> <u@our.test>, Queue-ID: 4XyZ01, Message-ID: <m1@out.test>, mail_id: Qm3x_TBo0aY1, Hits: -0.1, size: 452, queued_as: Q00001, 61 ms',
    ],
  ],
  [
    entry({
      passed: to('CLEAN', 'b@far.test', 'c@far.test'),
      actions: ['RelayedOutbound'],
      bankPath: 'MYNETS',
      originating: true,
      client: {address: '10.1.2.3', port: 51000},
      sender: 'u@our.test',
      messageId: '<m2@our.test>',
      mailId: '8KpLd2m-Zz0Q',
      size: 1203,
      queuedAs: ['Q00002', 'Q00003'],
      dkimAdded: ['s1:our.test'],
      elapsedMs: 88.4,
    }),
    [
      'Passed CLEAN {RelayedOutbound}, MYNETS LOCAL [10.1.2.3]:51000 <u@our.test> -> <b@far.test>,<c@far.test>, Message-ID: <m2@our.test>, mail_id: 8KpLd2m-Zz0Q, Hits: -, size: 1203, queued_as: Q00002/Q00003, dkim_new=s1:our.test, 88 ms',
    ],
  ],
  [
    entry({
      blocked: to('INFECTED (Test.Eicar)', 'u@our.test', 'b@far.test'),
      actions: ['DiscardedInbound', 'DiscardedOpenRelay', 'Quarantined'],
      quarantine: ['i/virus-i4GA-3DkY9AG'],
      mailId: 'i4GA-3DkY9AG',
      size: 464,
      queuedAs: ['never shown when blocked'],
      elapsedMs: 28,
    }),
    [
      'Blocked INFECTED (Test.Eicar) {DiscardedInbound,DiscardedOpenRelay,Quarantined}, [203.0.113.9]:41234 <a@out.test> -> <u@our.test>,<b@far.test>, quarantine: i/virus-i4GA-3DkY9AG, mail_id: i4GA-3DkY9AG, Hits: -, size: 464, 28 ms',
    ],
  ],
  [
    entry({
      passed: to('SPAM', 'lover@our.test'),
      blocked: to('SPAM', 'u@our.test'),
      actions: ['BouncedInbound', 'RelayedTaggedInbound', 'Quarantined'],
      client: {address: '203.0.113.9', port: 41242},
      quarantine: ['0/spam-0y_emokFdtlG'],
      mailId: '0y_emokFdtlG',
      score: point(12.345),
      size: 481,
      queuedAs: ['Q00028'],
      elapsedMs: 130,
    }),
    [
      'Passed SPAM {BouncedInbound,RelayedTaggedInbound,Quarantined}, [203.0.113.9]:41242 <a@out.test> -> <lover@our.test>, quarantine: 0/spam-0y_emokFdtlG, mail_id: 0y_emokFdtlG, Hits: 12.345, size: 481, queued_as: Q00028, 130 ms',
      'Blocked SPAM {BouncedInbound,RelayedTaggedInbound,Quarantined}, [203.0.113.9]:41242 <a@out.test> -> <u@our.test>, quarantine: 0/spam-0y_emokFdtlG, mail_id: 0y_emokFdtlG, Hits: 12.345, size: 481, 130 ms',
    ],
  ],
  [
    entry({
      passed: to('CLEAN', 'u@our.test', 'v@our.test'),
      actions: ['RelayedInbound', 'Archived'],
      client: {address: '203.0.113.9', port: undefined},
      quarantine: ['archive.mbox'],
      mailId: 'jU5n2hEe9qDv',
      score: {min: 3.5, max: 4.5},
      size: 500,
      partition: '23',
      queuedAs: ['Q0000E'],
      elapsedMs: 80,
    }),
    [
      'Passed CLEAN {RelayedInbound,Archived}, [203.0.113.9] <a@out.test> -> <u@our.test>,<v@our.test>, quarantine: archive.mbox, mail_id: jU5n2hEe9qDv, Hits: 3.5..4.5, size: 500, pt: 23, queued_as: Q0000E, 80 ms',
    ],
  ],
  [
    entry({passed: to('CLEAN', 'u@our.test'), client: undefined, sender: '', originating: true}),
    ['Passed CLEAN {RelayedInbound}, <> -> <u@our.test>, mail_id: Qm3x_TBo0aY1, Hits: -, size: 452, 61 ms'],
  ],
]
for (const [facts, expected] of lines) {
  test(expected[0]!.slice(0, 60), () => assert.deepEqual(mainLogLines(facts), expected))
}

test('Hits is a range only where recipients differ by a tenth of a point', () => {
  assert.deepEqual([undefined, point(0), {min: 1, max: 1.05}, {min: -8.001, max: -0.001}].map(hitsText), [
    '-',
    '0',
    '1.05',
    '-8.001..-0.001',
  ])
})

test('the entry of one recipient names it, blocked or not', () => {
  const one = {
    passed: true,
    word: 'CLEAN',
    sender: 'sender@remote.test',
    recipient: 'user@example.com',
    score: -0.001,
    levels: {tag: -999, tag2: 4, kill: 6.9},
    queuedAs: 'Q7ABC0018',
    answer: '250 2.0.0 Ok: queued as Q7ABC0018',
    local: true,
    reached: {tag: true, tag2: false, kill: false},
  }
  assert.equal(
    recipientLogLine(one),
    'Passed CLEAN, <sender@remote.test> -> <user@example.com>, Hits: -0.001, tag=-999, tag2=4, kill=6.9, queued_as: Q7ABC0018, L/Y/0/0',
  )
  assert.equal(
    recipientLogLine({
      ...one,
      passed: false,
      word: 'SPAM',
      score: undefined,
      levels: {tag: undefined, tag2: undefined, kill: undefined},
      queuedAs: undefined,
      answer: '550 5.1.1 no',
      local: false,
      reached: {tag: true, tag2: true, kill: true},
    }),
    'Blocked SPAM, <sender@remote.test> -> <user@example.com>, Hits: -, tag=0, tag2=0, kill=0, fwd: 550 5.1.1 no, 0/Y/Y/Y',
  )
})

test('the lines around the main entry', () => {
  assert.equal(
    checkingLine({
      mailId: 'g8b6GiznPrGP',
      bankPath: 'MYNETS',
      clientAddress: '127.0.0.1',
      sender: 'sender@remote.test',
      recipients: ['user@example.com', 'v@example.com'],
    }),
    'Checking: g8b6GiznPrGP MYNETS [127.0.0.1] <sender@remote.test> -> <user@example.com>,<v@example.com>',
  )
  assert.equal(
    localDeliveryLine('sender@remote.test', 'virus-quarantine', '/q/virus-Z7mjPTnrsiBW'),
    'local delivery: <sender@remote.test> -> virus-quarantine, mbx=/q/virus-Z7mjPTnrsiBW',
  )
})
