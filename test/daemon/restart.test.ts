import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {liveProcesses} from '../../src/process/process-table.ts'
import {AMAVIS} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Client, Daemon, Load} from './program.ts'

const [PORT, OTHER_PORT] = [await freePort(), await freePort()]

test('restart replaces the master without refusing or resetting a connection, on TCP and on a Unix socket', async t => {
  const daemon = new Daemon(t, PORT, '$unix_socketname = "$MYHOME/amavisd.sock";')
  const first = await daemon.start()
  const loads = [new Load(t, () => PORT, 2), new Load(t, () => path.join(daemon.home, 'amavisd.sock'), 2)]
  for (const load of loads) await load.reached(5)
  const {status, stdout, stderr} = await daemon.run('restart')
  assert.equal(status, 0, stderr)
  const second = await until('the PID file of the new master', () =>
    daemon.pid !== first ? daemon.pid : undefined,
  )
  assert.equal(stdout, `Daemon [${first}] replaced by [${second}]\n`)
  for (const load of loads) await load.reached(load.sessions + 10)
  await until('the old master to end', () => !liveProcesses.exists(first))
  for (const load of loads) await load.reached(load.sessions + 10)
  for (const load of loads) {
    await load.stop()
    assert.deepEqual(load.troubles, [])
  }
  assert.equal((await daemon.status()).pid, second)
  const stopped = await daemon.run('stop')
  assert.equal(stopped.status, 0)
})

test('a session that is open is finished by the old master', async t => {
  const daemon = new Daemon(t, PORT)
  const first = await daemon.start()
  const client = await new Client(PORT).greeted()
  assert.equal((await daemon.run('restart')).status, 0)
  client.socket.write('NOOP\r\n')
  await until('an answer', () => client.said.includes('\n250 '))
  assert.equal(liveProcesses.exists(first), true)
  await client.quit()
  await until('the old master to end', () => !liveProcesses.exists(first))
  assert.equal(await greets(PORT), true)
})

test('a new master that cannot start leaves the old one as it was', async t => {
  const daemon = new Daemon(t, PORT)
  const first = await daemon.start()
  writeFileSync(daemon.file, `${readFileSync(daemon.file, 'utf8')}\n$max_servers = ;\n`)
  const broken = await daemon.run('restart')
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /amavisd\.conf:\d+:\d+: /)

  daemon.configure(`$inet_socket_port = [${PORT}, 1];\n$inet_socket_bind = "192.0.2.1";`)
  const unbound = await daemon.run('restart')
  assert.equal(unbound.status, 1)
  assert.match(unbound.stderr, /goes on as before/)
  assert.equal(daemon.pid, first)
  assert.equal(await greets(PORT), true)
})

test('restart follows a changed configuration: other sockets, other number of children', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  daemon.configure('$max_servers = 3;', OTHER_PORT)
  const {status, stderr} = await daemon.run('restart')
  assert.equal(status, 0, stderr)
  await until(
    'the control socket of the new master',
    async () => (await daemon.control('ping'))?.kind === 'ok',
  )
  assert.deepEqual((await daemon.status()).listeners, [`127.0.0.1:${OTHER_PORT}`])
  assert.deepEqual([await greets(PORT), await greets(OTHER_PORT)], [false, true])
})

test('restart starts a daemon that does not run, and stops and starts one that is in the foreground', async t => {
  const daemon = new Daemon(t, PORT)
  assert.equal((await daemon.run('restart')).status, 0)
  await daemon.run('stop')
  const child = spawn(process.execPath, [AMAVIS, 'foreground', '--allow-root', '-c', daemon.file], {
    stdio: 'ignore',
  })
  await until('a greeting', () => greets(PORT))
  const {status, stderr} = await daemon.run('restart')
  assert.equal(status, 0)
  assert.match(stderr, /stopping and starting instead of handing over: the daemon runs in the foreground/)
  await until('the end of the first', () => child.exitCode !== null)
  assert.equal(await greets(PORT), true)
})
