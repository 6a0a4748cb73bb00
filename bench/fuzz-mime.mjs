/**
 * fuzz-mime — reads mutilated mails until one makes the MIME reader fail, hang or grow.
 *
 *   node --expose-gc bench/fuzz-mime.mjs FOLDER [--count N] [--seed S] [--slow MS]
 *
 * FOLDER holds *.eml, at any depth. Each input is a mail of it with some octets changed, pieces of other mails put
 * in, lines doubled, fields moved, or cut. A seed makes the same inputs again; a failure prints the seed of its
 * input and writes the input to a file. Needs the build (`npm run build`).
 */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {parseArgs} from 'node:util'
import {checkHeader} from '../dist/src/checks/header.js'
import {typeParts} from '../dist/src/decode/types.js'
import {parseHeader} from '../dist/src/message/header.js'
import {readMime} from '../dist/src/message/mime/read.js'

const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    count: {type: 'string', default: '10000'},
    seed: {type: 'string', default: '1'},
    slow: {type: 'string', default: '1000'},
  },
})
const folder = positionals[0]
if (!folder)
  throw new Error('usage: node --expose-gc bench/fuzz-mime.mjs FOLDER [--count N] [--seed S] [--slow MS]')
const count = Number(values.count)
const firstSeed = Number(values.seed)
const slowMs = Number(values.slow)

/** Longer mails say nothing new and take long. */
const MAX_SIZE = 40_000

const mails = readdirSync(folder, {recursive: true})
  .filter(name => name.endsWith('.eml'))
  .sort()
  .map(name => readFileSync(path.join(folder, name)))
  .filter(mail => mail.length < MAX_SIZE)

/** Pieces that mean something to one of the readers. */
const WORDS = [
  '\r\n', '\n', '\r', '\0', ' ', '\t', ';', '"', "'", '\\', '(', ')', '=', '--', '=?utf-8?B?', '?=', '*0*=', '%',
  'Content-Type: multipart/mixed; boundary=b\n', 'Content-Type: message/rfc822\n', 'boundary=', 'charset=utf-7',
  'Content-Transfer-Encoding: base64\n', 'Content-Transfer-Encoding: quoted-printable\n', 'multipart/', 'begin 644 a\n',
  '=ybegin line=128 size=5 name=x\n', '(This file must be converted with BinHex 4.0)\n:', '\x90\xff', '\n\n', '\n--b\n',
] // biome-ignore format: a list of words
  .map(word => Buffer.from(word, 'latin1'))

/** mulberry32 */
function generator(seed) {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

function lineAt(mail, position) {
  const start = mail.lastIndexOf(10, position) + 1
  const end = mail.indexOf(10, position)
  return [start, end < 0 ? mail.length : end + 1]
}

const MUTATIONS = [
  (mail, random) => {
    const changed = Buffer.from(mail)
    for (let i = random(8); i >= 0; i--) changed[random(mail.length)] = random(256)
    return changed
  },
  (mail, random) => splice(mail, random(mail.length), 0, WORDS[random(WORDS.length)]),
  (mail, random) => {
    const word = WORDS[random(WORDS.length)]
    return splice(mail, random(mail.length), 0, Buffer.concat(Array(random(300) + 1).fill(word)))
  },
  (mail, random) => mail.subarray(0, random(mail.length)),
  (mail, random) => splice(mail, random(mail.length), random(200), Buffer.alloc(0)),
  (mail, random) => {
    const [start, end] = lineAt(mail, random(mail.length))
    return splice(mail, random(2) === 0 ? end : random(mail.length), 0, mail.subarray(start, end))
  },
  (mail, random) => {
    const other = mails[random(mails.length)]
    const from = random(other.length)
    return splice(mail, random(mail.length), random(100), other.subarray(from, from + random(2000)))
  },
  // The header is where most of the meaning is.
  (mail, random) =>
    splice(mail, random(Math.min(mail.length, 1500)), random(10), WORDS[random(WORDS.length)]),
]

function splice(mail, at, removed, inserted) {
  return Buffer.concat([mail.subarray(0, at), inserted, mail.subarray(at + removed)])
}

function input(seed) {
  const random = generator(seed)
  let mail = mails[random(mails.length)]
  for (let i = random(5); i >= 0 && mail.length > 0; i--)
    mail = MUTATIONS[random(MUTATIONS.length)](mail, random)
  return random(2) === 0 ? Buffer.from(mail.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1') : mail
}

const TESTS = new Map(
  ['mime', 'syntax', 'empty', 'long', 'control', '8bit', 'missing', 'multiple', 'other'].map(name => [
    name,
    1,
  ]),
)

function check(mail) {
  const header = parseHeader(mail)
  const {parts, error} = readMime(mail, header, {maxParts: 1000, maxLevels: 10}, true)
  typeParts(parts)
  checkHeader(header, {mimeError: error, tests: TESTS, data: {bareLf: 0, bareCr: 1, nul: 1}})
  parts.forEach((part, index) => {
    if (part.number !== index + 1) throw new Error(`part ${part.number} is the ${index + 1}th`)
    let up = part.parent
    for (let steps = 0; up !== 0; steps++) {
      if (steps > 400 || !parts[up - 1]) throw new Error(`part ${part.number} has no way up`)
      up = parts[up - 1].parent
    }
  })
  return parts
}

let slowest = 0
let slowestSeed = 0
let parts = 0
let readings = 0
let restHeap = 0
const started = performance.now()
for (let i = 0; i < count; i++) {
  const seed = firstSeed + i
  const mail = input(seed)
  const before = performance.now()
  try {
    const found = check(mail)
    parts += found.length
    if (found.some(part => part.reading !== undefined)) readings++
  } catch (error) {
    fail(`seed ${seed}: ${error.stack}`, mail)
  }
  const elapsed = performance.now() - before
  if (elapsed > slowest) [slowest, slowestSeed] = [elapsed, seed]
  if (elapsed > slowMs) fail(`seed ${seed}: ${elapsed.toFixed()} ms for ${mail.length} octets`, mail)
  if (i === Math.floor(count / 2)) restHeap = heap()
}
const grown = (heap() - restHeap) / 2 ** 20
console.log(
  `${count} inputs from seed ${firstSeed}: ${parts} parts, ${readings} mails with other readings, ` +
    `${((performance.now() - started) / count).toFixed(2)} ms each, slowest ${slowest.toFixed()} ms (seed ${slowestSeed}), ` +
    `memory in the second half ${grown < 0 ? '' : '+'}${grown.toFixed(1)} MiB`,
)
if (grown > 20) process.exitCode = 1

/** Memory in use; all of it, since octets are not in the heap. */
function heap() {
  globalThis.gc?.()
  const {heapUsed, external} = process.memoryUsage()
  return heapUsed + external
}

function fail(message, mail) {
  const file = `fuzz-mime-${process.pid}.eml`
  writeFileSync(file, mail)
  console.error(`${message}\nThe input is in ${file}.`)
  process.exit(1)
}
