import assert from 'node:assert/strict'
import {appendFile, mkdtemp, readdir, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {type BusRecord, formatRecord, parseRecord} from '../../../src/bus/recording/record.ts'
import {
  askReplay,
  formatReplay,
  movedFrame,
  replay,
  replayEndpoint,
} from '../../../src/bus/recording/replay.ts'
import {LEAST_RING_BYTES, Ring} from '../../../src/bus/recording/ring.ts'
import {readRecords, segmentsAt} from '../../../src/bus/recording/segments.ts'
import {AmavisError} from '../../../src/errors.ts'

const START_MS = 1_795_361_880_000

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'amavis-recording-'))
  t.after(() => rm(made, {recursive: true}))
  return made
}

async function recordsOf(recording: string): Promise<readonly BusRecord[]> {
  const records: BusRecord[] = []
  for await (const record of readRecords(await segmentsAt(recording))) records.push(record)
  return records
}

test('what was put into a ring is read from it in the same order', async t => {
  const home = await folder(t)
  const ring = new Ring({folder: path.join(home, 'new'), maxBytes: LEAST_RING_BYTES})
  const records = [1, 2, 3].map(n => ({timeMs: START_MS + n, frames: [`am.st ${n} ${n} A`, 'é\u0000\n']}))
  for (const record of records) ring.put(record)
  await ring.close(START_MS)
  assert.deepEqual(await recordsOf(path.join(home, 'new')), records)
})

test('a ring never takes more than its size, loses the oldest records, and has the state at each beginning', async t => {
  const home = await folder(t)
  const ring = new Ring({folder: home, maxBytes: LEAST_RING_BYTES, state: () => ['am.snmp InMsgs C32 7']})
  for (let n = 0; n < 3000; n++) {
    ring.put({timeMs: START_MS + n, frames: [`am.st ${n} 1795361880.000 A`]})
    if (n % 100 === 0) await ring.flush(START_MS + n)
  }
  await ring.close(START_MS + 3000)
  const sizes = await Promise.all(
    (await readdir(home)).map(async name => (await stat(path.join(home, name))).size),
  )
  assert.ok(sizes.length > 4)
  assert.ok(sizes.reduce((sum, size) => sum + size) <= LEAST_RING_BYTES)
  const records = await recordsOf(home)
  assert.equal(records.filter(({state}) => state).length, sizes.length)
  const said = records.filter(({state}) => !state).map(({timeMs}) => Math.round(timeMs - START_MS))
  assert.equal(said.at(-1), 2999)
  assert.deepEqual(
    said,
    Array.from({length: said.length}, (_, i) => 3000 - said.length + i),
  )
  assert.equal(ring.dropped, 0)
})

test('a ring leaves files of other names alone', async t => {
  const home = await folder(t)
  await writeFile(path.join(home, 'mail.txt'), 'x'.repeat(2 * LEAST_RING_BYTES))
  const ring = new Ring({folder: home, maxBytes: LEAST_RING_BYTES})
  ring.put({timeMs: START_MS, frames: ['am.st 1 2 A']})
  await ring.close(START_MS)
  assert.ok((await readdir(home)).includes('mail.txt'))
})

test('a ring whose folder cannot be written to says so, counts what is lost, and goes on afterwards', async t => {
  const home = await folder(t)
  const place = path.join(home, 'ring')
  await writeFile(place, 'a file')
  const ring = new Ring({folder: place, maxBytes: LEAST_RING_BYTES})
  ring.put({timeMs: START_MS, frames: ['am.st 1 2 A']})
  await assert.rejects(ring.flush(START_MS))
  assert.equal(ring.dropped, 1)
  await rm(place)
  ring.put({timeMs: START_MS + 1, frames: ['am.st 1 3 b']})
  await ring.close(START_MS + 1)
  assert.equal((await recordsOf(place)).length, 1)
})

test('torn, hostile and foreign lines are passed over', async t => {
  const file = path.join(await folder(t), 'some')
  const good = {timeMs: START_MS, frames: ['am.st 1 2 A']}
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    '{"t":1e300,"frames":["a"]}',
    '{"t":-1,"frames":["a"]}',
    '{"t":1,"frames":[]}',
  ]
  wrong.push(
    '{"t":1,"frames":[1]}',
    '{"t":"1","frames":["a"]}',
    '\u001b[2J\u0000',
    '"x'.repeat(5 * 1024 * 1024),
  )
  await writeFile(file, formatRecord(good))
  for (const line of wrong) {
    assert.equal(parseRecord(line), undefined, line.slice(0, 40))
    await appendFile(file, `${line}\n`)
  }
  await appendFile(file, Buffer.from([0xff, 0xfe, 0x0a]))
  await appendFile(file, formatRecord(good) + formatRecord(good).slice(0, -4))
  assert.deepEqual(await recordsOf(file), [good, good])
})

test('no recording, or a time that is none, is an error that says so', async t => {
  const home = await folder(t)
  const refused = (error: unknown) => error instanceof AmavisError && error.code === 'AM_USAGE'
  await assert.rejects(replayEndpoint({recording: path.join(home, 'none')}, 0), refused)
  await assert.rejects(replayEndpoint({recording: home}, 0), refused)
  await writeFile(path.join(home, 'empty'), '')
  await assert.rejects(replayEndpoint({recording: path.join(home, 'empty')}, 0), refused)
  await assert.rejects(replayEndpoint({recording: path.join(home, 'empty'), at: 'yesterday'}, 0), refused)
})

test('absolute times move with the replay, all else stays', () => {
  const table: readonly (readonly [string, string])[] = [
    ['am.st 7 1795361882.047 A', 'am.st 7 1795361884.047 A'],
    ['am.st 7 120 = 00007-01', 'am.st 7 120 = 00007-01'],
    ['am.log.**** 7 1795361882.047 size: 5', 'am.log.**** 7 1795361884.047 size: 5'],
    ['am.snmp sysUpTime INT 1795361882', 'am.snmp sysUpTime INT 1795361884'],
    ['am.snmp InMsgs C32 1795361882', 'am.snmp InMsgs C32 1795361882'],
    ['am.proc.busy 7', 'am.proc.busy 7'],
  ]
  for (const [frame, moved] of table) assert.equal(movedFrame(frame, 2000), moved)
})

test('a replay says at once what came shortly before its moment, then the rest when its time comes', async t => {
  const home = await folder(t)
  const ring = new Ring({folder: home, maxBytes: LEAST_RING_BYTES, state: () => ['am.snmp FLUSH']})
  for (const second of [0, 20, 28, 30, 40])
    ring.put({
      timeMs: START_MS + second * 1000,
      frames: [`am.st ${second} ${START_MS / 1000 + second}.000 A`],
    })
  ring.put({timeMs: START_MS + 40_000, frames: ['am.snmp InMsgs C32 1']})
  await ring.close(START_MS)
  const at = String(START_MS / 1000 + 30)
  const endpoint = await replayEndpoint({recording: home, at, speed: 1000}, 5_000_000_000_000)
  const stop = new AbortController()
  let nowMs = 5_000_000_000_000
  const heard = replay(endpoint, ['am.st '], {signal: stop.signal, now: () => (nowMs += 0.1)})
  const frames: string[] = []
  for await (const message of heard) {
    frames.push(...message.frames)
    if (frames.length === 4) stop.abort()
  }
  assert.deepEqual(
    frames.map(frame => frame.split(' ')[1]),
    ['20', '28', '30', '40'],
  )
  const [, , stamp] = frames[0]?.split(' ') ?? []
  assert.ok(
    Math.abs(Number(stamp) - (5_000_000_000 - 10)) < 1.1,
    `${stamp} is ten seconds before the present`,
  )
})

test('a replay ends with its signal, even while it waits for a time far away', async t => {
  const file = path.join(await folder(t), 'far')
  await writeFile(file, formatRecord({timeMs: 9e13, frames: ['am.st 1 2 A']}))
  const endpoint = formatReplay({recording: file, atMs: 0, begunMs: Date.now(), speed: 0.5})
  const stop = new AbortController()
  const next = replay(endpoint, ['am.st '], {signal: stop.signal}).next()
  setImmediate(() => stop.abort())
  assert.equal((await next).done, true)
})

test('the counters of a replay are those of its moment, from the state at the beginning of a segment', async t => {
  const home = await folder(t)
  const ring = new Ring({
    folder: home,
    maxBytes: LEAST_RING_BYTES,
    state: () => ['am.snmp FLUSH', 'am.snmp sysUpTime INT 1795361800', 'am.snmp InMsgs C32 100'],
  })
  for (const second of [1, 2, 3])
    ring.put({timeMs: START_MS + second * 1000, frames: ['am.snmp InMsgs C32 5']})
  await ring.close(START_MS)
  const inMsgs = async (at: string, laterMs: number) => {
    const endpoint = await replayEndpoint({recording: home, at, speed: 2}, 1_800_000_000_000)
    return askReplay(endpoint, 'am.snmp?', 1_800_000_000_000 + laterMs)
  }
  assert.ok((await inMsgs('start', 500)).includes('am.snmp InMsgs C32 105'))
  assert.ok((await inMsgs('start', 1000)).includes('am.snmp InMsgs C32 110'))
  const last = await inMsgs('end', 0)
  assert.ok(last.includes('am.snmp InMsgs C32 115'))
  assert.ok(last.includes(`am.snmp sysUpTime INT ${1_800_000_000 - 83}`), last.join('\n'))
})

test('a path with any characters comes back out of its address', async t => {
  const file = path.join(await folder(t), 'a b?at=1&é%')
  await writeFile(file, formatRecord({timeMs: START_MS, frames: ['am.snmp InMsgs C32 3']}))
  const endpoint = await replayEndpoint({recording: file}, 1000)
  assert.ok((await askReplay(endpoint, 'am.snmp?', 1000)).includes('am.snmp InMsgs C32 3'))
})

test('a recording is for its owner only, and one that somebody removes is begun anew', async t => {
  const home = path.join(await folder(t), 'ring')
  const ring = new Ring({folder: home, maxBytes: LEAST_RING_BYTES})
  ring.put({timeMs: START_MS, frames: ['am.st 1 2 A']})
  await ring.flush(START_MS)
  const places = [home, ...(await readdir(home)).map(name => path.join(home, name))]
  const modes = await Promise.all(places.map(file => stat(file)))
  assert.deepEqual(
    modes.map(({mode}) => (mode & 0o777).toString(8)),
    ['700', '600'],
  )
  await rm(home, {recursive: true})
  ring.put({timeMs: START_MS + 1, frames: ['am.st 1 3 b']})
  await ring.close(START_MS + 1)
  assert.deepEqual(
    (await recordsOf(home)).map(({frames}) => frames),
    [['am.st 1 3 b']],
  )
})
