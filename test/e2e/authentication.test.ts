import assert from 'node:assert/strict'
import {once} from 'node:events'
import {connect} from 'node:net'
import {createInterface} from 'node:readline'
import {type TestContext, test} from 'node:test'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {startNameServer, type ZoneEntry} from '../support/dns.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const ZONE = new Map<string, ZoneEntry | undefined>([
  ['bank.test', 'v=spf1 ip4:198.51.100.0/24 -all'],
  ['_dmarc.bank.test', 'v=DMARC1; p=reject'],
  ['friend.test', {TXT: ['v=spf1 a mx -all'], A: ['198.51.100.7'], MX: ['in.friend.test']}],
  ['in.friend.test', {A: ['203.0.113.9'], AAAA: ['2001:db8::9']}],
  ['_dmarc.friend.test', 'v=DMARC1; p=quarantine'],
  ['silent.test', undefined],
])

/** A mail by way of an MTA that tells whose it is. */
async function relay(port: number, client: string, sender: string, head: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const replies = createInterface({input: socket})[Symbol.asyncIterator]()
  const reply = async (): Promise<string> => {
    for (;;) {
      const {value, done} = await replies.next()
      if (done || /^\d{3} /.test(value)) return value ?? ''
    }
  }
  try {
    await reply()
    let last = ''
    for (const line of [
      'EHLO mta.test',
      `XFORWARD ADDR=${client} HELO=host.friend.test`,
      `MAIL FROM:<${sender}>`,
      'RCPT TO:<u@example.com>',
      'DATA',
      `${head}Subject: hello\r\nDate: Mon, 23 Nov 2026 03:00:00 +0000\r\nMessage-ID: <m@friend.test>\r\n\r\nhello\r\n.`,
      'QUIT',
    ]) {
      socket.write(`${line}\r\n`)
      if (line === 'QUIT') break
      last = await reply()
    }
    return last
  } finally {
    socket.destroy()
    await once(socket, 'close')
  }
}

async function start(t: TestContext, settings: string) {
  const home = temporaryFolder(t)
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const server = await startNameServer(t, ZONE)
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $child_timeout = 6; $log_level = 2;
@dns_servers = ('${server}'); @local_domains_maps = (['example.com']);
${settings}`,
  )
  const results = async (client: string, sender: string, from: string, more = '') => {
    const before = sink.mails.length
    assert.match(await relay(port, client, sender, `From: ${from}\r\n${more}`), /^250 /)
    const text = sink.mails[before]!.octets.toString('latin1').replace(/\r\n[ \t]+/g, ' ')
    return /^Authentication-Results: filter\.example\.com \(amavis\); (.*)\r$/m.exec(text)?.[1]
  }
  return {home, results}
}

test('SPF and DMARC of what an MTA forwards are in its header, and in the log; the mail passes', async t => {
  const {home, results} = await start(t, '$enable_dmarc_verification = 1; $enable_arc_verification = 1;')
  assert.equal(
    await results('198.51.100.7', 'a@friend.test', 'A <a@friend.test>'),
    'spf=pass smtp.mailfrom=friend.test; dmarc=pass (p=quarantine) header.from=friend.test',
  )
  assert.equal(
    await results('IPv6:2001:db8::9', 'a@friend.test', 'A <a@friend.test>'),
    'spf=pass smtp.mailfrom=friend.test; dmarc=pass (p=quarantine) header.from=friend.test',
  )
  assert.equal(
    await results('203.0.113.5', 'a@bank.test', 'B <b@bank.test>', 'ARC-Seal: i=1; rubbish\r\n'),
    'spf=fail smtp.mailfrom=bank.test; arc=fail reason="i=1 no arc-message-signature set"; dmarc=fail (p=reject) header.from=bank.test',
  )
  assert.equal(
    await results('203.0.113.5', '', 'a@unknown.test'),
    'spf=none smtp.helo=host.friend.test; dmarc=none header.from=unknown.test',
  )
  assert.equal(await results('[UNAVAILABLE]', 'a@bank.test', 'b@bank.test'), undefined)
  assert.equal(await results('10.0.0.1', 'a@bank.test', 'b@bank.test'), undefined)
  await until('the log entries', () => {
    const log = daemonLog(home)
    return (
      log.includes('spf: fail smtp.mailfrom=bank.test, client 203.0.113.5') &&
      log.includes('dmarc: fail (p=reject) header.from=bank.test') &&
      log.includes('arc: fail (') &&
      log.includes('spf: not evaluated, the client is unknown') &&
      log.includes('dmarc: not evaluated, nothing is known of SPF')
    )
  })
})

test('a DNS that is silent holds no mail back: SPF is a temperror', async t => {
  const {results} = await start(t, '$enable_spf_verification = 1;')
  const text = await results(
    '203.0.113.5',
    'a@silent.test',
    'a@silent.test',
    'Authentication-Results: filter.example.com; spf=pass\r\n',
  )
  assert.equal(text, 'spf=temperror reason="DNS timeout" smtp.mailfrom=silent.test')
})

test('mail of our own users is asked about by nobody', async t => {
  const {results} = await start(t, '$enable_dmarc_verification = 1; $originating = 1;')
  assert.equal(await results('203.0.113.5', 'a@bank.test', 'b@bank.test'), undefined)
})
