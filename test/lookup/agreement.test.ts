/**
 * Quick look-ups against the plain definition of each, on many random tables: a list gone through entry by
 * entry, a hash asked for every key of an address in order.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {type Address, type Network, parseAddress, parseNetwork} from '../../src/config/ip-network.ts'
import type {Scalar} from '../../src/config/value.ts'
import {matchAcl} from '../../src/lookup/acl.ts'
import {addressKeys, splitAddress} from '../../src/lookup/address-keys.ts'
import {lookupIp} from '../../src/lookup/ip.ts'
import {lookup} from '../../src/lookup/lookup.ts'
import {sequence} from './random.ts'
import {settingsFrom} from './settings.ts'

const below = sequence(20)
const pick = <T>(items: readonly T[]): T => items[below(items.length)]!
const many = <T>(most: number, make: () => T): T[] => Array.from({length: below(most + 1)}, make)

/** The first network of a list that holds an address, found by going through it. */
function firstNetwork(list: readonly string[], address: string): string | undefined {
  const parsed = parseAddress(address)
  return list.find(text => {
    const network = parseNetwork(text)!
    return parsed ? networkHolds(network, parsed) : network.bits === 0
  })
}

const byte = () => pick([0, 1, 2, 10, 127, 128, 254, 255, below(256)])
const group = () => pick(['0', '1', 'ffff', 'fe80', '2001', below(0x10000).toString(16)])
const plain = () => [byte(), byte(), byte(), byte()].join('.')
const wide = () =>
  pick([Array.from({length: 8}, group).join(':'), `2001:db8::${group()}`, '::', '::1', `${group()}::`])
const client = () =>
  pick([plain, plain, plain, wide, () => `::ffff:${plain()}`, () => 'no address', () => ''])()
const bits = (most: number) => pick([0, 1, 8, most - 1, most, below(most + 1)])
const network = () =>
  pick(['', '', '', '!', '!!']) +
  pick([
    () => plain(),
    () => `${plain()}/${bits(32)}`,
    () => `${plain()}/${bits(32)}`,
    () => `${byte()}.${byte()}/${bits(32)}`,
    () => wide(),
    () => `[${wide()}]/${bits(128)}`,
    () => `::ffff:${plain()}/${96 + bits(32)}`,
  ])()

test('networks: the index answers as the list gone through does', () => {
  let found = 0
  for (let round = 0; round < 1500; round++) {
    const list = many(pick([3, 12, 60]), network)
    for (let i = 0; i < 12; i++) {
      const address = client()
      const expected = firstNetwork(list, address)
      const match = lookupIp(list, address)
      assert.equal(match?.matchedKey, expected, `${JSON.stringify(list)} for ${address}`)
      if (expected === undefined) continue
      found++
      assert.equal(match?.value, parseNetwork(expected)!.negated ? 0 : 1)
    }
  }
  assert.ok(found > 2000)
})

test('networks: both ends of each network and their neighbours', () => {
  for (let round = 0; round < 300; round++) {
    const list = Array.from({length: 20}, () => `${byte()}.${byte()}.${byte()}.0/${8 + below(25)}`)
    for (const text of list) {
      const {address, bits: length} = parseNetwork(text)!
      const size = 2 ** (128 - length)
      const first = Math.floor(address[3] / size) * size
      for (const number of [first - 1, first, first + size - 1, first + size]) {
        if (number < 0 || number >= 2 ** 32) continue
        const dotted = [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
        assert.equal(lookupIp(list, dotted)?.matchedKey, firstNetwork(list, dotted), `${list} for ${dotted}`)
      }
    }
  }
})

const label = () => pick(['a', 'b', 'com', 'x-y', '__proto__', 'constructor', 'toString', ''])
const domain = () =>
  pick([() => many(4, label).join('.'), () => `${label()}.${label()}`, () => '[192.0.2.1]', () => '.b'])()
const local = () =>
  pick(['u', 'U', 'u+x', 'u+X+y', '+x', 'postmaster', 'owner-u', 'u-request', 'hasOwnProperty', '', 'q@r'])
const address = () =>
  pick([() => `${local()}@${domain()}`, () => `${local()}@${domain()}`, local, () => '', () => '@'])()
const key = () =>
  pick([
    address,
    domain,
    () => `.${domain()}`,
    () => `${local().toLowerCase()}@`,
    () => '.',
    () => '@',
    () => '',
  ])()

const RULES = [
  settingsFrom(''),
  settingsFrom(`$recipient_delimiter = '+-';`),
  settingsFrom(`$recipient_delimiter = '+'; $localpart_is_case_sensitive = 1;`),
]
const rulesOf = (settings: (typeof RULES)[number]) => ({
  delimiters: settings.string('$recipient_delimiter') ?? '',
  caseMatters: settings.flag('$localpart_is_case_sensitive'),
})

test('hashes: the first key of an address that is there decides', () => {
  let found = 0
  for (let round = 0; round < 4000; round++) {
    const settings = pick(RULES)
    const entries = new Map<string, Scalar>(many(12, () => [key(), pick([1, 0, '', undefined, 'text'])]))
    const tables: Scalar[] = [{kind: 'ref', to: {kind: 'hash', entries}}]
    for (let i = 0; i < 8; i++) {
      const whole = address()
      const first = addressKeys(splitAddress(whole, rulesOf(settings))).find(one => entries.has(one))
      const expected = first === undefined ? undefined : entries.get(first)
      const match = lookup(tables, whole, settings)
      assert.equal(match?.value, expected, `${JSON.stringify([...entries])} for ${whole}`)
      if (expected === undefined) continue
      found++
      assert.equal(match?.matchedKey, first)
    }
  }
  assert.ok(found > 2000)
})

test('lists of addresses and domains: the index answers as the list gone through does', () => {
  let found = 0
  for (let round = 0; round < 3000; round++) {
    const settings = pick(RULES)
    const rules = rulesOf(settings)
    const items = many(30, () => pick(['', '', '!', '!!']) + key())
    const tables: Scalar[] = [{kind: 'ref', to: {kind: 'array', items}}]
    for (let i = 0; i < 8; i++) {
      const whole = address()
      const expected = matchAcl(items, splitAddress(whole, rules), rules.caseMatters)
      const match = lookup(tables, whole, settings)
      assert.equal(match?.matchedKey, expected?.matchedKey, `${JSON.stringify(items)} for ${whole}`)
      assert.equal(match?.value, expected?.value)
      if (expected) found++
    }
  }
  assert.ok(found > 2000)
})

/** Group by group, as plainly as it can be said. */
function networkHolds(network: Network, address: Address): boolean {
  let left = network.bits
  for (let i = 0; i < 4 && left > 0; i++) {
    const shift = left >= 32 ? 0 : 32 - left
    if (Math.floor(network.address[i]! / 2 ** shift) !== Math.floor(address[i]! / 2 ** shift)) return false
    left -= 32
  }
  return true
}
