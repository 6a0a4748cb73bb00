import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import {afterEach, test} from 'node:test'
import {MEMORY_LIMIT_BYTES} from '../../../src/message/octets.ts'
import type {Outcome} from '../../../src/session/transaction.ts'
import {Client, OK, type Server, startServer, until} from './harness.ts'

let server: Server
afterEach(() => server.close())

const IDLE = '421 4.3.2 Service shutting down, closing channel, during waiting for input from client\r\n'
const IDLE_IN_DATA = '421 4.3.2 Service shutting down, timed out during waiting for input from client\r\n'

async function ended(reason: string): Promise<void> {
  await until(() => server.ends.length > 0)
  assert.equal(server.ends[0]?.reason, reason)
}

test('a client that says nothing is told so', async () => {
  server = await startServer({settings: {$smtpd_timeout: 1}})
  const client = await Client.connect(server.port)
  const inData = await Client.connect(server.port)
  await inData.openData()
  inData.send('half a ma')
  assert.equal(await client.rest(), IDLE)
  assert.equal(await inData.rest(), IDLE_IN_DATA)
  client.close()
  inData.close()
  await ended('timeout')
  assert.equal(server.mails.length, 0)
})

test('a client that drips a command is no better', async () => {
  let now = 1_000_000
  server = await startServer({clock: () => now})
  const client = await Client.connect(server.port)
  client.send('NO')
  client.send('O')
  await client.ask('P')
  client.send('NOO')
  now += 480_001
  client.send('P')
  assert.equal(await client.rest(), IDLE)
  await ended('timeout')
})

test('a client that drips data is given a time by what it has sent', async () => {
  let now = 1_000_000
  server = await startServer({clock: () => now})
  const client = await Client.connect(server.port)
  await client.openData()
  client.send(`${'x'.repeat(200_000)}\r\n`)
  now += 480_001
  client.send('still in time\r\n.\r\n')
  assert.match(await client.reply(), /^250 /)
  await client.openData()
  client.send('x')
  now += 480_010
  client.send('y')
  assert.equal(await client.rest(), IDLE_IN_DATA)
})

test('a filter takes as long as it takes', async () => {
  let answer = (_: Outcome) => {}
  server = await startServer({
    settings: {$smtpd_timeout: 1},
    filter: () =>
      new Promise(resolve => {
        answer = resolve
      }),
  })
  const client = await Client.connect(server.port)
  client.send('MAIL FROM:<s@x>\r\nRCPT TO:<r@x>\r\nDATA\r\nx\r\n.\r\n')
  await client.replies(3)
  const idle = await Client.connect(server.port)
  assert.equal(await idle.rest(), IDLE)
  idle.close()
  answer(OK)
  assert.match(await client.reply(), /^250 /)
  assert.equal(await client.rest(), IDLE) // and the idle time counts from the answer
})

test('a client that goes away in mid-data leaves nothing behind', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  await client.openData()
  client.send('x'.repeat(MEMORY_LIMIT_BYTES + 100_000))
  await until(() => readdirSync(server.base).length > 0)
  client.socket.destroy()
  await until(() => server.ends.length === 1)
  assert.equal(server.mails.length, 0)
  await server.spool.close()
  assert.deepEqual(readdirSync(server.base), [])
})

test('a client that goes away while its mail is filtered does not stop that', async () => {
  let answer = (_: Outcome) => {}
  server = await startServer({
    filter: () =>
      new Promise(resolve => {
        answer = resolve
      }),
  })
  const client = await Client.connect(server.port)
  await client.openData()
  client.send('x\r\n.\r\n')
  await until(() => server.mails.length === 1)
  client.socket.resetAndDestroy()
  await new Promise(resolve => setImmediate(resolve))
  answer(OK)
  await until(() => server.ends.length === 1)
  assert.equal(server.ends[0]?.transactions, 1)
})

test('a client that closes its side after the last command gets its answers', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  client.socket.end('MAIL FROM:<s@x>\r\nRCPT TO:<r@x>\r\nDATA\r\nx\r\n.\r\n')
  const answers = await client.rest()
  assert.deepEqual(
    answers.split('\r\n').map(line => line.slice(0, 3)),
    ['250', '250', '354', '250', ''],
  )
  await ended('closed')
})

test('half a command at the end of input is no command', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  client.socket.end('NOOP\r\nQUIT')
  assert.equal(await client.rest(), '250 2.0.0 Ok NOOP\r\n')
  await ended('closed')
})

test('a session that is to stop ends between two mails', async () => {
  server = await startServer()
  const [fresh, busy, idle] = [
    await Client.connect(server.port),
    await Client.connect(server.port),
    await Client.connect(server.port),
  ]
  await idle.openData()
  await idle.ask('.')
  await busy.openData()
  server.stop.abort()
  assert.equal(await idle.rest(), '421 4.3.2 Service shutting down, closing channel\r\n')
  assert.match(await busy.ask('.'), /^250 /)
  assert.equal(await busy.rest(), '421 4.3.2 Service shutting down, closing channel\r\n')
  // One that was connected just before still has its mail taken.
  await fresh.openData()
  assert.match(await fresh.ask('.'), /^250 /)
  assert.equal(await fresh.rest(), '421 4.3.2 Service shutting down, closing channel\r\n')
  for (const client of [fresh, busy, idle]) client.close()
})

test('a session that begins when it is to stop takes one mail', async () => {
  server = await startServer()
  server.stop.abort()
  const client = await Client.connect(server.port)
  await client.ask('EHLO x')
  await client.openData()
  assert.match(await client.ask('.'), /^250 /)
  assert.match(await client.rest(), /^421 /)
  await ended('stopped')
})
