import assert from 'node:assert/strict'
import test from 'node:test'
import {parseAnswer} from '../../../src/checks/spam/rspamd/answer.ts'

const parse = (said: unknown, status = 200) =>
  parseAnswer(status, Buffer.from(typeof said === 'string' ? said : JSON.stringify(said)))

function report(said: unknown) {
  const answer = parse(said)
  assert.ok(answer.kind === 'report')
  return answer.report
}

test('symbols are tests with their points, the score is the total, the action is told', () => {
  const answer = parse({
    score: 7.5,
    required_score: 15,
    action: 'add header',
    subject: 'rewritten',
    symbols: {
      R_ZERO: {score: 0},
      BAYES_SPAM: {score: 5.1, description: 'Bayes', options: ['99%']},
      NEG: {metric_score: -1.25},
    },
  })
  assert.ok(answer.kind === 'report')
  const {report, action} = answer
  assert.equal(action, 'add header')
  assert.equal(report.score, 7.5)
  assert.deepEqual(report.tests, [
    {name: 'BAYES_SPAM', score: 5.1},
    {name: 'NEG', score: -1.25},
    {name: 'R_ZERO', score: 0},
  ])
  assert.equal(report.supplementary?.get('RSPAMDACTION'), 'add header')
  assert.match(report.report ?? '', /^Rspamd: add header, 7\.5 of 15 points\n pts symbol/)
  assert.match(report.summary ?? '', /^ 5\.1 BAYES_SPAM {13}Bayes \[99%\]$/m)
})

test('fields of milter_headers are added, with one value or several; those with number 0 are removed', () => {
  const {fields, removedFields} = report({
    score: 0,
    milter: {
      add_headers: {
        'X-A': 'one',
        'X-B': {value: 'first\r\n\tsecond\n\nthird', order: 1},
        'X-C': ['c1', {value: 'c2'}, {order: 1}, null],
        'bad name': 'x',
        'X:D': 'x',
      },
      remove_headers: {'X-Old': 0, 'X-Second': 2, 'bad\nname': 0},
    },
  })
  assert.deepEqual(fields, [
    ['X-A', 'one'],
    ['X-B', 'first\nsecond\nthird'],
    ['X-C', 'c1'],
    ['X-C', 'c2'],
  ])
  assert.deepEqual(removedFields, ['X-Old'])
})

test('names and texts of symbols are cut, and have nothing in them that means something in a list or a log', () => {
  const {tests, report: text} = report({
    score: 1,
    symbols: {
      'A,B=1 [x]': {score: 1, description: 'über\nzwei', options: ['x'.repeat(1000)]},
      ['L'.repeat(500)]: {score: 'x'},
    },
  })
  assert.deepEqual(
    tests.map(({name, score}) => [name.length, score]),
    [
      [9, 1],
      [100, undefined],
    ],
  )
  assert.equal(tests[0]?.name, 'A_B_1__x_')
  assert.match(text ?? '', /\?ber\?zwei \[x{120}\]/)
})

test('no more than a thousand symbols are read', () => {
  const symbols = Object.fromEntries(Array.from({length: 5000}, (_, n) => [`S${n}`, {score: 1}]))
  assert.equal(report({score: 5000, symbols}).tests.length, 1000)
})

const ODD: readonly (readonly [string, unknown])[] = [
  ['nothing', ''],
  ['half an object', '{"score":1,'],
  ['a list', []],
  ['null', null],
  ['a score that is a text', {score: '5'}],
  ['a score without end', '{"score":1e999}'],
  ['deep nesting', '['.repeat(100_000)],
]
for (const [what, said] of ODD) {
  test(`${what} is no answer, and nothing speaks for the server`, () => {
    const answer = parse(said)
    assert.ok(answer.kind === 'failed' && !answer.isUp)
  })
}

test('members of the wrong kind are left out', () => {
  const odd = {score: 1, action: {}, required_score: 'x', symbols: [1], milter: 'x'}
  const {tests, fields} = report(odd)
  assert.deepEqual([tests, fields], [[], []])
  const symbols = {A: null, B: 5, C: {score: null, options: {}}}
  assert.deepEqual(
    report({score: 1, symbols, milter: {add_headers: [], remove_headers: 1}}).tests.map(({score}) => score),
    [undefined, undefined, undefined],
  )
})

test('a status that is not 200 is a failure with its words; only the server that cannot is down', () => {
  assert.deepEqual(parse({error: 'Unauthorized\n'}, 403), {
    kind: 'failed',
    reason: 'Rspamd says 403: Unauthorized?',
    isUp: true,
  })
  assert.deepEqual(parse('x', 503), {kind: 'failed', reason: 'Rspamd says 503', isUp: false})
})
