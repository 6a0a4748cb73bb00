import assert from 'node:assert/strict'
import {mock, test} from 'node:test'
import {createChildStore} from '../../src/tui/children/store.ts'

const BUS = 'tcp://127.0.0.1:1'

test('however much arrives, listeners are told once a period', t => {
  mock.timers.enable({apis: ['setInterval', 'Date'], now: 1_700_000_000_000})
  t.after(() => mock.timers.reset())
  const store = createChildStore()
  let told = 0
  const stop = store.subscribe(() => told++)
  const before = store.getSnapshot()
  for (let pid = 1; pid <= 500; pid++) store.put(BUS, [`am.st ${pid} 1700000000.000 -`])
  assert.equal(store.getSnapshot(), before)
  mock.timers.tick(200)
  assert.equal(told, 1)
  assert.equal(store.getSnapshot().table.children.size, 500)
  stop()
})

test('with nothing new there is a snapshot a second while somebody listens, and none after', t => {
  mock.timers.enable({apis: ['setInterval', 'Date'], now: 1_700_000_000_000})
  t.after(() => mock.timers.reset())
  const store = createChildStore()
  let told = 0
  const stop = store.subscribe(() => told++)
  for (let i = 0; i < 30; i++) mock.timers.tick(100)
  assert.equal(told, 3)
  stop()
  for (let i = 0; i < 30; i++) mock.timers.tick(100)
  assert.equal(told, 3)
})

test('a refresh takes in at once what has arrived, and frames that mean nothing do no harm', () => {
  const store = createChildStore()
  store.put(BUS, ['am.st 7 1700000000.000 -', 'am.st rubbish', ''])
  assert.equal(store.refresh().table.children.size, 1)
  store.close()
})

test('what arrives between two refreshes is all taken in, however much it is, without a new snapshot', () => {
  const store = createChildStore()
  const before = store.getSnapshot()
  for (let n = 0; n < 5000; n++) store.put(BUS, [`am.st ${1 + (n % 900)} 1700000000.000 -`])
  assert.equal(store.getSnapshot(), before)
  assert.equal(store.refresh().table.children.size, 900)
  store.close()
})
