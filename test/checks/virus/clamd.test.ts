import assert from 'node:assert/strict'
import {writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {askClamd, type ClamdTimes} from '../../../src/checks/virus/daemon/clamd.ts'
import {connectTo, type Endpoint, openSocket} from '../../../src/checks/virus/daemon/endpoint.ts'
import type {Part} from '../../../src/message/message.ts'
import {type Octets, octetsOf} from '../../../src/message/octets.ts'
import {makePart} from '../../../src/message/part.ts'
import {freePort, temporaryFolder} from '../../support/wait.ts'
import {asClamd, listen, partsOf} from './fakes.ts'

type Judge = (content: Buffer, socket: net.Socket) => string | undefined

function lineTo(endpoint: Endpoint, timeoutMs = 5000) {
  return {
    open: () => openSocket(endpoint, timeoutMs, connectTo),
    deadline: performance.now() + timeoutMs,
  }
}

async function ask(
  t: TestContext,
  judge: Judge,
  {mail = SMALL, parts = [], timeoutMs}: {mail?: Octets; parts?: readonly Part[]; timeoutMs?: number} = {},
  times?: ClamdTimes,
): Promise<string[]> {
  const {endpoint} = await listen(t, asClamd(judge))
  return await askClamd(mail, parts, lineTo(endpoint, timeoutMs), times)
}

const SMALL = octetsOf(Buffer.from('Subject: x\r\n\r\nhello\r\n'))

test('clamd is given the mail and its decoded parts in one session', async t => {
  const streams: string[] = []
  const parts = partsOf(`Content-Transfer-Encoding: base64\n\n${Buffer.from('decoded').toString('base64')}\n`)
  const judge = (content: Buffer) => {
    streams.push(content.toString())
    return 'stream: Win.Test-1 FOUND'
  }
  assert.deepEqual(await ask(t, judge, {parts}), ['stream: Win.Test-1 FOUND', 'stream: Win.Test-1 FOUND'])
  assert.deepEqual(streams, ['Subject: x\r\n\r\nhello\r\n', 'decoded'])
})

test('clamd is given all octets of a large member of an archive, out of its file', async t => {
  const content = Buffer.alloc(500_000, 'a large member\n')
  const file = path.join(temporaryFolder(t), 'p004')
  writeFileSync(file, content)
  const part = {number: 4, parent: 3, placement: '1/1/1', content: content.subarray(0, 100)}
  const member = makePart({...part, size: content.length, path: file})
  const streams: Buffer[] = []
  const judge = (stream: Buffer) => {
    streams.push(stream)
    return 'stream: OK'
  }
  await ask(t, judge, {parts: [member]})
  assert.ok(streams[1]?.equals(content))
})

test('clamd over TCP is given a large mail octet for octet', async t => {
  const mail = Buffer.alloc(3_000_000, 'large mail\r\n')
  let seen: Buffer | undefined
  const server = net.createServer(
    asClamd(content => {
      seen = content
      return 'stream: OK'
    }),
  )
  t.after(() => server.close())
  const port = await freePort()
  server.listen(port, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  assert.deepEqual(await askClamd(octetsOf(mail), [], lineTo({host: '127.0.0.1', port})), ['stream: OK'])
  assert.ok(seen?.equals(mail))
})

test('more parts than clamd takes at once are all scanned', async t => {
  const encoded = Buffer.from('x').toString('base64')
  const part = `--b\nContent-Transfer-Encoding: base64\n\n${encoded}\n`
  const parts = partsOf(`Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(30)}--b--\n`)
  let count = 0
  const judge = () => (++count === 31 ? 'stream: Last FOUND' : 'stream: OK')
  const replies = await ask(t, judge, {parts})
  assert.equal(replies.length, 31)
  assert.ok(replies.includes('stream: Last FOUND'))
})

const failures: [title: string, judge: Judge, reason: RegExp][] = [
  ['refuses the size', () => 'INSTREAM size limit exceeded. ERROR', /size limit exceeded/],
  ['hangs up', (_, socket) => void socket.destroy(), /the connection was closed before all answers came/],
  ['talks nonsense', () => 'good day', /good day/],
]

for (const [title, judge, reason] of failures) {
  test(`a clamd that ${title} gives no answer`, async t => {
    await assert.rejects(ask(t, judge), reason)
  })
}

test('a clamd that says nothing and answers PING is waited for until the deadline', async t => {
  const times = {silentMs: 20, pingMs: 1000}
  await assert.rejects(
    ask(t, () => undefined, {timeoutMs: 300}, times),
    /^AmavisError: timed out$/,
  )
})

test('a clamd that hangs is not waited for: it does not answer PING either', async t => {
  const {endpoint} = await listen(t, socket => void socket.resume())
  const asked = askClamd(SMALL, [], lineTo(endpoint, 60_000), {silentMs: 20, pingMs: 50})
  await assert.rejects(asked, /nor to a PING/)
})

test('a clamd that hangs up in the middle of a large mail has refused it, whatever the system calls that', async t => {
  const {endpoint} = await listen(t, socket => void socket.once('data', () => socket.destroy()))
  const large = octetsOf(Buffer.alloc(8 * 1024 * 1024, 'x'))
  await assert.rejects(askClamd(large, [], lineTo(endpoint, 10_000)), {code: 'AM_PROTOCOL'})
})
