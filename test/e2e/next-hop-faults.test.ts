import assert from 'node:assert/strict'
import net from 'node:net'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {demoMail} from '../../src/demo/mails.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

/** A next hop that answers each command by a script; undefined: says nothing any more; 'close': hangs up. */
function startHop(script: Record<string, string | undefined>): Promise<{port: number; close(): void}> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    let input = ''
    let inData = false
    const answer = (key: string, otherwise: string) => {
      const text = key in script ? script[key] : otherwise
      if (text === 'close') socket.destroy()
      else if (text !== undefined) socket.write(`${text}\r\n`)
      return text
    }
    answer('greeting', '220 hop ESMTP')
    socket.on('data', chunk => {
      input += chunk.toString('latin1')
      for (;;) {
        // After a refused recipient the content is empty: a dot right after the 354.
        if (inData && input.startsWith('.\r\n')) input = `\r\n${input}`
        const end = input.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end === -1) {
          if (inData && script['mid-data'] === 'close') socket.destroy()
          return
        }
        const line = input.slice(0, end)
        input = input.slice(end + (inData ? 5 : 2))
        if (inData) {
          inData = false
          answer('dot', '250 2.0.0 Ok: queued as HOP1')
          continue
        }
        const verb = line.slice(0, 4).toUpperCase()
        const said = answer(
          verb,
          verb === 'EHLO' ? '250-hop\r\n250 PIPELINING' : verb === 'DATA' ? '354 go' : '250 2.1.0 Ok',
        )
        inData = verb === 'DATA' && said?.startsWith('354') === true
      }
    })
  })
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address ? address.port : 0,
        close() {
          server.close()
          for (const socket of sockets) socket.destroy()
        },
      })
    })
  })
}

const cases: readonly [string, Record<string, string | undefined>, RegExp][] = [
  [
    'takes the mail',
    {},
    /^250 2\.0\.0 from MTA\(smtp:\[127\.0\.0\.1\]:\d+\): 250 2\.0\.0 Ok: queued as HOP1$/,
  ],
  ['refuses the greeting for now', {greeting: '421 4.3.2 go away'}, /^4\d\d 4\./],
  ['refuses the greeting for good', {greeting: '554 5.3.2 no service'}, /^[45]\d\d [45]\./],
  [
    'defers MAIL',
    {MAIL: '451 4.3.0 try later'},
    /^451 4\.3\.0 id=\d+-\d+ - Temporary MTA failure on relaying, from MTA\(smtp:\[127\.0\.0\.1\]:\d+\): 451 4\.3\.0 try later$/,
  ],
  [
    'refuses MAIL',
    {MAIL: '553 5.1.8 bad sender'},
    /^553 5\.1\.8 id=\d+-\d+ - Rejected by next-hop MTA on relaying, from MTA\(.*\): 553 5\.1\.8 bad sender$/,
  ],
  ['defers RCPT', {RCPT: '450 4.2.0 mailbox busy'}, /^45\d 4\./],
  ['refuses RCPT', {RCPT: '550 5.1.1 no such user'}, /^550 5\.1\.1 id=.*550 5\.1\.1 no such user$/],
  ['refuses DATA', {DATA: '554 5.5.0 no data'}, /^554 5\.5\.0 /],
  ['defers the content', {dot: '452 4.3.1 disk full'}, /^452 4\.3\.1 .*452 4\.3\.1 disk full$/],
  ['refuses the content', {dot: '554 5.7.1 content refused'}, /^554 5\.7\.1 .*554 5\.7\.1 content refused$/],
  ['closes in mid-DATA', {'mid-data': 'close', dot: 'close'}, /^45\d 4\./],
  ['closes instead of answering the dot', {dot: 'close'}, /^45\d 4\./],
  ['never answers the dot', {dot: undefined}, /^45\d 4\./],
  ['never answers MAIL', {MAIL: undefined, RCPT: undefined, DATA: undefined}, /^45\d 4\./],
]

test('what a client hears when the next hop fails', async t => {
  for (const [name, script, expected] of cases) {
    await t.test(`the next hop ${name}`, async t => {
      const hop = await startHop(script)
      t.after(() => hop.close())
      const port = await freePort()
      await startDaemon(
        t,
        temporaryFolder(t),
        port,
        `$forward_method = 'smtp:[127.0.0.1]:${hop.port}';\n$enable_zmq = 0; $max_servers = 1; $child_timeout = 3;`,
      )
      const reply = await sendMail(port, demoMail(0))
      assert.match(reply, expected)
      assert.doesNotMatch(reply, /\.[jt]s\b|\/src\/|node:/)
    })
  }
  await t.test('the next hop is down', async t => {
    const port = await freePort()
    const closed = await freePort()
    await startDaemon(
      t,
      temporaryFolder(t),
      port,
      `$forward_method = 'smtp:[127.0.0.1]:${closed}';\n$enable_zmq = 0;`,
    )
    assert.match(
      await sendMail(port, demoMail(0)),
      new RegExp(
        `^451 4\\.5\\.0 id=.* - Temporary MTA failure on relaying, From MTA\\(\\) during fwd-connect \\(All attempts \\(1\\) failed connecting to smtp:\\[127\\.0\\.0\\.1\\]:${closed}\\): id=`,
      ),
    )
  })
})
