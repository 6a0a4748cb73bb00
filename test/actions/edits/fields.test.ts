import assert from 'node:assert/strict'
import test from 'node:test'
import {alertFields} from '../../../src/actions/edits/alert.ts'
import {decodeText, encodeText} from '../../../src/actions/edits/encoded-word.ts'
import {foldItems, foldMailbox, foldText} from '../../../src/actions/edits/fold.ts'
import {receivedField} from '../../../src/actions/edits/received.ts'
import {
  quarantinedSpamStatus,
  type SpamMarks,
  spamFlag,
  spamLevel,
  spamScore,
  spamStatus,
} from '../../../src/actions/edits/spam-fields.ts'
import {MAJOR} from '../../../src/config/category.ts'
import {scoreText} from '../../../src/log/main-entry.ts'
import {inUtc} from '../../support/utc.ts'
import {category, client, facts} from '../../verdict/make.ts'

inUtc()

const AT = Date.UTC(2026, 10, 22, 15, 7, 41)

const marks = (more: Partial<SpamMarks> = {}): SpamMarks => ({
  score: {min: -0.001, max: -0.001},
  levels: {tag: -999, tag2: 4, tag3: undefined, kill: 6.9},
  isSpam: false,
  blacklisted: false,
  whitelisted: false,
  bypassed: false,
  tests: [
    {name: 'NO_RELAYS', score: -0.001},
    {name: 'MSGID_SHORT', score: 0.001},
    {name: 'NO_RECEIVED', score: -0.001},
  ],
  autolearn: 'unavailable autolearn_force=no',
  ...more,
})

test('X-Spam fields of a clean mail are those of amavisd, folds included', () => {
  const text = spamFlag(marks()) + spamScore(marks()) + spamLevel(marks(), '*') + spamStatus(marks())
  assert.equal(
    text,
    [
      'X-Spam-Flag: NO',
      'X-Spam-Score: -0.001',
      'X-Spam-Level:',
      'X-Spam-Status: No, score=-0.001 tagged_above=-999 required=4',
      ' tests=[MSGID_SHORT=0.001, NO_RECEIVED=-0.001, NO_RELAYS=-0.001]',
      ' autolearn=unavailable autolearn_force=no',
      '',
    ].join('\r\n'),
  )
})

test('the status of a quarantined mail that was not scanned', () => {
  const text = quarantinedSpamStatus(marks({score: undefined, tests: [], autolearn: ''}))
  assert.equal(
    text,
    'X-Spam-Status: No, score=x tag=-999 tag2=4 kill=6.9 tests=[]\r\n autolearn=unavailable\r\n',
  )
})

test('undefined levels are left out of passed mail and shown as x in quarantine', () => {
  const levels = {tag: undefined, tag2: undefined, tag3: undefined, kill: undefined}
  const plain = marks({levels, tests: [], autolearn: '', score: {min: 1, max: 3.25}})
  assert.equal(spamStatus(plain), 'X-Spam-Status: No, score=1..3.25 tests=[] autolearn=unavailable\r\n')
  assert.match(quarantinedSpamStatus(plain), / tag=x tag2=x kill=x /)
})

const bars: readonly (readonly [Partial<SpamMarks>, score: string, level: number])[] = [
  [{score: {min: 5.9, max: 5.9}}, '5.9', 5],
  [{score: {min: 1000, max: 1000}}, '1000', 64],
  [{score: {min: -3, max: -3}}, '-3', 0],
  [{score: {min: 7, max: 7}, blacklisted: true}, '64', 64],
  [{score: {min: 7, max: 7}, whitelisted: true}, '0', 0],
  [{score: {min: -7, max: -7}, whitelisted: true}, '-7', 0],
  [{score: {min: 7, max: 7}, bypassed: true}, '7', 0],
  [{score: undefined}, '0', 0],
]
for (const [more, score, level] of bars) {
  test(`score and level of ${JSON.stringify(more)}`, () => {
    assert.equal(spamScore(marks(more)), `X-Spam-Score: ${score}\r\n`)
    const bar = level === 0 ? '' : ` ${'*'.repeat(level)}`
    assert.equal(spamLevel(marks(more), '*'), `X-Spam-Level:${bar}\r\n`)
  })
}

test('scores have three decimals at most, zeros trimmed', () => {
  assert.deepEqual([6.25, -0.0004, 12.3456, 1000, 0.1 + 0.2].map(scoreText), [
    '6.25',
    '0',
    '12.346',
    '1000',
    '0.3',
  ])
})

test('Received has the exact layout', () => {
  const hop = {
    client,
    listener: {address: '127.0.0.1', port: 20010, path: undefined},
    protocol: 'ESMTP',
    localName: 'localhost',
    hostname: 'filter.example.com',
    product: 'amavis',
    mailId: 'g8b6GiznPrGP',
    onlyRecipient: 'user@example.com',
    at: AT,
  }
  assert.equal(
    receivedField(hop),
    'Received: from mx.remote.test ([127.0.0.1])\r\n' +
      ' by localhost (filter.example.com [127.0.0.1]) (amavis, port 20010) with ESMTP\r\n' +
      ' id g8b6GiznPrGP for <user@example.com>; Sun, 22 Nov 2026 15:07:41 +0000 (UTC)\r\n',
  )
  assert.equal(
    receivedField({...hop, onlyRecipient: undefined}),
    'Received: from mx.remote.test ([127.0.0.1])\r\n' +
      ' by localhost (filter.example.com [127.0.0.1]) (amavis, port 20010) with ESMTP\r\n' +
      ' id g8b6GiznPrGP; Sun, 22 Nov 2026 15:07:41 +0000 (UTC)\r\n',
  )
  const local = {...client, socketAddress: undefined, helo: undefined}
  assert.equal(
    receivedField({...hop, client: local, protocol: '', mailId: 'Jcnv17FgQmJh'}),
    'Received: from unknown by localhost (amavis, unix socket) id Jcnv17FgQmJh\r\n' +
      ' for <user@example.com>; Sun, 22 Nov 2026 15:07:41 +0000 (UTC)\r\n',
  )
})

test('what a client calls itself cannot forge a field', () => {
  const text = receivedField({
    client: {...client, helo: 'x)\r\nX-Evil: (yes'},
    listener: {address: '::1', port: 10024, path: undefined},
    protocol: 'SMTP',
    localName: 'localhost',
    hostname: 'h.example.com',
    product: 'amavis',
    mailId: 'abc',
    onlyRecipient: undefined,
    at: AT,
  })
  assert.doesNotMatch(text, /^X-Evil/m)
  assert.match(text, /\[IPv6:::1\]/)
})

test('alerts: one field for each of infected, banned and bad header', () => {
  const categories = [category(MAJOR.Virus), category(MAJOR.Banned), category(MAJOR.BadHdr, 7)]
  const text = alertFields(
    categories,
    facts({
      virusNames: ['Eicar-Test-Signature.UNOFFICIAL', 'Other'],
      bannedReasons: ['.exe,a.exe'],
      headerComplaint: 'Missing required header field: "Date"',
    }),
  )
  assert.equal(
    text,
    'X-Amavis-Alert: INFECTED, message contains virus:\r\n Eicar-Test-Signature.UNOFFICIAL, Other\r\n' +
      'X-Amavis-Alert: BANNED, message contains .exe,a.exe\r\n' +
      'X-Amavis-Alert: BAD HEADER SECTION, Missing required header field: "Date"\r\n',
  )
  assert.equal(alertFields([category(MAJOR.Spam)], facts()), '')
})

test('folded lines have at most 78 columns and unfold to the same text', () => {
  const text = `${'word '.repeat(80)}end`
  const field = foldText('X-Test', text)
  for (const line of field.split('\r\n')) assert.ok(line.length <= 78, line)
  assert.equal(field.replace(/\r\n(?= )/g, ''), `X-Test: ${text}\r\n`)
})

test('no line exceeds 998 octets, whatever the items', () => {
  const field = foldItems('X-Test', ['a'.repeat(3000), 'b'])
  const [first = ''] = field.split('\r\n')
  assert.equal(first.length, 998)
  assert.ok(first.endsWith('...'))
})

test('controls in a text cannot begin a new field', () => {
  assert.equal(foldText('X-Test', 'a\r\nX-Evil: b\0c'), 'X-Test: a X-Evil: b c\r\n')
})

test('only the phrase of a mailbox is encoded', () => {
  assert.equal(
    foldMailbox('From', '"Content-filter at h.test" <postmaster@h.test>'),
    'From: "Content-filter at h.test" <postmaster@h.test>\r\n',
  )
  assert.equal(
    foldMailbox('From', '"Prüfer" <postmaster@h.test>'),
    'From: =?UTF-8?Q?Pr=C3=BCfer?= <postmaster@h.test>\r\n',
  )
})

const texts = ['Grüße', '日本語のとても長い件名'.repeat(5), 'a=?b', 'plain', '😀'.repeat(40), 'ä b  ö']
for (const text of texts) {
  test(`encoded words give back ${text.slice(0, 12)}`, () => {
    const encoded = encodeText(text)
    assert.match(encoded, /^[\x20-\x7e]*$/)
    for (const word of encoded.split(' ')) assert.ok(word.length <= 75, word)
    assert.equal(decodeText(Buffer.from(encoded)), text)
  })
}

const decodes: readonly (readonly [Buffer, string | undefined])[] = [
  [Buffer.from('=?iso-8859-1?Q?Gr=FC=DFe?='), 'Grüße'],
  [Buffer.from('=?UTF-8?B?R3LDvMOfZQ==?= x'), 'Grüße x'],
  [Buffer.from('=?utf-8?q?a?= =?utf-8?q?b?='), 'ab'],
  [Buffer.from('=?utf-8*en?q?a?='), 'a'],
  [Buffer.from('=?utf-8?q?a?= b =?utf-8?q?c?='), 'a b c'],
  [Buffer.from('=?no-such-charset?Q?a?='), undefined],
  [Buffer.from('=?utf-8?Q?=FF?='), undefined],
  [Buffer.from('raw ü', 'utf8'), 'raw ü'],
  [Buffer.from('raw ü', 'latin1'), 'raw ü'],
]
for (const [body, text] of decodes) {
  test(`${body.toString('latin1')} reads as ${text}`, () => assert.equal(decodeText(body), text))
}
