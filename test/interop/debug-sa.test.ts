/** `amavis debug-sa` with the true SpamAssassin (Debian), of one mail and as a daemon. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {appendFileSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {greets, writeConfiguration} from '../support/daemon.ts'
import {siteFolder} from '../support/spamassassin.ts'
import {freePort, until} from '../support/wait.ts'

const RULE = 'body AM_TEST_MARKER /a marker that only this test knows/\nscore AM_TEST_MARKER 2.345\n'
const MAIL = `Received: from mx.example.com (mx.example.com [192.168.1.5]) by filter.example.com (Postfix) with ESMTP id 1;
	Mon, 23 Nov 2026 02:00:00 +0000
Received: from client.test (client.test [203.0.113.7]) by mx.example.com (Postfix) with ESMTP id 2;
	Mon, 23 Nov 2026 01:59:00 +0000
From: a@remote.test
Subject: x

a marker that only this test knows
`

function home(t: TestContext): {folder: string; site: string} {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-debug-sa-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  const site = siteFolder(folder, RULE)
  appendFileSync(path.join(site, 'local.cf'), 'trusted_networks 192.168.0.0/16 203.0.113.7\n')
  return {folder, site}
}

const spamAssassin = (site: string) =>
  `@spam_scanners = (['SpamAssassin', 'Amavis::SpamControl::SpamAssassin']);
$sa_siteconfigpath = '${site}'; $sa_local_tests_only = 1; $enable_zmq = 0;`

test('one mail: what each scanner says, and how the program by hand differs', async t => {
  const {folder, site} = home(t)
  const lines = `${spamAssassin(site)} @mynetworks = qw(127.0.0.0/8 192.168.0.0/16); $virus_scanners_failure_is_fatal = 0;
@av_scanners = (['Command', '/bin/sh', '-c "echo clean" {}', [0], qr/infected/, qr/(x)/]);`
  const conf = writeConfiguration(folder, 1, lines)
  const file = path.join(folder, 'mail.eml')
  writeFileSync(file, MAIL)
  const {status, stdout, stderr} = await amavis('debug-sa', file, '-c', conf)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^Command: clean, [\d.]+ ms\n {2}.*\n {2}5 run_av \(Command\) \/bin\/sh /m)
  assert.match(stdout, /^SpamAssassin: [\d.]+ points, \d+ tests, \d+ ms$/m)
  assert.match(stdout, /^ {2}3 SA rules: ran body rule AM_TEST_MARKER/m)
  assert.match(stdout, new RegExp(`^≠ site +${site}\n +by hand: /etc/spamassassin$`, 'm'))
  assert.match(stdout, new RegExp(`^≠ preferences +${folder}/.spamassassin/user_prefs`, 'm'))
  assert.match(stdout, /^≠ Bayes|^ {2}Bayes/m)
  assert.match(stdout, /^≠ trusted_networks +192\.168\.0\.0\/16 203\.0\.113\.7\n +by hand: not set$/m)
  assert.match(stdout, /^≠ only in the daemon .*AM_TEST_MARKER=2\.345/m)
  assert.match(stdout, /^ {2}relay 192\.168\.1\.5 +trusted, internal; in @mynetworks$/m)
  assert.match(stdout, /^≠ relay 203\.0\.113\.7 +trusted, internal; not in @mynetworks$/m)
})

test('the daemon tells all that SpamAssassin says of each mail', async t => {
  const {folder, site} = home(t)
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const conf = writeConfiguration(
    folder,
    port,
    `${spamAssassin(site)} $max_servers = 1; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $final_spam_destiny = D_PASS;`,
  )
  const daemon = spawn(process.execPath, [AMAVIS, 'debug-sa', '--allow-root', '-c', conf], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(async () => {
    daemon.kill('SIGTERM')
    await until('the daemon to end', () => daemon.exitCode !== null || daemon.signalCode !== null)
  })
  let said = ''
  daemon.stderr.on('data', chunk => (said += chunk))
  await until('the daemon', () => greets(port))
  const octets = Buffer.from(MAIL.replaceAll('\n', '\r\n'))
  assert.match(await sendMail(port, {sender: 's@remote.test', recipient: 'u@example.com', octets}), /^250/)
  await until('what was said', () => /TIMING \[total/.test(said))
  assert.match(said, /\([\w-]+\) SA rules: ran body rule AM_TEST_MARKER/)
  assert.match(said, /SA received-header: relay 192\.168\.1\.5 trusted\? yes/)
})
