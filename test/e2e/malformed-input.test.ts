import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import net from 'node:net'
import {test} from 'node:test'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {sendTraffic} from '../support/traffic.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

/** Write everything, then wait for the end of the connection or for `enough` in what came back. */
function throwAt(port: number, input: Iterable<Buffer | string>, enough?: RegExp): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    const socket = net.connect(port, '127.0.0.1')
    const done = () => {
      socket.destroy()
      resolve(text)
    }
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (enough?.test(text)) done()
    })
    socket.on('error', done).on('close', done)
    const pieces = input[Symbol.iterator]()
    const write = () => {
      for (;;) {
        if (socket.destroyed) return
        const {value, done: last} = pieces.next()
        if (last) return
        if (!socket.write(value)) {
          socket.once('drain', write)
          return
        }
      }
    }
    socket.on('connect', write)
  })
}

function* recipients(count: number): Generator<string> {
  yield 'EHLO x\r\nMAIL FROM:<a@example.net>\r\n'
  for (let i = 0; i < count; i += 100) {
    yield Array.from({length: 100}, (_, k) => `RCPT TO:<u${i + k}@example.com>\r\n`).join('')
  }
  yield 'QUIT\r\n'
}

function* longLine(megabytes: number, before: string, after: string): Generator<Buffer | string> {
  yield before
  const block = Buffer.alloc(64 * 1024, 'x')
  for (let i = 0; i < megabytes * 16; i++) yield block
  yield after
}

const envelope = 'EHLO x\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n'

const cases: readonly [string, () => Iterable<Buffer | string>, RegExp][] = [
  ['random octets', () => [randomBytes(200_000), '\r\nQUIT\r\n'], /^220 [\s\S]*\r\n5\d\d /],
  ['a command line of 10 MB', () => longLine(10, '', '\r\nQUIT\r\n'), /^220 [\s\S]*\r\n(5\d\d|421) /],
  [
    'a data line of 10 MB',
    () => longLine(10, envelope, '\r\n.\r\nQUIT\r\n'),
    /\r\n250 2\.0\.0 from MTA[\s\S]*\r\n221 /,
  ],
  ['100,000 recipients', () => recipients(100_000), /\r\n452 4\.5\.3 Too many recipients/],
  [
    'NULs among commands',
    () => ['EHLO\0x\r\n', 'MAIL FROM:<\0@x>\r\n', 'QUIT\r\n'],
    /\r\n5\d\d [\s\S]*\r\n221 /,
  ],
  [
    'NULs in data',
    () => [envelope, 'From: a@x\r\nDate: x\r\n\r\n\0\0\0\r\n.\r\nQUIT\r\n'],
    /\r\n250 2\.0\.0 from MTA[\s\S]*\r\n221 /,
  ],
  [
    'lines of uuencode that decode to more than a mail may',
    () => [envelope, `From: a@x\r\n\r\nbegin 644 x\r\n${'M\r\n'.repeat(30_000)}.\r\nQUIT\r\n`],
    /\r\n250 2\.0\.0 from MTA[\s\S]*\r\n221 /,
  ],
  [
    'DATA without recipients',
    () => ['EHLO x\r\nMAIL FROM:<a@x>\r\nDATA\r\nQUIT\r\n'],
    /\r\n503 5\.5\.1 [\s\S]*\r\n221 /,
  ],
]

test('malformed input gets a reply or a closed connection, and the others never notice', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const daemon = await startDaemon(
    t,
    temporaryFolder(t),
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';\n$enable_zmq = 0;`,
  )
  const good = (from: number) =>
    Array.from({length: 60}, (_, n) => demoMail(from + n)).filter(mail => mail.kind === 'clean')
  let sent = 0
  for (const [name, input, expected] of cases) {
    await t.test(name, async () => {
      sent += 1000
      const others = sendTraffic(port, good(sent), {clients: 2})
      const said = await throwAt(port, input(), expected)
      assert.match(said, expected)
      assert.doesNotMatch(said, /\.[jt]s\b|\/src\/|node:/, 'our insides do not show')
      const {broken, refused, acknowledged} = await others
      assert.deepEqual([broken, refused], [[], []])
      assert.equal(acknowledged.size, 36)
    })
  }
  await t.test('half-open connections', async () => {
    const idle = await Promise.all(
      Array.from(
        {length: 3},
        () =>
          new Promise<net.Socket>(resolve => {
            const socket = net.connect(port, '127.0.0.1', () => resolve(socket))
            socket.on('error', () => {})
          }),
      ),
    )
    const {broken, acknowledged} = await sendTraffic(port, good(50_000), {clients: 2})
    for (const socket of idle) socket.destroy()
    assert.deepEqual(broken, [])
    assert.equal(acknowledged.size, 36)
  })
  assert.equal(daemon.exitCode, null)
})
