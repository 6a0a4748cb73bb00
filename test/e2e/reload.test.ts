import assert from 'node:assert/strict'
import {appendFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {startDaemon} from '../support/daemon.ts'
import {sendTraffic} from '../support/traffic.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

test('reloads under load refuse and reset no connection, and a broken file changes nothing', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(t, home, port, `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';\n$enable_zmq = 0;`)
  const file = path.join(home, 'amavisd.conf')
  const mails = Array.from({length: 1500}, (_, n) => demoMail(n)).filter(mail => mail.kind === 'clean')

  const traffic = sendTraffic(port, mails)
  const results = []
  for (let i = 0; i < 3; i++) results.push(await amavis('reload', '-c', file))
  appendFileSync(file, '\n$max_servers = ;\n')
  const broken = await amavis('reload', '-c', file)
  const {acknowledged, broken: failed, refused} = await traffic

  assert.deepEqual(
    results.map(result => result.status),
    [0, 0, 0],
    JSON.stringify(results),
  )
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /amavisd\.conf:\d+/)
  assert.deepEqual(failed, [])
  assert.deepEqual(refused, [])
  assert.equal(acknowledged.size, mails.length)
  assert.equal(sink.mails.length, mails.length, 'no mail twice')
  const after = await sendTraffic(port, mails.slice(0, 5))
  assert.equal(after.acknowledged.size, 5, 'the old configuration still serves')
})
