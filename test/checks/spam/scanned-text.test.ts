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
      'X-Amavis-OS-Fingerprint: Linux\nX-Amavis-AV-Status: clean\nX-Amavis-MessageSize: 20\nSubject: x\n\nbody\n',
  )
})

test('a body over the limit is cut and said to be; one that is a little over it is given whole', () => {
  const body = (size: number) => spamMail(`Subject: x\n\n${'y'.repeat(size)}`)
  const cut = scannedText(body(20_000), 10_000)
  assert.equal(cut.truncated, true)
  assert.equal(cut.bodySize, 20_000)
  assert.match(cut.octets.toString(), /^X-Amavis-MessageSize: 20014, TRUNCATED\n.*\n\ny{10000}$/ms)
  const whole = scannedText(body(15_000), 10_000)
  assert.equal(whole.truncated, false)
  assert.match(whole.octets.toString(), /\n\ny{15000}$/)
})

test('a header over 64 KiB is cut, and the body stays a body', () => {
  const mail = spamMail(`${`X: ${'h'.repeat(70)}\n`.repeat(2000)}\nbody`)
  const text = scannedText(mail, undefined).octets.toString()
  assert.ok(text.length < 70_000)
  assert.match(text, /h\n\nbody$/)
})

test("an entry's own limit comes before the general one", () => {
  const {settings} = spamMail('\n', {conf: '$sa_mail_body_size_limit = 200*1024;'})
  assert.equal(bodyLimit(undefined, settings), 204_800)
  assert.equal(bodyLimit(1000, settings), 1000)
})
