import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import {Client, OK, type Server, startServer, until} from './harness.ts'

let server: Server
afterEach(() => server.close())

/** Pseudo-random numbers that are the same each time. */
function randomFrom(seed: number): (n: number) => number {
  let state = seed
  return n => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

/** The server still does what it is for. */
async function works(): Promise<void> {
  const client = await Client.connect(server.port)
  await client.openData()
  assert.match(await client.ask('x\r\n.'), /^250 /)
  client.close()
}

test('100,000 recipients are put off without harm', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  client.socket.on('error', () => {})
  client.send(`MAIL FROM:<s@x>\r\n${'RCPT TO:<r@x>\r\n'.repeat(100_000)}`)
  const answers = (await client.rest()).trimEnd().split('\r\n')
  assert.equal(answers.filter(line => line.startsWith('250 2.1.5')).length, 1100)
  assert.match(answers.at(-1)!, /^421 /)
  await works()
})

test('a line of 10 MB is refused, and one without an end ends the session', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  client.send(`NOOP ${'x'.repeat(500_000)}\r\nNOOP\r\n`)
  assert.deepEqual(await client.replies(2), ['500 5.5.6 Error: line too long', '250 2.0.0 Ok NOOP'])
  client.send('x'.repeat(10_000_000))
  assert.match(await client.rest(), /^421 4\.7\.0 |^$/)
  await works()
})

test('10 MB lines of data, and 10 MB of NULs and of line ends, are content', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  for (const filling of ['x', '\0', '\r', '\n', '.\r\n']) {
    await client.openData()
    client.send(filling.repeat(10_000_000 / filling.length))
    client.send('\r\n.\r\n')
    assert.match(await client.reply(), /^(?:250|5\d\d) /)
    // `.` CRLF at the beginning is the end of data; what follows is not, and is refused as commands.
    if (filling === '.\r\n') break
  }
  assert.deepEqual(
    server.mails.map(mail => mail.octets.size),
    [10_000_002, 10_000_002, 10_000_002, 20_000_002, 0],
  )
  client.close()
  await works()
})

test('input that comes while the filter works waits with the client beyond a bound', async () => {
  let answer = () => {}
  server = await startServer({
    filter: () =>
      new Promise(resolve => {
        answer = () => resolve(OK)
      }),
  })
  const client = await Client.connect(server.port)
  await client.openData()
  client.send('x\r\n.\r\n')
  await until(() => server.mails.length === 1)
  const flood = Buffer.from('NOOP\r\n'.repeat(10_000_000 / 6))
  client.send(flood)
  // Kernel buffers take some megabytes; the rest must stay where it is.
  let last = -1
  await until(() => {
    const before = last
    last = client.socket.bytesWritten - client.socket.writableLength
    return last === before
  })
  assert.ok(client.socket.writableLength > 0)
  let octets = 0
  client.socket.on('data', chunk => {
    octets += chunk.length
  })
  answer()
  await until(() => octets >= Math.floor(flood.length / 6) * '250 2.0.0 Ok NOOP\r\n'.length)
  client.close()
})

test('a client that never reads its answers is not answered for ever', async () => {
  server = await startServer({settings: {$smtpd_timeout: 1}})
  const client = await Client.connect(server.port)
  client.socket.pause()
  client.send('HELP\r\n'.repeat(2_000_000))
  await until(() => server.ends.length === 1)
  assert.equal(server.ends[0]?.reason, 'timeout')
  client.close()
})

test('random octets get a reply or a closed connection', async () => {
  server = await startServer()
  const random = randomFrom(4711)
  const words = [
    'MAIL FROM:<',
    'RCPT TO:<a@b>',
    'DATA\r\n',
    '\r\n.\r\n',
    '\r',
    '\n',
    '\0',
    '>',
    'SIZE=',
    'XFORWARD ',
    '\r\nEHLO x\r\n',
    'RSET',
    '=+',
    '\xff',
    '"\\',
  ]
  const begun = performance.now()
  for (let round = 0; round < 400 && performance.now() - begun < 8000; round++) {
    const client = await Client.connect(server.port)
    for (let packets = random(5); packets >= 0; packets--) {
      let octets = ''
      for (let n = random(60); n > 0; n--) {
        octets += random(3) ? words[random(words.length)] : String.fromCharCode(random(256))
      }
      client.send(octets)
    }
    client.socket.end()
    const answers = await client.rest()
    assert.match(answers, /^(?:[2-5]\d\d[ -][^\r\n]*\r\n)*$/)
    client.close()
  }
  await works()
  await until(() => server.ends.length > 0)
})
