import assert from 'node:assert/strict'
import {test} from 'node:test'
import {formatFrame} from '../../src/bus/grammar.ts'
import {lastStates} from '../../src/bus/minder.ts'

const cases: readonly [string, readonly string[], readonly string[]][] = [
  ['one frame is kept', ['am.st 7 5 d 00007-01'], ['am.st 7 5 d 00007-01']],
  [
    'what comes before the last absolute time does not count',
    [
      'am.st 7 1700000000.000 m 00007-01',
      'am.st 7 9 .',
      'am.st 7 1700000001.000 m 00007-02',
      'am.st 7 3 d 00007-02',
    ],
    ['am.st 7 1700000001.000 m 00007-02', 'am.st 7 3 d 00007-02'],
  ],
  [
    'without an absolute time all count, in order',
    ['am.st 7 3 d 00007-02', 'am.st 7 4 = 00007-02', 'am.st 7 9 .'],
    ['am.st 7 3 d 00007-02', 'am.st 7 4 = 00007-02', 'am.st 7 9 .'],
  ],
]

for (const [title, message, expected] of cases) {
  test(`of states sent together: ${title}`, () => {
    const frames = lastStates(message.map(text => Buffer.from(text)))
    assert.deepEqual(frames.map(formatFrame), expected)
  })
}
