import assert from 'node:assert/strict'
import {test} from 'node:test'
import {dottedNumber, fullForm, parseAddress} from '../../src/config/ip-network.ts'

for (const [text, full] of [
  ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ['::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['1::', '0001:0000:0000:0000:0000:0000:0000:0000'],
  ['2001:DB8::a:b', '2001:0db8:0000:0000:0000:0000:000a:000b'],
  ['1:2:3:4:5:6:7:8', '0001:0002:0003:0004:0005:0006:0007:0008'],
  ['1:2:3::5:6:7:8', '0001:0002:0003:0000:0005:0006:0007:0008'],
  ['::2:3:4:5:6:7:8', '0000:0002:0003:0004:0005:0006:0007:0008'],
  ['1:2:3:4:5:6:7::', '0001:0002:0003:0004:0005:0006:0007:0000'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['::ffff:192.0.2.1', '0000:0000:0000:0000:0000:ffff:c000:0201'],
  ['[fe80::1%eth0]', 'fe80:0000:0000:0000:0000:0000:0000:0001'],
  ['IPv6:::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['192.0.2.1', '0000:0000:0000:0000:0000:ffff:c000:0201'],
  ['', undefined],
  [':', undefined],
  [':::', undefined],
  ['1', undefined],
  [':1', undefined],
  ['1:', undefined],
  ['1:2:3:4:5:6:7:', undefined],
  [':2:3:4:5:6:7:8', undefined],
  ['1::2::3', undefined],
  ['1:::2', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7', undefined],
  ['1:2:3:4::5:6:7:8', undefined],
  ['12345::', undefined],
  ['g::', undefined],
  ['1.2.3', undefined],
  ['1.2.3.256', undefined],
] as const) {
  test(`the address ${JSON.stringify(text)} is ${full ?? 'none'}`, () => {
    const address = parseAddress(text)
    assert.equal(address && fullForm(address), full)
  })
}

test('a dotted address as a number, and nothing else', () => {
  assert.equal(dottedNumber('255.255.255.255'), 2 ** 32 - 1)
  assert.equal(dottedNumber('10.0.0.1'), 0x0a000001)
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
    '1.2.3.256',
    '0001.2.3.4',
    '1.2.3.4 ',
    '::1',
  ])
    assert.equal(dottedNumber(text), -1, text)
})
