/** Octets beyond ASCII that nobody has said to be UTF-8: in addresses and in fields they stay what they are. */
import assert from 'node:assert/strict'
import {mkdirSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startDaemon} from '../support/daemon.ts'
import {converse, startHop} from '../support/hop.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const ATTACHED = [
  'From: <a@remote.test>',
  'Date: Sun, 22 Nov 2026 12:00:00 +0000',
  'Content-Type: application/octet-stream; name="x.exe"',
  '',
  'xyz',
  '.',
]

test('a bounce goes to the octets that the sender has written', async t => {
  const hop = await startHop(t)
  const port = await freePort()
  const lines = `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';`
  await startDaemon(t, temporaryFolder(t), port, lines)
  const sender = Buffer.from('jürgen@remote.test')
  // converse() says UTF-8
  await converse(port, [
    'EHLO x',
    `MAIL FROM:<${sender}>`,
    'RCPT TO:<u@example.com>',
    'DATA',
    ATTACHED.join('\r\n'),
  ])
  const named = hop.commands.filter(command => /^(?:MAIL|RCPT)/.test(command))
  assert.equal(named.length, 2)
  assert.match(named[0]!, /^MAIL FROM:<>(?!.*SMTPUTF8)/)
  assert.equal(named[1]!.replace(/ NOTIFY.*/, ''), `RCPT TO:<${sender.toString('latin1')}>`)
})

test('a mail whose header is changed keeps the octets of its other fields in a mailbox', async t => {
  const home = temporaryFolder(t)
  const box = path.join(home, 'box')
  mkdirSync(box)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'local:%m'; %local_delivery_aliases = ('u' => '${box}');
$final_banned_destiny = D_PASS; %subject_tag_maps_by_ccat = (CC_BANNED, ['***BANNED*** ']);`,
  )
  const octets = Buffer.from(
    ['Subject: x', 'X-Octets: \xfc', ...ATTACHED.slice(0, -1), ''].join('\r\n'),
    'latin1',
  )
  assert.match(await sendMail(port, {sender: 'a@remote.test', recipient: 'u@example.com', octets}), /^250/)
  const [name = ''] = readdirSync(box)
  assert.match(
    readFileSync(path.join(box, name), 'latin1'),
    /^Subject: \*\*\*BANNED\*\*\* x\nX-Octets: \xfc\nFrom: /m,
  )
})
