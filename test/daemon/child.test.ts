import assert from 'node:assert/strict'
import type net from 'node:net'
import {test} from 'node:test'
import type {SocketSpec} from '../../src/config/socket-spec.ts'
import {Child, type Service} from '../../src/daemon/child.ts'
import type {ChildOrders, FromChild, ToChild} from '../../src/daemon/messages.ts'
import {Title} from '../../src/daemon/title.ts'
import {silentLog} from '../../src/log/log.ts'
import {until} from '../support/wait.ts'

const LISTENER: SocketSpec = {kind: 'inet', host: '127.0.0.1', port: 10024}
const ORDERS: ChildOrders = {
  path: '',
  snapshot: new Uint8Array(),
  spamHelper: undefined,
  generation: 1,
  log: {
    target: 'stderr',
    file: '',
    level: 0,
    host: 'h',
    program: 'p',
    syslogIdent: 'i',
    facility: 'mail',
    maxLength: 980,
    debug: false,
    json: false,
    server: '',
  },
  maxRequests: 0,
  memoryLimitBytes: 0,
  aliveEveryMs: 1_000_000,
  uid: -1,
  describe: false,
}

/** A child on a channel and a service that are turned by hand. */
function makeChild(orders: Partial<ChildOrders> = {}, residentBytes = () => 0, releaseMemory = () => {}) {
  const sent: FromChild[] = []
  const titles: string[] = []
  const exits: number[] = []
  let hear: (message: ToChild, handle: unknown) => void = () => {}
  let disconnect = () => {}
  let session = Promise.withResolvers<void>()
  const served: string[] = []
  const service: Service & {tasks: number} = {
    tasks: 0,
    serve() {
      service.tasks++
      session = Promise.withResolvers()
      return session.promise
    },
    stopSoon: () => void served.push('stop soon'),
    setPressure: on => void served.push(`pressure ${on}`),
    finish: async () => void served.push('finish'),
  }
  const child = new Child({
    orders: {...ORDERS, ...orders},
    service,
    log: silentLog,
    exit: status => void exits.push(status),
    residentBytes,
    releaseMemory,
    title: new Title(title => void titles.push(title)),
    channel: {
      send: message => void sent.push(message),
      onMessage: listener => (hear = listener),
      onDisconnect: listener => (disconnect = listener),
    },
  })
  child.run()
  const socket = {destroy() {}} as net.Socket
  return {
    child,
    sent,
    titles,
    exits,
    served,
    give: () => hear({type: 'connection', listener: LISTENER}, socket),
    giveNothing: () => hear({type: 'connection', listener: LISTENER}, undefined),
    tell: (message: ToChild) => hear(message, undefined),
    disconnect: () => disconnect(),
    done: () => session.resolve(),
    fail: (error: Error) => session.reject(error),
  }
}

const idle = (tasks: number, wornOut = false): FromChild => ({type: 'idle', tasks, wornOut})

test('a child says that it is idle at birth and after each connection, and what it has done', async () => {
  const {sent, titles, give, done} = makeChild()
  assert.deepEqual(sent, [idle(0)])
  assert.deepEqual(titles, ['amavis (virgin child)'])
  give()
  done()
  await until('idle', () => sent.length === 2)
  assert.deepEqual(sent[1], idle(1))
  await until('its title', () => titles.at(-1) === 'amavis (ch1-avail)')
})

test('a connection whose client has gone on the way is nothing to serve', () => {
  const {sent, giveNothing} = makeChild()
  giveNothing()
  assert.deepEqual(sent, [idle(0), idle(0)])
})

test('after $max_requests transactions, or with too much memory, a child says that it is worn out', async () => {
  const requests = makeChild({maxRequests: 2})
  for (const wornOut of [false, true]) {
    const before = requests.sent.length
    requests.give()
    requests.done()
    await until('idle', () => requests.sent.length > before)
    assert.deepEqual(requests.sent.at(-1), idle(requests.sent.length - 1, wornOut))
  }
  const memory = makeChild({memoryLimitBytes: 1000}, () => 1001)
  memory.give()
  memory.done()
  await until('idle', () => memory.sent.length === 2)
  assert.deepEqual(memory.sent[1], idle(1, true))
})

test('an idle child gives memory back: after a few mails soon, a warm one when the load is gone', async t => {
  t.mock.timers.enable({apis: ['setTimeout']})
  let releases = 0
  const {give, done, sent} = makeChild({}, undefined, () => void releases++)
  const serve = async (mails: number) => {
    for (let mail = 0; mail < mails; mail++) {
      const before = sent.length
      give()
      done()
      while (sent.length === before) await Promise.resolve()
    }
  }
  const releasesAfter = (ms: number) => {
    t.mock.timers.tick(ms)
    return releases
  }
  await serve(3)
  assert.equal(releasesAfter(60_000), 0, 'one that has hardly done anything')
  await serve(1)
  assert.equal(releasesAfter(14_999), 0)
  await serve(1)
  assert.deepEqual([releasesAfter(14_999), releasesAfter(1)], [0, 1], 'the last mail counts')
  assert.equal(releasesAfter(60_000), 1, 'once')
  await serve(300)
  assert.deepEqual([releasesAfter(59_999), releasesAfter(1)], [1, 2])
})

test('told to end, an idle child ends at once and a busy one after its connection', async () => {
  const first = makeChild()
  first.tell({type: 'end', soon: false})
  await until('the end', () => first.exits.length > 0)
  assert.deepEqual(first.exits, [0])

  const second = makeChild()
  second.give()
  second.tell({type: 'end', soon: false})
  assert.deepEqual([second.exits, second.served], [[], []])
  second.done()
  await until('the end', () => second.exits.length > 0)
  assert.deepEqual(second.exits, [0])
  assert.equal(second.served.at(-1), 'finish')
})

test('told to end soon, the session is asked to stop between two mails', () => {
  const {give, tell, served} = makeChild()
  give()
  tell({type: 'end', soon: true})
  assert.deepEqual(served, ['stop soon'])
})

test('a child without its master ends, when its mail is answered', async () => {
  const {give, disconnect, done, exits, served} = makeChild()
  give()
  disconnect()
  assert.deepEqual([exits, served], [[], ['stop soon']])
  done()
  await until('the end', () => exits.length > 0)
  assert.deepEqual(exits, [0])
})

test('a failure that nobody expected ends the child with 1', async () => {
  const {give, fail, exits} = makeChild()
  give()
  fail(new Error('cannot be'))
  await until('the end', () => exits.length > 0)
  assert.deepEqual(exits, [1])
})
