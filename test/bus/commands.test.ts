import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {ask} from '../../src/bus/subscriber.ts'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {temporaryFolder, until} from '../support/wait.ts'

/** Start the program; it ends with the test. */
function start(t: TestContext, ...args: readonly string[]): ChildProcess & {said: () => string} {
  const child = spawn(process.execPath, [AMAVIS, ...args], {stdio: ['ignore', 'ignore', 'pipe']})
  let text = ''
  child.stderr.on('data', chunk => (text += chunk))
  t.after(async () => {
    child.kill('SIGTERM')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  return Object.assign(child, {said: () => text})
}

/** A configuration with the bus in a folder of the test's own. */
function configuration(t: TestContext): {file: string; home: string; snmp: string} {
  const home = temporaryFolder(t)
  const file = `${home}/amavisd.conf`
  writeFileSync(
    file,
    `$MYHOME = '${home}'; $myhostname = 'mx.example.org';
@zmq_sockets = ("ipc://$MYHOME/inner");
$mta_queue_directory = undef; $bus_outer_socket = "ipc://$MYHOME/outer"; $bus_snmp_socket = "ipc://$MYHOME/snmp";
1;
`,
  )
  return {file, home, snmp: `ipc://${home}/snmp`}
}

test('amavis mc returns when the services are up, and a second one says what is running', async t => {
  const {file, home, snmp} = configuration(t)
  assert.deepEqual(await amavis('mc', '--allow-root', '-c', file), {status: 0, stdout: '', stderr: ''})
  const pid = Number(readFileSync(`${home}/amavis-mc.pid`, 'utf8'))
  t.after(() => existsSync(`${home}/amavis-mc.pid`) && process.kill(pid, 'SIGKILL'))
  assert.equal((await ask(snmp, 'am.snmp?')).length, 3)
  const told = await amavis('mc', 'status', '-c', file)
  assert.equal(told.status, 0)
  assert.match(
    told.stdout,
    new RegExp(`^amavis-mc +running, PID ${pid}\nmsg-forwarder +running, PID \\d+, for \\d+ s\n`),
  )
  const second = await amavis('mc', '--allow-root', '-c', file)
  assert.deepEqual(second, {
    status: 1,
    stdout: '',
    stderr: `amavis mc: amavis-mc is already running, PID: [${pid}]\n`,
  })
  process.kill(pid, 'SIGTERM')
  await until('its end', () => !existsSync(`${home}/amavis-mc.pid`))
  const after = await amavis('mc', 'status', '-c', file)
  assert.deepEqual(after, {status: 3, stdout: 'amavis-mc does not run\n', stderr: ''})
})

test('amavis mc -f stays, logs to standard error and ends with status 0 by SIGTERM', async t => {
  const {file, home, snmp} = configuration(t)
  const mc = start(t, 'mc', '-f', '--allow-root', '-c', file)
  assert.equal((await ask(snmp, 'am.snmp?', {timeoutMs: 20_000})).length, 3)
  assert.equal(readFileSync(`${home}/amavis-mc.pid`, 'utf8'), `${mc.pid}\n`)
  assert.match(mc.said(), /amavis-mc\[\d+\]: Process \[\d+\] started: snmp-responder/)
  mc.kill('SIGTERM')
  assert.deepEqual(await once(mc, 'exit'), [0, null])
})

test('amavis mc -f names each address that is taken and exits with status 1', async t => {
  const {file, home} = configuration(t)
  const first = start(t, 'mc', '-f', '--allow-root', '-c', file)
  await until('its services', () => /started: snmp-responder/.test(first.said()))
  await ask(`ipc://${home}/snmp`, 'am.snmp?', {timeoutMs: 20_000})
  const {status, stderr} = await amavis('mc', '-f', '--allow-root', '-c', file, '-P', `${home}/second.pid`)
  assert.equal(status, 1)
  assert.match(stderr, /msg-forwarder cannot use ipc:\S+inner \(@zmq_sockets, --inner\): another process/)
})

test('amavis services runs one service alone, the responder also by its first name', async t => {
  const {file, snmp} = configuration(t)
  const service = start(t, 'services', 'snmp-aggregator', '-f', '--allow-root', '-c', file)
  assert.equal((await ask(snmp, 'am.snmp?', {timeoutMs: 20_000})).length, 3)
  service.kill('SIGTERM')
  assert.deepEqual(await once(service, 'exit'), [0, null])
})

test('with all three endpoints on the command line no configuration is needed', async t => {
  const folder = temporaryFolder(t)
  const flags = ['inner', 'outer', 'snmp'].flatMap(name => [`--${name}`, `ipc://${folder}/${name}`])
  start(t, 'mc', '-f', '--allow-root', ...flags)
  assert.equal((await ask(`ipc://${folder}/snmp`, 'am.snmp?', {timeoutMs: 20_000})).length, 3)
})

test('a configuration that is wrong is said with file and line', async t => {
  const {file} = configuration(t)
  writeFileSync(file, '$bus_outer_socket = ;\n')
  const {status, stderr} = await amavis('mc', '-c', file)
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`^amavis mc: ${file}:1:`))
})
