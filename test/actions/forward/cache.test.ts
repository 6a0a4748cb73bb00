import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import {type NextHop, type Script, startNextHop} from './next-hop.ts'
import {type Sender, startSender} from './sending.ts'

let hop: NextHop | undefined
let sender: Sender | undefined
let now = 0
afterEach(async () => {
  await sender?.close()
  await hop?.close()
  hop = sender = undefined
})

async function start(script: Script = {}, deps: Parameters<typeof startSender>[0] = {}) {
  now = 0
  hop = await startNextHop(script)
  // Waits for replies go by the same clock: a clock that stands still has no time-outs.
  sender = startSender({now: () => now, ...deps})
  return {hop, sender}
}

/** Send and insist on success. */
async function send({hop, sender}: {hop: NextHop; sender: Sender}, expected = 250): Promise<void> {
  const [result] = await sender.send({port: hop.port})
  assert.equal(result?.reply.code, expected)
}

async function until(claim: () => boolean): Promise<void> {
  while (!claim()) await new Promise(resolve => setTimeout(resolve, 1))
}

test('a connection used lately is used again at once', async () => {
  const both = await start()
  await send(both)
  now += 18_000
  await send(both)
  assert.equal(both.hop.connections(), 1)
  assert.equal(both.hop.commands.includes('NOOP'), false)
  assert.equal(both.sender.counts.get('OutConnReuseRecent'), 1)
})

test('a connection used a while ago is asked first', async () => {
  const both = await start()
  await send(both)
  now += 18_001
  await send(both)
  assert.equal(both.hop.connections(), 1)
  assert.equal(both.hop.commands.includes('NOOP'), true)
  assert.equal(both.sender.counts.get('OutConnReuseRefreshed'), 1)
})

test('a connection that answers the question badly is replaced', async () => {
  const both = await start({noop: '421 4.4.2 too late'})
  await send(both)
  now += 20_000
  await send(both)
  assert.equal(both.hop.connections(), 2)
  assert.equal(both.sender.counts.get('OutConnReuseFail'), 1)
})

test('an idle or old connection is ended with QUIT', async () => {
  const both = await start()
  await send(both)
  now += 30_000
  await send(both)
  assert.equal(both.hop.connections(), 2)
  await until(() => both.hop.commands.includes('QUIT'))
  for (let i = 0; i < 4; i++) {
    now += 17_000
    await send(both)
  }
  assert.equal(both.hop.connections(), 3)
})

test('a kept connection that the next hop has cut is replaced without harm', async () => {
  const both = await start()
  await send(both)
  both.hop.cut()
  await until(() => both.hop.open() === 0)
  await send(both)
  assert.equal(both.hop.contents.length, 2)
})

test('a kept connection that dies at MAIL is replaced, once', async () => {
  const both = await start({mail: (_, n) => (n === 1 ? 'CLOSE' : undefined)})
  await send(both)
  await send(both)
  assert.equal(both.hop.connections(), 2)
  assert.equal(both.hop.contents.length, 2)
})

test('a kept connection that says 421 to MAIL is replaced', async () => {
  const both = await start({mail: (_, n) => (n === 1 ? '421 4.4.2 idle for too long' : undefined)})
  await send(both)
  await send(both)
  assert.equal(both.hop.connections(), 2)
})

test('a connection that says 421 to MAIL and stays open is closed by us', async () => {
  const both = await start({
    mail: (_, n) => (n % 2 === 1 ? '421 4.4.2 idle for too long' : undefined),
    lingers: true,
  })
  for (let n = 0; n < 4; n++) await send(both)
  assert.equal(both.hop.connections(), 4)
  await until(() => both.hop.open() === 1)
})

test('a connection that dies twice is given up', async () => {
  const both = await start({mail: (_, n) => (n > 0 ? 'CLOSE' : undefined)})
  await send(both)
  await send(both, 451)
  assert.equal(both.hop.connections(), 2)
})

test('after the final dot nothing is tried again', async () => {
  const both = await start({dot: n => (n === 1 ? 'CLOSE' : undefined)})
  await send(both)
  await send(both, 451)
  assert.equal(both.hop.connections(), 1)
  assert.equal(both.hop.contents.length, 2)
})

test('after a refusal the next transaction begins with RSET', async () => {
  const both = await start({
    mail: (_, n) => (n === 0 ? '550 5.7.1 no' : undefined),
    data: '354 go',
    rcpt: '503 x',
  })
  await send(both, 550)
  await both.hop.close()
  const again = await start({data: '451 4.3.0 later'})
  await send(again, 451)
  await send(again, 451)
  assert.deepEqual(again.hop.commands.slice(4), [
    'RSET',
    'MAIL FROM:<s@example.org>',
    'RCPT TO:<r@example.com>',
    'DATA',
  ])
  assert.equal(again.hop.connections(), 1)
})

test('without a cache QUIT follows the dot in the same write', async () => {
  const both = await start({}, {cache: false})
  await send(both)
  await send(both)
  assert.equal(both.hop.connections(), 2)
  await until(() => both.hop.open() === 0)
  assert.deepEqual(both.hop.commands.slice(-2), ['(31 octets)', 'QUIT'])
})

test('on demand, mails far apart turn the cache off and mails close together turn it on', async () => {
  const both = await start({}, {cacheOnDemand: true})
  await send(both)
  now += 15_000
  await send(both) // on the kept connection, and ends it
  now += 5_000
  await send(both)
  now += 4_999
  await send(both)
  now += 1_000
  await send(both)
  assert.equal(both.hop.connections(), 3)
})

test('a forwarder that is closed says QUIT', async () => {
  const both = await start()
  await send(both)
  await both.sender.close()
  assert.equal(both.hop.commands.at(-1), 'QUIT')
  assert.equal(both.hop.open(), 0)
})
