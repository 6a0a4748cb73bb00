import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseTiming} from '../../src/tui/timing/timing-text.ts'

test('a TIMING entry tells task, size, total and sections, with or without the CPU times', () => {
  const text =
    'TIMING [total 173 ms] - SMTP EHLO: 1.3 (1%)4, SA check: 97 (56%)87, get-file-type1: 22 (17%)29'
  const entry = parseTiming(`(28039-01) size: 238, ${text}`)
  assert.deepEqual(entry, {
    kind: 'task',
    taskId: '28039-01',
    size: 238,
    totalMs: 173,
    sections: [
      {name: 'SMTP EHLO', ms: 1.3},
      {name: 'SA check', ms: 97},
      {name: 'get-file-type1', ms: 22},
    ],
  })
  const withCpu =
    'TIMING [total 9 ms, cpu 4 ms 5 ms, AM-cpu 1 ms 2 ms, SA-cpu 1 ms 2 ms] - rundown: 9 (100%)100'
  assert.deepEqual(parseTiming(withCpu)?.sections, [{name: 'rundown', ms: 9}])
})

test("SpamAssassin's own report is told apart, in both its forms", () => {
  for (const total of ['total 64 ms', '[total 64 ms, cpu 60 ms]']) {
    const entry = parseTiming(`TIMING-SA ${total} - parse: 0.77 (1.2%), tests_pri_-10000: 1.24 (1.9%)`)
    assert.equal(entry?.kind, 'sa')
    assert.equal(entry.totalMs, 64)
    assert.deepEqual(entry.sections[1], {name: 'tests_pri_-10000', ms: 1.24})
  }
})

test('anything else is no timing, and what is broken in one is left out', () => {
  for (const text of [
    '',
    'TIMING',
    'xTIMING [total 1 ms] - a: 1 (1%)1',
    `TIMING [total 1 ms] - ${'a'.repeat(20_000)}`,
  ]) {
    assert.equal(parseTiming(text), undefined)
  }
  assert.deepEqual(parseTiming('TIMING [total 1 ms] - a: x (1%), b: 2 (2%)3, c')?.sections, [
    {name: 'b', ms: 2},
  ])
})
