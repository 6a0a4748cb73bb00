import assert from 'node:assert/strict'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import type {DemoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

function mailWith(name: string): string {
  return [
    'Message-ID: <x@example.net>',
    'From: a@example.net',
    'To: b@example.com',
    'Subject: an attachment',
    'Date: Sun, 22 Nov 2026 12:00:00 +0000',
    'MIME-Version: 1.0',
    `Content-Type: application/octet-stream; name="${name}"`,
    '',
    'content',
    '',
  ].join('\r\n')
}

test('a pattern that runs away holds up neither its child nor the mails behind', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 1;
$banned_filename_re = new_RE( qr'^(a+)+$'i, qr'^(?=a)(?:a+)+$'i, qr'^([a-z]+)*\\\\1$'i );`,
  )
  const send = (name: string) => {
    const mail: DemoMail = {
      kind: 'clean',
      messageId: name,
      sender: 'a@example.net',
      recipient: 'b@example.com',
      octets: Buffer.from(mailWith(name)),
    }
    return sendMail(port, mail).then(
      () => 'taken',
      () => 'deferred',
    )
  }
  const begin = performance.now()
  await send(`${'a'.repeat(60)}!`)
  await send('plain.txt')
  assert.ok(performance.now() - begin < 10_000)
  const log = () => readFileSync(path.join(home, 'amavis.log'), 'utf8')
  await until('the entry of the mail behind', () => /Passed CLEAN/.test(log()))
  assert.match(log(), /took longer than 250 ms/)
  const pids = new Set([...log().matchAll(/\[(\d+)\]: \(\d+-\d+\) Checking:/g)].map(found => found[1]))
  assert.equal(pids.size, 1)
})
