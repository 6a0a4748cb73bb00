import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {test} from 'node:test'
import {BodyDigest} from '../../src/message/body-digest.ts'

test('the digest of a body counts line ends as LF, however the octets come', () => {
  const body = Buffer.from('one\r\ntwo\r\r\nthree\rfour\n\xe9\r', 'latin1')
  const expected = createHash('md5').update('one\ntwo\r\nthree\rfour\n\xe9\r', 'latin1').digest('hex')
  assert.equal(new BodyDigest().update(body).digest(), expected)
  const piecemeal = new BodyDigest()
  for (const octet of body) piecemeal.update(Buffer.from([octet]))
  assert.equal(piecemeal.digest(), expected)
})
