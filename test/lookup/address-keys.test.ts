import assert from 'node:assert/strict'
import {test} from 'node:test'
import {addressKeys, splitAddress} from '../../src/lookup/address-keys.ts'

function keys(address: string, delimiters = '', caseMatters = false): string[] {
  return addressKeys(splitAddress(address, {delimiters, caseMatters}))
}

test('an address is looked up from the whole of it down to the catch-all', () => {
  assert.deepEqual(keys('User+Foo@Sub.Example.COM', '+'), [
    'User+Foo@Sub.Example.COM',
    'user+foo@sub.example.com',
    'user@sub.example.com',
    'user+foo@',
    'user@',
    'sub.example.com',
    '.sub.example.com',
    '.example.com',
    '.com',
    '.',
  ])
})

test('without a delimiter there is no extension', () => {
  assert.deepEqual(keys('u+x@e.com').slice(0, 3), ['u+x@e.com', 'u+x@', 'e.com'])
})

test('the null sender has keys of its own', () => {
  assert.deepEqual(keys(''), ['', '@', '.'])
})

test('a name without a domain', () => {
  assert.deepEqual(keys('user'), ['user', 'user@', '', '.'])
})

test('an address literal has no parent domains', () => {
  assert.deepEqual(keys('user@[192.0.2.1]'), ['user@[192.0.2.1]', 'user@', '[192.0.2.1]', '.'])
})

test('case of the local part can matter', () => {
  assert.deepEqual(keys('User@E.com', '', true).slice(0, 3), ['User@E.com', 'User@e.com', 'User@'])
})

test('at most twenty keys are made of a domain and its parents', () => {
  const labels = Array.from({length: 40}, (_, i) => `l${i}`).join('.')
  assert.equal(keys(`u@${labels}`).filter(key => key.startsWith('.') && key !== '.').length, 20)
})

for (const [address, delimiters, user, extension] of [
  ['a+b+c@e.com', '+', 'a', '+b+c'],
  ['+foo@e.com', '+', '+foo', ''],
  ['postmaster+x@e.com', '+', 'postmaster', '+x'],
  ['Postmaster@e.com', '+-', 'postmaster', ''],
  ['mailer-daemon@e.com', '-', 'mailer-daemon', ''],
  ['owner-foo@e.com', '-', 'owner-foo', ''],
  ['foo-request@e.com', '-', 'foo-request', ''],
  ['foo-bar@e.com', '-', 'foo', '-bar'],
] as const) {
  test(`with delimiters "${delimiters}" the user of ${address} is ${user}`, () => {
    const parts = splitAddress(address, {delimiters, caseMatters: false})
    assert.deepEqual([parts.user, parts.extension], [user, extension])
  })
}

test('trailing dots and non-ASCII letters of a domain are normalised', () => {
  assert.equal(splitAddress('a@Example.COM..', {delimiters: '', caseMatters: false}).domain, 'example.com')
  assert.equal(
    splitAddress('a@BÜCHER.example', {delimiters: '', caseMatters: false}).domain,
    'xn--bcher-kva.example',
  )
})
