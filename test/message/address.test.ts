import assert from 'node:assert/strict'
import {test} from 'node:test'
import {
  canonicalAddress,
  internalAddress,
  parseAddresses,
  quoteAddress,
  splitAddress,
} from '../../src/message/address.ts'

const forms: [address: string, canonical: string, internal: string, path: string][] = [
  ['', '', '', '<>'],
  ['user@example.com', 'user@example.com', 'user@example.com', '<user@example.com>'],
  ['"simple"@x', 'simple@x', 'simple@x', '<simple@x>'],
  ['"sim\\ple"@x', 'simple@x', 'simple@x', '<simple@x>'],
  ['"two words"@x', '"two words"@x', 'two words@x', '<"two words"@x>'],
  ['"a@b"@x', '"a@b"@x', 'a@b@x', '<"a@b"@x>'],
  ['a@b@x', 'a@b@x', 'a@b@x', '<"a@b"@x>'],
  ['"q\\"q"@x', '"q\\"q"@x', 'q"q@x', '<"q\\"q"@x>'],
  ['two words@x', 'two words@x', 'two words@x', '<"two words"@x>'],
  ['""@x', '""@x', '@x', '<""@x>'],
  ['postmaster', 'postmaster', 'postmaster', '<postmaster>'],
  ['gr\u00fc\u00df@x', 'gr\u00fc\u00df@x', 'gr\u00fc\u00df@x', '<gr\u00fc\u00df@x>'],
  ['user@[192.0.2.1]', 'user@[192.0.2.1]', 'user@[192.0.2.1]', '<user@[192.0.2.1]>'],
  ['"open@x', '"open@x', '"open@x', '<"\\"open"@x>'],
]

for (const [address, canonical, internal, path] of forms) {
  test(`${address || 'the null sender'} is canonically ${canonical}, in look-ups ${internal}, in SMTP ${path}`, () => {
    assert.equal(canonicalAddress(address), canonical)
    assert.equal(internalAddress(address), internal)
    assert.equal(quoteAddress(address), path)
  })
}

test('an address is split at the @ after its local part', () => {
  assert.deepEqual(splitAddress('"a@b"@x'), {local: '"a@b"', domain: 'x'})
  assert.deepEqual(splitAddress('a@b@x'), {local: 'a@b', domain: 'x'})
  assert.deepEqual(splitAddress('user'), {local: 'user', domain: ''})
})

const fields: [string, string[]][] = [
  ['user@example.com', ['user@example.com']],
  ['Some Body <user@example.com>', ['user@example.com']],
  ['"Body, Some" <a@x>, b@y (comment, (nested) with a comma)', ['a@x', 'b@y']],
  ['Friends: a@x, B <b@y>;, c@z', ['a@x', 'b@y', 'c@z']],
  ['<@relay,@other:user@x>', ['user@x']],
  ['"quoted local"@x', ['"quoted local"@x']],
  ['"needless"@x', ['needless@x']],
  ['Display Name Without Brackets a@x', ['a@x']],
  ['undisclosed-recipients:;', []],
  ['<>', []],
  ['a@x <b@y>', ['b@y']],
  ['<unclosed@x', ['unclosed@x']],
  ['"unclosed <a@x>', ['a@x']],
  ['(unclosed a@x', []],
]

for (const [body, addresses] of fields) {
  test(`a From of ${body} has the addresses ${addresses.join(' ') || '(none)'}`, () => {
    assert.deepEqual(parseAddresses(body), addresses)
  })
}
