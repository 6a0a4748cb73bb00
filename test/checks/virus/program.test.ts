import assert from 'node:assert/strict'
import {chmodSync, existsSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {ScannerAnswer} from '../../../src/checks/virus/answer.ts'
import {commandLines} from '../../../src/checks/virus/command-line.ts'
import {programScanner} from '../../../src/checks/virus/program.ts'
import {rulesOf} from '../../../src/checks/virus/reading.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {temporaryFolder, until} from '../../support/wait.ts'
import {re, subjectOf} from './fakes.ts'
import {told} from './told.ts'

const FILES = {folder: '/tmp/m/parts', names: ['p001', 'p002']}

const lines: [args: string, expected: string[][]][] = [
  ['--stdout -r {}', [['--stdout', '-r', '/tmp/m/parts']]],
  ['-path={} -al', [['-path=/tmp/m/parts', '-al']]],
  ['-s {}/*', [['-s', '/tmp/m/parts/p001', '/tmp/m/parts/p002']]],
  ['-x *', [['-x', 'p001', 'p002']]],
  [`{} -i '*' "a b" -l='c d'`, [['/tmp/m/parts', '-i', '*', 'a b', '-l=c d']]],
  ['', [[]]],
]

for (const [args, expected] of lines) {
  test(`the arguments ${JSON.stringify(args)} are words, as a shell splits them`, () => {
    assert.deepEqual(commandLines(args, FILES), expected)
  })
}

test('more files than go in 4000 octets are given in several runs, each file once', () => {
  const names = Array.from({length: 1000}, (_, n) => `p${String(n + 1).padStart(3, '0')}`)
  const runs = commandLines('-s {}/* -end', {folder: '/var/lib/amavis/tmp/amavis-x/parts', names})
  assert.ok(runs.length > 5)
  for (const run of runs) {
    assert.ok(run.join(' ').length <= 4000)
    assert.deepEqual([run[0], run.at(-1)], ['-s', '-end'])
  }
  const given = runs.flatMap(run => run.slice(1, -1).map(file => path.basename(file)))
  assert.deepEqual(given, names)
})

interface Given {
  readonly args?: string
  readonly timeoutMs?: number
  readonly cwd?: string
}

/** A scanner that is a shell script. */
async function scan(t: TestContext, script: string, {args = '{}', timeoutMs = 5000, cwd}: Given = {}) {
  const home = temporaryFolder(t)
  const file = path.join(home, 'scanner')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  const codes = (...items: number[]): Scalar => ({kind: 'ref', to: {kind: 'array', items}})
  const rules = rulesOf(codes(0), codes(1), re('(?:FOUND|found) (\\S+)', 'm'))
  const failures: (string | undefined)[] = []
  const scanner = programScanner(
    {kind: 'program', name: 'S', file, args, cwd, rules},
    {
      environment: {PATH: '/usr/bin:/bin', HOME: home},
      report: failure => void failures.push(failure),
    },
  )
  const answer = await scanner.scan(subjectOf(t), timeoutMs)
  return {answer, failures, home}
}

const answers: [title: string, script: string, answer: ScannerAnswer][] = [
  ['exits with 0', 'exit 0', {kind: 'clean'}],
  [
    'names what it found, on either output',
    'echo FOUND A; echo found B >&2; exit 1',
    {kind: 'infected', names: ['A', 'B']},
  ],
  [
    'exits with anything else',
    'echo no licence; exit 9',
    {kind: 'failed', reason: 'unexpected exit 9, output="no licence"'},
  ],
  ['crashes', 'kill -SEGV $$', {kind: 'failed', reason: 'ended by signal SIGSEGV'}],
  [
    'finds the parts where it is started',
    'test -f p001 && test "$(pwd)" = "$1" && exit 1',
    {kind: 'infected', names: []},
  ],
  ['gets nothing on its input', 'read x && exit 5; exit 0', {kind: 'clean'}],
  ['sees no shell at work in its arguments', 'test "$2" = \';$HOME\' && exit 0; exit 5', {kind: 'clean'}],
]

for (const [title, script, expected] of answers) {
  test(`a program that ${title}: ${expected.kind}`, async t => {
    const {answer, failures} = await scan(t, script, {args: '{} ;$HOME'})
    assert.deepEqual(told(answer), expected)
    assert.deepEqual(failures, [expected.kind === 'failed' ? expected.reason : undefined])
  })
}

test('a program that hangs is killed with all that it started', async t => {
  const {answer, home} = await scan(t, 'sleep 300 & echo $! > "$HOME/pid"; wait', {timeoutMs: 400})
  assert.match(answer.kind === 'failed' ? answer.reason : '', /^killed after/)
  const pid = readFileSync(path.join(home, 'pid'), 'latin1').trim()
  await until('the end of its child', () => {
    if (!existsSync(`/proc/${pid}`)) return true
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  })
})

test('a program that writes without end is killed', async t => {
  const {answer} = await scan(t, 'yes')
  assert.deepEqual(told(answer), {kind: 'failed', reason: 'killed for an output without end'})
})

test('a program is started in the folder that its entry says; one that is not there is a failure', async t => {
  assert.deepEqual(told((await scan(t, 'test "$(pwd)" = / && exit 1', {cwd: '/'})).answer), {
    kind: 'infected',
    names: [],
  })
  const {answer} = await scan(t, 'exit 0', {cwd: '/no/such/folder'})
  assert.match(answer.kind === 'failed' ? answer.reason : '', /^cannot be run: .*ENOENT/)
})
