import assert from 'node:assert/strict'
import {mock, test} from 'node:test'
import v8 from 'node:v8'
import {runInNewContext} from 'node:vm'
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

test('of days on a busy bus with children that come and go nothing stays but the picture', () => {
  let nowMs = 1_700_000_000_000
  const store = createChildStore({now: () => nowMs})
  const collect = (): number => {
    v8.setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    return process.memoryUsage().heapUsed
  }
  const CHILDREN = 200
  // so long that an hour of them fills what is kept of finished tasks
  const SECTIONS = Array.from({length: 100}, (_, i) => `section-${i}: 0.9 (1%)${i + 1}`).join(', ')
  const hour = (n: number) => {
    // every child is another one each hour, with other mails; in between the lists leave out those that went
    const pids = Array.from({length: CHILDREN}, (_, i) => 1000 + n * CHILDREN + i)
    for (let step = 0; step < 100; step++) {
      nowMs += 36_000
      for (const pid of pids) {
        const id = `${pid}-${String(step % 99).padStart(2, '0')}`
        store.put(BUS, [
          `am.st ${pid} ${(nowMs / 1000).toFixed(3)} m ${id}`,
          `am.st ${pid} 40 V ${id}`,
          `am.st ${pid} 90 .`,
        ])
        store.put(BUS, [
          `am.log.**** ${pid} ${(nowMs / 1000).toFixed(3)} (${id}) size: 5120, TIMING [total 90 ms] - ${SECTIONS}`,
        ])
      }
      store.put(BUS, [`am.proc.idle ${pids.join(' ')}`, 'am.proc.busy'])
      store.refresh()
    }
  }
  hour(0)
  hour(1)
  const early = collect()
  for (let n = 2; n < 12; n++) hour(n)
  const late = collect()
  assert.ok(store.refresh().table.children.size <= 2 * CHILDREN)
  assert.ok(late - early < 2 * 1024 * 1024, `${late - early} octets more after ten hours`)
  store.close()
})
