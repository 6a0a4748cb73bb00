import assert from 'node:assert/strict'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
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
import {type Log, silentLog} from '../../../src/log/log.ts'
import {until} from '../../support/wait.ts'

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

test('a patient recorder says once that it cannot write, and records when it can', async t => {
  const home = await mkdtemp(path.join(tmpdir(), 'amavis-recorder-'))
  t.after(() => rm(home, {recursive: true}))
  const bus = `ipc://${home}/bus.sock`
  const publisher = new Publisher({linger: 0})
  await publisher.bind(bus)
  t.after(() => publisher.close())
  const folder = path.join(home, 'ring')
  await writeFile(folder, 'in the way')
  const entries: string[] = []
  const log: Log = {
    enabled: () => true,
    write: (level, text) => void entries.push(`${level} ${text}`),
    forTask: () => log,
  }
  const stop = new AbortController()
  const responder = `ipc://${home}/nobody.sock`
  const recording = runRecorder({
    bus,
    responder,
    folder,
    maxBytes: 1e6,
    log,
    signal: stop.signal,
    patient: true,
  })
  const say = () => publisher.send('am.st 7 1795361882.047 A')
  await until('the first entry', async () => {
    await say()
    return entries.length > 0
  })
  await rm(folder)
  await until('a record', async () => {
    await say()
    const segments = await segmentsAt(folder).catch(() => [])
    for await (const {frames} of readRecords(segments)) if (frames[0]?.startsWith('am.st 7')) return true
    return false
  })
  stop.abort()
  await recording
  assert.match(
    entries.join('\n'),
    /^-1 cannot record to \S+ring: .*\n0 recording to \S+ring again, \d+ messages/,
  )
  assert.equal(entries.length, 2)
})
