import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {existsSync, mkdirSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {liveProcesses} from '../../src/process/process-table.ts'
import {AMAVIS} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Client, Daemon} from './program.ts'

const PORT = await freePort()

test('start returns when mail can come; stop ends everything and leaves nothing behind', async t => {
  const daemon = new Daemon(t, PORT, '$unix_socketname = "$MYHOME/amavisd.sock";')
  const started = await daemon.run('start')
  assert.deepEqual([started.status, started.stdout], [0, ''])
  assert.equal(await greets(PORT), true)
  const pid = daemon.pid ?? 0
  const children = await daemon.children(2)
  assert.equal(liveProcesses.commandLine(pid), 'amavis (master)')
  assert.match(
    liveProcesses.commandLine(children[0]?.pid ?? 0) ?? '',
    /^amavis \((virgin child|ch\d+-avail)\)$/,
  )
  assert.equal(statSync(path.join(daemon.home, 'amavisd.ctl')).mode & 0o777, 0o600)

  const again = await daemon.run('start')
  assert.equal(again.status, 1)
  assert.match(again.stderr, new RegExp(`The amavisd daemon is already running, PID: \\[${pid}\\]`))
  assert.equal(await greets(PORT), true)

  const stopped = await daemon.run('stop')
  assert.deepEqual(
    [stopped.status, stopped.stdout.replace(/Waiting for.*\n/g, '')],
    [0, `Daemon [${pid}] terminated by SIGTERM\n`],
  )
  for (const child of children) assert.equal(liveProcesses.exists(child.pid), false)
  for (const name of ['amavisd.pid', 'amavisd.ctl', 'amavisd.sock']) {
    assert.equal(existsSync(path.join(daemon.home, name)), false, name)
  }
  const twice = await daemon.run('stop')
  assert.equal(twice.status, 1)
  assert.match(twice.stderr, /The amavisd daemon is apparently not running, no PID file .*amavisd\.pid/)
})

test('stop works with a configuration that does not parse, and with a PID file that is gone', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  writeFileSync(daemon.file, '$max_servers = ;\n')
  const stopped = await daemon.run('stop')
  assert.equal(stopped.status, 0)
  assert.match(stopped.stderr, /process \[\d+\] says that it was started with the same configuration/)
  assert.equal(liveProcesses.exists(pid), false)

  const missing = await daemon.run('stop')
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /amavisd\.conf:1:\d+: /)
})

test('stop -P needs no configuration at all', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  writeFileSync(daemon.file, 'not perl')
  const stopped = await daemon.run('stop', '-P', path.join(daemon.home, 'amavisd.pid'))
  assert.equal(stopped.status, 0)
})

for (const [what, text] of [
  ['a process that is gone', '2147483646\n'],
  ['a process of another program', `${process.pid}\n`],
  ['no number', 'junk\n'],
  ['nothing', ''],
] as const) {
  test(`a PID file that names ${what} does not stop a start`, async t => {
    const daemon = new Daemon(t, PORT)
    writeFileSync(path.join(daemon.home, 'amavisd.pid'), text)
    const pid = await daemon.start()
    assert.notEqual(String(pid), text.trim())
    assert.match(daemon.log, /removed a stale PID file/)
    assert.equal((await daemon.run('stop')).status, 0)
  })
}

test('sockets left behind by a master that was killed are taken over', async t => {
  const daemon = new Daemon(t, PORT, '$unix_socketname = "$MYHOME/amavisd.sock";')
  const pid = await daemon.start()
  process.kill(pid, 'SIGKILL')
  await until('the master to end', () => !liveProcesses.exists(pid))
  assert.equal(existsSync(path.join(daemon.home, 'amavisd.sock')), true)
  await daemon.start()
  await new Client(path.join(daemon.home, 'amavisd.sock')).greeted().then(client => client.quit())
  assert.equal((await daemon.control('ping'))?.kind, 'ok')
  assert.equal((await daemon.run('stop')).status, 0)
})

test('children end when their master is killed, even with a connection in hand', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  const children = await daemon.children(2)
  const client = await new Client(PORT).greeted()
  process.kill(pid, 'SIGKILL')
  await until('the children to end', () => children.every(child => !liveProcesses.exists(child.pid)))
  await until('the session to end', () => client.closed)
})

test('a port that is taken is a clear error, and nothing is left behind', async t => {
  const first = new Daemon(t, PORT)
  await first.start()
  const second = new Daemon(t, PORT)
  const {status, stderr} = await second.run('start')
  assert.equal(status, 1)
  assert.match(
    stderr,
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${PORT}: the address is in use by another process`),
  )
  assert.equal(existsSync(path.join(second.home, 'amavisd.pid')), false)
  assert.equal((await first.run('stop')).status, 0)
})

test('foreground is one process from the first moment, and TERM ends it with status 0', async t => {
  const daemon = new Daemon(t, PORT)
  const child = spawn(process.execPath, [AMAVIS, 'foreground', '--allow-root', '-c', daemon.file], {
    stdio: 'ignore',
  })
  await until('a greeting', () => greets(PORT))
  assert.equal(daemon.pid, child.pid)
  child.kill('SIGTERM')
  await until('its end', () => child.exitCode !== null || child.signalCode !== null)
  assert.equal(child.exitCode, 0)
})

test('debug logs everything to standard error', async t => {
  const daemon = new Daemon(t, PORT)
  const child = spawn(process.execPath, [AMAVIS, 'debug', '--allow-root', '-c', daemon.file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', chunk => (said += chunk))
  await until('a greeting', () => greets(PORT))
  child.kill('SIGINT')
  await until('its end', () => child.exitCode !== null)
  assert.match(said, /amavis\[\d+\]: child \d+ started/)
  assert.equal(existsSync(path.join(daemon.home, 'amavis.log')), false)
})

test('a start sweeps folders of dead children, but none that was preserved or is in use', async t => {
  const daemon = new Daemon(t, PORT)
  const folder = (pid: number, rest: string) =>
    path.join(daemon.home, `amavis-20261122T010203-${pid}-${rest}`)
  const orphan = folder(2147483646, 'a_b-c123')
  const preserved = folder(2147483645, 'evidence')
  for (const made of [orphan, preserved, path.join(daemon.home, 'amavis-mine')]) mkdirSync(made)
  writeFileSync(path.join(orphan, 'email.txt'), 'x')
  writeFileSync(`${preserved}.reason`, 'why\n')
  await daemon.start()
  await until('the orphan to go', () => !existsSync(orphan))
  assert.equal(existsSync(preserved), true)
  assert.equal(existsSync(path.join(daemon.home, 'amavis-mine')), true)
  await until('the log to tell of it', () => /removed an orphaned folder/.test(daemon.log))
  assert.equal((await daemon.run('stop')).status, 0)
})

test('a wrong configuration is told with file and line, and nothing is started', async t => {
  const daemon = new Daemon(t, PORT, '$max_servers = "ten" +;')
  const started = await daemon.run('start')
  assert.equal(started.status, 1)
  assert.match(started.stderr, /amavisd\.conf:\d+:\d+: /)
  assert.equal(daemon.pid, undefined)
  const tested = await daemon.run('test-config')
  assert.equal(tested.status, 1)
  assert.match(tested.stderr, /amavisd\.conf:\d+:\d+: /)
})

test('test-config is silent when all is well', async t => {
  const daemon = new Daemon(t, PORT)
  const {status, stdout, stderr} = await daemon.run('test-config')
  assert.deepEqual([status, stdout, stderr.replace(/running as root.*\n/, '')], [0, '', ''])
})
