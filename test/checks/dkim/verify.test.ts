import assert from 'node:assert/strict'
import {test} from 'node:test'
import {verifySignatures} from '../../../src/checks/dkim/verify.ts'
import {parseHeader} from '../../../src/message/header.ts'

const SIGNED = `bh=${'A'.repeat(43)}=; b=${'A'.repeat(171)}=`

test('of signatures of a part of the body the first two are looked at, as each wants a hash of its own', async () => {
  const lengths = ['', ' l=1;', '\r\n\tl = 2;', ' l=3;', '', '\r\n l\r\n =4;']
  const signatures = lengths.map(
    (length, n) => `DKIM-Signature: v=1; a=rsa-sha256; d=d${n}.test; s=s; h=from;${length} ${SIGNED}\r\n`,
  )
  const mail = Buffer.from(`${signatures.join('')}From: a@d0.test\r\n\r\ntext\r\n`)
  const verified = await verifySignatures(mail, parseHeader(mail), async () => [['v=DKIM1; p=']])
  assert.deepEqual(
    verified.map(({domain, result, detail}) => [domain, result, detail]),
    [
      ...['d0', 'd1', 'd2', 'd4'].map(name => [`${name}.test`, 'fail', 'body has been altered']),
      ...['d3', 'd5'].map(name => [`${name}.test`, 'invalid', 'too many signatures of a part of the body']),
    ],
  )
})
