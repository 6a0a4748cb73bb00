import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {askMaster} from '../../src/daemon/control.ts'
import {Presence} from '../../src/daemon/presence.ts'
import {temporaryFolder} from '../support/wait.ts'

for (const wrong of ['pidFile', 'controlSocket'] as const) {
  test(`where another ${wrong} cannot be had, PID file and control socket stay where they are`, async t => {
    const folder = temporaryFolder(t)
    const before = {pidFile: path.join(folder, 'a.pid'), controlSocket: path.join(folder, 'a.sock')}
    const after = {pidFile: path.join(folder, 'b.pid'), controlSocket: path.join(folder, 'b.sock')}
    after[wrong] = path.join(folder, 'nowhere', 'b')
    const presence = new Presence(async () => ({kind: 'ok'}))
    t.after(() => presence.leave())
    presence.claim(before)
    await presence.open(before)
    await assert.rejects(presence.move(before, after), {code: 'AM_DAEMON'})
    assert.equal(readFileSync(before.pidFile, 'latin1'), `${process.pid}\n`)
    assert.equal(existsSync(path.join(folder, 'b.pid')) || existsSync(path.join(folder, 'b.sock')), false)
    assert.deepEqual(await askMaster(before.controlSocket, {command: 'ping'}), {kind: 'ok'})

    mkdirSync(path.join(folder, 'nowhere'))
    await presence.move(before, after)
    assert.equal(existsSync(before.pidFile), false)
    assert.deepEqual(await askMaster(after.controlSocket, {command: 'ping'}), {kind: 'ok'})
  })
}
