import assert from 'node:assert/strict'
import {test} from 'node:test'
import {authenticationResults, isForged} from '../../../src/actions/edits/authentication-results.ts'
import type {VerifiedSignature} from '../../../src/checks/dkim/signature.ts'
import {parseHeader} from '../../../src/message/header.ts'

const PASS: VerifiedSignature = {
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
  value: 'AbCdEfGhIj',
}
const unfolded = (signatures: readonly VerifiedSignature[]) =>
  authenticationResults('mx.example.com', {signatures}).replace(/\r\n (?=.)/g, ' ')

test('one valid signature is a line of its own, with the size of its key', () => {
  assert.equal(
    unfolded([PASS]),
    'Authentication-Results: mx.example.com (amavis); dkim=pass (2048-bit key) header.d=example.org\r\n',
  )
  assert.equal(authenticationResults('mx.example.com', {signatures: []}), '')
})

test('several are told apart by the beginning of their value, where that tells them apart', () => {
  const failed = {...PASS, value: 'ZyXwVuTsRq', result: 'fail', detail: 'body has been altered'} as const
  const text = unfolded([PASS, failed])
  assert.match(text, /dkim=pass \(2048-bit key\) header\.d=example\.org header\.b="AbCdEfGh"; dkim=fail /)
  assert.match(text, /reason="body has been altered" header\.d=example\.org header\.b="ZyXwVuTs"\r\n$/)
  assert.doesNotMatch(unfolded([PASS, {...PASS, value: 'AbCdEfGhKl'}]), /header\.b/)
})

test('a copy of a valid signature that fails is not told of; what was invalid is neutral', () => {
  assert.doesNotMatch(unfolded([PASS, {...PASS, result: 'fail', detail: 'x'}]), /fail/)
  assert.match(
    unfolded([{...PASS, result: 'invalid', detail: 'no key', bits: undefined}]),
    /dkim=neutral reason="no key" header\.d=example\.org\r\n$/,
  )
})

test('what a signature says of itself breaks neither the field nor its lines', () => {
  const hostile = {
    ...PASS,
    domain: 'ex"ample\r\nX: y.org',
    result: 'invalid',
    detail: 'a"b\\\r\nc\x00d',
  } as const
  const text = authenticationResults('mx.example.com', {signatures: [hostile]})
  assert.match(text, /reason="a b c d"/)
  assert.doesNotMatch(text.slice(0, -2), /[\x00\r\n](?! )(?!\n)/)
  assert.ok(text.split('\r\n').every(line => line.length <= 78))
})

test('SPF, ARC and DMARC come after the signatures, in one field', () => {
  const spf = {result: 'softfail', identity: 'mailfrom', domain: 'a.test', detail: ''} as const
  const arc = {result: 'pass', instance: 2, domain: 'list.test', detail: ''} as const
  const dmarc = {result: 'fail', domain: 'b.test', policy: 'reject', detail: ''} as const
  const text = (facts: Parameters<typeof authenticationResults>[1]) =>
    authenticationResults('mx.example.com', facts).replace(/\r\n (?=.)/g, ' ')
  assert.equal(
    text({signatures: [PASS], authentication: {spf, arc, dmarc}}),
    'Authentication-Results: mx.example.com (amavis); dkim=pass (2048-bit key) header.d=example.org; ' +
      'spf=softfail smtp.mailfrom=a.test; arc=pass (i=2 d=list.test); dmarc=fail (p=reject) header.from=b.test\r\n',
  )
  const odd = {result: 'permerror', domain: '', policy: undefined, detail: 'a"; dmarc=pass\r\n'} as const
  assert.equal(
    text({authentication: {spf: undefined, arc: undefined, dmarc: odd}}),
    'Authentication-Results: mx.example.com (amavis); dmarc=permerror reason="a ; dmarc=pass "\r\n',
  )
})

const FIELDS: readonly (readonly [body: string, forged: boolean])[] = [
  ['mx.example.com; dkim=pass', true],
  ['MX.Example.Com/1; none', true],
  ['(hm; hm) mx.example.com (amavis); dkim=pass', true],
  ['"mx.example.com"; spf=pass', true],
  ['; dkim=pass', true],
  ['mx.example.org; dkim=pass', false],
  ['mx.example.com.evil.test; dkim=pass', false],
]
for (const [body, forged] of FIELDS) {
  test(`Authentication-Results: ${body} is ${forged ? 'taken out' : 'left alone'}`, () => {
    const [field] = parseHeader(Buffer.from(`Authentication-Results: ${body}\r\n\r\n`)).fields
    assert.equal(isForged(field!, 'mx.example.com'), forged)
  })
}
