import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {
  type Child,
  type ChildTable,
  childKey,
  countChildren,
  EMPTY_TABLE,
  mailsPerMinute,
} from '../../src/tui/children/table.ts'
import {accruedBar, ageMs, trailText} from '../../src/tui/children/trail.ts'
import {applyMessages} from './apply-messages.ts'

const BUS = 'tcp://mx1:23232'
const T0 = 1_700_000_000_000

/** A table after `[seconds after T0, frame]`, each at its own time. */
function tableOf(frames: readonly (readonly [number, string])[], before = EMPTY_TABLE): ChildTable {
  return frames.reduce((table, [seconds, text]) => {
    const nowMs = T0 + seconds * 1000
    return applyMessages(table, [{endpoint: BUS, frames: [parseFrame(text)], nowMs}], nowMs)
  }, before)
}

function childOf(table: ChildTable, pid: number): Child {
  const child = table.children.get(childKey(BUS, pid))
  assert.ok(child, `child ${pid} is known`)
  return child
}

/** One mail: accepted at 0, MAIL at 0.1, spam scan of three seconds, result. */
const MAIL: readonly (readonly [number, string])[] = [
  [0, 'am.st 7 1700000000.000 A'],
  [0.02, 'am.st 7 20 b'],
  [0.1, 'am.st 7 1700000000.100 m 00007-01'],
  [0.2, 'am.st 7 100 G 00007-01'],
  [0.3, 'am.st 7 200 S 00007-01'],
  [3.3, 'am.st 7 3200 r 00007-01'],
]

test('states accrue from the last absolute time on, each with the time it began', () => {
  const child = childOf(tableOf(MAIL), 7)
  assert.equal(child.taskId, '00007-01')
  assert.equal(child.baseMs, T0 + 100)
  assert.deepEqual(
    child.steps.map(({state, atMs}) => [state, atMs - T0]),
    [
      ['m', 100],
      ['G', 200],
      ['S', 300],
      ['r', 3300],
    ],
  )
})

test('short states keep their letter in the bar, long ones have one a second', () => {
  const child = childOf(tableOf(MAIL), 7)
  assert.equal(accruedBar(child, T0 + 3400, 30), 'mGSSSr')
  assert.equal(trailText(child, T0 + 3400), 'm0.1 G0.1 S3.0 r')
})

test('a bar without room takes it from the longest state, which then ends in >', () => {
  const long = tableOf([[40, 'am.st 7 39900 F 00007-01']], tableOf(MAIL.slice(0, 5)))
  const bar = accruedBar(childOf(long, 7), T0 + 42_000, 12)
  assert.equal(bar, 'mGSSSSSSS>FF')
  assert.equal(accruedBar(childOf(long, 7), T0 + 42_000, 3), '<SF')
})

test('an idle child has a dot for each second since it became idle', () => {
  const idle = tableOf(
    [
      [4, 'am.st 7 3900 .'],
      [4.1, 'am.st 7 4000 -'],
    ],
    tableOf(MAIL),
  )
  assert.equal(ageMs(childOf(idle, 7), T0 + 9_200), 5_100)
  assert.equal(accruedBar(childOf(idle, 7), T0 + 9_200, 30), '.....')
})

test('a repeated state changes nothing but the time of hearing', () => {
  const before = tableOf(MAIL)
  const after = tableOf([[5.3, 'am.st 7 5200 r 00007-01']], before)
  assert.deepEqual({...childOf(after, 7), heardMs: 0}, {...childOf(before, 7), heardMs: 0})
  assert.equal(childOf(after, 7).heardMs, T0 + 5300)
})

test('joined late, a base is estimated and what was before is not seen', () => {
  const child = childOf(tableOf([[10, 'am.st 7 4000 S 00007-01']]), 7)
  assert.equal(child.baseMs, T0 + 6000)
  assert.equal(accruedBar(child, T0 + 12_000, 30), '????SS')
  const idle = childOf(tableOf([[10, 'am.st 7 4000 -']]), 7)
  assert.equal(accruedBar(idle, T0 + 12_000, 30), '......')
})

test('a missed MAIL FROM is noticed by the next delta, which no longer fits', () => {
  const child = childOf(tableOf([[20, 'am.st 7 500 V 00007-02']], tableOf(MAIL)), 7)
  assert.equal(child.baseMs, T0 + 19_500)
  assert.deepEqual(
    child.steps.map(({state}) => state),
    ['?', 'V'],
  )
})

test('exiting removes a child, FLUSH all of that bus, purged shows it as gone for ten seconds', () => {
  const two = tableOf([[0, 'am.st 8 1700000000.000 -']], tableOf(MAIL.slice(0, 1)))
  assert.equal(tableOf([[1, 'am.st 8 1000 exiting']], two).children.size, 1)
  const other = applyMessages(
    two,
    [{endpoint: 'tcp://mx2:23232', frames: [parseFrame('am.st 9 1700000000.000 -')], nowMs: T0}],
    T0,
  )
  assert.deepEqual(
    [...tableOf([[1, 'am.st 1 1700000001.000 FLUSH']], other).children.values()].map(({pid}) => pid),
    [9],
  )
  const gone = tableOf([[1, 'am.st 7 1700000001.000 purged']], two)
  assert.equal(childOf(gone, 7).goneMs, T0 + 1000)
  assert.deepEqual(countChildren(gone.children.values()), {busy: 0, idle: 1})
  assert.equal(applyMessages(gone, [], T0 + 11_001).children.size, 1)
})

test('a purged pid that speaks again is a new child', () => {
  const table = tableOf([...MAIL, [4, 'am.st 7 1700000004.000 purged'], [5, 'am.st 7 1700000005.000 -']])
  assert.equal(childOf(table, 7).goneMs, undefined)
  assert.deepEqual(childOf(table, 7).steps, [{state: '-', atMs: T0 + 5000}])
})

test('lists add unknown pids, and overrule a child only when it has been silent', () => {
  const table = tableOf([
    [0, 'am.proc.busy 7 8'],
    [0, 'am.proc.idle 9'],
    [1, 'am.st 8 300 S 00008-01'],
  ])
  assert.equal(childOf(table, 7).state, '?')
  assert.equal(childOf(table, 9).state, '-')
  assert.equal(childOf(table, 8).baseMs, T0 + 700)
  assert.equal(childOf(tableOf([[2, 'am.proc.idle 8']], table), 8).state, 'S')
  assert.equal(childOf(tableOf([[7, 'am.proc.idle 8']], table), 8).state, '-')
})

test('a child that nothing names for ten minutes is dropped', () => {
  const table = tableOf(MAIL)
  assert.equal(applyMessages(table, [], T0 + 603_300).children.size, 1)
  assert.equal(applyMessages(table, [], T0 + 603_301).children.size, 0)
  const listed = tableOf([[300, 'am.proc.busy 7']], table)
  assert.equal(applyMessages(listed, [], T0 + 603_301).children.size, 1)
})

test('each mail is counted once when its checking is done, over the last minute', () => {
  let table = tableOf(MAIL)
  for (let n = 0; n < 10; n++) {
    table = tableOf(
      [
        [10 + n, `am.st 7 1700000010.000 m 00007-${n}`],
        [10 + n, 'am.st 7 100 .'],
        [10 + n, 'am.st 7 101 .'],
      ],
      table,
    )
  }
  assert.equal(mailsPerMinute(table, T0 + 20_000), 30)
  assert.equal(mailsPerMinute(table, T0 + 65_000), 10)
  assert.equal(mailsPerMinute(table, T0 + 200_000), 0)
})

test('a rate of a short look is by its length, but of no less than two seconds', () => {
  const table = tableOf([
    [0, 'am.st 7 1700000000.000 m 00007-1'],
    [1, 'am.st 7 1000 .'],
  ])
  assert.equal(mailsPerMinute(table, T0 + 1000), 30)
  assert.equal(mailsPerMinute(table, T0 + 4000), 15)
})

test('the reducer leaves the table it was given as it was', () => {
  const before = tableOf(MAIL)
  const copy = structuredClone(before)
  tableOf([[5, 'am.st 1 1700000005.000 FLUSH']], before)
  tableOf([[5, 'am.st 7 4000 .']], before)
  assert.deepEqual(before, copy)
})

test('a bus that invents pids cannot fill the memory', () => {
  const frames = Array.from({length: 12_000}, (_, i) => parseFrame(`am.st ${i + 1} 1700000000.000 -`))
  const table = applyMessages(EMPTY_TABLE, [{endpoint: BUS, frames, nowMs: T0}], T0)
  assert.equal(table.children.size, 10_000)
})
