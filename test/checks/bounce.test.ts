import assert from 'node:assert/strict'
import test from 'node:test'
import {type Bounce, inspectBounce, referencesOf} from '../../src/checks/bounce.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {readOrigin} from '../../src/message/origin.ts'

const crlf = (...lines: readonly string[]) => Buffer.from(lines.map(line => `${line}\r\n`).join(''), 'latin1')

function inspect(lines: readonly string[], sender = ''): Bounce | undefined {
  const octets = crlf(...lines)
  const header = parseHeader(octets)
  const tree = readMime(octets, header, {maxParts: 100, maxLevels: 10})
  return inspectBounce({header, tree, envelopeSender: sender, origin: readOrigin(header, sender)})
}

const multipart = (type: string, parts: readonly (readonly string[])[], ...more: readonly string[]) => [
  'From: Mail System <MAILER-DAEMON@mx.remote.test>',
  ...more,
  'MIME-Version: 1.0',
  `Content-Type: ${type}; boundary=b`,
  '',
  ...parts.flatMap(part => ['--b', ...part]),
  '--b--',
]
const TEXT = ['Content-Type: text/plain', '', 'It could not be delivered.']
const report = (type: string) => [`Content-Type: message/${type}`, '', 'Reporting-MTA: dns; mx.remote.test']
const ORIGINAL = ['From: User <user@example.com>', 'Message-ID: <m1@example.com>', 'Subject: hello', '']
const HEADERS = ['Content-Type: text/rfc822-headers', '', ...ORIGINAL]
const MESSAGE = ['Content-Type: message/rfc822', '', ...ORIGINAL, 'text']
const FULL = [...ORIGINAL.slice(0, -1), 'Date: Sun, 22 Nov 2026 12:00:00 +0000', '']
const FULL_MESSAGE = ['Content-Type: message/rfc822', '', ...FULL, 'text']
const of = (type: string) => `multipart/report; report-type=${type}`
const KNOWN = 'user@example.com <m1@example.com>'

const rows: readonly (readonly [title: string, lines: readonly string[], found: string, sender?: string])[] =
  [
    [
      'a DSN with the headers',
      multipart(of('delivery-status'), [TEXT, report('delivery-status'), HEADERS]),
      `DSN ${KNOWN}`,
    ],
    [
      'a DSN with the mail',
      multipart(of('delivery-status'), [TEXT, report('delivery-status'), MESSAGE]),
      `DSN ${KNOWN}`,
    ],
    [
      'a DSN in UTF-8',
      multipart(of('global-delivery-status'), [
        TEXT,
        report('global-delivery-status'),
        ['Content-Type: message/global-headers', '', ...ORIGINAL],
      ]),
      `DSN ${KNOWN}`,
    ],
    [
      'a DSN after two texts',
      multipart(of('delivery-status'), [TEXT, TEXT, report('delivery-status'), HEADERS]),
      `DSN ${KNOWN}`,
    ],
    ['a DSN without its report', multipart(of('delivery-status'), [TEXT, HEADERS]), `DSN ${KNOWN}`],
    [
      'an MDN',
      multipart(of('disposition-notification'), [TEXT, report('disposition-notification'), HEADERS]),
      `MDN ${KNOWN}`,
    ],
    [
      'a feedback report',
      multipart(of('feedback-report'), [TEXT, report('feedback-report'), MESSAGE]),
      `ARF ${KNOWN}`,
    ],
    [
      'the sender of a report is no matter',
      multipart(of('delivery-status'), [TEXT, report('delivery-status'), HEADERS]),
      `DSN ${KNOWN}`,
      'a@remote.test',
    ],
    [
      'another report than announced',
      multipart(of('delivery-status'), [TEXT, report('disposition-notification'), HEADERS]),
      '-',
    ],
    ['a report of an unknown kind', multipart(of('tlsrpt'), [TEXT, report('delivery-status'), HEADERS]), '-'],
    [
      'a report that returns nothing',
      multipart(of('delivery-status'), [TEXT, report('delivery-status')]),
      '-',
    ],
    [
      'a report with a mail that names nobody',
      multipart(of('delivery-status'), [
        TEXT,
        report('delivery-status'),
        ['Content-Type: message/rfc822', '', 'Subject: x', '', 'y'],
      ]),
      '-',
    ],
    [
      'a report with the header as text',
      multipart(of('delivery-status'), [TEXT, ['Content-Type: text/plain', '', ...FULL]]),
      `bounce ${KNOWN}`,
    ],
    [
      'a mail returned by a mailer daemon',
      multipart('multipart/mixed', [TEXT, FULL_MESSAGE]),
      `bounce ${KNOWN}`,
    ],
    ['too little of it', multipart('multipart/mixed', [TEXT, MESSAGE]), '-'],
    [
      'a mail that somebody forwards',
      ['From: <a@remote.test>', ...multipart('multipart/mixed', [TEXT, FULL_MESSAGE]).slice(1)],
      '-',
      'a@remote.test',
    ],
    [
      'a failure notice',
      [
        'From: <a@remote.test>',
        'Subject: Undeliverable: hello',
        ...multipart('multipart/mixed', [TEXT, FULL_MESSAGE]).slice(1),
      ],
      `bounce ${KNOWN}`,
    ],
    [
      'a text of a mailer daemon',
      ['From: <mailer-daemon@remote.test>', '', 'Sorry.', '', ...FULL],
      `bounce ${KNOWN}`,
    ],
    [
      'quoted in it',
      ['From: <postmaster@remote.test>', '', ...FULL.map(line => `> ${line}`)],
      `bounce ${KNOWN}`,
    ],
    [
      'a Message-ID on the next line',
      ['From: <postmaster@remote.test>', '', ...FULL.map(line => line.replace(': <m1', ':\r\n\t<m1'))],
      `bounce ${KNOWN}`,
    ],
    [
      'a text of a mailer daemon that has a sender',
      ['From: <mailer-daemon@remote.test>', '', ...FULL],
      '-',
      'a@remote.test',
    ],
    ['a text of anybody', ['From: <a@remote.test>', '', ...FULL], '-'],
    [
      'a text without Message-ID and with few fields',
      ['From: <mailer-daemon@remote.test>', '', ...FULL.filter(line => !line.startsWith('Message'))],
      '-',
    ],
    [
      'a header beyond the lines that are read',
      ['From: <mailer-daemon@remote.test>', '', ...Array<string>(200).fill('x'), ...FULL],
      '-',
    ],
    ['a mail without MIME', ['From: <a@remote.test>', '', 'x'], '-'],
    ['nothing at all', [], '-'],
  ]
for (const [title, lines, expected, sender] of rows) {
  test(`${title}: ${expected}`, () => {
    const found = inspect(lines, sender)
    assert.equal(found ? `${found.form} ${found.from} ${found.messageId}` : '-', expected)
  })
}

test('a huge text is read in its beginning only', () => {
  const huge = ['From: <mailer-daemon@remote.test>', '', 'x '.repeat(5_000_000), ...FULL]
  const began = performance.now()
  assert.equal(inspect(huge), undefined)
  assert.ok(performance.now() - began < 3000)
})

test('a mail answers what it refers to, and a bounce what it returns', () => {
  const header = parseHeader(
    crlf('In-Reply-To: <a@x.test>', 'References: <b@x.test>', ' <a@x.test> junk <c@x.test>', '', ''),
  )
  assert.deepEqual(referencesOf(header, {form: 'DSN', from: '', messageId: '<d@x.test>'}), [
    '<a@x.test>',
    '<b@x.test>',
    '<c@x.test>',
    '<d@x.test>',
  ])
})
