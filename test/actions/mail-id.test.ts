import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import test from 'node:test'
import {isSecretOf, MailIds} from '../../src/actions/mail-id.ts'

test('a mail_id has 12 characters of base64url, alphanumeric at both ends, and no two are the same', () => {
  const ids = new MailIds()
  const made = new Set<string>()
  for (let n = 0; n < 2000; n++) {
    const {mailId, secretId} = ids.make()
    assert.match(mailId, /^[A-Za-z0-9][A-Za-z0-9_-]{10}[A-Za-z0-9]$/)
    assert.match(secretId, /^[A-Za-z0-9_-]{12}$/)
    made.add(mailId)
  }
  assert.equal(made.size, 2000)
})

test('the mail_id is the first 72 bits of the MD5 of the secret, so that a release can be verified', () => {
  const {mailId, secretId} = new MailIds().make()
  const digest = createHash('md5').update(Buffer.from(secretId, 'base64url')).digest()
  assert.equal(mailId, digest.subarray(0, 9).toString('base64url'))
  assert.ok(isSecretOf(secretId, mailId))
  assert.ok(!isSecretOf(new MailIds().make().secretId, mailId))
  assert.ok(!isSecretOf('', mailId))
})

test('a secret whose mail_id would begin or end with punctuation is drawn again', () => {
  let fills = 0
  const ids = new MailIds(72, pool => {
    pool.fill(fills++)
    for (let n = 0; n + 9 <= pool.length; n += 9) pool.writeUInt32BE(n + fills, n)
  })
  for (let n = 0; n < 300; n++) {
    const {mailId} = ids.make()
    assert.doesNotMatch(mailId, /^[_-]|[_-]$/)
  }
})

test('$mail_id_size_bits sets the length', () => {
  const lengths = [24, 48, 72, 96, 120].map(bits => new MailIds(bits).make().mailId.length)
  assert.deepEqual(lengths, [4, 8, 12, 16, 20])
})
