import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Pool} from '../../src/daemon/pool.ts'

function makePool(size: number, startingLimit = 100) {
  const clock = {ms: 0}
  const pool = new Pool({size, startingLimit, now: () => clock.ms})
  let next = 1
  /** Does what is due, as the owner of the processes would; returns the numbers that were made. */
  const settle = () => {
    const due = pool.due()
    for (const number of due.end) pool.ending(number)
    return Array.from({length: due.make}, () => {
      pool.born(next)
      return next++
    })
  }
  return {pool, clock, settle}
}

test('a new pool makes as many children as wanted, but only a few at the same time', () => {
  const {pool, settle} = makePool(5, 2)
  assert.deepEqual(settle(), [1, 2])
  assert.deepEqual(settle(), [])
  pool.idle(1)
  assert.deepEqual(settle(), [3])
  pool.idle(2)
  pool.idle(3)
  assert.deepEqual(settle(), [4, 5])
  assert.equal(pool.complete, false)
  pool.idle(4)
  pool.idle(5)
  assert.deepEqual(settle(), [])
  assert.equal(pool.complete, true)
})

test('the child that was idle last gets the next connection, and none is given twice', () => {
  const {pool, settle} = makePool(3)
  for (const number of settle()) pool.idle(number)
  assert.deepEqual([pool.take(), pool.take()], [3, 2])
  pool.idle(3)
  assert.deepEqual([pool.take(), pool.take(), pool.take()], [3, 1, undefined])
})

test('a child that is idle twice is a bug', () => {
  const {pool, settle} = makePool(1)
  settle()
  pool.idle(1)
  assert.throws(() => pool.idle(1), {code: 'AM_BUG'})
})

test('a child that dies is replaced', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  pool.take()
  pool.died(2)
  assert.deepEqual(settle(), [3])
})

test('a worn-out child serves as the last choice until its replacement is up, then ends', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  assert.equal(pool.take(), 2)
  pool.idle(2, true)
  assert.deepEqual(pool.due(), {make: 1, end: [], againInMs: undefined})
  assert.deepEqual(settle(), [3])
  assert.deepEqual([pool.take(), pool.take()], [1, 2], 'the fresh one first, though it was idle for longer')
  pool.idle(3)
  assert.deepEqual(pool.due().end, [], 'one too many, but the worn-out one is busy')
  pool.idle(2)
  assert.deepEqual(pool.due().end, [2])
})

test('an idle worn-out child is the one to end when the replacement is up', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  pool.take()
  pool.idle(2, true)
  settle()
  pool.idle(3)
  assert.deepEqual(pool.due().end, [2])
  settle()
  assert.deepEqual(pool.due(), {make: 0, end: [], againInMs: undefined})
  pool.died(2)
  assert.deepEqual(settle(), [])
})

test('one more and one fewer: TTIN makes a child, TTOU ends the one idle for longest, and one always stays', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  pool.resize(+1)
  assert.deepEqual(settle(), [3])
  pool.idle(3)
  pool.resize(-1)
  assert.deepEqual(pool.due().end, [1])
  pool.resize(-9)
  assert.equal(pool.size, 1)
})

test('a surplus child that is busy ends when it is idle', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  pool.take()
  pool.take()
  pool.resize(-1)
  assert.deepEqual(pool.due().end, [])
  pool.idle(1)
  assert.deepEqual(pool.due().end, [1])
})

test('children that die at birth put a brake on: twice as long each time, one at a time, at most 30 s', () => {
  const {pool, clock, settle} = makePool(1)
  settle()
  pool.died(1)
  assert.deepEqual(settle(), [2], 'one death may be an accident')
  pool.died(2)
  const brakes: number[] = []
  for (let number = 3; number < 12; number++) {
    const {make, againInMs} = pool.due()
    assert.equal(make, 0)
    brakes.push(againInMs ?? 0)
    clock.ms += againInMs ?? 0
    assert.deepEqual(settle(), [number])
    pool.died(number)
  }
  assert.deepEqual(brakes, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})

test('the brake is off when a child has finished a connection; being up is not enough', () => {
  const {pool, clock, settle} = makePool(2)
  settle()
  pool.died(1)
  pool.died(2)
  clock.ms += 1000
  assert.deepEqual(settle(), [3], 'one at a time')
  pool.idle(3)
  assert.equal(pool.failures, 2)
  pool.take()
  pool.idle(3)
  assert.equal(pool.failures, 0)
  assert.deepEqual(settle(), [4])
})

test('a child that was told to end, or that has served, does not count as dead at birth', () => {
  const {pool, settle} = makePool(2)
  for (const number of settle()) pool.idle(number)
  pool.take()
  pool.idle(2)
  pool.died(2)
  pool.resize(-1)
  pool.ending(1)
  pool.died(1)
  assert.equal(pool.failures, 0)
})

test('a retired pool makes nothing and ends each child when it is idle', () => {
  const {pool, settle} = makePool(3)
  for (const number of settle()) pool.idle(number)
  pool.take()
  pool.retire()
  assert.deepEqual(pool.due().end, [1, 2])
  settle()
  pool.died(1)
  pool.died(2)
  assert.deepEqual(pool.due(), {make: 0, end: [], againInMs: undefined})
  pool.idle(3)
  assert.deepEqual(pool.due().end, [3])
})
