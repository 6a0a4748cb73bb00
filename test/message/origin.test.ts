import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseHeader} from '../../src/message/header.ts'
import {isPublic, readOrigin} from '../../src/message/origin.ts'

const origin = (sender: string, ...lines: string[]) =>
  readOrigin(parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)), sender)

test('the facts of a header are those that log lines show', () => {
  const facts = origin(
    'bounce@example.org',
    'Received: from relay.example.org (relay.example.org [198.51.100.7])',
    '\tby mx.example.com (Postfix) with ESMTP id 1; Sun, 22 Nov 2026 15:00:00 +0000',
    'Received: from desk (HELO desk) ([IPv6:2a00:1450::1]) by relay.example.org',
    'Received: from inner ([10.1.2.3]) by desk ([192.168.1.1])',
    'Received: by nobody with local',
    'Message-ID: <m1@example.org> (added)',
    'Resent-Message-ID: no brackets',
    'From: "Au, Thor" <a@example.org>, b@example.org',
    'Sender: Secretary <s@example.org>',
    'Subject: =?utf-8?Q?gr=C3=BC=C3=9Fe?=',
  )
  assert.deepEqual(facts, {
    messageId: '<m1@example.org>',
    resentMessageId: 'no brackets',
    from: ['a@example.org', 'b@example.org'],
    sender: 's@example.org',
    subject: '=?utf-8?Q?gr=C3=BC=C3=9Fe?=',
    trace: ['198.51.100.7', '2a00:1450::1', '10.1.2.3', undefined],
    oldestPublicIp: '2a00:1450::1',
    isList: false,
    isAuto: false,
    isBulk: false,
  })
})

test('hosts on the Internet have public addresses, others have not', () => {
  for (const ip of [
    '198.51.100.7',
    '8.8.8.8',
    '172.32.0.1',
    '2a00:1450::1',
    '2001:4860::8',
    '::ffff:8.8.8.8',
  ])
    assert.equal(isPublic(ip), true, ip)
  for (const ip of [
    '10.0.0.1',
    '127.0.0.1',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.1.1',
    '224.0.0.1',
  ])
    assert.equal(isPublic(ip), false, ip)
  for (const ip of ['::1', 'fe80::1', 'fd00::1', '2001::1', '::ffff:10.0.0.1', 'ff02::1'])
    assert.equal(isPublic(ip), false, ip)
})

const kinds: [sender: string, line: string, kind: 'isList' | 'isAuto' | 'isBulk' | undefined][] = [
  ['a@x', 'Subject: plain', undefined],
  ['a@x', 'List-Id: <l.x>', 'isList'],
  ['a@x', 'Mailing-List: l', 'isList'],
  ['a@x', 'Precedence: list', 'isList'],
  ['l-bounces@x', 'From: a@x', 'isList'],
  ['owner-l@x', 'From: a@x', 'isList'],
  ['l-admin@x', 'From: a@x', 'isList'],
  ['a@x', 'From: l-request@x', 'isList'],
  ['a@x', 'From: l-admin@x', undefined],
  ['', 'From: a@x', 'isAuto'],
  ['a@x', 'Auto-Submitted: auto-replied', 'isAuto'],
  ['a@x', 'Auto-Submitted: no', undefined],
  ['a@x', 'Auto-Submitted: no (really)', undefined],
  ['a@x', 'Precedence: auto.reply', 'isAuto'],
  ['MAILER-DAEMON@x', 'From: a@x', 'isAuto'],
  ['a@x', 'From: autoreply@x', 'isAuto'],
  ['a@x', 'Precedence: Bulk', 'isBulk'],
  ['a@x', 'Precedence: junk', 'isBulk'],
  ['a@x', 'From: fax-relay@x', 'isBulk'],
  ['a@x', 'From: postmaster@x', 'isBulk'],
]

for (const [sender, line, kind] of kinds) {
  test(`a mail of <${sender}> with ${line} is ${kind ?? 'of a person'}`, () => {
    const {isList, isAuto, isBulk} = origin(sender, line)
    assert.deepEqual(
      {isList, isAuto, isBulk},
      {isList: kind === 'isList', isAuto: kind === 'isAuto', isBulk: kind === 'isBulk'},
    )
  })
}
