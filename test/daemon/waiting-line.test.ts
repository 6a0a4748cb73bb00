import assert from 'node:assert/strict'
import {test} from 'node:test'
import {WaitingLine} from '../../src/daemon/waiting-line.ts'

test('connections leave the waiting line oldest first', () => {
  const clock = {ms: 0}
  const line = new WaitingLine<string>(10, () => clock.ms)
  line.push('a')
  clock.ms = 40
  line.push('b')
  clock.ms = 100
  assert.equal(line.longestMs, 100)
  assert.deepEqual([line.shift(), line.longestMs, line.shift(), line.shift()], ['a', 60, 'b', undefined])
  assert.equal(line.longestMs, 0)
})

test('at its limit the line accepts no more, and at half of it again', () => {
  const line = new WaitingLine<number>(4)
  for (const n of [1, 2, 3]) line.push(n)
  assert.equal(line.accepting, true)
  line.push(4)
  assert.equal(line.accepting, false)
  line.shift()
  assert.equal(line.accepting, false)
  line.shift()
  assert.equal(line.accepting, true)
})

test('a connection that was accepted in the same turn as the last one still gets its place', () => {
  const line = new WaitingLine<number>(1)
  line.push(1)
  line.push(2)
  assert.deepEqual([line.length, line.shift(), line.accepting], [2, 1, false])
  assert.deepEqual([line.shift(), line.accepting], [2, true])
})
