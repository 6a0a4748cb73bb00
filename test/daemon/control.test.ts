import assert from 'node:assert/strict'
import {statSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {askMaster, openControl} from '../../src/daemon/control.ts'
import {temporaryFolder} from '../support/wait.ts'

test('one JSON line each way; whoever is not our user cannot connect', async t => {
  const file = path.join(temporaryFolder(t), 'amavisd.ctl')
  const control = await openControl(file, async request => ({kind: 'ok', echo: request}))
  t.after(() => control.close())
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const reply = await askMaster(file, {command: 'ping'})
  assert.deepEqual(reply, {kind: 'ok', echo: {command: 'ping'}})
})

test('a command that fails is answered with the reason', async t => {
  const file = path.join(temporaryFolder(t), 'amavisd.ctl')
  const control = await openControl(file, async () => {
    throw new Error('no such port')
  })
  t.after(() => control.close())
  assert.deepEqual(await askMaster(file, {command: 'reload'}), {kind: 'failed', problems: ['no such port']})
})

test('junk is answered, endless junk is cut off', async t => {
  const file = path.join(temporaryFolder(t), 'amavisd.ctl')
  const control = await openControl(file, async () => ({kind: 'ok'}))
  t.after(() => control.close())
  const send = (text: string) =>
    new Promise<string>(resolve => {
      let said = ''
      const socket = net.connect(file, () => socket.write(text))
      socket.on('data', chunk => (said += chunk))
      socket.on('error', () => {})
      socket.on('close', () => resolve(said))
    })
  assert.match(await send('not json\n'), /^\{"kind":"failed","problems":\[".*JSON.*"\]\}\n$/)
  assert.equal(await send('x'.repeat(200_000)), '')
})

test('a path left over by a dead master is replaced; nobody there is undefined', async t => {
  const file = path.join(temporaryFolder(t), 'amavisd.ctl')
  assert.equal(await askMaster(file, {command: 'ping'}), undefined)
  writeFileSync(file, '')
  const control = await openControl(file, async () => ({kind: 'ok'}))
  assert.equal((await askMaster(file, {command: 'ping'}))?.kind, 'ok')
  control.close()
})

test('a folder that does not exist is a clear error', async () => {
  await assert.rejects(
    openControl('/nonexistent/amavisd.ctl', async () => ({kind: 'ok'})),
    /cannot make the control socket/,
  )
})
