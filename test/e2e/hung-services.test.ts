/** Everything that a mail is looked at by hangs at once: each is cut off at its share, and the mail goes on in time. */
import assert from 'node:assert/strict'
import {createSocket} from 'node:dgram'
import {once} from 'node:events'
import net, {type AddressInfo} from 'node:net'
import {type TestContext, test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {startNameServer} from '../support/dns.ts'
import {startHop} from '../support/hop.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const TIMEOUT_S = 6
const SIGNED = Buffer.from(
  [
    'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=remote.test; s=silent;',
    ' h=from:date; bh=zS7KNTV0HyeorkDDGwxB1AV6enuRKzO5rthkhdHIRnY=; b=AAAA',
    'From: <a@remote.test>',
    'Date: Sun, 22 Nov 2026 12:00:00 +0000',
    '',
    'hello',
    '',
  ].join('\r\n'),
)

/** A server that takes connections and never says a word; counts them. */
async function startMute(t: TestContext): Promise<{port: number; asked: () => number}> {
  let asked = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer({allowHalfOpen: true}, socket => {
    asked++
    sockets.add(socket)
    socket.on('error', () => {}).resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {port: (server.address() as AddressInfo).port, asked: () => asked}
}

test('DNS, p0f, virus and spam scanners that hang are cut off one after the other, within the time of the mail', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  const clamd = await startMute(t)
  const spamd = await startMute(t)
  const names = await startNameServer(t, new Map([['silent._domainkey.remote.test', undefined]]))
  const p0f = createSocket('udp4').bind(0, '127.0.0.1')
  await once(p0f, 'listening')
  t.after(() => p0f.close())
  let fingerprintsAsked = 0
  p0f.on('message', () => fingerprintsAsked++)
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${hop.port}';
$child_timeout = ${TIMEOUT_S};
@dns_servers = ('${names}');
$enable_dkim_verification = 1;
$os_fingerprint_method = 'p0f:127.0.0.1:${p0f.address().port}';
$virus_scanners_failure_is_fatal = 0;
@av_scanners = (['hung', \\&ask_daemon, ["SCAN {}\\n", '127.0.0.1:${clamd.port}'], qr/OK/, qr/FOUND/, qr/(\\S+) FOUND/]);
@spam_scanners = (['mute', 'SpamdClient', host => '127.0.0.1', port => ${spamd.port}]);`,
  )

  const began = performance.now()
  const answer = await sendMail(port, {
    sender: 'a@remote.test',
    recipient: 'user@example.com',
    octets: SIGNED,
  })
  const took = performance.now() - began
  assert.match(answer, /^250 2\.0\.0 from MTA/)
  assert.ok(took < TIMEOUT_S * 1000, `took ${took} ms`)
  assert.deepEqual([clamd.asked() > 0, spamd.asked() > 0], [true, true])

  await until('the TIMING line', () => /TIMING/.test(daemonLog(home)))
  const log = daemonLog(home)
  assert.match(log, /dkim: .*(?:temperror|invalid|FAILED|failed)/i)
  assert.match(log, /\(!?!?\).*ALL VIRUS SCANNERS FAILED|AV: ALL VIRUS SCANNERS FAILED/)
  assert.match(log, /mute FAILED: .*timed out/)
  assert.match(log, /Passed UNCHECKED /)
  const timing = /TIMING \[total [^\]]*\] - (.*)/.exec(log)?.[1] ?? ''
  const sections = [...timing.matchAll(/([^,:]+): [\d.]+ \(/g)].map(([, name]) => name!.trim())
  const order = [
    'digest_body_dkim',
    'mime_decode',
    'AV-scan-1',
    'mute',
    'decide_mail_destiny',
    'fwd-end-chkpnt',
  ]
  assert.deepEqual(
    sections.filter(name => order.includes(name)),
    order,
  )
})
