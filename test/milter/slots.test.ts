import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Slots} from '../../src/milter/slots.ts'

test('the next connection goes to the process with the fewest, the lowest slot on a tie, and never over its limit', () => {
  const slots = new Slots(2, 2)
  assert.equal(slots.choose(), undefined)
  const [a, b] = [slots.occupy(101, 0), slots.occupy(102, 0)]
  assert.equal(slots.choose(), undefined, 'one that only starts takes none')
  a.occupant!.phase = b.occupant!.phase = 'active'
  const taken: number[] = []
  for (let slot = slots.choose(); slot; slot = slots.choose()) {
    slots.opened(slot)
    taken.push(slot.index)
  }
  assert.deepEqual(taken, [0, 1, 0, 1])
  assert.equal(slots.open, 4)
  slots.closed(b, 5)
  assert.equal(slots.choose(), b)
})

test('as many processes work as are allowed; the other half of the slots is for those that retire', () => {
  const slots = new Slots(2, 1)
  for (const pid of [1, 2]) slots.occupy(pid, 0).occupant!.phase = 'active'
  assert.equal(slots.mayStart, false)
  for (const slot of slots.occupants('active')) slot.occupant!.phase = 'retiring'
  assert.equal(slots.mayStart, true)
  for (const pid of [3, 4]) slots.occupy(pid, 0).occupant!.phase = 'active'
  assert.equal(slots.highWater, 4)
  for (const slot of slots.occupants('active')) slot.occupant!.phase = 'retiring'
  assert.equal(slots.mayStart, false, 'no slot is left')
})

test('a slot keeps its count when its process is gone; the process that comes begins at nothing', () => {
  const slots = new Slots(1, 5)
  const slot = slots.occupy(1, 0)
  slot.occupant!.phase = 'active'
  slots.opened(slot)
  slots.opened(slot)
  slots.vacate(slot)
  assert.deepEqual([slot.connectionsEver, slot.processesEver, slots.open], [2, 1, 0])
  slots.occupy(2, 10)
  assert.deepEqual([slot.connectionsEver, slot.processesEver, slot.occupant?.connections], [2, 2, 0])
})
