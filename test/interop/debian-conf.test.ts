/** Debian's own /etc/amavis/conf.d, whole and as installed: mail through its port, a release through its socket. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const LAYERS = '/etc/amavis/conf.d'

const PROGRAM = `From: sender@remote.test
Date: Sun, 22 Nov 2026 12:00:00 +0000
Subject: a program
MIME-Version: 1.0
Content-Type: application/octet-stream; name="setup.exe"

xyz
`.replaceAll('\n', '\r\n')

test('mail through the port of its conf.d, and AM.PDP through the socket that its banks speak for', async t => {
  if (!existsSync(LAYERS)) throw new Error('this test needs the Debian package amavisd-new')
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  const quarantine = path.join(home, 'virusmails')
  mkdirSync(quarantine)
  const socket = path.join(home, 'amavisd.sock')
  // Only where things are: the banks and all policy are the package's own. It has no scanner here.
  const site = path.join(home, '99-site')
  writeFileSync(
    site,
    `$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = '${quarantine}'; $unix_socketname = '${socket}';
$pid_file = "$MYHOME/pid"; $lock_file = "$MYHOME/lock"; $daemon_user = undef; $daemon_group = undef;
$inet_socket_port = ${port}; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $notify_method = $forward_method;
$requeue_method = $forward_method; $myhostname = 'filter.example.com'; $mydomain = 'example.com';
$do_syslog = 0; $logfile = "$MYHOME/amavis.log"; $enable_zmq = 0; $max_servers = 2;
@bypass_virus_checks_maps = (1); @bypass_spam_checks_maps = (1);
1;
`,
  )
  const files = [
    ...readdirSync(LAYERS)
      .sort()
      .map(name => path.join(LAYERS, name)),
    site,
  ]
  const layers = files.flatMap(file => ['-c', file])
  const daemon = spawn(process.execPath, [AMAVIS, 'foreground', '--allow-root', ...layers], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  daemon.stderr.on('data', chunk => (said += chunk))
  t.after(async () => {
    daemon.kill('SIGTERM')
    await until('it to end', () => daemon.exitCode !== null || daemon.signalCode !== null).catch(() =>
      daemon.kill('SIGKILL'),
    )
  })
  await until('the daemon', async () => {
    if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}: ${said}`)
    return await greets(port)
  })

  const clean = {
    sender: 's@remote.test',
    recipient: 'user@example.com',
    octets: Buffer.from(PROGRAM.replace('setup.exe', 'notes.bin')),
  }
  assert.match(await sendMail(port, clean), /^250 2\.0\.0 from MTA/)
  assert.equal(sink.mails.length, 1)
  assert.ok(sink.mails[0]!.octets.toString('latin1').endsWith(clean.octets.toString('latin1')))

  assert.match(await sendMail(port, {...clean, octets: Buffer.from(PROGRAM)}), /^250 2\.7\.0 Ok, discarded/)
  const kept = await until('the copy', () =>
    readdirSync(quarantine, {recursive: true, encoding: 'utf8'}).find(name => /(?:^|\/)banned-/.test(name)),
  )
  assert.match(kept, /^[^/]\/banned-/, 'one level of folders, as 20-debian_defaults has it')

  const released = await amavis('release', '--socket', socket, kept)
  assert.equal(released.status, 0, released.stdout + released.stderr)
  assert.match(released.stdout + released.stderr, /^250 2\.0\.0 from MTA/m)
  const toUser = sink.mails.filter(({recipients}) => recipients.includes('user@example.com'))
  assert.equal(toUser.length, 2)
  assert.ok(toUser[1]!.octets.toString('latin1').endsWith(PROGRAM))
  // $virus_admin, as the package has it
  const notices = sink.mails.filter(mail => !toUser.includes(mail))
  assert.deepEqual(
    notices.map(({recipients}) => recipients.join().split('@')[0]),
    ['postmaster'],
  )
})
