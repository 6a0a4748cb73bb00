import assert from 'node:assert/strict'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {setTimeout as sleep} from 'node:timers/promises'
import {Publisher} from 'zeromq'
import {runRecorder} from '../../../src/bus/recording/recorder.ts'
import {replayEndpoint} from '../../../src/bus/recording/replay.ts'
import {readRecords, segmentsAt} from '../../../src/bus/recording/segments.ts'
import {ask} from '../../../src/bus/subscriber.ts'
import {AmavisError} from '../../../src/errors.ts'
import {silentLog} from '../../../src/log/log.ts'

test('a recorder keeps what a bus says, and a view asks the recording for the counters', async t => {
  const home = await mkdtemp(path.join(tmpdir(), 'amavis-recorder-'))
  t.after(() => rm(home, {recursive: true}))
  const bus = `ipc://${home}/bus.sock`
  const publisher = new Publisher({linger: 0})
  await publisher.bind(bus)
  t.after(() => publisher.close())
  const folder = path.join(home, 'ring')
  const stop = new AbortController()
  const responder = `ipc://${home}/nobody.sock`
  const recording = runRecorder({bus, responder, folder, maxBytes: 1e6, log: silentLog, signal: stop.signal})
  // a late subscriber misses what was said before: say it until it is on disk
  let said = 0
  for (let heard = false; !heard; await sleep(50)) {
    await publisher.send(['am.snmp InMsgs C32 1', 'am.snmp InMsgsSize C64 1000'])
    said++
    const segments = await segmentsAt(folder).catch(() => [])
    for await (const {state} of readRecords(segments)) heard ||= !state
  }
  stop.abort()
  await recording
  const endpoint = await replayEndpoint({recording: folder, at: 'end'}, Date.now())
  const counted = (await ask(endpoint, 'am.snmp?')).find(
    frame => frame.kind === 'snmp' && frame.name === 'InMsgs',
  )
  assert.ok(counted?.kind === 'snmp' && Number(counted.value) >= 1 && Number(counted.value) <= said)
})

test('a recorder that cannot write says so at the start', async () => {
  const signal = AbortSignal.timeout(60_000)
  const nobody = 'ipc:///nonexistent/bus.sock'
  await assert.rejects(
    runRecorder({
      bus: nobody,
      responder: nobody,
      folder: '/dev/null/x',
      maxBytes: 1e6,
      log: silentLog,
      signal,
    }),
    (error: unknown) => error instanceof AmavisError && error.code === 'AM_STORAGE',
  )
})
