/** A store of clients that takes its time, as one elsewhere does; what it counts is a table of this process. */
import assert from 'node:assert/strict'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {setImmediate as turn} from 'node:timers/promises'
import {memoryStore} from '../../src/anvil/memory-store.ts'
import {Peaks} from '../../src/anvil/peaks.ts'
import {createAnvilServer} from '../../src/anvil/server.ts'
import type {ClientStore} from '../../src/anvil/store.ts'
import {type Answer, AnvilStream} from '../../src/anvil/stream.ts'
import {AnvilTable} from '../../src/anvil/table.ts'
import {silentLog} from '../../src/log/log.ts'
import {temporaryFolder, until} from '../support/wait.ts'

interface SlowStore {
  readonly table: AnvilTable
  readonly store: ClientStore
  /** operations that wait for their answer */
  readonly waiting: (() => void)[]
  fails: boolean
}

/** Answers when it is told to, or fails. */
function slowStore(): SlowStore {
  const table = new AnvilTable(60, () => 0)
  const quick = memoryStore(table)
  const waiting: (() => void)[] = []
  const slow = async <T>(operate: () => T): Promise<Awaited<T>> => {
    await new Promise<void>(resolve => waiting.push(resolve))
    if (self.fails) throw new Error('gone')
    return await operate()
  }
  const self: SlowStore = {
    table,
    waiting,
    fails: false,
    store: {
      unit: 60,
      get size() {
        return quick.size
      },
      connect: (ident, before) => slow(() => quick.connect(ident, before)),
      disconnect: ident => slow(() => quick.disconnect(ident)),
      add: (ident, rate, before) => slow(() => quick.add(ident, rate, before)),
      look: ident => slow(() => quick.look(ident)),
      busiest: limit => quick.busiest(limit),
      tidy() {},
    },
  }
  return self
}

const request = (name: string, ident = 'smtp:192.0.2.7') => `request=${name}\nident=${ident}\n\n`

function startStream({store}: SlowStore) {
  const answers: Answer[] = []
  return {answers, stream: new AnvilStream(store, new Peaks(), {later: answer => void answers.push(answer)})}
}

/** Let all that waits be answered, and what comes of it. */
async function answerAll({waiting}: SlowStore): Promise<void> {
  for (await turn(); waiting.length > 0; await turn()) waiting.shift()?.()
}

test('requests in a row are answered in a row, one in the store at a time', async () => {
  const slow = slowStore()
  const {answers, stream} = startStream(slow)
  const now = stream.receive(
    request('connect') + request('message') + request('connect', 'other').slice(0, 9),
  )
  assert.deepEqual(now, {reply: '', close: false, warnings: []})
  assert.deepEqual([stream.isBusy, stream.isInside], [true, false])
  assert.equal(stream.receive(request('connect', 'other').slice(9) + request('lookup')).reply, '')
  assert.equal(slow.waiting.length, 1)
  await answerAll(slow)
  assert.equal(
    answers.map(({reply}) => reply).join(''),
    'status=0\ncount=1\nrate=1\n\nstatus=0\nrate=1\n\nstatus=0\ncount=1\nrate=1\n\n' +
      'status=0\ncount=0\nrate=1\nmail=1\nrcpt=0\nnewtls=0\nauth=0\ntlstr=0\n\n',
  )
  assert.equal(stream.isBusy, false)
})

test('a stream that ends while its connect is under way frees what it got', async () => {
  const slow = slowStore()
  const {answers, stream} = startStream(slow)
  stream.receive(request('connect'))
  stream.end()
  await answerAll(slow)
  assert.deepEqual(answers, [])
  const {count, rate} = slow.table.look('smtp:192.0.2.7')
  assert.deepEqual([count, rate], [0, 1])
})

test('a failure of the store is answered as one, and the next request is asked again', async () => {
  const slow = slowStore()
  const {answers, stream} = startStream(slow)
  slow.fails = true
  stream.receive(request('connect'))
  await answerAll(slow)
  assert.deepEqual(answers, [
    {reply: 'status=4294967295\n\n', close: false, warnings: ['the store of clients: gone']},
  ])
  slow.fails = false
  stream.receive(request('connect'))
  await answerAll(slow)
  assert.equal(answers[1]?.reply, 'status=0\ncount=1\nrate=1\n\n')
  slow.fails = true
  stream.end()
  await answerAll(slow)
})

test('what is malformed behind a slow request is found when its turn comes', async () => {
  const slow = slowStore()
  const {answers, stream} = startStream(slow)
  stream.receive(`${request('connect')}foo=bar\n\n`)
  await answerAll(slow)
  assert.equal(answers.length, 1)
  assert.equal(answers[0]?.close, true)
  assert.equal(answers[0]?.reply, 'status=0\ncount=1\nrate=1\n\n')
  await answerAll(slow)
  assert.equal(slow.table.look('smtp:192.0.2.7').count, 0)
})

async function startServer(t: TestContext, {store}: SlowStore): Promise<string> {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const rules = {announce: true, connectionLimit: 10, requestTimeoutMs: 20}
  const server = createAnvilServer(store, new Peaks(), rules, {log: silentLog})
  await server.listen(socket)
  t.after(() => server.close())
  return socket
}

test('a server over a slow store answers each client, and holds none for late that waits for the store', async t => {
  const slow = slowStore()
  const socketPath = await startServer(t, slow)
  const heard = ['', '']
  for (const i of [0, 1]) {
    const socket = net.connect(socketPath)
    t.after(() => socket.destroy())
    socket.setEncoding('latin1').on('data', (text: string) => (heard[i] += text))
    socket.write(request('connect', `client ${i}`) + request('message', `client ${i}`))
  }
  await until('both to be asked about', () => slow.waiting.length === 2)
  const begun = performance.now()
  await until('more time than a client may take over a request', () => performance.now() - begun > 60)
  const answering = setInterval(() => {
    for (const answer of slow.waiting.splice(0)) answer()
  }, 1)
  t.after(() => clearInterval(answering))
  const whole = 'protocol=anvil_protocol\n\nstatus=0\ncount=1\nrate=1\n\nstatus=0\nrate=1\n\n'
  await until('the answers', () => heard.every(text => text === whole))
})
