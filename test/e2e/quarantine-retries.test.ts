import assert from 'node:assert/strict'
import {readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const mail = (attempt: number, text = 'xyz') =>
  Buffer.from(
    `Received: from mta by mx; attempt ${attempt}\r\nFrom: s@remote.test\r\nSubject: a program\r\nContent-Type: application/octet-stream; name="x.exe"\r\n\r\n${text}\r\n`,
  )

test('a mail that the next hop defers is quarantined once, however often it comes', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const away = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$final_banned_destiny = D_PASS; $max_servers = 2; $forward_method = 'smtp:[127.0.0.1]:${away}';
$archive_quarantine_method = 'local:archive-%m'; $max_requests = 2;`,
  )
  const copies = () => readdirSync(path.join(home, 'quarantine')).sort()
  const send = (octets: Buffer, sender = 's@remote.test') =>
    sendMail(port, {sender, recipient: ['user@example.com', 'other@example.com'], octets})
  assert.match(await send(mail(1)), /^451/)
  const first = copies()
  assert.equal(first.length, 2)
  // other children than the first take some of these
  for (let n = 2; n < 7; n++) assert.match(await send(mail(n)), /^451/)
  assert.deepEqual(copies(), first)
  assert.match(daemonLog(home), /quarantined at an earlier attempt: banned-/)

  assert.match(await send(mail(7, 'abc')), /^451/)
  assert.equal(copies().length, 4)
  assert.match(await send(mail(8), 'another@remote.test'), /^451/)
  assert.equal(copies().length, 6)
})

test('a memory that cannot be used costs a second copy and no mail', async t => {
  const home = temporaryFolder(t)
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  writeFileSync(path.join(home, 'attempts.sqlite'), 'no database'.repeat(1000))
  await startDaemon(
    t,
    home,
    port,
    `$final_banned_destiny = D_PASS; $max_servers = 1; $forward_method = 'smtp:[127.0.0.1]:${sink.port}';`,
  )
  const send = () => sendMail(port, {sender: 's@remote.test', recipient: 'user@example.com', octets: mail(1)})
  assert.match(await send(), /^250/)
  assert.match(await send(), /^250/)
  assert.equal(readdirSync(path.join(home, 'quarantine')).length, 2)
  assert.match(daemonLog(home), /attempts\.sqlite: .*; mail that comes again is quarantined again/)
})
