#!/usr/bin/env node
import {performance} from 'node:perf_hooks'
/**
 * lookup — what a look-up costs, in plain Map.get of the same run.
 *
 *   node bench/lookup.mjs [--entries 100000] [--networks 10000] [--rounds 7]
 *
 * Each line asks 20,000 different keys in turn, round by round with the plain Map.get of the entries that
 * answer (of the address where none does) beside it, and shows the median of the ratios, as absolute times of
 * a noisy machine say little. Needs a build; --expose-gc adds the memory.
 */
import {parseArgs} from 'node:util'
import {loadConfiguration} from '../dist/src/config/load.js'
import {settingsOf} from '../dist/src/config/view.js'
import {lookupIp} from '../dist/src/lookup/ip.js'
import {lookup} from '../dist/src/lookup/lookup.js'

const {values: options} = parseArgs({
  options: {
    entries: {type: 'string', default: '100000'},
    networks: {type: 'string', default: '10000'},
    rounds: {type: 'string', default: '7'},
  },
})
const entryCount = Number(options.entries)
const networkCount = Number(options.networks)
const rounds = Number(options.rounds)
const KEYS = 20_000

/** The same numbers in every run. */
let state = 7
function below(limit) {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return Math.floor((state / 0x80000000) * limit)
}
const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
/** A text of its own, as one that came from a socket. */
const flat = text => Buffer.from(text, 'latin1').toString('latin1')
const keysOf = make => Array.from({length: KEYS}, () => flat(make()))

let sink = 0
function nanoseconds(ask, keys) {
  const begin = performance.now()
  for (let i = 0; i < keys.length; i++) if (ask(keys[i]) !== undefined) sink++
  return ((performance.now() - begin) * 1e6) / keys.length
}

function compare(name, keys, ask, plainKeys, plain) {
  const ratios = []
  const times = []
  for (let i = 0; i < rounds + 3; i++) {
    const base = nanoseconds(plain, plainKeys)
    const time = nanoseconds(ask, keys)
    if (i < 3) continue
    ratios.push(time / base)
    times.push([time, base])
  }
  const [time, base] = [median(times.map(pair => pair[0])), median(times.map(pair => pair[1]))]
  console.log(`| ${name} | ${time.toFixed(0)} | ${base.toFixed(0)} | ${median(ratios).toFixed(1)} |`)
}

function defaults() {
  const result = loadConfiguration({
    files: [],
    host: {hostname: 'h.example.com', fqdn: 'h.example.com'},
    env: {},
  })
  if (result.kind !== 'ok') throw new Error('the defaults do not load')
  return settingsOf(result.snapshot)
}

const view = defaults()
const address = i => `user${i}.name@dom${i % 5000}.example.com`
const hash = entries => [{kind: 'ref', to: {kind: 'hash', entries}}]
const addresses = new Map(Array.from({length: entryCount}, (_, i) => [flat(address(i)), 1]))
const mixed = new Map(
  Array.from({length: entryCount}, (_, i) => {
    const key = [address(i), `dom${i}.example.org`, `.dom${i}.example.net`][i % 3]
    return [flat(key), 1]
  }),
)
const domains = new Map(Array.from({length: entryCount}, (_, i) => [flat(`dom${i}.example.org`), 1]))

console.log(`| a hash of ${entryCount} entries | ns | Map.get, ns | ratio |\n|---|---|---|---|`)
const known = keysOf(() => address(below(entryCount)))
const shouted = keysOf(() => address(below(entryCount)).replace('user', 'User'))
const unknown = keysOf(() => `nobody${below(1e9)}@elsewhere${below(1e6)}.test`)
const inDomain = keysOf(() => `nobody${below(1e9)}@dom${below(entryCount)}.example.org`)
for (const [what, entries, keys] of [
  ['addresses: one that is there', addresses, known],
  ['addresses: one in other case', addresses, shouted],
  ['addresses: one that is not there', addresses, unknown],
  ['domains: one that is there', domains, inDomain],
  ['domains: one that is not there', domains, unknown],
  ['addresses, domains and subdomains: an address', mixed, known.filter(key => mixed.has(key))],
  ['addresses, domains and subdomains: not there', mixed, unknown],
]) {
  const tables = hash(entries)
  // the plain look-up is that of the entry that answers, or of the address where none does
  const answering = new Map(keys.map(key => [key, flat(lookup(tables, key, view)?.matchedKey ?? key)]))
  const plain = keys.map(key => answering.get(key))
  compare(
    what,
    keys,
    key => lookup(tables, key, view),
    plain,
    key => entries.get(key),
  )
}

console.log(`\n| a list of ${networkCount} networks | ns | Map.get, ns | ratio |\n|---|---|---|---|`)
const dotted = () => [1 + below(223), below(256), below(256), below(256)].join('.')
const networks = Array.from({length: networkCount}, () => `${dotted()}/${16 + below(17)}`)
const negated = networks.map((text, i) => (i % 10 === 0 ? `!${text}` : text))
const hosts = Array.from({length: networkCount}, dotted)
const wide = () =>
  `2001:db8:${below(65536).toString(16)}:${below(65536).toString(16)}::${below(65536).toString(16)}`
const networks6 = Array.from({length: networkCount}, () => `[${wide()}]/${40 + below(89)}`)
const clients = keysOf(dotted)
const listed = keysOf(() => hosts[below(networkCount)])
for (const [what, list, keys] of [
  ['prefixes of 16 to 32', networks, clients],
  ['prefixes of 16 to 32, a tenth negated', negated, clients],
  ['hosts: one that is there', hosts, listed],
  ['hosts: one that is not there', hosts, clients],
  ['IPv6, prefixes of 40 to 128', networks6, keysOf(wide)],
]) {
  const plain = new Map(list.map(text => [text, 1]))
  compare(
    what,
    keys,
    key => lookupIp(list, key),
    keys,
    key => plain.get(key),
  )
}

console.log('\n| memory, MiB | heap and buffers |\n|---|---|')
function memory(name, make) {
  globalThis.gc()
  const before = process.memoryUsage()
  const kept = make()
  globalThis.gc()
  const after = process.memoryUsage()
  const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
  console.log(`| ${name} | ${(bytes / 2 ** 20).toFixed(1)} |`)
  return kept
}
if (globalThis.gc) {
  const entries = memory(
    `a hash of ${entryCount} addresses`,
    () => new Map([...addresses.keys()].map(key => [flat(key), 1])),
  )
  memory('what look-ups keep for it', () => lookup(hash(entries), 'a@b.test', view) ?? entries)
  const list = memory(`a list of ${networkCount} networks`, () => networks.map(flat))
  memory('what look-ups keep for it', () => lookupIp(list, '192.0.2.1') ?? list)
} else console.log('| (start with --expose-gc) | |')
if (sink < 0) console.log(sink)
