import assert from 'node:assert/strict'
import {chmodSync, statSync, writeFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {curveKeyPair} from 'zeromq'
import {configuredBus} from '../../src/bus/configured-bus.ts'
import {keyFileText, readKeyFile, splitEndpoint} from '../../src/bus/curve.ts'
import {exposed} from '../../src/bus/exposure.ts'
import {DEFAULT_LIMITS} from '../../src/bus/minder-table.ts'
import {type BusEndpoints, runService, SERVICES} from '../../src/bus/services.ts'
import {ask, subscribe} from '../../src/bus/subscriber.ts'
import {startProblems} from '../../src/bus/supervisor.ts'
import {loadConfiguration} from '../../src/config/load.ts'
import {settingsOf} from '../../src/config/view.ts'
import {silentLog} from '../../src/log/log.ts'
import {amavis} from '../support/amavis.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

function keyFile(file: string, serverKey?: string): string {
  const pair = {...curveKeyPair(), serverKey}
  writeFileSync(file, keyFileText(pair), {mode: 0o600})
  return pair.publicKey
}

async function start(t: TestContext, endpoints: BusEndpoints): Promise<void> {
  const end = new AbortController()
  const ended: Promise<void>[] = []
  for (const name of SERVICES) {
    await new Promise<void>((ready, reject) => {
      const options = {endpoints, limits: DEFAULT_LIMITS, log: silentLog, signal: end.signal, ready}
      const service = runService(name, options)
      service.catch(reject)
      ended.push(service.catch(() => {}))
    })
  }
  t.after(async () => {
    end.abort()
    await Promise.all(ended)
  })
}

test('an encrypted bus is heard and asked by those whose key is allowed, and by nobody else', async t => {
  const folder = temporaryFolder(t)
  const server = keyFile(`${folder}/server`)
  const allowed = keyFile(`${folder}/allowed`, server)
  keyFile(`${folder}/stranger`, server)
  keyFile(`${folder}/misled`, curveKeyPair().publicKey)
  const [outer, snmp] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`]
  await start(t, {
    inner: `ipc://${folder}/inner`,
    outer: `${outer}?key=${folder}/server`,
    snmp: `${snmp}?key=${folder}/server`,
    allowedKeys: [allowed],
  })
  const hear = (endpoint: string, limitMs: number) => {
    const end = new AbortController()
    t.after(() => end.abort())
    let heard = false
    void (async () => {
      for await (const _ of subscribe([endpoint], ['am.proc.'], {signal: end.signal})) heard = true
    })()
    return until(endpoint, () => heard, limitMs)
  }
  // childproc-minder itself is the first to come through with the server's own key
  await hear(`${outer}?key=${folder}/server`, 10_000)
  await hear(`${outer}?key=${folder}/allowed`, 10_000)
  assert.equal((await ask(`${snmp}?key=${folder}/allowed`, 'am.snmp?')).length, 3)
  for (const name of [`?key=${folder}/stranger`, `?key=${folder}/misled`, '']) {
    await assert.rejects(ask(`${snmp}${name}`, 'am.snmp?', {timeoutMs: 500}), /no answer/)
  }
  await assert.rejects(
    Promise.any([hear(outer, 3500), hear(`${outer}?key=${folder}/stranger`, 3500)]),
    AggregateError,
  )
})

test('a key file that others may read, or without a pair, is refused with what to do', t => {
  const folder = temporaryFolder(t)
  keyFile(`${folder}/key`)
  chmodSync(`${folder}/key`, 0o644)
  assert.throws(() => readKeyFile(`${folder}/key`), /other users may use it/)
  writeFileSync(`${folder}/empty`, 'public short\n', {mode: 0o600})
  assert.throws(() => readKeyFile(`${folder}/empty`), /amavis bus-keys/)
  assert.throws(() => readKeyFile(`${folder}/none`), /ENOENT/)
})

test('an endpoint is an address and perhaps a key file', () => {
  assert.deepEqual(splitEndpoint('tcp://mx1:1?key=/a?b'), {address: 'tcp://mx1:1', keyFile: '/a?b'})
  assert.deepEqual(splitEndpoint('ipc:///run/bus'), {address: 'ipc:///run/bus', keyFile: undefined})
})

test('amavis bus-keys makes a private file once, and prints the same public key afterwards', async t => {
  const file = `${temporaryFolder(t)}/bus.key`
  const first = await amavis('bus-keys', file)
  assert.equal(first.status, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(`${readKeyFile(file).publicKey}\n`, first.stdout)
  assert.deepEqual(await amavis('bus-keys', file), first)
  assert.equal((await amavis('bus-keys', file, '--server', 'x')).status, 2)
})

test('an address beyond the loopback takes a key or an explicit setting', async t => {
  const folder = temporaryFolder(t)
  keyFile(`${folder}/key`)
  const port = await freePort()
  const endpoints = {inner: `ipc://${folder}/inner`, outer: `tcp://*:${port}`, snmp: `ipc://${folder}/snmp`}
  assert.match(
    (await startProblems(endpoints)).join(),
    /can be reached from other machines, unencrypted; set \$bus_curve/,
  )
  assert.deepEqual(await startProblems({...endpoints, allowUnencrypted: true}), [])
  assert.equal(exposed({...endpoints, allowUnencrypted: true}).length, 1)
  assert.deepEqual(await startProblems({...endpoints, outer: `${endpoints.outer}?key=${folder}/key`}), [])
  assert.match(
    (await startProblems({...endpoints, outer: `${endpoints.outer}?key=${folder}/no`})).join(),
    /ENOENT/,
  )
})

test('the settings give the tcp endpoints their key', t => {
  const file = `${temporaryFolder(t)}/amavisd.conf`
  writeFileSync(
    file,
    `$myhostname = 'mx.example.org'; $bus_curve_key_file = '/etc/amavis/bus.key'; @bus_allowed_keys = ('k1', 'k2');
$bus_snmp_socket = 'ipc:///run/snmp'; 1;\n`,
  )
  const loaded = loadConfiguration({files: [file]})
  assert.ok(loaded.kind !== 'failed')
  const {outer, snmp, allowedKeys, allowUnencrypted} = configuredBus(settingsOf(loaded.snapshot)).endpoints
  assert.equal(outer, 'tcp://127.0.0.1:23232?key=/etc/amavis/bus.key')
  assert.equal(snmp, 'ipc:///run/snmp')
  assert.deepEqual([allowedKeys, allowUnencrypted], [['k1', 'k2'], false])
})
