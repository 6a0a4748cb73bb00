import assert from 'node:assert/strict'
import {test} from 'node:test'
import {AmavisError} from '../../src/errors.ts'
import {clientPolicyBanks} from '../../src/lookup/client-policy.ts'
import {lookupIp, lookupIpTables} from '../../src/lookup/ip.ts'
import {settingsFrom} from './settings.ts'

for (const [entry, address, expected] of [
  ['192.0.2.7', '192.0.2.7', 1],
  ['192.0.2.7', '192.0.2.70', undefined],
  ['192.0.2.0/24', '192.0.2.255', 1],
  ['192.0.2.0/24', '192.0.3.0', undefined],
  ['192.0.2.0/255.255.255.0', '192.0.2.9', 1],
  ['10/8', '10.255.0.1', 1],
  ['172.16/12', '172.31.0.1', 1],
  ['172.16/12', '172.32.0.1', undefined],
  ['2001:db8::1', '[2001:DB8:0::1]', 1],
  ['[2001:db8::1]', '2001:db8::1', 1],
  ['IPv6:2001:db8::1', '2001:db8::1', 1],
  ['[2001:db8::]/32', '2001:db8:ffff::1', 1],
  ['2001:db8::/32', '2001:db9::', undefined],
  ['fe80::/10', 'fe80::1%eth0', 1],
  ['fe80::1%eth0', 'fe80::1', 1],
  ['0/0', '203.0.113.1', 1],
  ['0/0', '::ffff:203.0.113.1', 1],
  ['0/0', '2001:db8::1', undefined],
  ['::/0', 'no address', 1],
  ['0/0', 'no address', undefined],
  ['192.0.2.1', '::ffff:192.0.2.1', 1],
  ['::ffff:192.0.2.1', '192.0.2.1', 1],
  ['::192.0.2.1', '192.0.2.1', undefined],
  ['!192.0.2.1', '192.0.2.1', 0],
] as const) {
  test(`${entry} gives ${expected} for ${address}`, () => {
    assert.equal(lookupIp([entry], address)?.value, expected)
  })
}

test('the first element that holds decides', () => {
  const list = ['!192.0.2.1', '192.0.2.0/24', '!0/0']
  assert.deepEqual(lookupIp(list, '192.0.2.1'), {value: 0, matchedKey: '!192.0.2.1'})
  assert.deepEqual(lookupIp(list, '192.0.2.2'), {value: 1, matchedKey: '192.0.2.0/24'})
  assert.equal(lookupIp(list, '198.51.100.1')?.value, 0)
})

for (const bad of [
  '10',
  '10.0.0.256',
  '192.0.2.0/33',
  '192.0.2.0/255.0.255.0',
  'host.example',
  '1:2:3',
  ':::',
]) {
  test(`"${bad}" is refused as a network`, () => {
    assert.throws(() => lookupIp([bad], '192.0.2.1'), AmavisError)
  })
}

test('hashes are asked by address, by leading parts, then by the full form', () => {
  const settings = settingsFrom(`@mynetworks_maps = ({
    '10.1' => 'part', '10.1.2.3' => 'whole', '2001:0db8:0000:0000:0000:0000:0000:0001' => 'six' });`)
  const found = (address: string) =>
    lookupIpTables(settings.list('@mynetworks_maps'), address, settings)?.value
  assert.equal(found('10.1.2.3'), 'whole')
  assert.equal(found('10.1.9.9'), 'part')
  assert.equal(found('10.2.0.0'), undefined)
  assert.equal(found('2001:db8::1'), 'six')
})

test('the default client policy names MYNETS for our networks, as they are after the file', () => {
  const settings = settingsFrom(`@mynetworks = qw(192.0.2.0/24);`)
  const banks = (address: string | undefined) =>
    clientPolicyBanks(settings.list('@client_ipaddr_policy'), address, settings)
  assert.deepEqual(banks('192.0.2.1'), ['MYNETS'])
  assert.deepEqual(banks('127.0.0.1'), [])
  assert.deepEqual(banks(undefined), [])
})

test('client policy: names are a comma list, pairs without names are passed over', () => {
  const settings = settingsFrom(`@client_ipaddr_policy = (['192.0.2.1'] => undef, ['0/0'] => 'A, B');`)
  assert.deepEqual(clientPolicyBanks(settings.list('@client_ipaddr_policy'), '192.0.2.1', settings), [
    'A',
    'B',
  ])
})
