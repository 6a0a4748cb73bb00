import assert from 'node:assert/strict'
import test from 'node:test'
import {lessons, scanSpam} from '../../../src/checks/spam/scan.ts'
import type {Opinion, SpamResult, SpamScanner} from '../../../src/checks/spam/scanner.ts'
import {SpamScanners} from '../../../src/checks/spam/scanners.ts'
import {silentLog} from '../../../src/log/log.ts'
import {factsOf} from '../../../src/verdict/facts.ts'
import {pointsFor} from '../../../src/verdict/points.ts'
import {spamMail} from './support.ts'

function scanner(
  name: string,
  score: number | undefined,
  more: {opinion?: Opinion; learnt?: string[]} = {},
): SpamScanner {
  const {opinion, learnt} = more
  return {
    name,
    description: name,
    scan: async (): Promise<SpamResult> =>
      score === undefined
        ? {kind: 'failed', reason: 'down'}
        : {
            kind: 'scanned',
            answers: [
              {
                report: {
                  scanner: name,
                  score,
                  tests: [{name: `T_${name}`, score}],
                  autolearn: '',
                  fields: [[`X-${name}`, 'said']],
                  report: `report of ${name}`,
                },
              },
            ],
            ...(opinion && {opinion}),
          },
    ...(learnt && {learn: async (_: unknown, as: string) => void learnt.push(`${name} ${as}`)}),
    close: () => {},
  }
}

async function scanned(scanners: readonly SpamScanner[]) {
  const answered: string[] = []
  const lines: string[] = []
  const states: string[] = []
  const log = {...silentLog, write: (level: number, text: string) => void lines.push(`${level} ${text}`)}
  const findings = await scanSpam(spamMail('Subject: x\n\nbody\n'), scanners, {
    timeoutMs: 1000,
    log,
    answered: name => answered.push(name),
    report: (...said) => states.push(said.filter(part => part !== undefined).join(' ')),
  })
  return {findings, answered, lines, states}
}

test('points of several scanners add up; tests, fields and reports stand side by side', async () => {
  const {findings, answered} = await scanned([scanner('A', 2.5), scanner('B', -1), scanner('C', 3)])
  const {score, tests} = pointsFor(findings, 0)
  assert.equal(score, 4.5)
  assert.deepEqual(
    tests.map(({name}) => name),
    ['T_A', 'T_B', 'T_C'],
  )
  const facts = factsOf(findings)
  assert.deepEqual(
    facts.scannerFields.map(([name]) => name),
    ['X-A', 'X-B', 'X-C'],
  )
  assert.equal(facts.spamReport, 'report of A\nreport of B\nreport of C')
  assert.deepEqual(answered, ['A', 'B', 'C'])
})

test('one that fails is told of, and the points of the others count', async () => {
  const {findings, lines, states} = await scanned([scanner('A', undefined), scanner('B', 2)])
  assert.equal(pointsFor(findings, 0).score, 2)
  assert.deepEqual(states.sort(), ['A failing down', 'B ok'])
  assert.deepEqual(lines, ['-1 A FAILED: down'])
})

test('where all fail the mail has no score', async () => {
  const {findings} = await scanned([scanner('A', undefined)])
  assert.deepEqual(findings, [])
})

test('who can learn is taught what all together found, where it thought otherwise', async () => {
  const learnt: string[] = []
  const {answered} = await scanned([
    scanner('A', 9),
    scanner('wrong', -1, {opinion: 'ham', learnt}),
    scanner('unsure', 0, {opinion: 'unsure', learnt}),
    scanner('right', 1, {opinion: 'spam', learnt}),
    scanner('mute', 0, {learnt}),
  ])
  assert.deepEqual(learnt, ['wrong spam', 'unsure spam'])
  assert.deepEqual(answered.slice(-2), ['wrong learn', 'unsure learn'])
})

const LESSONS: readonly (readonly [string, readonly (number | undefined)[], string | undefined])[] = [
  ['a mail in between teaches nothing', [0.5, 0], undefined],
  ['a mail just below 5 teaches nothing', [4.9, 0], undefined],
  ['from 5 on it is spam', [5, 0], 'spam'],
  ['below 0.5 it is ham', [0.4, 0], 'ham'],
  ['who stands alone would only hear itself', [undefined, 0], undefined],
]
for (const [what, scores, as] of LESSONS) {
  test(`learning: ${what}`, async () => {
    const scanners = scores.map((score, n) =>
      scanner(`S${n}`, score, n === 1 ? {opinion: 'unsure', learnt: []} : {}),
    )
    const asked = await Promise.all(
      scanners.map(async one => ({
        scanner: one,
        result: await one.scan(spamMail('\n'), {timeoutMs: 1, log: silentLog}),
      })),
    )
    assert.deepEqual(
      lessons(asked).map(lesson => lesson.as),
      as === undefined ? [] : [as],
    )
  })
}

test('the start-up log has each scanner, what is missing for it, and modules that there are not', async () => {
  const {settings} = spamMail('\n', {
    conf: `@spam_scanners = (['sp', 'Amavis::SpamControl::SpamdClient', host => 'sa.test'],
      ['bogo', 'Amavis::SpamControl::ExtProg', '/no/such', []], ['odd', 'Amavis::SpamControl::Odd']);`,
  })
  const scanners = new SpamScanners({settings, log: silentLog, report() {}})
  assert.deepEqual(await scanners.describe(settings), [
    'spam scanner sp: spamd at sa.test:783',
    'spam scanner bogo: not used: there is no program /no/such',
    'spam scanner odd is not used: there is no module Odd',
  ])
})
