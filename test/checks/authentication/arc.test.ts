import assert from 'node:assert/strict'
import {createHash} from 'node:crypto'
import {test} from 'node:test'
import {verifyChained} from '../../../src/checks/dkim/verify.ts'
import {parseHeader} from '../../../src/message/header.ts'
import {dnsError, type Zone, zoneResolver} from '../../support/zone.ts'

const SET = `ARC-Seal: i=1; a=rsa-sha256; cv=none; d=list.test; s=a; b=AAAA\r
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=list.test; s=a; h=from; bh=AAAA; b=AAAA\r
ARC-Authentication-Results: i=1; list.test; none\r
`
const BODY = 'hi\r\n'
const BODY_HASH = createHash('sha256').update(BODY).digest('base64')
const SIGNATURE = `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=slow.test; s=a; h=from; bh=${BODY_HASH}; b=AAAA\r\n`

async function verify(head: string, zone: Zone) {
  const content = Buffer.from(`${head}From: a@b.test\r\n\r\n${BODY}`, 'latin1')
  const resolve = zoneResolver(zone)
  return await verifyChained(content, parseHeader(content), name => resolve(name, 'TXT'), 1024)
}

test('a mail without a chain has no result', async () => {
  assert.equal((await verify(SIGNATURE, {})).arc, undefined)
})

test('a chain whose key is not answered for fails, and says whose', async () => {
  const {arc} = await verify(SET, {'a._domainkey.list.test': dnsError('ETIMEOUT')})
  const about = {result: 'fail', instance: 1, domain: 'list.test'}
  assert.deepEqual(arc, {...about, detail: 'no answer for a._domainkey.list.test'})
})

test('the silent key of a signature is none of the reasons of a chain', async () => {
  const {arc, signatures} = await verify(SET + SIGNATURE, {'a._domainkey.slow.test': dnsError('ETIMEOUT')})
  assert.equal(arc?.detail, 'no key for a._domainkey.list.test')
  assert.deepEqual(
    signatures.map(({result}) => result),
    ['temperror'],
  )
})

const HOSTILE: readonly (readonly [title: string, head: string])[] = [
  ['control characters', 'ARC-Seal: \x00\xff(((;;===\r\nARC-Message-Signature: i=\x001\r\n'],
  ['instances that are none', SET.replaceAll('i=1', 'i=999999999999')],
  ['two sets of a number', SET + SET],
  ['comments without end', SET.replace('list.test; none', `${'('.repeat(20_000)}`)],
  ['a name that objects have', SET.replace('list.test; none', 'x; __proto__.x=1; header.i.x=1')],
]
for (const [title, head] of HOSTILE) {
  test(`a chain of ${title} fails, and throws nothing`, async () => {
    assert.equal((await verify(head, {})).arc?.result, 'fail')
  })
}

const TOO_LONG = [
  ['of 40 kB', (field: string) => field.replace('b=AAAA', `z=${'a'.repeat(40_000)}; b=AAAA`)],
  ['with 600 names', (field: string) => field.replace('h=from', `h=from${':x'.repeat(600)}`)],
] as const

for (const [what, lengthen] of TOO_LONG) {
  test(`a chain that has a field ${what} fails, and no key is asked for`, async () => {
    const asked: string[] = []
    const content = Buffer.from(`${lengthen(SET)}${SIGNATURE}From: a@b.test\r\n\r\n${BODY}`, 'latin1')
    const resolve = async (name: string) => {
      asked.push(name)
      throw dnsError('ENOTFOUND')
    }
    const {arc, signatures} = await verifyChained(content, parseHeader(content), resolve, 1024)
    assert.deepEqual(arc, {
      result: 'fail',
      instance: 0,
      domain: '',
      detail: 'a field of the chain is too long',
    })
    assert.equal(signatures.length, 1)
    assert.deepEqual(
      [...new Set(asked)],
      ['a._domainkey.slow.test'],
      'the signature is verified all the same',
    )
  })

  test(`a signature ${what} is invalid, and those beside it are verified`, async () => {
    const {signatures} = await verify(lengthen(SIGNATURE.replace('slow', 'long')) + SIGNATURE, {
      'a._domainkey.slow.test': dnsError('ETIMEOUT'),
    })
    assert.deepEqual(
      signatures.map(({domain, selector, result, detail}) => [domain, selector, result, detail]),
      [
        ['slow.test', 'a', 'temperror', signatures[0]!.detail],
        ['long.test', 'a', 'invalid', 'the signature is too long'],
      ],
    )
  })
}

test('of a hundred signatures the first twenty are verified', async () => {
  const {signatures} = await verify(SIGNATURE.repeat(100), {})
  assert.equal(signatures.length, 20)
})
