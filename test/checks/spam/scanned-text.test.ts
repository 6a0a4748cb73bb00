import assert from 'node:assert/strict'
import test from 'node:test'
import {bodyLimit, scannedText} from '../../../src/checks/spam/scanned-text.ts'
import {spamMail} from './support.ts'

test('fields of ours stand above the mail, whose lines end in LF', () => {
  const mail = spamMail('Subject: x\n\nbody\n', {
    recipients: ['a@example.com', 'b@example.com'],
    osFingerprint: 'Linux',
    virusStatus: 'clean',
  })
  assert.equal(
    scannedText(mail, undefined).octets.toString(),
    'Return-Path: <s@remote.test>\nX-Envelope-To: <a@example.com>,\n <b@example.com>\n' +
      'X-Amavis-OS-Fingerprint: Linux\nX-Amavis-AV-Status: clean\nX-Amavis-PolicyBank: \nX-Amavis-MessageSize: 20\n' +
      'Subject: x\n\nbody\n',
  )
})

test('a body over the limit is cut as by amavisd-new, and said to be; one that is a little over it is whole', () => {
  const HEADER =
    'From: a@remote.test\nTo: u@example.com\nSubject: hi\nDate: Mon, 23 Nov 2026 01:00:00 +0000\nMessage-ID: <1@x>\n\n'
  const body = (lines: number) => spamMail(`${HEADER}body\n${`${'z'.repeat(70)}\n`.repeat(lines)}`)
  const cut = scannedText(body(601), 20_000)
  assert.equal(cut.truncatedTo, 20_114)
  assert.equal(cut.bodySize, 43_278)
  assert.equal(cut.octets.length, 20_120)
  assert.match(
    cut.octets.toString(),
    /^X-Amavis-MessageSize: 43391, TRUNCATED to 20114\nFrom: .*z\[\.\.\.\]\n$/ms,
  )
  const whole = scannedText(body(310), 20_000)
  assert.equal(whole.truncatedTo, undefined)
  assert.match(whole.octets.toString(), /^X-Amavis-MessageSize: 22439\nFrom: .*z\n$/ms)
})

test('a header over 64 KiB is cut', () => {
  const mail = spamMail(`X-Long: ${`${'h'.repeat(70)}\n `.repeat(1400)}x\nSubject: x\n\nbody\n`)
  const {octets, truncatedTo} = scannedText(mail, undefined)
  assert.equal(truncatedTo, 65_543)
  assert.equal(octets.length, 65_549)
})

test("an entry's own limit comes before the general one", () => {
  const {settings} = spamMail('\n', {conf: '$sa_mail_body_size_limit = 200*1024;'})
  assert.equal(bodyLimit(undefined, settings), 204_800)
  assert.equal(bodyLimit(1000, settings), 1000)
})
