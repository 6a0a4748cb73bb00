import assert from 'node:assert/strict'
import test from 'node:test'
import type {Finding, ScoredTest} from '../../src/checks/finding.ts'
import {pointsFor} from '../../src/verdict/points.ts'

const report = (scanner: string, ...tests: ScoredTest[]): Finding => ({
  kind: 'spam',
  report: {scanner, score: tests.reduce((sum, {score}) => sum + (score ?? 0), 0), tests, autolearn: ''},
})
const points = (name: string, score: number, ...recipients: number[]): Finding => ({
  kind: 'points',
  test: {name, score},
  recipients: recipients.length > 0 ? recipients : undefined,
})
const listed = (...listings: [blacklisted: boolean, whitelisted: boolean, points?: number][]): Finding => ({
  kind: 'sender-lists',
  listings: listings.map(([blacklisted, whitelisted, soft]) => ({blacklisted, whitelisted, points: soft})),
})
const text = (findings: readonly Finding[], index = 0) => {
  const {score, tests} = pointsFor(findings, index)
  return `${score === undefined ? '-' : Number(score.toFixed(3))} ${tests.map(t => `${t.name}=${Number(t.score?.toFixed(3))}`).join(',')}`.trim()
}

const cases: readonly [name: string, findings: readonly Finding[], index: number, expected: string][] = [
  ['nobody looked', [], 0, '-'],
  ['a virus is no point', [{kind: 'virus', scanner: 'a', names: ['b']}], 0, '-'],
  [
    'scanners add up',
    [report('A', {name: 'X', score: 2}), report('B', {name: 'Y', score: 1.5})],
    0,
    '3.5 X=2,Y=1.5',
  ],
  [
    'our own tests stand first',
    [report('A', {name: 'X', score: 2}), listed([false, false, 1]), report('AV', {name: 'AV:J', score: 5})],
    0,
    '8 AM.WBL=1,AV:J=5,X=2',
  ],
  ['lists without points give none', [listed([false, true])], 0, '-'],
  ['lists are per recipient', [listed([false, false, 1], [false, false, -2])], 1, '-2 AM.WBL=-2'],
  [
    'a report for some recipients is theirs',
    [{...report('A', {name: 'X', score: 2}), recipients: [1]} as Finding],
    0,
    '-',
  ],
  [
    'pen pals of another recipient',
    [points('AM.PENPAL', -8, 1), report('A', {name: 'X', score: 1})],
    0,
    '1 X=1',
  ],
  [
    'the signer draws what was counted before it, the pen pal comes after',
    [
      points('AM.PENPAL', -1),
      {kind: 'reputation', value: 10, factor: 0.2},
      {kind: 'reputation', value: -5, factor: 0.2},
      points('AM.IP_BAD_192.0.2.1', 2),
      report('A', {name: 'X', score: 3}),
    ],
    0,
    '2 AM.IP_BAD_192.0.2.1=2,AM.DKIM_REPUT=-2,AM.PENPAL=-1,X=3',
  ],
]

for (const [name, findings, index, expected] of cases) {
  test(`points: ${name}`, () => assert.equal(text(findings, index), expected))
}

test('both colours of a list are told', () => {
  const {blacklisted, whitelisted} = pointsFor([listed([true, true])], 0)
  assert.deepEqual({blacklisted, whitelisted}, {blacklisted: true, whitelisted: true})
})
