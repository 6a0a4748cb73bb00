/** A child's connection to a counting server: to a real one, and to those that fail in each way. */
import assert from 'node:assert/strict'
import {rmSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {memoryStore} from '../../../src/anvil/memory-store.ts'
import {Peaks} from '../../../src/anvil/peaks.ts'
import {createAnvilServer} from '../../../src/anvil/server.ts'
import {AnvilTable} from '../../../src/anvil/table.ts'
import {type Log, silentLog} from '../../../src/log/log.ts'
import {AnvilClient} from '../../../src/session/limits/anvil-client.ts'
import {temporaryFolder, until} from '../../support/wait.ts'

const RULES = {announce: true, connectionLimit: 100, requestTimeoutMs: 60_000}

async function startServer(t: TestContext, socket: string) {
  const table = new AnvilTable(60, () => Math.floor(performance.now() / 1000))
  const server = createAnvilServer(memoryStore(table), new Peaks(), RULES, {log: silentLog})
  await server.listen(socket)
  t.after(() => server.close())
  return {table, server}
}

/** A client with little patience, and what it logs. */
function startClient(t: TestContext, socket: string, {timeoutMs = 100, retryMs = 20} = {}) {
  const said: string[] = []
  const log: Log = {...silentLog, write: (level, text) => void said.push(`${level} ${text}`)}
  const client = new AnvilClient({path: socket, log, timeoutMs, retryMs})
  t.after(() => client.close())
  return {client, said}
}

const PATIENT = {timeoutMs: 20_000}

test('what a server counts comes back, and a connection that ends takes its client along', async t => {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const {table} = await startServer(t, socket)
  const {client, said} = startClient(t, socket, PATIENT)
  const other = startClient(t, socket, PATIENT)
  assert.deepEqual(await client.ask('connect', '25:192.0.2.1'), {count: 1, rate: 1})
  assert.deepEqual(await other.client.ask('connect', '25:192.0.2.1'), {count: 2, rate: 2})
  assert.deepEqual(await client.ask('message', '25:192.0.2.1'), {count: 0, rate: 1})
  assert.deepEqual(await client.ask('recipient', '25:192.0.2.1'), {count: 0, rate: 1})
  assert.deepEqual(await client.ask('recipient', '25:192.0.2.1'), {count: 0, rate: 2})
  assert.deepEqual(await client.ask('disconnect', '25:192.0.2.1'), {count: 0, rate: 0})
  assert.equal(table.look('25:192.0.2.1').count, 1)
  other.client.close()
  await until('the other to be gone', () => table.look('25:192.0.2.1').count === 0)
  assert.deepEqual(said, [])
})

test('requests that come together are asked one after the other', async t => {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const seen: string[] = []
  const server = await fake(t, socket, (end, request) => {
    seen.push(request)
    // a second request that came along with this one would be lost, as with the original
    setImmediate(() => end.write('status=0\nrate=7\n\n'))
  })
  const {client} = startClient(t, socket, PATIENT)
  const answers = await Promise.all(
    ['a', 'b', 'c'].map(ident => client.ask(ident === 'c' ? 'connect' : 'message', ident)),
  )
  assert.deepEqual(
    answers.map(answer => answer?.rate),
    [7, 7, 7],
  )
  assert.deepEqual(
    seen,
    [
      ['message', 'a'],
      ['message', 'b'],
      ['connect', 'c'],
    ].map(([request, ident]) => `request=${request}\nident=${ident}\n\n`),
  )
  assert.equal(server.connections, 1)
})

test('a server that was started anew between two requests is connected to again without a word', async t => {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const before = await startServer(t, socket)
  const {client, said} = startClient(t, socket, PATIENT)
  await client.ask('connect', '25:192.0.2.1')
  before.server.close()
  rmSync(socket, {force: true})
  await startServer(t, socket)
  await until('the end to be seen', () => before.server.connections === 0)
  assert.deepEqual(await client.ask('connect', '25:192.0.2.1'), {count: 1, rate: 1})
  assert.deepEqual(said, [])
})

/** Listens and announces itself; `answer` gets each chunk. */
async function fake(
  t: TestContext,
  socket: string,
  answer: (end: net.Socket, request: string) => void,
  greeting = 'protocol=anvil_protocol\n\n',
) {
  const open = new Set<net.Socket>()
  const state = {connections: 0}
  const server = net.createServer(end => {
    state.connections++
    open.add(end)
    end.on('error', () => {})
    if (greeting === 'close') end.destroy()
    else end.write(greeting)
    end.on('data', chunk => answer(end, chunk.toString('latin1')))
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  const close = () => {
    for (const end of open) end.destroy()
    server.close()
  }
  t.after(close)
  return Object.assign(state, {close})
}

const FAILURES: readonly {
  what: string
  greeting?: string
  answer?: (end: net.Socket) => void
  reason: RegExp
}[] = [
  {what: 'never speaks', greeting: '', reason: /no answer in time/},
  {what: 'hangs up at once', greeting: 'close', reason: /it has closed the connection/},
  {
    what: 'speaks another protocol',
    greeting: '220 mx ESMTP\r\n\n',
    reason: /its protocol is not that of anvil: "220 mx ESMTP\\r"/,
  },
  {what: 'never answers', answer: () => {}, reason: /no answer in time/},
  {what: 'answers by halves', answer: end => void end.write('status=0\ncou'), reason: /no answer in time/},
  {what: 'hangs up instead of an answer', answer: end => void end.destroy(), reason: /closed the connection/},
  {
    what: 'says that it has failed',
    answer: end => void end.write('status=4294967295\n\n'),
    reason: /it answers "status=4294967295"/,
  },
  {
    what: 'says more than was asked',
    answer: end => void end.write('status=0\n\nstatus=0\n\n'),
    reason: /it speaks without being asked/,
  },
  {
    what: 'never ends its answer',
    answer: end => void end.write('status=0\n'.repeat(200)),
    reason: /its answer has no end/,
  },
]

for (const {what, greeting, answer = () => {}, reason} of FAILURES) {
  test(`a server that ${what} is said to be down once, costs one wait, and is found when it is well`, async t => {
    const socket = path.join(temporaryFolder(t), 'anvil')
    const broken = await fake(t, socket, answer, greeting)
    const {client, said} = startClient(t, socket)
    const begun = performance.now()
    assert.equal(await client.ask('connect', '25:192.0.2.1'), undefined)
    assert.ok(performance.now() - begun < 5000)
    assert.equal(said.length, 1)
    assert.match(
      said[0] ?? '',
      /^-1 anvil on .* does not answer \(.*\), clients are not limited until it does$/,
    )
    assert.match(said[0] ?? '', reason)
    // tried again by itself, more than once, and not told again
    await until('another try', () => broken.connections > 2)
    assert.equal(said.length, 1)

    broken.close()
    rmSync(socket, {force: true})
    await startServer(t, socket)
    const back = await until('its return', () => client.ask('connect', '25:192.0.2.1'))
    assert.equal(back.count, 1)
    assert.deepEqual(said.slice(1), [`0 anvil on ${socket} answers again, clients are limited`])
  })
}

test('where nobody listens no request waits at all after the first', async t => {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const {client, said} = startClient(t, socket, {timeoutMs: 20_000, retryMs: 60_000})
  const begun = performance.now()
  for (let i = 0; i < 1000; i++) assert.equal(await client.ask('message', '25:192.0.2.1'), undefined)
  assert.ok(performance.now() - begun < 2000)
  assert.match(said.join('\n'), /^-1 .* does not answer \(connect ENOENT [^\n]*$/)
})

test('a goodbye answers whoever waits, and nobody is asked after it', async t => {
  const socket = path.join(temporaryFolder(t), 'anvil')
  await fake(t, socket, () => {})
  const {client, said} = startClient(t, socket, PATIENT)
  const waiting = client.ask('connect', '25:192.0.2.1')
  client.close()
  assert.equal(await waiting, undefined)
  assert.equal(await client.ask('connect', '25:192.0.2.1'), undefined)
  assert.deepEqual(said, [])
})
