import assert from 'node:assert/strict'
import {type TestContext, test} from 'node:test'
import {Breaker} from '../../src/checks/breaker.ts'

/** A breaker with a clock of the test's and a probe that says what the test says. */
function breakerFor(t: TestContext, isProof = true) {
  t.mock.timers.enable({apis: ['setTimeout']})
  const seen = {answers: false, probes: 0, conditions: [] as string[]}
  const breaker = new Breaker({
    isProof,
    probe: async () => {
      seen.probes++
      return seen.answers
    },
    report: condition => void seen.conditions.push(condition),
  })
  t.after(() => breaker.close())
  const pass = async (ms: number) => {
    t.mock.timers.tick(ms)
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
  return {breaker, seen, pass}
}

test('a scanner that cannot be reached is not asked, and tried after 1 s, 2 s, 4 s and every 5 s', async t => {
  const {breaker, seen, pass} = breakerFor(t)
  breaker.failed('unreachable', 'refused')
  assert.equal(breaker.obstacle, 'refused')
  for (const [index, delay] of [1000, 2000, 4000, 5000, 5000].entries()) {
    await pass(delay - 1)
    assert.equal(seen.probes, index)
    await pass(1)
    assert.equal(seen.probes, index + 1)
  }
  seen.answers = true
  await pass(5000)
  assert.equal(breaker.obstacle, undefined)
  assert.deepEqual(seen.conditions, ['open', 'ok'])
})

test('a scanner that broke off is tried at once, and asked on where it answers', async t => {
  const {breaker, seen, pass} = breakerFor(t)
  seen.answers = true
  breaker.failed('broken', 'closed')
  assert.equal(breaker.obstacle, undefined)
  await pass(0)
  assert.deepEqual(seen.conditions, ['failing', 'ok'])
})

test('a trial of one that broke off can be waited for', async t => {
  const {breaker} = breakerFor(t)
  assert.equal(breaker.trial, undefined)
  breaker.failed('hung', 'timed out')
  await breaker.trial
  assert.deepEqual([breaker.obstacle, breaker.trial], ['timed out', undefined])
})

test('a scanner that broke off and does not answer any more is not asked', async t => {
  const {breaker, seen, pass} = breakerFor(t)
  breaker.failed('broken', 'closed')
  breaker.failed('hung', 'timed out')
  await pass(0)
  assert.equal(breaker.obstacle, 'timed out')
  assert.deepEqual(seen.conditions, ['failing', 'open'])
})

test('a scanner that hung and can only be connected to is left alone for 30 s', async t => {
  const {breaker, seen, pass} = breakerFor(t, false)
  seen.answers = true
  breaker.failed('hung', 'timed out')
  await pass(29_999)
  assert.equal(breaker.obstacle, 'timed out')
  await pass(1)
  assert.equal(breaker.obstacle, undefined)
  assert.equal(seen.probes, 1)
})

test('a breaker that is closed tries nothing more', async t => {
  const {breaker, seen, pass} = breakerFor(t)
  breaker.failed('unreachable', 'refused')
  breaker.close()
  await pass(60_000)
  assert.equal(seen.probes, 0)
})
