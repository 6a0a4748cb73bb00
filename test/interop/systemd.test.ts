/** The daemon and systemd: its notices by the real systemd-notify, and the unit of docs/ by systemd-analyze. */
import assert from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {AMAVIS, runAmavis} from '../support/amavis.ts'
import {writeConfiguration} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

/** Binds a Unix datagram socket, which Node cannot, and prints a line for each datagram. */
const RECEIVER = `
use Socket; $| = 1;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($ARGV[0])) or die; chmod 0777, $ARGV[0];
print "bound\\n";
while (defined recv($s, my $d, 8192, 0)) { next if $d eq '' or $d =~ /^BARRIER/; $d =~ s/\\n/ /g; print "$d\\n" }
`

async function serviceManager(t: TestContext, home: string) {
  const socket = path.join(home, 'notify')
  const receiver = spawn('perl', ['-e', RECEIVER, socket], {stdio: ['ignore', 'pipe', 'inherit']})
  t.after(() => receiver.kill())
  let text = ''
  receiver.stdout.on('data', chunk => (text += chunk))
  await until('the receiver', () => text.startsWith('bound\n'))
  return {socket, said: () => text.trim().split('\n').slice(1)}
}

test('systemd hears of start, reload, refused reload, restart and stop', async t => {
  const home = temporaryFolder(t)
  const {socket, said} = await serviceManager(t, home)
  const port = await freePort()
  const file = writeConfiguration(home, port, '$enable_zmq = 0;')
  const pid = () => Number(readFileSync(path.join(home, 'amavisd.pid'), 'utf8'))
  const run = (command: string, ...more: string[]) =>
    runAmavis([command, ...more, '-c', file], {env: {...process.env, NOTIFY_SOCKET: socket}})
  t.after(() => existsSync(path.join(home, 'amavisd.pid')) && process.kill(pid(), 'SIGKILL'))
  const heard = (notice: string | RegExp) =>
    until(`${notice} among ${said().join('; ')}`, () =>
      said().some(line => (typeof notice === 'string' ? line === notice : notice.test(line))),
    )

  const started = await run('start', '--allow-root')
  assert.equal(started.status, 0, started.stderr)
  const first = pid()
  const serving = `4 children, listening on 127.0.0.1:${port}`
  assert.deepEqual(said(), [`MAINPID=${first} READY=1 STATUS=${serving}`], 'told before the command ended')

  assert.equal((await run('reload')).status, 0)
  await heard(new RegExp(`^MAINPID=${first} RELOADING=1 MONOTONIC_USEC=\\d+$`))
  await until('READY=1 again', () => said().length === 3)
  writeConfiguration(home, port, '$max_servers = ;')
  process.kill(first, 'SIGHUP')
  await heard(/READY=1 STATUS=4 children, .*; reload refused: .*amavisd\.conf:\d+/)

  writeConfiguration(home, port, '$enable_zmq = 0;')
  assert.equal((await run('restart', '--allow-root')).status, 0)
  const second = pid()
  assert.notEqual(second, first)
  await heard(`MAINPID=${second} READY=1 STATUS=${serving}`)
  assert.equal((await run('stop')).status, 0)
  await heard(`MAINPID=${second} STOPPING=1`)
  assert.ok(
    !said().includes(`MAINPID=${first} STOPPING=1`),
    'the first was succeeded and did not stop the service',
  )
})

test('systemd-analyze finds nothing wrong with the unit in docs/', t => {
  const unit = readFileSync(fileURLToPath(new URL('../../../docs/amavis.service', import.meta.url)), 'utf8')
  const file = path.join(temporaryFolder(t), 'amavis.service')
  assert.match(unit, /^ExecStart=\/usr\/bin\/amavis /m)
  writeFileSync(file, unit.replaceAll('/usr/bin/amavis', AMAVIS).replace(/^Documentation=.*\n/m, ''))
  const {status, stdout, stderr, error} = spawnSync('systemd-analyze', ['verify', file], {encoding: 'utf8'})
  if (error) throw error
  assert.deepEqual([status, (stdout + stderr).replace(/^(?!.*amavis).*\n/gm, '')], [0, ''])
})
