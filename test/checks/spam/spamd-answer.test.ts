import assert from 'node:assert/strict'
import test from 'node:test'
import {type Command, parseAnswer} from '../../../src/checks/spam/spamd/answer.ts'

const answer = (body: string, spam = 'True ; 6.1 / 5.0', code = '0 EX_OK') =>
  Buffer.from(
    `SPAMD/1.1 ${code}\r\nContent-length: ${Buffer.byteLength(body)}\r\nSpam: ${spam}\r\n\r\n${body}`,
  )
const parsed = (octets: Buffer, command: Command) => {
  const result = parseAnswer(octets, command)
  return result.kind === 'report' ? result.report : result.reason
}

test('HEADERS: tests with their points where the template gives them, and the total is their sum', () => {
  const body =
    'Subject: x\nX-Spam-Status: Yes, score=6.1 required=5.0 tests=A_B=2.599,\n\tC=3.5 autolearn=spam version=4\n'
  const report = parsed(answer(body), 'HEADERS')
  assert.ok(typeof report === 'object')
  assert.equal(report.score, 6.099)
  assert.equal(report.autolearn, 'spam')
  assert.deepEqual(report.tests, [
    {name: 'A_B', score: 2.599},
    {name: 'C', score: 3.5},
  ])
  assert.deepEqual(
    report.fields?.map(([name]) => name),
    ['X-Spam-Status'],
  )
})

test('HEADERS: names alone, with points out of the report where there is one', () => {
  const status = 'X-Spam-Status: No, score=0.1 required=5.0 tests=A,B autolearn=no\n'
  const bare = parsed(answer(status, 'False ; 0.1 / 5.0'), 'HEADERS')
  assert.deepEqual(typeof bare === 'object' && [bare.score, bare.tests], [
    0.1,
    [
      {name: 'A', score: undefined},
      {name: 'B', score: undefined},
    ],
  ])
  const table = 'X-Spam-Report: \n\t*  1.2 A BODY: text\n\t* -1.1 B text\n\t*      [more]\n'
  const full = parsed(answer(table + status, 'False ; 0.1 / 5.0'), 'HEADERS')
  assert.deepEqual(typeof full === 'object' && full.tests, [
    {name: 'A', score: 1.2},
    {name: 'B', score: -1.1},
  ])
  assert.match((typeof full === 'object' && full.report) || '', /^1\.2 A BODY: text\n/)
})

test('REPORT and SYMBOLS give what they have', () => {
  const table =
    ' pts rule name              description\n---- ----------\n 6.0 LONG_ONE  text\n 0.1 B     text\n'
  const report = parsed(answer(`Content preview: 1.0 Not_a test\n\n${table}`), 'REPORT')
  assert.deepEqual(typeof report === 'object' && report.tests.map(({name, score}) => [name, score]), [
    ['LONG_ONE', 6],
    ['B', 0.1],
  ])
  const symbols = parsed(answer('A,B,C\r\n'), 'SYMBOLS')
  assert.deepEqual(typeof symbols === 'object' && symbols.tests.map(({name}) => name), ['A', 'B', 'C'])
  const none = parsed(answer('', 'False ; 0.0 / 5.0'), 'SYMBOLS')
  assert.deepEqual(none, {score: 0, tests: [], autolearn: ''})
})

const broken: readonly [what: string, octets: Buffer, reason: RegExp][] = [
  ['nothing', Buffer.alloc(0), /no answer/],
  ['rubbish', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /not of its protocol/],
  ['half of a header', Buffer.from('SPAMD/1.1 0 EX_OK\r\nSpam: Tr'), /not of its protocol/],
  ['an error', Buffer.from('SPAMD/1.0 75 Timeout\r\n\r\n'), /spamd says 75 Timeout/],
  ['a body that is cut off', answer('A,B').subarray(0, -1), /cut off/],
  ['no score', Buffer.from('SPAMD/1.1 0 EX_OK\r\n\r\n'), /without a score/],
]
for (const [what, octets, reason] of broken) {
  test(`${what} is no answer`, () => {
    const result = parseAnswer(octets, 'HEADERS')
    assert.ok(result.kind === 'failed')
    assert.match(result.reason, reason)
  })
}
