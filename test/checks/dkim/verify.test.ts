import assert from 'node:assert/strict'
import {test} from 'node:test'
import {verifyChained, verifySignatures} from '../../../src/checks/dkim/verify.ts'
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

test('signatures and chain of a mail whose header has lines without end are told to be not verified, at once', async () => {
  const signature = `DKIM-Signature: v=1; a=rsa-sha256; d=d.test; s=s; h=from; ${SIGNED}\r\n`
  const seal = 'ARC-Seal: i=1; a=rsa-sha256; cv=none; d=d.test; s=s; b=AAAA\r\n'
  const mail = Buffer.from(`${signature}${seal}From: a@d.test${'\r\n '.repeat(300_000)}x\r\n\r\ntext\r\n`)
  const started = performance.now()
  const {signatures, arc} = await verifyChained(mail, parseHeader(mail), async () => [['v=DKIM1; p=']], 0)
  assert.ok(performance.now() - started < 2000)
  const detail = 'the header section has too many lines'
  assert.deepEqual([signatures.length, signatures[0]?.result, signatures[0]?.detail], [1, 'invalid', detail])
  assert.deepEqual(arc, {result: 'fail', instance: 0, domain: '', detail})
  assert.deepEqual(await verifySignatures(mail, parseHeader(mail), async () => []), signatures)
})
