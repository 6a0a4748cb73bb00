import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, statSync, symlinkSync} from 'node:fs'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, test} from 'node:test'
import {silentLog} from '../../src/log/log.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {folderName, Spool} from '../../src/session/spool.ts'
import {TaskIds} from '../../src/session/task-ids.ts'

// as the daemon does
process.umask(0o027)

let base: string
beforeEach(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'amavis-spool-'))
})
afterEach(() => rm(base, {recursive: true, force: true}))

const spoolIn = (folder: string, preserving = true) =>
  new Spool({
    base: folder,
    log: silentLog,
    preserving,
    pid: 77,
    clock: () => new Date(2026, 10, 22, 9, 8, 7).getTime(),
  })

test('a folder is named for its time, its process and something random', () => {
  assert.match(folderName(new Date(2026, 0, 2, 3, 4, 5), 77), /^amavis-20260102T030405-00077-[\w-]{8}$/)
})

test('the folder is made when it is needed, used again, and removed at the end', async () => {
  const spool = spoolIn(base)
  assert.deepEqual(readdirSync(base), [])
  const first = await (await spool.createMail()).finish()
  const second = await (await spool.createMail()).finish()
  assert.equal(first.path, second.path)
  const folder = path.dirname(first.path!)
  assert.equal(path.basename(folder).slice(0, 29), 'amavis-20261122T090807-00077-')
  assert.equal(statSync(folder).mode & 0o777, 0o750)
  assert.equal(statSync(first.path!).mode & 0o777, 0o640)
  await spool.close()
  assert.deepEqual(readdirSync(base), [])
})

test('pieces are written in order, and counted until they are', async () => {
  const spool = spoolIn(base)
  const file = await spool.createMail()
  void file.write([Buffer.from('one '), Buffer.alloc(0), Buffer.from('two ')])
  assert.equal(file.waiting, 8)
  void file.write(Array.from({length: 3000}, (_, i) => Buffer.from(`${i} `)))
  const octets = await file.finish()
  assert.equal(file.waiting, 0)
  const text = readFileSync(octets.path!, 'utf8')
  assert.equal(text, `one two ${Array.from({length: 3000}, (_, i) => `${i} `).join('')}`)
  assert.equal(octets.size, text.length)
  await spool.close()
})

test('a mail that was released or given up leaves no file, and the next has one', async () => {
  const spool = spoolIn(base)
  const first = await (await spool.createMail()).finish()
  spool.release(first)
  const opening = spool.createMail()
  const second = await opening
  assert.ok(existsSync(second.path))
  spool.discard(opening)
  const third = await spool.createMail()
  await third.write([Buffer.from('x')])
  assert.equal(readFileSync(third.path, 'utf8'), 'x')
  await third.finish()
  await spool.close()
})

test('a link that lies in wait is not followed', async () => {
  const spool = spoolIn(base)
  const victim = path.join(base, 'victim')
  await writeFile(victim, 'precious')
  symlinkSync(victim, path.join(await spool.folder(), 'email.txt'))
  const file = await spool.createMail()
  await file.write([Buffer.from('mail')])
  await file.finish()
  assert.equal(readFileSync(victim, 'utf8'), 'precious')
  await spool.close()
})

test('a folder that vanished is made again', async () => {
  const spool = spoolIn(base)
  await rm(await spool.folder(), {recursive: true})
  assert.ok(existsSync((await (await spool.createMail()).finish()).path!))
  await spool.close()
})

test('a preserved folder stays with the mail and the reason; the next mail gets another', async () => {
  const spool = spoolIn(base)
  const folder = (await spool.preserve('decode FAILED: why', octetsOf(Buffer.from('the mail'))))!
  assert.equal(readFileSync(path.join(folder, 'email.txt'), 'utf8'), 'the mail')
  assert.equal(readFileSync(`${folder}.reason`, 'utf8'), 'decode FAILED: why\n')
  const next = await (await spool.createMail()).finish()
  assert.notEqual(path.dirname(next.path!), folder)
  const kept = (await spool.preserve('again', next))!
  spool.release(next)
  await spool.close()
  assert.ok(existsSync(path.join(kept, 'email.txt')))
  assert.equal(readdirSync(base).length, 4)
})

test('nothing is preserved when that is not allowed', async () => {
  const spool = spoolIn(base, false)
  assert.equal(await spool.preserve('why', octetsOf(Buffer.from('x'))), undefined)
  assert.deepEqual(readdirSync(base), [])
})

test('a base folder that cannot be used is a storage error, and evidence is given up', async () => {
  const spool = spoolIn(path.join(base, 'missing'))
  await assert.rejects(spool.createMail(), {name: 'AmavisError', code: 'AM_STORAGE'})
  assert.equal(await spool.preserve('why'), undefined)
  await spool.close()
})

test('task ids count connections, and MAILs from the second on', () => {
  const ids = new TaskIds(4711)
  ids.beginConnection()
  assert.deepEqual([ids.next(), ids.next()], ['04711-01', '04711-01-2'])
  for (let i = 0; i < 99; i++) ids.beginConnection()
  assert.equal(ids.next(), '04711-100')
  assert.deepEqual([ids.connections, ids.tasks], [100, 3])
})

test('the parts of one mail are gone before those of the next are written', async () => {
  const spool = spoolIn(base)
  for (let n = 0; n < 20; n++) {
    const parts = await spool.partsFolder()
    assert.equal(existsSync(parts), false)
    await mkdir(parts, {recursive: true})
    for (let k = 0; k < 20; k++) await writeFile(path.join(parts, `p${k}`), 'x')
    spool.release(octetsOf(Buffer.alloc(0)))
  }
  await spool.close()
})

test('a mail that has no room leaves no part of it behind, nor does evidence', () => {
  // in a process whose files may have 16 blocks
  const script = `
import {readdirSync} from 'node:fs'
import {Spool} from '${new URL('../../src/session/spool.js', import.meta.url)}'
const log = {enabled: () => true, write: (_, text) => console.log(text), forTask: () => log}
const spool = new Spool({base: '${base}', log})
const file = await spool.createMail()
await file.write([Buffer.alloc(50000)])
await file.finish().catch(error => console.log(error.code, error.message))
const folder = await spool.folder()
console.log(readdirSync(folder))
console.log(await spool.preserve('on purpose', {size: 50000, memory: Buffer.alloc(50000), path: undefined}))
console.log(readdirSync(folder))`
  const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" "$@"`
  const args = ['-c', limited, process.execPath, '--input-type=module', '-e', script]
  const said = execFileSync('sh', args, {encoding: 'utf8'})
  assert.match(
    said,
    /^AM_STORAGE cannot write the mail: EFBIG.*\n\[\]\nPRESERVING .*\ncannot preserve evidence: EFBIG.*\nundefined\n\[\]\n$/,
  )
})
