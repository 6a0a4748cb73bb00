#!/usr/bin/env node
/**
 * fuzz-config — reads mutated configurations and complains of crashes, hangs and memory that grows.
 *
 *   node bench/fuzz-config.mjs [--count 1000000] [--seed 1] [--seconds S] [--samples DIR|FILE]
 *
 * Samples are the files of ../shared/corpus/conf when it is there, else the forms of test/config/forms.txt.
 * An input is a piece of one, or of two, with octets and tokens changed; one in 500 is a whole file. Each is
 * read by the reader in this process, one in 20 with the checks too; what it leaves is handed over as it is
 * to a child, and its regular expressions meet hostile subjects. A run is repeated by its seed; an input
 * that fails is kept in the folder that is named. Exit status 1 when one did.
 */
import {existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import v8 from 'node:v8'
import vm from 'node:vm'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const built = name => import(path.join(root, 'dist/src/config', name))
const {loadConfiguration} = await built('load.js')
const {createReader} = await built('reader.js')
const {answerCommand} = await built('host.js')
const {compileRegexp} = await built('regexp.js')
const {problemsOf} = await built('problem.js')
const {reachableFrom} = await built('reachable.js')

const corpus = path.join(root, '../shared/corpus/conf')
const {values: options} = parseArgs({
  options: {
    count: {type: 'string', default: '1000000'},
    seed: {type: 'string', default: '1'},
    seconds: {type: 'string'},
    samples: {
      type: 'string',
      default: existsSync(corpus) ? corpus : path.join(root, 'test/config/forms.txt'),
    },
  },
})
const count = Number(options.count)
const end = options.seconds === undefined ? Infinity : performance.now() + Number(options.seconds) * 1000
/** CPU time that one input may take. */
const LIMIT_MS = 1000
/** Heap that may be more at the end than after the warm-up. */
const GROWTH_MIB = 16
const WARM_UP = 2000

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc')

let state = Number(options.seed) >>> 0
/** A whole number below `limit`. */
function random(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}
const pick = list => list[random(list.length)]

function samplesIn(place) {
  if (!existsSync(place)) throw new Error(`no samples: ${place}`)
  if (path.extname(place) === '.txt') {
    return readFileSync(place, 'latin1')
      .split('\n----\n')
      .map(block => block.split('\n=> ')[0])
  }
  const names = readdirSync(place, {recursive: true}).map(name => path.join(place, String(name)))
  return names.filter(name => /\.conf$|\/\d\d-[\w-]+$/.test(name)).map(name => readFileSync(name, 'latin1'))
}
const samples = samplesIn(options.samples)

const TOKENS =
  '( ) [ ] { } < > ; , => -> . .. ... = == =~ !~ ? : :: \\ " \' ` / // || && ! ~ + - * ** % ^ & | x $ @ % $_ @_ $1 $$ $# @{ ${ %{ [^ (?: (?= (?i) (a+)+$ # \n =pod =cut __END__ <<A <<"A" <<\'A\' <<~A q( qq{ qw[ qr/ s/ tr/ y/ m{ 0x 1e9 9**9**9 -1 99999999999 undef my local our sub return next last if unless else elsif while for foreach do eval map grep sort push shift splice delete keys values each defined ref scalar reverse join split sprintf substr lc uc chomp die use no strict utf8 constant package require include_config_files read_hash read_text new_RE dkim_key $policy_bank{X} @mynetworks %h __proto__ constructor toString hasOwnProperty D_PASS CC_SPAM \\x{ \\N{U+ \\Q \\E \\L \\u \\1 \\K \\p{L} [[:alpha:]] {2,} {,3} ++ *+ \0 \xff'.split(
    ' ',
  )

/** Two to six kB of a sample, from the begin of a line. */
function piece(sample) {
  if (sample.length < 2000) return sample
  const from = sample.lastIndexOf('\n', random(sample.length)) + 1
  return sample.slice(from, from + 200 + random(3000))
}

function mutated(text) {
  const at = random(text.length + 1)
  const length = random(8) === 0 ? random(200) : random(12)
  switch (random(9)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + text.slice(at + length)
    case 2:
    case 3:
    case 4:
      return text.slice(0, at) + pick(TOKENS) + text.slice(at)
    case 5:
      return text.slice(0, at) + pick(TOKENS) + text.slice(at + length)
    case 6:
      return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1)
    case 7: {
      const from = random(text.length)
      return text.slice(0, at) + text.slice(from, from + length) + text.slice(at)
    }
    default:
      return (
        text.slice(0, at) + pick(TOKENS).repeat(1 + random(random(50) === 0 ? 2000 : 30)) + text.slice(at)
      )
  }
}

function input() {
  let text = random(500) === 0 ? pick(samples) : piece(pick(samples))
  if (random(5) === 0) text = text.slice(0, random(text.length)) + piece(pick(samples))
  for (let changes = 1 + random(6); changes > 0; changes--) text = mutated(text)
  return text
}

const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}
const SUBJECTS = [`${'a'.repeat(40)}!`, `${'a.b@c'.repeat(20)}\n`, '\u65e5\xe9 x', '']

function accessTo(text) {
  return {
    readFile: name => Buffer.from(name === 'x' ? text : 'a 1\nb\n', 'latin1'),
    testFile: (_, name) => (name.length % 2 === 0 ? 1 : undefined),
    checkFile: name => (name === 'x' ? undefined : 'does not exist'),
    command: command => answerCommand(host, command),
  }
}

function readWithChecks(text) {
  const result = loadConfiguration({files: ['x'], host, env: {}}, accessTo(text))
  if (result.kind === 'ok') v8.deserialize(v8.serialize(result.snapshot))
  return result.kind === 'ok'
}

function readOnly(text) {
  const access = accessTo(text)
  const {machine, readFile} = createReader(access, access.checkFile)
  readFile('x')
  const {tooDeep} = reachableFrom(machine.variables)
  if (tooDeep === undefined && random(20) === 0) v8.deserialize(v8.serialize(machine.variables))
  for (const box of machine.variables.values()) if (box.kind === 'scalar') matchHostile(box.value)
  return machine.errors.length === 0
}

function matchHostile(value) {
  if (typeof value !== 'object' || value === null || value.kind !== 're') return
  for (const subject of SUBJECTS) {
    try {
      compileRegexp(value).match(subject)
    } catch (error) {
      if (error.code !== 'AM_CONFIG') throw error
    }
  }
}

const heapMib = () => {
  collect()
  return process.memoryUsage().heapUsed / 1024 ** 2
}

let folder
const failures = []
function keep(text, what, number) {
  folder ??= mkdtempSync(path.join(os.tmpdir(), 'amavis-fuzz-'))
  const file = path.join(folder, `${number}.conf`)
  writeFileSync(file, text, 'latin1')
  failures.push(`${what}: ${file}`)
  process.stderr.write(`${what}: ${file}\n`)
}

const tally = {inputs: 0, good: 0, refused: 0}
let slowest = 0
let heapBefore = 0
for (; tally.inputs < count && performance.now() < end; tally.inputs++) {
  if (tally.inputs === WARM_UP) heapBefore = heapMib()
  const text = input()
  const before = process.cpuUsage()
  try {
    if (tally.inputs % 20 === 0 ? readWithChecks(text) : readOnly(text)) tally.good++
    else tally.refused++
  } catch (error) {
    if (problemsOf(error)) tally.refused++
    else
      keep(
        text,
        `crash: ${String(error?.stack ?? error)
          .split('\n')
          .slice(0, 3)
          .join(' ')}`,
        tally.inputs,
      )
  }
  const {user, system} = process.cpuUsage(before)
  const ms = (user + system) / 1000
  slowest = Math.max(slowest, ms)
  if (ms > LIMIT_MS) keep(text, `took ${Math.round(ms)} ms`, tally.inputs)
}
const heapAfter = heapMib()
const grown = tally.inputs > WARM_UP ? heapAfter - heapBefore : 0
if (grown > GROWTH_MIB) failures.push(`the heap has grown by ${grown.toFixed(1)} MiB`)
if ({}.x !== undefined || Object.keys(Object.prototype).length > 0)
  failures.push('the prototype of objects was changed')

process.stdout.write(
  `${tally.inputs} inputs of seed ${options.seed}: ${tally.good} read, ${tally.refused} refused; slowest ${slowest.toFixed(0)} ms of CPU; heap ${grown >= 0 ? '+' : ''}${grown.toFixed(1)} MiB; ${failures.length} failures\n`,
)
for (const failure of failures) process.stdout.write(`${failure}\n`)
process.exit(failures.length > 0 ? 1 : 0)
