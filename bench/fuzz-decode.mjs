#!/usr/bin/env node
/**
 * fuzz-decode — mutated archives through a decoder process: no crash, no hang, no growth of memory.
 *
 *   node bench/fuzz-decode.mjs [--count 100000] [--seed 1] FILE-OR-FOLDER…
 *
 * Attachments of the mails (*.eml) below the folders are the samples; the same seed makes the same inputs. An
 * input that a reader of ours fails on, that ends the process or is not answered within ten seconds is written to
 * ./fuzz-NUMBER and named. Needs a build.
 */
import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {openingOf} from '../dist/src/decode/format.js'
import {DecoderProcess} from '../dist/src/decode/process/decoder-process.js'
import {typeOf} from '../dist/src/decode/types.js'
import {parseHeader} from '../dist/src/message/header.js'
import {readMime} from '../dist/src/message/mime/read.js'

const {values, positionals} = parseArgs({
  options: {count: {type: 'string', default: '100000'}, seed: {type: 'string', default: '1'}},
  allowPositionals: true,
})
const count = Number(values.count)

/** mulberry32: small, and the same everywhere. */
function generator(seed) {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

function filesBelow(place) {
  if (!statSync(place).isDirectory()) return [place]
  return readdirSync(place)
    .sort()
    .flatMap(name => filesBelow(path.join(place, name)))
}

function samplesOf(file) {
  const octets = Buffer.from(readFileSync(file, 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1')
  return readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 3}).parts.flatMap(({content}) => {
    const opening =
      content.length > 0 && content.length < 200_000 && openingOf(content, typeOf(content).short)
    return opening ? [{name: path.basename(file), content, opening}] : []
  })
}

const NUMBERS = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff]

function mutate(content, random, others) {
  let octets = Buffer.from(content)
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(Math.max(1, octets.length))
    const length = 1 + random(Math.min(64, Math.max(1, octets.length - at)))
    switch (random(7)) {
      case 0:
        if (octets.length > 0) octets[at] ^= 1 << random(8)
        break
      case 1:
        for (let i = at; i < Math.min(at + length, octets.length); i++) octets[i] = random(256)
        break
      case 2:
        octets = octets.subarray(0, at)
        break
      case 3:
        octets = Buffer.concat([octets.subarray(0, at), octets.subarray(at + length)])
        break
      case 4:
        octets = Buffer.concat([octets.subarray(0, at + length), octets.subarray(at)])
        break
      case 5:
        if (at + 4 <= octets.length) octets.writeUInt32LE(NUMBERS[random(NUMBERS.length)], at)
        break
      default: {
        const other = others[random(others.length)].content
        const from = random(other.length)
        octets = Buffer.concat([
          octets.subarray(0, at),
          other.subarray(from, from + 256),
          octets.subarray(at),
        ])
      }
    }
  }
  return octets
}

const samples = positionals
  .flatMap(filesBelow)
  .filter(file => file.endsWith('.eml'))
  .flatMap(samplesOf)
if (samples.length === 0) {
  process.stderr.write('no samples: name a folder with mails\n')
  process.exit(2)
}
const base = mkdtempSync(path.join(tmpdir(), 'fuzz-'))
const decoder = new DecoderProcess({base})
const random = generator(Number(values.seed))
const limits = {bytes: 4_000_000, quota: 4_000_000, files: 500, maxFiles: 500}
const kinds = new Map()
let failures = 0
let slowest = 0
let peak = 0
const since = performance.now()
for (let n = 0; n < count; n++) {
  const {name, content, opening} = samples[random(samples.length)]
  const octets = mutate(content, random, samples)
  const folder = path.join(base, 'parts')
  const began = performance.now()
  const leaf = {kind: 'memory', octets}
  const {problems, members} = await decoder.decode({leaf, opening, limits, folder, firstNumber: 2}, 10_000)
  slowest = Math.max(slowest, performance.now() - began)
  if (members.some(member => member.path !== undefined)) rmSync(folder, {recursive: true, force: true})
  for (const {kind} of problems) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  const bad = problems.find(({reason}) => /^the decoder|timed out|too much memory/.test(reason))
  if (bad) {
    failures++
    writeFileSync(`fuzz-${n}`, octets)
    process.stdout.write(`${n} ${name} ${opening.format}: ${bad.reason}\n`)
  }
  if (n % 97 === 0 && decoder.pid !== undefined) {
    const status = readFileSync(`/proc/${decoder.pid}/status`, 'latin1')
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0))
  }
}
decoder.close()
rmSync(base, {recursive: true, force: true})
const seconds = (performance.now() - since) / 1000
process.stdout.write(
  `${count} inputs of ${samples.length} samples, seed ${values.seed}: ${failures} failures; ${seconds.toFixed(0)} s, ` +
    `slowest ${slowest.toFixed(0)} ms, decoder at most ${Math.round(peak / 1024)} MiB; ` +
    `${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(', ')}\n`,
)
process.exit(failures > 0 ? 1 : 0)
