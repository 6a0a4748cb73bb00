import assert from 'node:assert/strict'
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import zlib from 'node:zlib'
import {openingOf} from '../../src/decode/format.ts'
import {DecoderProcess} from '../../src/decode/process/decoder-process.ts'
import {until} from '../support/wait.ts'
import {sevenZipped, tar, zip} from './archives.ts'

const limits = {bytes: 1e9, quota: 1e9, files: 1000, maxFiles: 1000}
const a = {name: 'a.txt', content: Buffer.from('some text')}

function decoderOf(t: TestContext): {decoder: DecoderProcess; folder: string} {
  const base = mkdtempSync(path.join(tmpdir(), 'process-'))
  const decoder = new DecoderProcess({base})
  t.after(() => {
    decoder.close()
    rmSync(base, {recursive: true})
  })
  return {decoder, folder: path.join(base, 'parts')}
}

function requestFor(octets: Buffer, folder: string) {
  const opening = openingOf(octets, [])
  assert.ok(opening)
  return {leaf: {kind: 'memory', octets} as const, opening, limits, folder, firstNumber: 7}
}

test('one process opens one leaf after the other, of any format', async t => {
  const {decoder, folder} = decoderOf(t)
  const archives = [zip([a]), tar([a]), await sevenZipped('x.7z', [a])]
  const opened = await Promise.all(
    archives.map(archive => decoder.decode(requestFor(archive, folder), 20_000)),
  )
  const {pid} = decoder
  for (const {members, problems} of opened) {
    assert.deepEqual(problems, [])
    assert.equal(members[0]?.content.toString(), 'some text')
  }
  await decoder.decode(requestFor(zip([a]), folder), 20_000)
  assert.equal(decoder.pid, pid)
})

test('large members are files that are named by their parts', async t => {
  const {decoder, folder} = decoderOf(t)
  const large = Buffer.alloc(6_000_000, 'abc')
  const {members} = await decoder.decode(
    requestFor(zip([a, {name: '../../x', content: large}]), folder),
    20_000,
  )
  assert.equal(members[1]?.path, path.join(folder, 'p008'))
  assert.ok(readFileSync(members[1].path).equals(large))
})

test('a process that does not answer in time is killed, and the next leaf gets a new one', async t => {
  const {decoder, folder} = decoderOf(t)
  const slow = zlib.gzipSync(Buffer.alloc(200_000_000))
  await decoder.decode(requestFor(zip([a]), folder), 20_000)
  const {pid} = decoder
  const {problems} = await decoder.decode(requestFor(slow, folder), 20)
  assert.deepEqual(problems, [{kind: 'limit', reason: 'timed out after 20 ms'}])
  await until('the process to end', () => !existsSync(`/proc/${pid}`))
  const {members} = await decoder.decode(requestFor(zip([a]), folder), 20_000)
  assert.equal(members.length, 1)
  assert.notEqual(decoder.pid, pid)
})

test('a leaf at which two processes end has a problem', async t => {
  const {decoder, folder} = decoderOf(t)
  await decoder.decode(requestFor(zip([a]), folder), 20_000)
  const asked = decoder.decode(requestFor(zlib.gzipSync(Buffer.alloc(300_000_000)), folder), 20_000)
  const killed = new Set<number>()
  while (killed.size < 2) {
    await until(
      'the next process to work',
      () => isNew(decoder.pid, killed) && existsSync(path.join(folder, 'p007')),
    )
    killed.add(decoder.pid!)
    rmSync(path.join(folder, 'p007'))
    process.kill(decoder.pid!, 'SIGKILL')
  }
  const {problems} = await asked
  assert.deepEqual(problems, [{kind: 'corrupt', reason: 'the decoder ended by SIGKILL'}])
  assert.equal((await decoder.decode(requestFor(zip([a]), folder), 20_000)).members.length, 1)
})

function isNew(pid: number | undefined, killed: ReadonlySet<number>): boolean {
  return pid !== undefined && !killed.has(pid)
}

test('a process that ended between two leaves is replaced', async t => {
  const {decoder, folder} = decoderOf(t)
  await decoder.decode(requestFor(zip([a]), folder), 20_000)
  process.kill(decoder.pid!, 'SIGKILL')
  const {members, problems} = await decoder.decode(requestFor(zip([a]), folder), 20_000)
  assert.deepEqual([members.length, problems], [1, []])
})

test('the process cannot write outside of its folder', async t => {
  const {decoder} = decoderOf(t)
  const elsewhere = mkdtempSync(path.join(tmpdir(), 'elsewhere-'))
  t.after(() => rmSync(elsewhere, {recursive: true}))
  const large = zip([{name: 'x', content: Buffer.alloc(6_000_000)}])
  const {problems} = await decoder.decode(requestFor(large, elsewhere), 20_000)
  assert.match(
    problems[0]?.reason ?? '',
    /^the decoder failed: Error: Access to this API has been restricted/,
  )
})
