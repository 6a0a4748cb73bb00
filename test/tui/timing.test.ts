import assert from 'node:assert/strict'
import {test} from 'node:test'
import {selectSections, timingJson, timingText} from '../../src/tui/timing/report.ts'
import {createTimingStore} from '../../src/tui/timing/store.ts'

const entry = (pid: number, total: number, scan: number) =>
  `am.log.**** ${pid} 1700000000.000 (${pid}-01) size: 9, TIMING [total ${total} ms] - get-file-type3: ${total - scan} (1%)1, AV-scan-1: ${scan} (1%)100`

function storeWith(...frames: string[]) {
  let nowMs = 1_700_000_000_000
  const store = createTimingStore(() => nowMs)
  store.put(frames)
  nowMs += 10_000
  return store
}

test('sections have count, mean, quantiles, share and their slowest mail, those that cost most first', () => {
  const hundred = Array.from({length: 100}, (_, i) => entry(1000 + i, 200, i + 1))
  const {tasks, sections} = storeWith(...hundred).refresh()
  assert.equal(tasks?.count, 100)
  assert.equal(tasks.meanMs, 200)
  assert.deepEqual(
    sections.map(({name}) => name),
    ['get-file-type', 'AV-scan-1'],
  )
  const scan = sections[1]!
  assert.deepEqual([scan.count, scan.meanMs, scan.p50Ms, scan.p95Ms, scan.maxMs], [100, 50.5, 50, 95, 100])
  assert.deepEqual(scan.slowest, {taskId: '1099-01', pid: 1099})
  assert.equal(scan.share, 5050 / 20_000)
})

test("text and JSON say the same, and SpamAssassin's own items stand apart", () => {
  const sa = 'am.log.**** 1000 1700000000.000 (1000-01) TIMING-SA total 64 ms - parse: 32 (50.0%)'
  const snapshot = storeWith(entry(1000, 100, 25), sa, 'am.log.**** 1000 1700000000.000 other').refresh()
  const text = timingText(snapshot)
  assert.match(text, /^1 tasks in 10 s, times in ms\n/)
  assert.match(text, /\nall of a task +1 +100 +100 +100 +100 +1000-01\n/)
  assert.match(
    text,
    /\nAV-scan-1 +1 +25\.0 +25\.0 +25\.0 +25\.0% +25\.0 +1000-01\nSA: parse +1 +32\.0 .* 50\.0%/,
  )
  const json = JSON.parse(timingJson(snapshot))
  assert.equal(json.tasks.mean_ms, 100)
  assert.deepEqual(json.sections.at(-1), {
    report: 'sa',
    name: 'parse',
    count: 1,
    mean_ms: 32,
    p50_ms: 32,
    p95_ms: 32,
    max_ms: 32,
    slowest_task: '1000-01',
    slowest_pid: 1000,
    share: 0.5,
  })
})

test('a filter and an order choose the rows', () => {
  const {sections} = storeWith(entry(1000, 100, 25)).refresh()
  const names = (...args: [RegExp | undefined, 'name' | 'mean', boolean]) =>
    selectSections(sections, ...args).map(({name}) => name)
  assert.deepEqual(names(/scan/i, 'name', false), ['AV-scan-1'])
  assert.deepEqual(names(undefined, 'name', false), ['AV-scan-1', 'get-file-type'])
  assert.deepEqual(names(undefined, 'mean', true), ['AV-scan-1', 'get-file-type'])
})

test('before a task has ended it says so', () => {
  const store = storeWith('am.proc.idle 1000')
  assert.equal(timingText(store.refresh()), 'no task ended in 10 s\n')
  assert.equal(JSON.parse(timingJson(store.refresh())).tasks, null)
})
