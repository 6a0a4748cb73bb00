import assert from 'node:assert/strict'
import {statSync, writeFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {Publisher, Request} from 'zeromq'
import {DEFAULT_LIMITS} from '../../src/bus/minder-table.ts'
import {type BusEndpoints, runService, SERVICES, type ServiceName} from '../../src/bus/services.ts'
import {ask, subscribe} from '../../src/bus/subscriber.ts'
import {createPublisher} from '../../src/bus/zmq-publisher.ts'
import {silentLog} from '../../src/log/log.ts'
import {temporaryFolder, until} from '../support/wait.ts'

function endpointsIn(folder: string): BusEndpoints {
  return {inner: `ipc://${folder}/inner`, outer: `ipc://${folder}/outer`, snmp: `ipc://${folder}/snmp`}
}

/** Run services in this process; they end with the test. */
async function startServices(
  t: TestContext,
  endpoints: BusEndpoints,
  names = SERVICES as readonly ServiceName[],
) {
  const end = new AbortController()
  const ended: Promise<void>[] = []
  for (const name of names) {
    await new Promise<void>((resolve, reject) => {
      const service = runService(name, {
        endpoints,
        limits: DEFAULT_LIMITS,
        log: silentLog,
        signal: end.signal,
        ready: resolve,
      })
      service.catch(reject)
      ended.push(service.catch(() => {}))
    })
  }
  const stop = async () => {
    end.abort()
    await Promise.all(ended)
  }
  t.after(stop)
  return stop
}

/** Gather what a display would hear. */
function listen(t: TestContext, outer: string, prefixes: readonly string[] = []): string[] {
  const end = new AbortController()
  t.after(() => end.abort())
  const frames: string[] = []
  void (async () => {
    for await (const message of subscribe([outer], prefixes, {signal: end.signal}))
      frames.push(...message.frames)
  })()
  return frames
}

test('what a process publishes comes out at the outer socket, is counted, and is listed by the minder', async t => {
  const endpoints = endpointsIn(temporaryFolder(t))
  await startServices(t, endpoints)
  const frames = listen(t, endpoints.outer)
  const publisher = createPublisher({endpoints: [endpoints.inner], pid: 4_000_001, repeatMs: 200})
  t.after(() => publisher.close())
  publisher.state('m', '99999-01')
  publisher.counters([{name: 'InMsgs', type: 'C32', value: 3}])
  await until('the state', () => frames.some(frame => /^am\.st 4000001 .* m 99999-01$/.test(frame)))
  await until('the list', () => frames.includes('am.proc.busy 4000001'))
  const nanny = await until('a report at the responder', async () => {
    const answer = await ask(endpoints.snmp, 'am.nanny?')
    return answer.length > 0 ? answer : undefined
  })
  assert.ok(nanny.some(frame => frame.kind === 'nanny' && frame.name === 'ProcBusy' && frame.value === '1'))
  const snmp = await ask(endpoints.snmp, 'am.snmp?')
  assert.ok(snmp.some(frame => frame.kind === 'snmp' && frame.name === 'InMsgs' && frame.value === '3'))
})

test('the minder announces itself with FLUSH and reports within 3 s', async t => {
  const endpoints = endpointsIn(temporaryFolder(t))
  await startServices(t, endpoints, ['msg-forwarder'])
  const frames = listen(t, endpoints.outer)
  await startServices(t, endpoints, ['childproc-minder'])
  await until('FLUSH', () =>
    frames.some(frame => new RegExp(`^am\\.st ${process.pid} .* FLUSH$`).test(frame)),
  )
  await until('a report', () => frames.includes('am.proc.idle '), 3500)
})

test('message boundaries survive the forwarder', async t => {
  const endpoints = endpointsIn(temporaryFolder(t))
  await startServices(t, endpoints, ['msg-forwarder'])
  const end = new AbortController()
  t.after(() => end.abort())
  const publisher = new Publisher({linger: 0})
  publisher.connect(endpoints.inner)
  t.after(() => publisher.close())
  const resend = setInterval(() => void publisher.send(['am.snmp A C32 1', 'am.snmp B C32 2']), 20)
  t.after(() => clearInterval(resend))
  for await (const message of subscribe([endpoints.outer], ['am.snmp '], {signal: end.signal})) {
    assert.equal(message.endpoint, endpoints.outer)
    assert.deepEqual(message.frames, ['am.snmp A C32 1', 'am.snmp B C32 2'])
    break
  }
})

test('no question jams the responder', async t => {
  const endpoints = endpointsIn(temporaryFolder(t))
  await startServices(t, endpoints, ['snmp-responder'])
  const odd: string[][] = [['am.nanny?'], ['am.weather?'], ['am.snmp?', 'am.nanny?'], [''], ['\u00ff\u0000']]
  for (const question of odd) {
    const socket = new Request({linger: 0, receiveTimeout: 5000})
    socket.connect(endpoints.snmp)
    await socket.send(question)
    assert.ok((await socket.receive()).length > 0, JSON.stringify(question))
    socket.close()
  }
  // one that asks and goes away without waiting
  const hasty = new Request({linger: 0})
  hasty.connect(endpoints.snmp)
  await hasty.send('am.snmp?')
  hasty.close()
  assert.equal((await ask(endpoints.snmp, 'am.snmp?')).length, 3)
})

test('asking where nobody answers ends with a time-out', async t => {
  const {snmp} = endpointsIn(temporaryFolder(t))
  await assert.rejects(ask(snmp, 'am.snmp?', {timeoutMs: 50}), {code: 'AM_TIMEOUT'})
})

test('an ipc path that a live forwarder serves is refused, a dead one is taken over', async t => {
  const endpoints = endpointsIn(temporaryFolder(t))
  const stop = await startServices(t, endpoints, ['msg-forwarder'])
  await assert.rejects(startServices(t, endpoints, ['msg-forwarder']), /cannot bind .*inner: another process/)
  await stop()
  await startServices(t, endpoints, ['msg-forwarder'])
})

test('an ipc socket can be used by its owner and group only', async t => {
  const folder = temporaryFolder(t)
  await startServices(t, endpointsIn(folder), ['msg-forwarder'])
  assert.equal(statSync(`${folder}/inner`).mode & 0o777, 0o660)
})

test('a file that is no socket is left alone', async t => {
  const folder = temporaryFolder(t)
  writeFileSync(`${folder}/inner`, 'precious')
  await assert.rejects(startServices(t, endpointsIn(folder), ['msg-forwarder']), /is not a socket/)
})

test('services end when told so', async t => {
  const stop = await startServices(t, endpointsIn(temporaryFolder(t)))
  await stop()
})
