import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {Scalar} from '../../src/config/value.ts'
import {createDecoders} from '../../src/decode/decoders.ts'
import type {DecodeLimits} from '../../src/decode/member.ts'
import {type Program, planDecoders} from '../../src/decode/plan.ts'

const list = (...items: Scalar[]): Scalar => ({kind: 'ref', to: {kind: 'array', items}})
const variable = (value: Scalar): Scalar => ({kind: 'ref', to: {kind: 'scalar', value}})
const code: Scalar = {kind: 'code', name: 'do_uncompress', body: undefined}
const WIDE: DecodeLimits = {bytes: 1e8, quota: 1e8, files: 1000, maxFiles: 1000}

test('a program is used where an entry names it, it is installed, and nothing of ours opens the type', () => {
  const entries = [
    list('F', code, variable('melt')),
    list(list('arc', 'zoo'), code, list('unknown', 'nomarch -x')),
    list('gz', code, 'gzip -d'),
    list('lrz', code, variable(undefined)),
  ]
  const installed = ['/opt/melt', '/usr/bin/nomarch', '/usr/bin/gzip']
  const plan = planDecoders(entries, ['/usr/bin', '/opt'], file => installed.includes(file))
  assert.deepEqual(plan.program('freeze'), ['/opt/melt'])
  assert.deepEqual(plan.program('arc'), ['/usr/bin/nomarch', '-p'])
  assert.equal(plan.program('gzip'), undefined)
  assert.equal(plan.program('lrzip'), undefined)
})

test('lrzip is asked for little memory, and not for the -k that the present one refuses', () => {
  const entries = [list('lrz', code, list('lrzip -q -k -d -o -', 'lrzcat -q -k'))]
  const plan = planDecoders(entries, ['/usr/bin'], file => file === '/usr/bin/lrzip')
  assert.deepEqual(plan.program('lrzip'), ['/usr/bin/lrzip', '-q', '-p', '1', '-m', '1', '-d', '-o', '-'])
})

test('a type that the configuration leaves out is not opened, but those that are new are', () => {
  const plan = planDecoders([list('gz', code)], [], () => false)
  assert.equal(plan.mayOpen('gzip'), true)
  assert.equal(plan.mayOpen('zip'), false)
  assert.equal(plan.mayOpen('onenote'), true)
})

function workplace(t: TestContext, script: string): {program: Program; folder: string; base: string} {
  const base = mkdtempSync(path.join(tmpdir(), 'programs-'))
  t.after(() => rmSync(base, {recursive: true}))
  const file = path.join(base, 'melt')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return {program: [file], folder: path.join(base, 'parts'), base}
}

const RUNS: readonly [title: string, script: string, limits: DecodeLimits, text: string, problem: RegExp][] =
  [
    ['is a filter', 'tail -c +3', WIDE, 'melted', /^$/],
    ['fails', 'echo half; exit 3', WIDE, 'half\n', /^corrupt: melt: exit status 3$/],
    [
      'writes without end',
      'yes',
      {...WIDE, bytes: 100_000, quota: 7},
      '',
      /^limit: Exceeded storage quota 7 bytes by melt/,
    ],
    ['does not end', 'sleep 100 & wait', WIDE, '', /^limit: melt timed out after 300 ms$/],
  ]

for (const [title, script, limits, text, problem] of RUNS) {
  test(`a program that ${title}`, async t => {
    const {program, folder, base} = workplace(t, script)
    const decoders = createDecoders({base, folder: async () => folder})
    const decoded = await decoders.decode(
      {
        leaf: {kind: 'memory', octets: Buffer.from('\x1f\x9fmelted', 'latin1')},
        opening: {format: 'freeze', start: 0, isGuess: false},
        limits,
        firstNumber: 4,
      },
      title === 'does not end' ? 300 : 20_000,
      program,
    )
    const [member] = decoded.members
    if (text !== '') assert.equal(member?.content.toString(), text)
    assert.match(decoded.problems.map(({kind, reason}) => `${kind}: ${reason}`).join(), problem)
    assert.deepEqual(readdirSync(folder), [])
  })
}

test('what a program writes and the work folder cannot hold is told to the caller', async t => {
  const {program, folder, base} = workplace(t, 'head -c 6000000 /dev/zero')
  mkdirSync(path.join(folder, 'p002', 'taken'), {recursive: true})
  const decoders = createDecoders({base, folder: async () => folder})
  const leaf = {kind: 'memory', octets: Buffer.from('packed')} as const
  const opening = {format: 'freeze', start: 0, isGuess: false} as const
  await assert.rejects(
    decoders.decode({leaf, opening, limits: WIDE, firstNumber: 2}, 20_000, program),
    /directory/,
  )
  assert.deepEqual(readdirSync(folder), ['p002'])
})
