/**
 * The SNMP subagent under Debian's snmpd, asked with its tools. All of it lives in a folder of the test's own;
 * without root it serves what an ordinary user can.
 */
import assert from 'node:assert/strict'
import {type ChildProcess, execFile, spawn} from 'node:child_process'
import dgram from 'node:dgram'
import {once} from 'node:events'
import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {promisify} from 'node:util'
import {Publisher} from 'zeromq'
import {OBJECTS, ROOT} from '../../src/snmp/objects.ts'
import {AMAVIS} from '../support/amavis.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const SNMPD = '/usr/sbin/snmpd'
const TREE = `.${ROOT.join('.')}`
/** The modules that Debian leaves out make every SNMP program complain at length; and what they keep, they keep in `home`. */
const environment = (home: string) => ({...process.env, MIBS: '', SNMP_PERSISTENT_DIR: `${home}/state`})

function start(
  t: TestContext,
  home: string,
  file: string,
  ...args: readonly string[]
): ChildProcess & {said(): string} {
  const child = spawn(file, args, {stdio: ['ignore', 'pipe', 'pipe'], env: environment(home)})
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (text += chunk))
  // snmpd would make its folder anew to leave something in it
  t.after(() => end(child, file === SNMPD ? 'SIGKILL' : 'SIGTERM'))
  return Object.assign(child, {said: () => text})
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function freeUdpPort(): Promise<number> {
  const socket = dgram.createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const {port} = socket.address()
  socket.close()
  return port
}

async function stack(t: TestContext) {
  if (!existsSync(SNMPD) || !existsSync('/usr/bin/snmpwalk'))
    throw new Error('missing: packages snmpd and snmp')
  const home = temporaryFolder(t)
  const port = await freeUdpPort()
  for (const queue of ['maildrop', 'incoming', 'active', 'deferred/1'])
    mkdirSync(`${home}/queues/${queue}`, {recursive: true})
  for (const file of ['active/A1', 'active/A2', 'deferred/1/B1']) writeFileSync(`${home}/queues/${file}`, '')
  writeFileSync(
    `${home}/snmpd.conf`,
    `rwcommunity public 127.0.0.1\nmaster agentx\nagentXSocket ${home}/master\nagentXPerms 0666 0777\n`,
  )
  writeFileSync(
    `${home}/amavisd.conf`,
    `$MYHOME = '${home}'; $myhostname = 'mx.example.org'; $daemon_user = undef;
@zmq_sockets = ("ipc://$MYHOME/inner"); $bus_outer_socket = "ipc://$MYHOME/outer";
$bus_snmp_socket = "ipc://$MYHOME/snmp"; $agentx_socket = "$MYHOME/master"; $mta_queue_directory = "$MYHOME/queues";
1;
`,
  )
  const snmpd = () =>
    start(
      t,
      home,
      SNMPD,
      '-f',
      '-Lo',
      '-C',
      '-c',
      `${home}/snmpd.conf`,
      '-p',
      `${home}/pid`,
      `udp:127.0.0.1:${port}`,
    )
  const amavis = (...args: readonly string[]) =>
    start(t, home, process.execPath, AMAVIS, ...args, '-f', '--allow-root', '-c', `${home}/amavisd.conf`)
  const ask = async (tool: string, ...args: readonly string[]) =>
    (
      await promisify(execFile)(
        `/usr/bin/${tool}`,
        ['-v2c', '-c', 'public', '-t10', `127.0.0.1:${port}`, ...args],
        {
          env: environment(home),
        },
      ).catch((error: {stdout: string; stderr: string}) => error)
    ).stdout
      .split('\n')
      .filter(Boolean)
  return {home, snmpd, amavis, ask}
}

test('snmpwalk over the subagent yields all objects with their types, by numbers and by names', async t => {
  const {home, snmpd, amavis, ask} = await stack(t)
  const master = snmpd()
  amavis('mc')
  const publisher = new Publisher({linger: 0})
  publisher.connect(`ipc://${home}/inner`)
  t.after(() => publisher.close())
  const subagent = amavis('snmp-subagent')
  await until('the registration', () => /registered with/.test(subagent.said()))
  const value = async (variable: string) => {
    const {oid} = OBJECTS.find(object => object.variable === variable)!
    return (await ask('snmpget', '-Oqv', `.${oid.join('.')}.0`))[0]
  }
  // a gauge, as nobody knows how often the forwarder has heard it
  const said = [
    'am.snmp sysName STR mx.example.org',
    'am.snmp UserGauge1 G32 17',
    'am.snmp UserGauge2 G32 99999999999',
  ]
  await until('the counters', async () => {
    await publisher.send(said)
    return (await value('UserGauge1')) === '17'
  })

  const walked = await ask('snmpwalk', '-On', TREE)
  const types: Readonly<Record<string, RegExp>> = {
    Counter32: /^Counter32: \d+$/,
    Counter64: /^Counter64: \d+$/,
    Gauge32: /^Gauge32: \d+$/,
    Integer32: /^INTEGER: 64$/,
    TimeInterval: /^INTEGER: \d+$/,
    TimeTicks: /^Timeticks: /,
    DisplayString: /^(?:STRING: "mx.example.org"|"")$/,
    'OBJECT IDENTIFIER': /^OID: \.1\.3\.6\.1\.4\.1\.15312\.2$/,
  }
  assert.equal(walked.length, 331)
  for (const [n, {oid, syntax}] of OBJECTS.entries()) {
    const [at, shown = ''] = walked[n]!.split(' = ')
    assert.equal(at, `.${oid.join('.')}.0`)
    assert.match(shown, types[syntax]!, at)
  }
  assert.equal(await value('UserGauge2'), '4294967295')
  const bulk = await ask('snmpbulkwalk', '-On', '-Cr50', TREE)
  assert.deepEqual(
    bulk.map(line => line.split(' ')[0]),
    walked.map(line => line.split(' ')[0]),
  )
  const mib = path.resolve('docs/monitoring/AMAVIS-MIB.txt')
  const named = await ask('snmpwalk', '-Os', '-m', mib, 'amavisSnmp')
  assert.deepEqual(
    named.map(line => line.split(' ')[0]),
    OBJECTS.map(({name}) => `${name}.0`),
  )
  assert.ok(named.includes('mtaQueueEntriesActive.0 = Gauge32: 2 files'))
  assert.ok(named.includes('mtaQueueEntriesDeferred.0 = Gauge32: 1 files'))
  const set = `.${OBJECTS.find(({variable}) => variable === 'InMsgs')!.oid.join('.')}.0`
  await ask('snmpset', set, 'c', '5')
  assert.equal((await ask('snmpget', '-Oqv', set))[0], '0')

  // killed, not ended: the master says no Close
  await end(master, 'SIGKILL')
  snmpd()
  await until('its coming back', () => (subagent.said().match(/registered with/g) ?? []).length === 2)
  assert.equal((await ask('snmpwalk', '-On', TREE)).length, 331)

  subagent.kill('SIGTERM')
  assert.deepEqual(await once(subagent, 'exit'), [0, null])
})
