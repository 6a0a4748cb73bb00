import assert from 'node:assert/strict'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {startHop} from '../support/hop.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const bounceOf = (messageId: string) =>
  Buffer.from(
    [
      'From: <MAILER-DAEMON@mx.remote.test>',
      'Date: Sun, 22 Nov 2026 12:00:00 +0000',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Sorry.',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.remote.test',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      'From: <user@example.com>',
      `Message-ID: ${messageId}`,
      '--b--',
      '',
    ].join('\r\n'),
  )

test('bounces are looked at, and told of in the log', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  const pass = `$forward_method = 'smtp:[127.0.0.1]:${hop.port}'; $bounce_killer_score = 100;`
  await startDaemon(t, home, port, `${pass} $penpals_bonus_score = 8;`)
  await until('the log to say that pen pals are off', () => /pen pals are off/.test(daemonLog(home)))

  const send = (octets: Buffer) => sendMail(port, {sender: '', recipient: 'user@example.com', octets})
  const cases = [
    [
      bounceOf('<m1@example.com>'),
      'rescued by domain (DSN), <> -> <user@example.com>, From: user@example.com, Message-ID: <m1@example.com>',
    ],
    [
      bounceOf('<m2@remote.test>'),
      'rescued by: pen pals disabled (DSN), <> -> <user@example.com>, From: user@example.com, Message-ID: <m2@remote.test>',
    ],
    [Buffer.from('From: <a@remote.test>\r\n\r\nI am away.\r\n'), 'unverifiable, <> -> <user@example.com>'],
  ] as const
  for (const [octets, line] of cases) {
    assert.match(await send(octets), /^250 2\.0\.0 /)
    await until(line, () => daemonLog(home).includes(`) bounce ${line}\n`))
  }
  assert.match(daemonLog(home), /TIMING .* mime_decode: .* inspect_dsn: .* get-file-type3: .* pre-penpals: /)
})
