import assert from 'node:assert/strict'
import {test} from 'node:test'
import {LifeSigns} from '../../src/milter/life-signs.ts'
import type {Occupant} from '../../src/milter/slots.ts'

const born = (phase: Occupant['phase']): Occupant => ({
  pid: 101,
  phase,
  open: 0,
  connections: 0,
  idleSince: 0,
  bornAt: 0,
})

test('a process is asked once in a while, and left alone as long as it answers', () => {
  const signs = new LifeSigns({askMs: 10, retireMs: 20, killMs: 60})
  const occupant = born('active')
  assert.deepEqual(
    [5, 10, 11].map(now => signs.due(occupant, now)),
    [undefined, 'ask', undefined],
  )
  signs.heard(occupant, 15)
  assert.deepEqual(
    [24, 25, 44].map(now => signs.due(occupant, now)),
    [undefined, 'ask', undefined],
  )
})

test('one that is silent retires, and is killed when it stays silent', () => {
  const signs = new LifeSigns({askMs: 10, retireMs: 20, killMs: 60})
  const occupant = born('active')
  assert.equal(signs.due(occupant, 10), 'ask')
  assert.equal(signs.due(occupant, 29), undefined)
  assert.equal(signs.due(occupant, 30), 'retire')
  occupant.phase = 'retiring'
  assert.equal(signs.due(occupant, 69), undefined)
  assert.equal(signs.due(occupant, 70), 'kill')
})

test('one that never begins is killed, and not asked', () => {
  const signs = new LifeSigns({askMs: 10, retireMs: 20, killMs: 60})
  const occupant = born('starting')
  assert.deepEqual(
    [30, 59, 60].map(now => signs.due(occupant, now)),
    [undefined, undefined, 'kill'],
  )
})
