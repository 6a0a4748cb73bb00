import assert from 'node:assert/strict'
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {liveProcesses} from '../../src/process/process-table.ts'
import {amavis} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Daemon} from './program.ts'

const PORT = await freePort()
const BUS = '$enable_zmq = 1;'

function mcPid(daemon: Daemon): number | undefined {
  try {
    return Number(readFileSync(path.join(daemon.home, 'amavis-mc.pid'), 'utf8')) || undefined
  } catch {
    return undefined
  }
}

test('start brings the bus up, reload leaves it running, stop stops it', async t => {
  const daemon = new Daemon(t, PORT, BUS)
  await daemon.start()
  const mc = await until('the supervisor', () => mcPid(daemon))
  await until('the forwarder', () => existsSync(path.join(daemon.home, 'outer.sock')))
  daemon.configure(`${BUS}\n$max_servers = 3;\n$waiting_connections_limit = 7;`)
  assert.equal((await daemon.run('reload')).status, 0)
  await daemon.children(3)
  assert.equal(mcPid(daemon), mc)
  assert.equal(liveProcesses.exists(mc), true)

  const at = (name: string) => path.join(daemon.home, name)
  const bus = ['--connect', `ipc://${at('outer.sock')}`, '--snmp-connect', `ipc://${at('snmp.sock')}`]
  const {status, stdout, stderr} = await amavis('status', '--json', ...bus, '--control', at('amavisd.ctl'))
  assert.equal(status, 0, stderr)
  const {waiting, waiting_limit: limit} = JSON.parse(stdout)
  assert.deepEqual([waiting, limit], [0, 7], 'the waiting line is the one of the master')

  await daemon.run('stop')
  assert.equal(liveProcesses.exists(mc), false)
})

test('no bus with --no-mc, nor with $enable_zmq off', async t => {
  const daemon = new Daemon(t, PORT, BUS)
  await daemon.start('--no-mc')
  await daemon.children(2)
  await daemon.run('stop')
  daemon.configure('$enable_zmq = 0;')
  await daemon.start()
  await daemon.children(2)
  await daemon.run('stop')
  assert.equal(existsSync(path.join(daemon.home, 'outer.sock')), false)
})

test('a supervisor that was started by itself is left alone by start and stop, and mail goes on', async t => {
  const daemon = new Daemon(t, PORT, BUS)
  const {status, stderr} = await amavis('mc', '-c', daemon.file, '--allow-root')
  assert.equal(status, 0, stderr)
  const mc = await until('the supervisor', () => mcPid(daemon))
  t.after(() => liveProcesses.exists(mc) && process.kill(mc, 'SIGTERM'))
  await daemon.start()
  await until('the log to say so', () => /\(!\)the bus is not up: /.test(daemon.log))
  assert.equal(await greets(PORT), true)
  await daemon.run('stop')
  assert.equal(mcPid(daemon), mc)
  assert.equal(liveProcesses.exists(mc), true)
  process.kill(mc, 'SIGTERM')
  await until('its end', () => !liveProcesses.exists(mc))
})

test('the bus ends with a master that is killed', async t => {
  const daemon = new Daemon(t, PORT, BUS)
  const pid = await daemon.start()
  const mc = await until('the supervisor', () => mcPid(daemon))
  process.kill(pid, 'SIGKILL')
  await until('the supervisor to end', () => !liveProcesses.exists(mc))
})
