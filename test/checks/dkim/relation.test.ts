import assert from 'node:assert/strict'
import {test} from 'node:test'
import {
  coversEnvelopeSender,
  isReliable,
  rolesOf,
  verificationLine,
} from '../../../src/checks/dkim/relation.ts'
import {type VerifiedSignature, validPairs} from '../../../src/checks/dkim/signature.ts'

const SIGNATURE: VerifiedSignature = {
  domain: 'example.org',
  selector: 's1',
  identity: '@example.org',
  algorithm: 'rsa-sha256',
  canonicalization: 'relaxed/relaxed',
  result: 'pass',
  detail: '',
  bits: 2048,
  expires: undefined,
  headers: 'from:subject',
  value: 'AAAA',
}

const WHO: readonly (readonly [
  who: string,
  from: string[],
  sender: string | undefined,
  envelope: string,
  roles: string,
])[] = [
  ['all three', ['a@example.org'], undefined, 'b@example.org', 'Author+Sender+MailFrom'],
  ['one of two authors', ['x@other.test', 'a@Example.ORG'], 'x@other.test', 'x@other.test', 'Author'],
  ['the sender alone', ['x@other.test'], 'a@example.org', '', 'Sender'],
  ['the envelope alone', ['x@other.test'], undefined, 'a@example.org', 'MailFrom'],
  ['a third party', ['x@other.test'], undefined, 'x@sub.example.org', ''],
]

for (const [title, from, sender, envelopeSender, expected] of WHO) {
  test(`a signature stands for ${title}`, () => {
    assert.equal(rolesOf(SIGNATURE, {from, sender, envelopeSender}).join('+'), expected)
  })
}

test('the log names whom a signature stands for, and why it fails', () => {
  const who = {from: ['a@example.org'], sender: undefined, envelopeSender: 'a@example.org'}
  assert.equal(
    verificationLine(SIGNATURE, who),
    'dkim: VALID Author+Sender+MailFrom signature by d=example.org, From: <a@example.org>, a=rsa-sha256, ' +
      'c=relaxed/relaxed, s=s1, i=@example.org',
  )
  const altered = {
    ...SIGNATURE,
    domain: 'list.test',
    result: 'fail',
    detail: 'body has been altered',
  } as const
  assert.equal(
    verificationLine(altered, who),
    'dkim: FAILED third-party signature by d=list.test, From: <a@example.org>, a=rsa-sha256, c=relaxed/relaxed, ' +
      's=s1, i=@example.org, fail (body has been altered)',
  )
})

test('a key that is too short makes a signature valid, and nobody relies on it; ed25519 is never too short', () => {
  assert.equal(isReliable({...SIGNATURE, bits: 768}, 1024), false)
  assert.equal(isReliable({...SIGNATURE, bits: 1024}, 1024), true)
  assert.equal(isReliable({...SIGNATURE, bits: 256, algorithm: 'ed25519-sha256'}, 1024), true)
  assert.equal(isReliable({...SIGNATURE, result: 'fail'}, 1024), false)
  assert.deepEqual(validPairs([SIGNATURE, SIGNATURE, {...SIGNATURE, result: 'fail', selector: 's2'}]), [
    's1:example.org',
  ])
})

test('the sender of the envelope is credible where a valid signature is of his very domain', () => {
  assert.equal(coversEnvelopeSender([SIGNATURE], 'x@Example.org'), true)
  assert.equal(coversEnvelopeSender([SIGNATURE], ''), false)
  assert.equal(coversEnvelopeSender([SIGNATURE], 'x@mail.example.org'), false)
  assert.equal(coversEnvelopeSender([{...SIGNATURE, result: 'temperror'}], 'x@example.org'), false)
})
