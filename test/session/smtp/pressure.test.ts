import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import {Client, type Server, startServer} from './harness.ts'

let server: Server
afterEach(() => server.close())

const WAITING = '421 4.3.2 Other connections are waiting, closing idle channel\r\n'

test('a client that idles makes room when others wait, and only then', async () => {
  server = await startServer({settings: {$smtpd_busy_timeout: 1}})
  const client = await Client.connect(server.port)
  const inMail = await Client.connect(server.port)
  await inMail.openData()
  server.pressure.set(true)
  assert.equal(await client.rest(), WAITING)
  // a mail that is under way has more time
  inMail.send('hi\r\n.\r\n')
  assert.match(await inMail.reply(), /^250 /)
  assert.equal(await inMail.rest(), WAITING)
})

test('a session that begins while others wait has little time from the start', async () => {
  server = await startServer({settings: {$smtpd_busy_timeout: 1}})
  server.pressure.set(true)
  const client = await Client.connect(server.port)
  assert.equal(await client.rest(), WAITING)
})
