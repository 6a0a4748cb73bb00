import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {gunzipSync} from 'node:zlib'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const FIELDS = 'From: s@remote.test\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n'
const PROGRAM = `${FIELDS}Content-Type: application/octet-stream; name="x.exe"\r\n\r\nxyz\r\n`

test('copies go where method and address say: files, mailboxes, other servers, BSMTP; each mail is archived', async t => {
  const [hop, store] = [await startSink(), await startSink()]
  t.after(() => Promise.all([hop.close(), store.close()]))
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';
$final_banned_destiny = D_PASS; $quarantine_subdir_levels = 1;
$banned_files_quarantine_method = 'local:banned-%b-%n-%m-%%.gz';
@banned_quarantine_to_maps = ({'user@example.com' => 'banned-quarantine', 'mbox@example.com' => 'archive-mbox',
  'smtp@example.com' => 'quarantine@elsewhere.test', 'none@example.com' => ''});
$archive_quarantine_method = 'bsmtp:archive-%m'; $archive_quarantine_to = 'archive-quarantine';
$clean_quarantine_method = 'smtp:[127.0.0.1]:${store.port}'; $clean_quarantine_to = '%a';`,
  )
  const quarantine = path.join(home, 'quarantine')
  const text = (name: string) => readFileSync(path.join(quarantine, name), 'latin1')
  const files = () => readdirSync(quarantine, {recursive: true, encoding: 'utf8'}).sort()
  const recipients = ['user', 'mbox', 'smtp', 'none'].map(name => `${name}@example.com`)
  const envelope = {sender: 's@remote.test', recipient: recipients}
  assert.match(await sendMail(port, {...envelope, octets: Buffer.from(PROGRAM)}), /^250/)

  const file = files().find(name => name.endsWith('.gz'))
  assert.match(file ?? '', /^(\w)\/banned-[0-9a-f]{32}-\d+-\d\d-\1[\w-]{11}-%\.gz$/)
  const packed = gunzipSync(readFileSync(path.join(quarantine, file ?? ''))).toString('latin1')
  assert.ok(packed.endsWith(PROGRAM.replaceAll('\r\n', '\n')))
  assert.match(packed, /^Return-Path: <s@remote\.test>\nDelivered-To: banned-quarantine\nX-Envelope-From: /)
  assert.match(text('archive.mbox'), /^From s@remote\.test .*\nReturn-Path: <s@remote\.test>\n/)
  const mailed = hop.mails.find(mail => mail.recipients.includes('quarantine@elsewhere.test'))
  assert.match(
    mailed?.octets.toString('latin1') ?? '',
    /^X-Envelope-From: .*\r\nX-Envelope-To: <user@example\.com>,/,
  )
  assert.ok(!files().some(name => name.includes('none')))
  const archived = text(files().find(name => name.startsWith('archive-')) ?? '')
  assert.match(
    archived,
    /^EHLO .*\nMAIL FROM:<s@remote\.test>(?:.*\n){5}DATA\nX-Envelope-From: .*\nX-Quarantine-ID: /,
  )
  for (const address of recipients) assert.ok(archived.includes(`\nRCPT TO:<${address}>`))

  const both = ['user@example.com', 'mbox@example.com']
  const clean = Buffer.from(`${FIELDS}\r\nhello\r\n`)
  assert.match(await sendMail(port, {...envelope, recipient: both, octets: clean}), /^250/)
  assert.deepEqual(store.mails.at(-1)?.recipients, both)
  assert.equal(files().filter(name => name.startsWith('archive-')).length, 2)
})
