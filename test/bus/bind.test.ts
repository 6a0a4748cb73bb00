import assert from 'node:assert/strict'
import {chmodSync} from 'node:fs'
import net from 'node:net'
import {test} from 'node:test'
import {bindProblem} from '../../src/bus/bind.ts'
import {isIpv6, tcpAddress} from '../../src/bus/endpoint.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

test('a free port and a new path in a private folder can be bound', async t => {
  assert.equal(await bindProblem(`tcp://127.0.0.1:${await freePort()}`), undefined)
  assert.equal(await bindProblem(`ipc://${temporaryFolder(t)}/socket`), undefined)
})

test('a port that is taken is said to be so', async t => {
  const server = net.createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const {port} = server.address() as net.AddressInfo
  assert.match((await bindProblem(`tcp://127.0.0.1:${port}`)) ?? '', /another process is listening/)
})

test('a folder that is missing or open to everybody is refused', async t => {
  const folder = temporaryFolder(t)
  assert.match((await bindProblem(`ipc://${folder}/none/socket`)) ?? '', /does not exist; make it/)
  chmodSync(folder, 0o777)
  assert.match((await bindProblem(`ipc://${folder}/socket`)) ?? '', /can be written by everybody/)
})

test('a path too long for a socket is refused', async t => {
  assert.match((await bindProblem(`ipc://${temporaryFolder(t)}/${'x'.repeat(100)}`)) ?? '', /longer/)
})

for (const endpoint of ['', 'localhost:1', 'tcp://127.0.0.1', 'tcp://127.0.0.1:99999', 'ipc://relative']) {
  test(`"${endpoint}" is no address to bind`, async () => {
    assert.match((await bindProblem(endpoint)) ?? '', /not an address; expected tcp:/)
  })
}

test('tcp addresses are taken apart', () => {
  assert.deepEqual(tcpAddress('tcp://[::1]:23232'), {host: '::1', port: 23232})
  assert.deepEqual(tcpAddress('tcp://*:1'), {host: '0.0.0.0', port: 1})
  assert.deepEqual(tcpAddress('tcp://mx.example.org:1'), {host: 'mx.example.org', port: 1})
  assert.equal(isIpv6('tcp://[::1]:23232'), true)
  assert.equal(isIpv6('tcp://127.0.0.1:23232'), false)
  assert.equal(isIpv6('ipc:///var/a:b:c'), false)
})
