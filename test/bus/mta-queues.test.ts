import assert from 'node:assert/strict'
import {mkdirSync, writeFileSync} from 'node:fs'
import {test} from 'node:test'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {countMtaQueues, queueFrames, readMtaQueues} from '../../src/bus/mta-queues.ts'
import {temporaryFolder} from '../support/wait.ts'

const NOW_SEC = 1_700_000_000

/** A queue file: its size, its arrival, and what else there may be. */
function queueFile(ageSec: number): Buffer {
  const record = (type: string, text: string) =>
    Buffer.concat([Buffer.from([type.charCodeAt(0), text.length]), Buffer.from(text)])
  return Buffer.concat([
    record('C', ' '.repeat(80)),
    record('T', `${NOW_SEC - ageSec} 123456`),
    record('S', 'a@b.test'),
  ])
}

test('entries are counted in the queue and its one-letter folders, with the age of the oldest', async t => {
  const folder = temporaryFolder(t)
  for (const name of ['maildrop', 'incoming', 'active', 'deferred/A', 'deferred/B']) {
    mkdirSync(`${folder}/${name}`, {recursive: true})
  }
  writeFileSync(`${folder}/active/4XyZ`, queueFile(7))
  writeFileSync(`${folder}/deferred/A/A1`, queueFile(299))
  writeFileSync(`${folder}/deferred/A/A2`, queueFile(601))
  writeFileSync(`${folder}/deferred/B/B1`, queueFile(90_000))
  writeFileSync(`${folder}/deferred/B/B2`, 'no queue file')
  const queues = await readMtaQueues(folder, NOW_SEC * 1000)
  assert.ok(queues)
  assert.deepEqual(
    queues.map(({name, entries, oldestSec}) => [name, entries, oldestSec]),
    [
      ['maildrop', 0, 0],
      ['incoming', 0, 0],
      ['active', 1, 7],
      ['deferred', 4, 90_000],
    ],
  )
  assert.deepEqual(
    await countMtaQueues(folder),
    queues.map(({name, entries}) => ({name, entries, isWhole: true})),
  )
  assert.deepEqual(queues[3]?.byAge, [1, 0, 1, 0, 0, 0, 0, 0, 0, 1])
  const frames = queueFrames(queues)
  for (const frame of ['am.snmp MtaQueueEntriesDeferred G32 4', 'am.snmp MtaQueueDeferredOver1280 G32 1'])
    assert.ok(frames.includes(frame), frame)
  const known = new Set(COUNTERS.map(({name}) => name))
  for (const frame of frames) assert.ok(known.has(frame.split(' ')[1]!), frame)
})

test('without Postfix there is nothing to tell', async t => {
  assert.equal(await readMtaQueues(temporaryFolder(t), 0), undefined)
  assert.equal(await countMtaQueues(temporaryFolder(t)), undefined)
})
