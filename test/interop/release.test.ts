/** Debian's amavisd-release and amavisd-submit with us, and ours with Debian's amavisd. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import {binary} from '../support/amavis.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startOriginal} from './original-daemon.ts'

const RELEASE = '/usr/sbin/amavisd-release'
const SUBMIT = '/usr/sbin/amavisd-submit'

const MAIL = `Received: from a.test (a.test [192.0.2.7]) by mx.remote.test; Sun, 22 Nov 2026 12:00:00 +0000
Date: Sun, 22 Nov 2026 12:00:00 +0000
From: sender@remote.test
Subject: a program
MIME-Version: 1.0
Content-Type: application/octet-stream; name="setup.exe"

xyz
.dot
`.replaceAll('\n', '\r\n')

/** What both daemons are told. */
const settingsFor = (sink: Sink) => `
$unix_socketname = "$MYHOME/amavisd.sock";
$interface_policy{'SOCK'} = 'AM.PDP-SOCK';
$policy_bank{'AM.PDP-SOCK'} = { protocol => 'AM.PDP', auth_required_release => 0 };
$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$notify_method = 'smtp:[127.0.0.1]:${sink.port}';
$requeue_method = 'smtp:[127.0.0.1]:${sink.port}';
$final_banned_destiny = D_DISCARD;
$banned_filename_re = new_RE( qr'\\.exe$'i );
@bypass_virus_checks_maps = (1); @bypass_spam_checks_maps = (1);
$mydomain = 'example.com'; @local_domains_maps = ( ['.example.com'] );
`

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(command: string, args: readonly string[], input = ''): Promise<Ended> {
  const child = spawn(command, args, {stdio: 'pipe'})
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input, 'latin1')
  return new Promise(resolve => child.once('close', status => resolve({status, stdout, stderr})))
}

const ours = (name: string, args: readonly string[], input = '') =>
  run(process.execPath, [binary(name), ...args], input)

/** The socket is a constant of the program that its administrator edits. */
function packaged(program: string, name: string, home: string): string {
  const text = readFileSync(program, 'latin1')
  const edited = text
    .replaceAll('/var/lib/amavis/amavisd.sock', path.join(home, 'amavisd.sock'))
    .replaceAll('/var/lib/amavis/tmp', home)
  const file = path.join(home, name)
  writeFileSync(file, edited, {encoding: 'latin1', mode: 0o755})
  return file
}

async function quarantined(port: number, folder: string): Promise<string> {
  const recipient = ['user@example.com', 'other@example.com']
  const reply = await sendMail(port, {sender: 'sender@remote.test', recipient, octets: Buffer.from(MAIL)})
  assert.match(reply, /^250 2\.7\.0 Ok, discarded/)
  return await until('the copy', () => readdirSync(folder).find(name => name.startsWith('banned-')))
}

const octets = (sink: Sink) => sink.mails.at(-1)?.octets.toString('latin1') ?? ''

test("Debian's amavisd-release, amavisd-requeue, amavisd-report and amavisd-submit work with us", async t => {
  for (const program of [RELEASE, SUBMIT])
    if (!existsSync(program)) throw new Error(`this test needs ${program} of the Debian package amavisd-new`)
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(t, home, port, settingsFor(sink))
  const name = await quarantined(port, path.join(home, 'quarantine'))

  const released = await run(packaged(RELEASE, 'amavisd-release', home), [name])
  assert.equal(released.status, 0)
  assert.match(released.stderr, /^(?:250 2\.0\.0 from MTA\(.*\n){2}$/)
  assert.deepEqual(sink.mails.at(-1)?.recipients, ['user@example.com', 'other@example.com'])
  assert.match(octets(sink), /^Resent-From: /)
  assert.ok(octets(sink).endsWith(MAIL))

  await run(packaged(RELEASE, 'amavisd-requeue', home), [name, 'new@example.com'])
  assert.deepEqual(sink.mails.at(-1)?.recipients, ['new@example.com'])
  await run(packaged(RELEASE, 'amavisd-report', home), [name, 'abuse@remote.test'])
  assert.match(octets(sink), /^Feedback-Type: abuse\r$/m)

  const refused = await run(
    path.join(home, 'amavisd-release'),
    ['-'],
    `# none\nbanned-AAAAAAAAAAAA\n${name}\n`,
  )
  assert.match(refused.stderr, /^450 4\.5\.0 Failure: File banned-AAAAAAAAAAAA does not exist\n250 2\.0\.0 /)
  const log = daemonLog(home)
  assert.match(log, /\(rel-\S+\) Quarantined message report \(abuse\): \S+ <sender@remote\.test> -> <abuse@/)

  const submitted = await run(
    packaged(SUBMIT, 'amavisd-submit', home),
    ['s@remote.test', 'user@example.com'],
    MAIL,
  )
  assert.deepEqual(submitted, {status: 0, stdout: '', stderr: ''})
  await until('its quarantine', () => readdirSync(path.join(home, 'quarantine')).length === 2)
  assert.deepEqual(
    readdirSync(home).filter(entry => /^amavis-(?!mc)/.test(entry)),
    [],
  )
})

test("ours work with Debian's amavisd", async t => {
  if (process.getuid?.() !== 0) return t.skip('only root can start it as its user')
  const sink = await startSink()
  t.after(() => sink.close())
  const site = await startOriginal(t, settingsFor(sink))
  const name = await quarantined(site.port, site.quarantine)
  const socket = ['--socket', path.join(site.home, 'amavisd.sock')]

  const released = await ours('amavis.js', ['release', ...socket, name, 'user@example.com'])
  assert.equal(released.status, 0, released.stderr)
  assert.match(released.stderr, /^250 2\.0\.0 from MTA/)
  assert.ok(octets(sink).endsWith(MAIL))
  const reported = await ours('amavis.js', [
    'release',
    '--as',
    'report',
    ...socket,
    name,
    'abuse@remote.test',
  ])
  assert.equal(reported.status, 0)
  assert.match(octets(sink), /^Feedback-Type: abuse\r$/m)
  const refused = await ours('amavis.js', ['release', ...socket, 'banned-AAAAAAAAAAAA'])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /^450 4\.5\.0 Failure/)

  const args = ['submit', '-v', '-c', site.file, 's@remote.test', 'user@example.com']
  const submitted = await ours('amavis.js', args, MAIL)
  assert.equal(submitted.status, 0, submitted.stderr)
  assert.match(submitted.stdout, /^return_value=discard$/m)
})
