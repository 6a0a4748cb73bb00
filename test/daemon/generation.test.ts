import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Generation} from '../../src/daemon/generation.ts'
import type {Plan} from '../../src/daemon/plan.ts'

const PLAN = {
  children: 2,
  childTimeoutMs: 60_000,
  path: '',
  sockets: [],
  log: {target: 'stderr', level: -5, host: 'h', program: 'p'},
} as unknown as Plan

test('children that die at birth end the attempt with the reason, and making more is slowed down', async () => {
  const said: string[] = []
  const generation = new Generation({
    number: 1,
    plan: PLAN,
    snapshot: Buffer.from('no configuration'),
    uid: -1,
    say: (_, text) => said.push(text),
    onChange() {},
    onReturn() {},
    onEcho() {},
  })
  const up = await generation.start(2)
  assert.equal(up.kind, 'failed')
  assert.match(up.kind === 'failed' ? up.reason : '', /^children die at birth: \S/)
  await generation.stop(5000)
  assert.equal(generation.alive, 0)
  assert.ok(said.some(text => /children die at birth, \d in a row; making more is slowed down/.test(text)))
  const births = said.filter(text => /^child \d+ started/.test(text)).length
  assert.ok(births <= 5, `${births} children were made`)
})

test('a child that must be another user than it is does not serve', async () => {
  const generation = new Generation({
    number: 1,
    plan: PLAN,
    snapshot: Buffer.alloc(0),
    uid: 4711,
    say() {},
    onChange() {},
    onReturn() {},
    onEcho() {},
  })
  const up = await generation.start(1)
  assert.match(up.kind === 'failed' ? up.reason : '', /running as user \d+ instead of 4711/)
  await generation.stop(5000)
})
