import assert from 'node:assert/strict'
import {existsSync, mkdtempSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort} from '../support/wait.ts'

test('mail of some senders, for some recipients and of some banks is logged in more detail than other mail', async t => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'amavis-debugged-'))
  t.after(() => rmSync(home, {recursive: true, force: true}))
  const sink = await startSink()
  t.after(() => sink.close())
  const [port, loudPort] = [await freePort(), await freePort()]
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 1; $log_level = 0;
$inet_socket_port = [${port}, ${loudPort}]; $interface_policy{'${loudPort}'} = 'LOUD';
$policy_bank{'LOUD'} = {log_level => 1};
@debug_sender_maps = (['dbg@remote.test']); @debug_recipient_maps = (['dbg@example.com']);`,
  )
  let mails = 0
  const send = async (sender: string, recipient: string, to = port) => {
    const octets = Buffer.from(`Message-ID: <${++mails}@x>\r\nSubject: x\r\nFrom: a@remote.test\r\n\r\nx\r\n`)
    assert.match(await sendMail(to, {sender, recipient, octets}), /^250/)
  }
  await send('s@remote.test', 'u@example.com')
  await send('dbg@remote.test', 'u@example.com')
  await send('s@remote.test', 'dbg@example.com')
  await send('s@remote.test', 'u@example.com', loudPort)
  await send('s@remote.test', 'u@example.com')
  // What is written after an answer is there when the only child has answered another mail.
  await send('s@remote.test', 'u@example.com')
  const lines = daemonLog(home).split('\n')
  /** Whether a mail has lines of its parts (level 1) and of its times (2). */
  const seen = (id: number) => {
    const task = lines.find(line => line.includes(`Message-ID: <${id}@x>`))?.match(/\([\w-]+\)/)?.[0] ?? '?'
    const own = lines.filter(line => line.includes(task))
    const has = (what: RegExp) => own.some(line => what.test(line))
    return [has(/p001 .* Content-Type/), has(/TIMING \[total/)]
  }
  assert.deepEqual([1, 2, 3, 4, 5].map(seen), [
    [false, false],
    [true, true],
    [true, true],
    [true, false],
    [false, false],
  ])
  const kept = lines.flatMap(line => /PRESERVING EVIDENCE in (\S+)/.exec(line)?.[1] ?? [])
  assert.equal(kept.length, 2)
  assert.ok(kept.every(existsSync))
})
