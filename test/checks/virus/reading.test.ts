import assert from 'node:assert/strict'
import {test} from 'node:test'
import {combineAnswers, type ScannerAnswer} from '../../../src/checks/virus/answer.ts'
import {readOutput, rulesOf} from '../../../src/checks/virus/reading.ts'
import {subRunner} from '../../../src/config/run-sub.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {settingsOf} from '../../../src/config/view.ts'
import {snapshotFrom} from '../../lookup/settings.ts'
import {re, SETTINGS} from './fakes.ts'
import {told} from './told.ts'

const codes = (...items: number[]): Scalar => ({kind: 'ref', to: {kind: 'array', items}})

const clamscan = [
  codes(0),
  re(':.*\\sFOUND$', 'm'),
  re('^.*?: (?!Infected Archive)(.*) FOUND$', 'm'),
] as const
const bitdefender = [
  re('^Infected files *:0+(?!\\d)', 'm'),
  re('^(?:Infected files|Identified viruses|Suspect files) *:0*[1-9]', 'm'),
  re('(?:suspected|infected): (.*)(?:\\033|$)', 'm'),
] as const
const fprot = [
  codes(0, 8),
  codes(3, 6),
  re('(?:Infection:|security risk named) (.+)|\\s+contains\\s+(.+)$', 'm'),
] as const
const bare = [codes(0), codes(1), undefined] as const
const halfSaid = [undefined, codes(1), re('(x)')] as const

const cases: [
  title: string,
  rules: readonly [Scalar, Scalar, Scalar],
  said: [status: number, output: string],
  answer: ScannerAnswer,
][] = [
  ['an exit code that is clean', clamscan, [0, '/p/p001: OK\n'], {kind: 'clean'}],
  [
    'names of several files, each once',
    clamscan,
    [1, '/p/p001: A.B FOUND\n/p/p002: C FOUND\n/p/p003: A.B FOUND\n'],
    {kind: 'infected', names: ['A.B', 'C']},
  ],
  [
    'infected by output though the exit code is clean',
    clamscan,
    [0, '/p/p001: A FOUND\n'],
    {kind: 'infected', names: ['A']},
  ],
  [
    'neither: the exit code is nowhere',
    clamscan,
    [2, 'LibClamAV Error: no database\n'],
    {kind: 'failed', reason: 'unexpected exit 2, output="LibClamAV Error: no database"'},
  ],
  ['clean by a regexp', bitdefender, [0, 'Infected files :0\n'], {kind: 'clean'}],
  [
    'infected by a regexp',
    bitdefender,
    [0, '/x infected: EICAR\nInfected files :1\n'],
    {kind: 'infected', names: ['EICAR']},
  ],
  [
    'alternatives of the names',
    fprot,
    [3, '  contains Y\nInfection: Z'],
    {kind: 'infected', names: ['Y', 'Z']},
  ],
  ['infected without a name', bare, [1, 'oh no'], {kind: 'infected', names: []}],
  ['nothing said of what is clean', halfSaid, [0, ''], {kind: 'inconclusive'}],
]

for (const [title, [clean, infected, names], [status, output], answer] of cases) {
  test(`output is read by the entry: ${title}`, () => {
    assert.deepEqual(told(readOutput({status, output}, rulesOf(clean, infected, names), SETTINGS)), answer)
  })
}

test('names are given by a sub of the configuration', () => {
  const snapshot = snapshotFrom(`use strict;
@av_scanners = (['S', 'scan', '{}', [0], [1], sub { my($out) = @_; map { "N.$_" } split(' ', $out) }]);
1;\n`)
  assert.ok(snapshot.hasSubs)
  const settings = settingsOf(snapshot, subRunner(snapshot))
  const [entry] = settings.list('@av_scanners')
  assert.ok(typeof entry === 'object' && entry.kind === 'ref' && entry.to.kind === 'array')
  const [, , , clean, infected, names] = entry.to.items
  const answer = readOutput({status: 1, output: 'a b\n'}, rulesOf(clean, infected, names), settings)
  assert.deepEqual(told(answer), {kind: 'infected', names: ['N.a', 'N.b']})
})

test('of several answers about one mail the worst counts', () => {
  const clean = {kind: 'clean'} as const
  const broken = {kind: 'failed', reason: 'x'} as const
  assert.deepEqual(
    told(
      combineAnswers([
        clean,
        broken,
        {kind: 'infected', names: ['a']},
        {kind: 'infected', names: ['b', 'a']},
      ]),
    ),
    {
      kind: 'infected',
      names: ['a', 'b'],
    },
  )
  assert.deepEqual(combineAnswers([clean, broken]), broken)
  assert.deepEqual(combineAnswers([clean, {kind: 'inconclusive'}]), {kind: 'inconclusive'})
  assert.deepEqual(combineAnswers([clean, clean]), clean)
})
