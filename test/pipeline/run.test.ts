import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Run} from '../../src/pipeline/run.ts'

function running(remainingMs = 1000) {
  const seen: string[] = []
  const run = new Run({
    state: state => seen.push(`state ${state}`),
    mark: name => seen.push(`mark ${name}`),
    remainingMs: () => remainingMs,
  })
  return {run, seen}
}

test('a stage ends where the next begins: its time is marked before the next state is announced', () => {
  const {run, seen} = running()
  run.begin('mime_decode', 'D')
  run.begin('get-file-type')
  run.begin('notif-quar', 'Q')
  run.end()
  assert.deepEqual(seen, ['state D', 'mark mime_decode', 'mark get-file-type', 'state Q', 'mark notif-quar'])
})

test('work that marks sections of its own has none by its name', () => {
  const {run, seen} = running()
  run.begin('forward', 'F', '')
  run.begin('report')
  run.end()
  assert.deepEqual(seen, ['state F', 'mark report'])
})

test('the last stage is marked once and stays known for whoever tells of a failure', () => {
  const {run, seen} = running()
  run.begin('AV-scan-1', 'V')
  run.end()
  run.end()
  assert.deepEqual(seen, ['state V', 'mark AV-scan-1'])
  assert.equal(run.stage, 'AV-scan-1')
})

test('what is there before the deadline is handed on, a failure too', async () => {
  const {run} = running()
  assert.equal(await run.within(Promise.resolve(3)), 3)
  await assert.rejects(run.within(Promise.reject(new Error('disk full'))), /disk full/)
})

test('what is not there at the deadline fails with the name of the stage', async () => {
  const {run} = running(5)
  run.begin('AV-scan-1', 'V')
  await assert.rejects(run.within(new Promise(() => {})), /timed out in AV-scan-1/)
})
