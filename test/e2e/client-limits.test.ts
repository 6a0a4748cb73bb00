/** Limits for SMTP clients: a real daemon and a real counting server, also when that one goes away. */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {MasterStatus} from '../../src/daemon/answers.ts'
import {askMaster} from '../../src/daemon/control.ts'
import {demoMail} from '../../src/demo/mails.ts'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {anvilFolder} from '../support/anvil.ts'
import {daemonLog, greets, startDaemon, writeConfiguration} from '../support/daemon.ts'
import {converse} from '../support/hop.ts'
import {sendTraffic} from '../support/traffic.ts'
import {freePort, until} from '../support/wait.ts'

const MAIL = 'MAIL FROM:<s@example.org>'

interface Site {
  readonly home: string
  readonly port: number
  readonly sink: Sink
  /** the configuration with other lines; to be taken by a reload */
  configure(lines: string): void
  anvil(...words: readonly string[]): Promise<{readonly status: number; readonly stdout: string}>
  reload(): Promise<void>
  /** pid of the counting server */
  anvilPid(): number
}

/** A daemon that exempts nobody on loopback, and a counting server. */
async function startSite(t: TestContext, lines: (port: number) => string): Promise<Site> {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = anvilFolder(t)
  const port = await freePort()
  const base = `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $notify_method = $forward_method;
$enable_zmq = 0; $anvil_socket = "$MYHOME/postfix"; @inet_acl = ('127.0.0.0/8');
@smtpd_client_event_limit_exceptions = ('127.0.0.9');
`
  const configure = (more: string) => void writeConfiguration(home, port, base + more)
  configure(lines(port))
  const conf = ['-c', path.join(home, 'amavisd.conf')]
  const anvil = (command = '', ...words: readonly string[]) => amavis('anvil', command, ...words, ...conf)
  assert.equal((await anvil('start', '--allow-root')).status, 0)
  await startDaemon(t, home, port, base + lines(port))
  return {
    home,
    port,
    sink,
    configure,
    anvil,
    anvilPid: () => Number(readFileSync(path.join(home, 'anvil.pid'), 'latin1')),
    async reload() {
      const {status, stderr} = await amavis('reload', ...conf)
      assert.equal(status, 0, stderr)
    },
  }
}

test('each limit acts at the port whose policy bank has it, a reload changes it, and exceptions have none', async t => {
  const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const
  const [count, rate, message, recipient] = ports
  const banks = (limit: number) => `$inet_socket_port = [$inet_socket_port, ${ports.join(', ')}];
$interface_policy{'${count}'} = 'COUNT'; $policy_bank{'COUNT'} = {smtpd_client_connection_count_limit => ${limit}};
$interface_policy{'${rate}'} = 'RATE'; $policy_bank{'RATE'} = {smtpd_client_connection_rate_limit => ${limit}};
$interface_policy{'${message}'} = 'MESSAGE'; $policy_bank{'MESSAGE'} = {smtpd_client_message_rate_limit => ${limit}};
$interface_policy{'${recipient}'} = 'RCPT'; $policy_bank{'RCPT'} = {smtpd_client_recipient_rate_limit => ${limit}};`
  const site = await startSite(t, () => banks(2))

  const held = await Promise.all([hold(count), hold(count)])
  assert.deepEqual(
    held.map(({greeting}) => greeting.slice(0, 4)),
    ['220 ', '220 '],
  )
  assert.deepEqual(await converse(count, []), ['421 4.7.0 Too many connections at once from 127.0.0.1'])
  assert.equal(await greets(count, {host: '127.0.0.1', localAddress: '127.0.0.9'}), true)
  assert.equal(await greets(count, {host: '127.0.0.1', localAddress: '127.0.0.8'}), true)
  held[0].end()
  await until('a connection to be free', () => greets(count))

  const greetings = []
  for (let i = 0; i < 3; i++) greetings.push((await converse(rate, []))[0])
  assert.equal(greetings[2], '421 4.7.0 Connections come too fast from 127.0.0.1')
  assert.match(greetings[1] ?? '', /^220 /)
  for (let i = 0; i < 3; i++) {
    assert.equal(await greets(rate, {host: '127.0.0.1', localAddress: '127.0.0.9'}), true)
  }

  const said = await converse(message, ['EHLO c', MAIL, 'RSET', MAIL, 'RSET', MAIL])
  assert.deepEqual(
    said.filter(line => /^\d{3} /.test(line)).map(line => line.slice(0, 9)),
    ['220 [127.', '250 CHUNK', '250 2.1.0', '250 2.0.0', '250 2.1.0', '250 2.0.0', '450 4.7.1', '221 2.0.0'],
  )

  const rcpt = (n: number) => `RCPT TO:<u${n}@example.com>`
  const to = await converse(recipient, [
    'EHLO c',
    MAIL,
    rcpt(1),
    rcpt(2),
    rcpt(3),
    'DATA',
    'Subject: x\r\n\r\nx\r\n.',
  ])
  assert.match(
    to.join('\n'),
    /\n450 4\.7\.1 Too many recipients from 127\.0\.0\.1\n354 .*\n250 2\.0\.0 from MTA/,
  )
  await until('the mail', () => site.sink.mails.length === 1)
  assert.deepEqual(site.sink.mails[0]?.recipients, ['u1@example.com', 'u2@example.com'])

  const control = path.join(site.home, 'amavisd.ctl')
  const status = await amavis(
    'status',
    '--once',
    '--json',
    '--control',
    control,
    '--connect',
    `ipc://${site.home}/bus`,
  )
  assert.partialDeepStrictEqual(JSON.parse(status.stdout).hosts[0].anvil, {
    running: true,
    pid: site.anvilPid(),
    asked: true,
  })

  const table = JSON.parse((await site.anvil('status', '--json')).stdout)
  const found = table.clients.map(
    ({service, client}: {service: string; client: string}) => `${service} ${client}`,
  )
  assert.deepEqual(
    found.toSorted(),
    [...ports.map(port => `${port} 127.0.0.1`), `${count} 127.0.0.8`].toSorted(),
  )
  assert.match(
    daemonLog(site.home),
    /\(\d+-[\d-]+\) client limit: \[127\.0\.0\.1\] has 3 MAIL commands within the time unit at port \d+, \$smtpd_client_message_rate_limit is 2, policy bank MESSAGE$/m,
  )

  site.configure(banks(1000))
  await site.reload()
  const after = await converse(message, ['EHLO c', MAIL])
  assert.match(after.at(-2) ?? '', /^250 2\.1\.0 /)
  assert.match((await converse(rate, []))[0] ?? '', /^220 /)
  // without any limit nobody is asked
  held[1].end()
  site.configure(banks(0))
  await site.reload()
  await until('the old children to be gone', async () => {
    const state = JSON.parse((await site.anvil('status', '--json')).stdout)
    return state.streams === 0
  })
  assert.match((await converse(rate, []))[0] ?? '', /^220 /)
  assert.equal(JSON.parse((await site.anvil('status', '--json')).stdout).streams, 0)
})

test('who comes through a proxy is counted by its own address, and a killed child frees its client', async t => {
  const [proxied, other] = [await freePort(), await freePort()]
  const site = await startSite(
    t,
    () => `$inet_socket_port = [$inet_socket_port, ${proxied}, ${other}]; @inet_acl = ('0.0.0.0/0');
$interface_policy{'${proxied}'} = 'PROXIED'; $interface_policy{'${other}'} = 'OTHER';
$policy_bank{'PROXIED'} = {haproxy_target_enabled => 1, smtpd_client_connection_rate_limit => 1};
$policy_bank{'OTHER'} = {smtpd_client_connection_count_limit => 1};`,
  )
  const by = (client: string) => hold(proxied, `PROXY TCP4 ${client} 192.0.2.25 4711 25\r\n`)
  const greetings = []
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '127.0.0.9', '127.0.0.9']) {
    const {greeting, end} = await by(client)
    greetings.push(greeting.slice(0, 3))
    end()
  }
  // the last one is an exception
  assert.deepEqual(greetings, ['220', '220', '421', '220', '220'])

  await hold(other)
  const {greeting, end} = await hold(other)
  assert.match(greeting, /^421 /)
  end()
  const busy = await until('one child to be busy', async () => {
    const control = path.join(site.home, 'amavisd.ctl')
    const reply = await askMaster(control, {command: 'status'}, {timeoutMs: 10_000})
    const pids = (reply as unknown as MasterStatus).children.flatMap(({pid, state}) =>
      state === 'busy' ? [pid] : [],
    )
    return pids.length === 1 ? pids[0] : undefined
  })
  process.kill(busy, 'SIGKILL')
  await until('its client to be free', () => greets(other))
})

test('a counting server that is killed, hangs or comes again under load costs no mail', async t => {
  const site = await startSite(
    t,
    () => `$smtpd_client_connection_count_limit = 100; $smtpd_client_connection_rate_limit = 1000000;
$smtpd_client_message_rate_limit = 1000000; $smtpd_client_recipient_rate_limit = 1000000; $log_level = 1;`,
  )
  const mails = Array.from({length: 1000}, (_, n) => demoMail(n)).filter(mail => mail.kind === 'clean')
  const third = Math.floor(mails.length / 3)
  const part = (n: number) => mails.slice(n * third, (n + 1) * third)
  const log = () => daemonLog(site.home)
  const arrived = () => site.sink.mails.length

  const first = sendTraffic(site.port, part(0))
  await until('some mail', () => arrived() > 10)
  const pid = site.anvilPid()
  process.kill(pid, 'SIGSTOP')
  t.after(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it has ended
    }
  })
  const results = [await first]
  assert.match(log(), /anvil on .*anvil\.sock does not answer \(no answer in time\), clients are not limited/)

  process.kill(pid, 'SIGCONT')
  await until('its return to be seen', () => / answers again, clients are limited$/m.test(log()), 60_000)

  const second = sendTraffic(site.port, part(1))
  await until('more mail', () => arrived() > third + 10)
  process.kill(pid, 'SIGKILL')
  results.push(await second)
  assert.equal((await site.anvil('start', '--allow-root')).status, 0)
  results.push(await sendTraffic(site.port, part(2)))

  for (const {broken, refused} of results) assert.deepEqual([broken, refused], [[], []])
  const acknowledged = results.reduce((sum, {acknowledged}) => sum + acknowledged.size, 0)
  assert.equal(acknowledged, 3 * third)
  assert.equal(arrived(), 3 * third)
  await until('the new one to be asked by all', async () => {
    await sendTraffic(site.port, part(0).slice(0, 8))
    const {clients} = JSON.parse((await site.anvil('status', '--json')).stdout)
    return clients[0]?.mail > 0
  })
  const perChild = new Map<string, number>()
  for (const [, child] of log().matchAll(/\[(\d+)\]: .*does not answer/g)) {
    perChild.set(child!, (perChild.get(child!) ?? 0) + 1)
  }
  // once in each outage
  assert.ok(perChild.size > 0 && Math.max(...perChild.values()) <= 2, JSON.stringify([...perChild]))
})

/** A connection that is greeted, or not, and stays. */
async function hold(port: number, first = ''): Promise<{readonly greeting: string; end(): void}> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(first)
  const [chunk] = await once(socket, 'data')
  return {greeting: String(chunk), end: () => void socket.end('QUIT\r\n')}
}
