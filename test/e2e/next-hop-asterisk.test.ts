/** `smtp:*:…` is the MTA that the mail came from, not the client that it tells of. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {startDaemon} from '../support/daemon.ts'
import {converse, startHop} from '../support/hop.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

test('mail whose client XFORWARD names goes back to the MTA', async t => {
  const hop = await startHop(t)
  const port = await freePort()
  await startDaemon(t, temporaryFolder(t), port, `$forward_method = 'smtp:*:${hop.port}';`)
  const said = await converse(port, [
    'EHLO mta.example.com',
    'XFORWARD ADDR=192.0.2.7 PORT=25 PROTO=ESMTP',
    'MAIL FROM:<sender@remote.test>',
    'RCPT TO:<user@example.com>',
    'DATA',
    'Subject: x\r\n\r\ntext\r\n.',
  ])
  assert.match(said.at(-2) ?? '', /^250 2\.0\.0 from MTA\(smtp:\[127\.0\.0\.1\]:\d+\)/)
  assert.equal(hop.mails.length, 1)
  assert.ok(hop.commands.some(command => command.startsWith('XFORWARD ADDR=192.0.2.7 ')))
})
