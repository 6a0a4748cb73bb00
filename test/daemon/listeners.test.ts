import assert from 'node:assert/strict'
import {chmodSync, rmSync, statSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {Listener} from '../../src/daemon/listeners.ts'
import {temporaryFolder, until} from '../support/wait.ts'

interface Open {
  readonly listener: Listener
  readonly file: string
  /** connections so far */
  accepted: number
}

async function listen(t: TestContext, backlog: number): Promise<Open> {
  const file = path.join(temporaryFolder(t), 'amavisd.sock')
  const options = {backlog, mode: 0o600, owner: undefined}
  const listener = await Listener.open({kind: 'unix', path: file}, options, socket => {
    open.accepted++
    socket.destroy()
  })
  const open: Open = {listener, file, accepted: 0}
  t.after(() => listener.close())
  return open
}

/** Connect nine times in one turn, before any can be accepted. @returns how many the queue took */
async function taken(open: Open): Promise<number> {
  const before = open.accepted
  const attempts = Array.from({length: 9}, () => {
    const socket = net.connect({path: open.file})
    return new Promise<number>(resolve => {
      socket.once('connect', () => resolve(1))
      socket.once('error', () => resolve(0))
    })
  })
  const connected = (await Promise.all(attempts)).reduce((sum, one) => sum + one, 0)
  await until('all to be accepted', () => open.accepted === before + connected)
  return connected
}

const linux = process.platform === 'linux'

test(
  'the queue of an open socket becomes longer and shorter, and goes on being served',
  {skip: !linux && 'counts as Linux does'},
  async t => {
    const open = await listen(t, 2)
    for (const backlog of [2, 5, 1]) {
      assert.equal(open.listener.adjust({backlog, mode: undefined}), undefined)
      assert.equal(await taken(open), backlog + 1, 'the kernel takes one more than it was told')
    }
  },
)

test('an open Unix socket gets other permissions where a mode is configured', async t => {
  const {listener, file} = await listen(t, 2)
  const mode = () => statSync(file).mode & 0o777
  assert.equal(listener.adjust({backlog: 2, mode: 0o660}), undefined)
  assert.equal(mode(), 0o660)
  chmodSync(file, 0o666)
  assert.equal(listener.adjust({backlog: 2, mode: undefined}), undefined)
  assert.equal(mode(), 0o666, 'nothing configured: left as it is')
})

test('what cannot be changed is said', async t => {
  const {listener, file} = await listen(t, 2)
  rmSync(file)
  assert.match(listener.adjust({backlog: 2, mode: 0o660}) ?? '', /amavisd\.sock keeps its permissions: /)
})
