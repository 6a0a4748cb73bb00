import assert from 'node:assert/strict'
import {once} from 'node:events'
import {existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {bindUnixPath} from '../../src/process/unix-path.ts'
import {temporaryFolder} from '../support/wait.ts'

/** Listens until the end of the test. */
function listener(t: TestContext): (file: string) => Promise<void> {
  return async file => {
    const server = net.createServer().listen({path: file})
    t.after(() => server.close())
    await once(server, 'listening')
  }
}

for (const mode of [0o600, 0o660, 0o666]) {
  test(`a socket of mode ${mode.toString(8)} has it whatever the umask is`, async t => {
    const file = path.join(temporaryFolder(t), 'sock')
    const mask = process.umask(0o027)
    t.after(() => process.umask(mask))
    await bindUnixPath(file, {mode, owner: undefined}, listener(t))
    assert.equal(statSync(file).mode & 0o777, mode)
    assert.equal(process.umask(), 0o027)
  })
}

test('what somebody puts in the place of the socket keeps its mode and its owner', async t => {
  const folder = temporaryFolder(t)
  const file = path.join(folder, 'sock')
  const secret = path.join(folder, 'secret')
  writeFileSync(secret, 'root only', {mode: 0o600})
  const before = statSync(secret)
  const listen = listener(t)
  // only root can give a file away
  const owner = process.getuid?.() === 0 ? {uid: 65_534, gid: 65_534} : {uid: before.uid, gid: before.gid}
  await bindUnixPath(file, {mode: 0o666, owner}, async own => {
    await listen(own)
    renameSync(own, `${own}.away`)
    symlinkSync(secret, own)
  })
  const after = statSync(secret)
  assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid])
  assert.equal(readFileSync(secret, 'utf8'), 'root only')
})

test('a path that is served, or is no socket, is not taken', async t => {
  const file = path.join(temporaryFolder(t), 'sock')
  const rights = {mode: 0o600, owner: undefined}
  await bindUnixPath(file, rights, listener(t))
  await assert.rejects(bindUnixPath(file, rights, listener(t)), /another process listens on it/)
  const other = `${file}.txt`
  writeFileSync(other, 'no socket')
  await assert.rejects(bindUnixPath(other, rights, listener(t)), /no socket/)
  rmSync(other)
  assert.equal(existsSync(file), true)
})
