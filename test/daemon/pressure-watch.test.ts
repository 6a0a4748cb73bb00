import assert from 'node:assert/strict'
import {test} from 'node:test'
import {PressureWatch} from '../../src/daemon/pressure-watch.ts'
import {until} from '../support/wait.ts'

test('children are told when somebody has waited long, again while that lasts, and when it is over', async () => {
  let longest = 900
  const told: boolean[] = []
  let looks = 0
  const watch = new PressureWatch({
    longestMs: () => {
      looks++
      return longest
    },
    tell: on => void told.push(on),
    lookEveryMs: 1,
  })
  const keepAlive = setInterval(() => {}, 1000)
  watch.begin()
  watch.begin()
  await until('some looks', () => looks > 3)
  assert.deepEqual(told, [])
  longest = 1000
  await until('two words', () => told.length > 1)
  longest = 0
  await until('the all-clear', () => told.at(-1) === false)
  const before = looks
  longest = 2000
  watch.begin()
  await until('the next time', () => told.at(-1) === true)
  assert.ok(looks > before)
  longest = 0
  await until('its end', () => told.at(-1) === false)
  clearInterval(keepAlive)
})
