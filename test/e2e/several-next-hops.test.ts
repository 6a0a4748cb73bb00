/** One mail, a next hop for each recipient, and a client that speaks LMTP and so hears of each of them. */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import {type TestContext, test} from 'node:test'
import {setTimeout as elapsed} from 'node:timers/promises'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {converse} from '../support/hop.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

interface Hop {
  readonly port: number
  /** mails that were answered with 250 */
  taken(): number
}

/** @param dotMs when the content is answered, after its end; undefined: never */
async function startHop(t: TestContext, dotMs: number | undefined): Promise<Hop> {
  const sockets = new Set<net.Socket>()
  let taken = 0
  const server = net.createServer(socket => {
    sockets.add(socket)
    let input = ''
    let inData = false
    socket.on('error', () => {})
    socket.write('220 hop ESMTP\r\n')
    socket.on('data', async chunk => {
      input += chunk.toString('latin1')
      if (!input.endsWith(inData ? '\r\n.\r\n' : '\r\n')) return
      const isDot = inData
      inData = /^DATA\r\n/im.test(input) && !isDot
      input = ''
      if (!isDot) socket.write(inData ? '354 go\r\n' : '250 2.0.0 Ok\r\n')
      else if (dotMs !== undefined) {
        await elapsed(dotMs)
        taken++
        socket.write('250 2.0.0 Ok: queued as Q1\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {port: (server.address() as net.AddressInfo).port, taken: () => taken}
}

test('a next hop that hangs after a slow one leaves what the slow one has taken as it is', async t => {
  const slow = await startHop(t, 1500)
  const hung = await startHop(t, undefined)
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$protocol = 'LMTP'; $enable_zmq = 0; $max_servers = 1; $child_timeout = 3;
@forward_method_maps = ({'a@example.com' => 'smtp:[127.0.0.1]:${slow.port}', 'b@example.com' => 'smtp:[127.0.0.1]:${hung.port}'});`,
  )
  const said = await converse(
    port,
    [
      'LHLO client.test',
      'MAIL FROM:<s@remote.test>',
      'RCPT TO:<a@example.com>',
      'RCPT TO:<b@example.com>',
      'DATA',
      'From: <s@remote.test>\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\nhello\r\n.',
    ],
    2,
  )
  const [first, second] = said.slice(said.findIndex(line => line.startsWith('354')) + 1)
  assert.equal(slow.taken(), 1)
  assert.match(first!, /^250 2\.0\.0 /)
  assert.match(second!, /^45\d 4\./)
  assert.doesNotMatch(daemonLog(home), /TROUBLE/)
})

test('a sender who wants to hear of success, and cannot be told in time, does not make the mail come again', async t => {
  const hop = await startHop(t, 0)
  const hung = await startHop(t, undefined)
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$protocol = 'LMTP'; $enable_zmq = 0; $max_servers = 1; $child_timeout = 2;
$forward_method = 'smtp:[127.0.0.1]:${hop.port}'; $notify_method = 'smtp:[127.0.0.1]:${hung.port}';`,
  )
  const said = await converse(port, [
    'LHLO client.test',
    'MAIL FROM:<s@remote.test>',
    'RCPT TO:<a@example.com> NOTIFY=SUCCESS',
    'DATA',
    'From: <s@remote.test>\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\nhello\r\n.',
  ])
  const [answer] = said.slice(said.findIndex(line => line.startsWith('354')) + 1)
  assert.equal(hop.taken(), 1)
  assert.match(answer!, /^250 2\.0\.0 /)
  assert.match(daemonLog(home), /UNABLE TO SEND DSN to <s@remote\.test>/)
})
