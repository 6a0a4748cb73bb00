import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import {test} from 'node:test'
import {keptFresh, timeToKeep} from '../../src/snmp/fresh.ts'
import {parseMasterAddress} from '../../src/snmp/master-address.ts'
import {mibText} from '../../src/snmp/mib-text.ts'
import {OBJECTS} from '../../src/snmp/objects.ts'

test('the MIB module in docs is the one that the table of objects makes, and has them all', () => {
  const text = mibText()
  assert.equal(readFileSync('docs/monitoring/AMAVIS-MIB.txt', 'utf8'), text)
  for (const {name} of OBJECTS) assert.ok(text.includes(`\n${name} OBJECT-TYPE\n`), name)
  assert.equal(new Set(OBJECTS.map(({name}) => name)).size, OBJECTS.length)
})

test('the address of a master agent is a path, or a host and a port', () => {
  const table: readonly (readonly [string, ReturnType<typeof parseMasterAddress>])[] = [
    ['/var/agentx/master', {path: '/var/agentx/master'}],
    ['unix:/run/agentx', {path: '/run/agentx'}],
    ['tcp:localhost:705', {host: 'localhost', port: 705}],
    ['tcp6:localhost:7050', {host: 'localhost', port: 7050, family: 6}],
    ['tcp:[::1]:705', {host: '::1', port: 705}],
    ['127.0.0.1', {host: '127.0.0.1', port: 705}],
    ['', undefined],
    ['udp:localhost:705', undefined],
    ['tcp:localhost:0', undefined],
    ['tcp:localhost:70500', undefined],
    ['a b', undefined],
  ]
  for (const [text, address] of table) assert.deepEqual(parseMasterAddress(text), address, text)
})

test('values are kept for their time, longer while questions come quickly or fetching is slow', () => {
  const facts = {keepMs: 18_000, costly: true, isFast: false, tookMs: 10, sinceAskedMs: undefined}
  assert.equal(timeToKeep({...facts, keepMs: 4000, costly: false}), 4000)
  assert.equal(timeToKeep({...facts, keepMs: 4000, costly: false, isFast: true}), 8000)
  assert.equal(timeToKeep(facts), 18_000)
  assert.equal(timeToKeep({...facts, tookMs: 4000}), 32_000)
  assert.equal(timeToKeep({...facts, tookMs: 5000, sinceAskedMs: 60_000}), 90_000)
  assert.equal(timeToKeep({...facts, tookMs: 1e6, sinceAskedMs: 1e9}), 1_200_000)
})

test('values that cannot be fetched any more are used for a while and then are none', async () => {
  let nowMs = 0
  let fetches = 0
  let value: string | undefined = 'first'
  const values = keptFresh({
    keepMs: 4000,
    staleMs: 20_000,
    now: () => nowMs,
    async fetch() {
      fetches++
      if (value === 'broken') throw new Error('broken')
      return value
    },
  })
  assert.deepEqual(await Promise.all([values(), values()]), ['first', 'first'])
  assert.equal(fetches, 1, 'who asks meanwhile waits with the first')
  value = 'broken'
  nowMs = 10_000
  assert.equal(await values(), 'first')
  assert.equal(fetches, 2)
  nowMs = 12_000
  assert.equal(await values(), 'first')
  assert.equal(fetches, 2, 'what failed is not tried again at once')
  nowMs = 30_000
  assert.equal(await values(), undefined)
  value = 'second'
  nowMs = 40_000
  assert.equal(await values(), 'second')
})
