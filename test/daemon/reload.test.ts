import assert from 'node:assert/strict'
import {statSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Client, Daemon, Load} from './program.ts'

const [PORT, SECOND_PORT, THIRD_PORT] = [await freePort(), await freePort(), await freePort()]

test('reload under load refuses and resets nothing, and new children serve afterwards', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  const load = new Load(t, () => PORT)
  await load.reached(20)
  for (const children of [3, 4]) {
    daemon.configure(`$max_servers = ${children};`)
    const {status, stderr} = await daemon.run('reload')
    assert.equal(status, 0, stderr)
    assert.equal((await daemon.children(children)).length, children)
    await load.reached(load.sessions + 20)
  }
  await load.stop()
  assert.deepEqual(load.troubles, [])
  const {generation, maximum, reload, name, version} = await daemon.status()
  assert.deepEqual([generation, maximum, reload?.ok, reload?.problems], [3, 4, true, []])
  assert.ok(name !== undefined && version !== undefined)
})

test('a session that is open goes on with the old configuration until its client ends it', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  const client = await new Client(PORT).greeted()
  assert.equal((await daemon.run('reload')).status, 0)
  const {children} = await daemon.status()
  assert.equal(children.filter(child => child.generation === 1 && child.state === 'busy').length, 1)
  client.socket.write('NOOP\r\n')
  await until('an answer', () => client.said.includes('\n250 '))
  await client.quit()
  await daemon.children(2)
})

test('a broken configuration changes nothing and is told with file and line', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  const before = await daemon.children(2)
  daemon.configure(`$inet_socket_port = ${SECOND_PORT};\n$max_servers = ;`)
  const {status, stderr} = await daemon.run('reload')
  assert.equal(status, 1)
  assert.match(stderr, /amavisd\.conf:\d+:\d+: /)
  const reply = await daemon.control('reload')
  assert.equal(reply?.kind, 'failed', 'the daemon itself refuses it, too')
  const {reload} = await daemon.status()
  assert.equal(reload?.ok, false)
  assert.match(reload?.problems[0] ?? '', /amavisd\.conf:\d+:\d+: /)
  const signalled = process.kill(daemon.pid ?? 0, 'SIGHUP')
  assert.equal(signalled, true)
  await until('the log to say so', () => /Rejecting reload: .*amavisd\.conf:\d+:\d+: /.test(daemon.log))
  assert.deepEqual(
    (await daemon.children(2)).map(child => child.pid).sort(),
    before.map(child => child.pid).sort(),
  )
  assert.equal(await greets(PORT), true)
})

test('whoever comes to a new socket while children come up is served by the new configuration', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  daemon.configure(`$inet_socket_port = [${PORT}, ${SECOND_PORT}]; $interface_policy{'${SECOND_PORT}'} = 'NEW';
$policy_bank{'NEW'} = {smtpd_greeting_banner => 'by the new bank'};`)
  const reloading = daemon.run('reload')
  const early = await until('the new socket', async () => {
    const client = new Client(SECOND_PORT)
    await until('an answer of the system', () => client.error !== undefined || !client.socket.connecting)
    return client.error === undefined ? client : undefined
  })
  assert.equal((await reloading).status, 0)
  await until('its greeting', () => early.said !== '')
  assert.equal(early.said, '220 by the new bank\r\n')
  await early.quit()
})

test('a reload while the line is full leaves no socket closed', async t => {
  const daemon = new Daemon(t, PORT, '$max_servers = 1;\n$waiting_connections_limit = 6;')
  await daemon.start()
  // a session each, for the child to send a second descriptor of the socket back
  await (await new Client(PORT).greeted()).quit()
  const clients = [await new Client(PORT).greeted()]
  for (let count = 1; count <= 6; count++) {
    clients.push(new Client(PORT))
    await until('one more in line', async () => (await daemon.status()).waiting.length === count)
  }
  assert.equal((await daemon.run('reload')).status, 0)
  assert.equal((await daemon.run('reload')).status, 0)
  for (const client of clients) await client.quit()
  await until('nobody to wait', async () => (await daemon.status()).waiting.length === 0)
  const later = await new Client(PORT).greeted(10_000)
  await later.quit()
})

test('SIGHUP reloads', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  daemon.configure('$max_servers = 3;')
  process.kill(pid, 'SIGHUP')
  await daemon.children(3)
})

test('other sockets: new ones are bound, common ones stay open, dropped ones are closed', async t => {
  const daemon = new Daemon(t, PORT, '$unix_socketname = "$MYHOME/a.sock";')
  await daemon.start()
  const load = new Load(t, () => PORT, 2)
  await load.reached(5)
  daemon.configure(`$unix_socketname = "$MYHOME/b.sock"; $inet_socket_port = [${PORT}, ${SECOND_PORT}];`)
  const {status, stderr} = await daemon.run('reload')
  assert.equal(status, 0, stderr)
  assert.equal(await greets(SECOND_PORT), true)
  await new Client(path.join(daemon.home, 'b.sock')).greeted().then(client => client.quit())
  await assert.rejects(new Client(path.join(daemon.home, 'a.sock')).greeted(), {code: 'ENOENT'})
  await load.reached(load.sessions + 5)
  await load.stop()
  assert.deepEqual(load.troubles, [])
})

test('a socket that stays open gets the permissions of the new configuration, at a reload and at a restart', async t => {
  const daemon = new Daemon(t, PORT, '$unix_socketname = "$MYHOME/a.sock"; $unix_socket_mode = 0600;')
  await daemon.start()
  const mode = () => statSync(path.join(daemon.home, 'a.sock')).mode & 0o777
  assert.equal(mode(), 0o600)
  for (const [command, digits] of [
    ['reload', '0660'],
    ['restart', '0666'],
  ] as const) {
    daemon.configure(`$unix_socketname = "$MYHOME/a.sock"; $unix_socket_mode = ${digits};`)
    const {status, stderr} = await daemon.run(command)
    assert.equal(status, 0, stderr)
    await until('the new permissions', () => mode() === Number.parseInt(digits, 8))
  }
})

test('a new socket that cannot be bound refuses the whole reload, with the reason', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  await occupy(t, SECOND_PORT)
  daemon.configure(`$inet_socket_port = [${THIRD_PORT}, ${SECOND_PORT}];`)
  const {status, stderr} = await daemon.run('reload')
  assert.equal(status, 1)
  assert.match(
    stderr,
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${SECOND_PORT}: the address is in use by another process`),
  )
  assert.equal(await greets(PORT), true)
  assert.equal(await greets(THIRD_PORT), false)
  assert.deepEqual((await daemon.status()).listeners, [`127.0.0.1:${PORT}`])
})

test('another place for PID file and control socket is moved to', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  daemon.configure('$pid_file = "$MYHOME/other.pid"; $control_socket = "$MYHOME/other.ctl";')
  const reply = await daemon.control('reload')
  assert.equal(reply?.kind, 'ok')
  assert.equal(daemon.pid, undefined)
  assert.equal((await daemon.run('reload')).status, 0)
  const stopped = await daemon.run('stop')
  assert.match(stopped.stdout, new RegExp(`Daemon \\[${pid}\\] terminated`))
})

test('reload without a daemon says so', async t => {
  const daemon = new Daemon(t, PORT)
  const {status, stderr} = await daemon.run('reload')
  assert.equal(status, 1)
  assert.match(stderr, /apparently not running, no PID file/)
})

async function occupy(t: TestContext, port: number): Promise<void> {
  const server = net.createServer().listen(port, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.after(() => server.close())
}
