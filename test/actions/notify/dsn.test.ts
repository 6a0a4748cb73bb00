import assert from 'node:assert/strict'
import test from 'node:test'
import {buildDsn, type DsnInput, dsnLogLine, ownEnvid} from '../../../src/actions/notify/dsn.ts'
import {MAJOR} from '../../../src/config/category.ts'
import {inUtc} from '../../support/utc.ts'
import {
  blocked,
  client,
  delivery,
  envelope,
  header,
  outcome,
  recipient,
  reply,
  verdict,
} from '../../verdict/make.ts'

const banned = outcome(
  blocked('BOUNCE', MAJOR.Banned, {
    response: reply('554 5.7.0 Bounce, id=24331-01 - BANNED: application/octet-stream,.asc,setup.exe'),
    recipient: recipient('user@example.com', {orcpt: 'rfc822;user@example.com', notify: ['FAILURE']}),
  }),
)

const input = (more: Partial<DsnInput> = {}): DsnInput => ({
  envelope: envelope({ret: 'FULL', envid: 'QQ314159'}),
  client,
  header: header('From: me <sender@remote.test>', 'Message-ID: <m1@remote.test>', 'Subject: hi'),
  notice: {fields: [['Subject', 'Mail not delivered: é']], body: 'It was not delivered.\n'},
  charsets: {words: {charset: 'UTF-8', encoding: 'Q'}, body: 'UTF-8'},
  outcomes: [banned],
  hostname: 'filter.example.com',
  from: '"Content-filter at filter.example.com" <postmaster@filter.example.com>',
  taskId: '24331-01',
  mailId: 'RcTI40VcJVAv',
  dsnMailId: 'S96hEpOS18Im',
  receivedAt: Date.UTC(2026, 10, 22, 15, 14, 3),
  at: Date.UTC(2026, 10, 22, 15, 14, 3),
  ...more,
})

/** The message's header, and the header and body of each of its parts. */
function parts(octets: Buffer): {head: string; parts: {head: string; body: string}[]} {
  const text = octets.toString('latin1')
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(text) ?? []
  const [head = '', ...rest] = text.split(`\r\n--${boundary}`)
  assert.equal(rest.pop(), '--\r\n')
  const split = (part: string) => {
    const at = part.indexOf('\r\n\r\n')
    return {head: part.slice(2, at + 2), body: part.slice(at + 4)}
  }
  return {head, parts: rest.map(split)}
}

inUtc()

test('the machine part of a banned mail', () => {
  const dsn = buildDsn(input())
  assert.equal(dsn.sender, '')
  assert.deepEqual(dsn.recipients, ['sender@remote.test'])
  assert.equal(dsn.smtputf8, false)
  const [, status] = parts(dsn.octets).parts
  assert.match(status!.head, /^Content-Type: message\/delivery-status; name="dsn_status.dsn"\r\n/)
  assert.match(status!.head, /^Content-Description: Delivery error report\r$/m)
  assert.equal(
    status!.body,
    [
      'Reporting-MTA: dns; filter.example.com',
      'Received-From-MTA: dns; mx.remote.test ([127.0.0.1])',
      'Arrival-Date: Sun, 22 Nov 2026 15:14:03 +0000 (UTC)',
      'Original-Envelope-Id: QQ314159',
      '',
      'Original-Recipient: rfc822;user@example.com',
      'Final-Recipient: rfc822;user@example.com',
      'Action: failed',
      'Status: 5.7.0',
      'Diagnostic-Code: smtp; 554 5.7.0 Bounce, id=24331-01 - BANNED:',
      ' application/octet-stream,.asc,setup.exe',
      'Last-Attempt-Date: Sun, 22 Nov 2026 15:14:03 +0000 (UTC)',
      'Final-Log-ID: 24331-01/RcTI40VcJVAv',
      '',
    ].join('\r\n'),
  )
})

test("the next hop's refusal is given in its own words, with its name", () => {
  const refused = outcome(verdict(), {delivery: delivery('550 5.1.1 no such user here')})
  const [, status] = parts(buildDsn(input({outcomes: [refused]})).octets).parts
  assert.match(status!.body, /^Status: 5\.1\.1\r\nRemote-MTA: dns; \[127\.0\.0\.1\]\r\n/m)
  assert.match(status!.body, /^Diagnostic-Code: smtp; 550 5\.1\.1 no such user here\r$/m)
})

test('what the template leaves out of the header is added', () => {
  const {head, parts: all} = parts(buildDsn(input()).octets)
  assert.match(head, /^From: "Content-filter at filter.example.com" <postmaster@filter.example.com>\r\n/)
  assert.match(head, /^To: <sender@remote.test>\r$/m)
  assert.match(head, /^Message-ID: <DSNRcTI40VcJVAv@filter.example.com>\r$/m)
  assert.match(head, /^Subject: =\?UTF-8\?Q\?Mail_not_delivered=3A_=C3=A9\?=\r$/m)
  assert.match(head, /^Auto-Submitted: auto-replied\r$/m)
  assert.match(head, /^Content-Type: multipart\/report;\r\n report-type=delivery-status;\r\n boundary=/m)
  assert.equal(all.length, 3)
})

test('only the header section of the original is attached, octet for octet, RET=FULL or not', () => {
  const [, , attached] = parts(buildDsn(input()).octets).parts
  assert.match(attached!.head, /^Content-Type: text\/rfc822-headers; name="header.hdr"\r\n/)
  assert.equal(
    attached!.body,
    'Return-Path: <sender@remote.test>\r\nFrom: me <sender@remote.test>\r\nMessage-ID: <m1@remote.test>\r\nSubject: hi\r\n',
  )
})

test('a header with octets that not every next hop takes is encoded', () => {
  const odd = header('Subject: gr\xfc\xdfe = \0', `X-Long: ${'x'.repeat(1200)}`, 'X-Blank: a ')
  const [, , attached] = parts(buildDsn(input({header: odd})).octets).parts
  assert.match(attached!.head, /quoted-printable/)
  for (const line of attached!.body.split('\r\n')) assert.ok(line.length <= 76)
  const decoded = attached!.body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  assert.equal(
    decoded,
    `Return-Path: <sender@remote.test>\r\n${Buffer.concat(odd.fields.map(({raw}) => raw)).toString('latin1')}`,
  )
})

test('of an enormous header only the beginning is attached, in whole fields', () => {
  const many = header(...Array.from({length: 5000}, (_, n) => `X-${n}: ${'x'.repeat(60)}`))
  const {octets} = buildDsn(input({header: many}))
  assert.ok(octets.length < 80 * 1024)
})

test('UTF-8 addresses need a DSN in UTF-8 (RFC 6533)', () => {
  const user = outcome(blocked('BOUNCE', MAJOR.Spam, {recipient: recipient('ü@example.com')}))
  const dsn = buildDsn(input({outcomes: [user], envelope: envelope({smtputf8: true})}))
  assert.equal(dsn.smtputf8, true)
  const {head, parts: all} = parts(dsn.octets)
  assert.match(head, /report-type=global-delivery-status/)
  assert.match(all[1]!.head, /message\/global-delivery-status/)
  assert.ok(
    Buffer.from(all[1]!.body, 'latin1').toString('utf8').includes('Final-Recipient: utf-8;ü@example.com'),
  )
})

test('what a client or a mail says cannot break out of its line', () => {
  const evil = {...client, helo: 'x\r\nAction: delivered'}
  const {parts: all} = parts(
    buildDsn(input({client: evil, envelope: envelope({envid: 'a\r\n\r\nAction: delivered'})})).octets,
  )
  assert.equal(all[1]!.body.match(/^Action:/gm)?.length, 1)
  assert.equal(all[1]!.body.split('\r\n\r\n').length, 2)
})

test('the machine part is ASCII where nothing else is announced, whatever a next hop says', () => {
  const refused = outcome(verdict(), {delivery: delivery('550 5.1.1 Empfänger unbekannt 🙁')})
  const {octets, smtputf8, is8bit} = buildDsn(input({outcomes: [refused]}))
  assert.deepEqual([smtputf8, is8bit], [false, false])
  const [, status] = parts(octets).parts
  assert.match(status!.head, /^Content-Transfer-Encoding: 7bit\r$/m)
  assert.match(status!.body, /^Diagnostic-Code: smtp; 550 5\.1\.1 Empf\?nger unbekannt \?\r$/m)
})

test('the log line of a DSN', () => {
  assert.equal(
    dsnLogLine(banned, {suppressed: false, name: 'Banned', sender: 'sender@remote.test'}),
    'DSN: NOTIFICATION: Action:failed, LOCAL 554 Banned, spam level 0.000, <sender@remote.test> -> <user@example.com>',
  )
})

test('our own envelope id', () => {
  assert.equal(
    ownEnvid('S96hEpOS18Im', '20261122T150853Z', 'filter.example.com'),
    'AM.S96hEpOS18Im.20261122T150853Z@filter.example.com',
  )
})
