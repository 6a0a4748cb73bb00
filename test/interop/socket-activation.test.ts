/** Sockets that somebody else has bound, as systemd does it; Perl stands for systemd, as Node cannot bind without listening in. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {existsSync, readFileSync, statSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {AMAVIS, runAmavis} from '../support/amavis.ts'
import {daemonLog, greets, writeConfiguration} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

/** Binds two ports and a path as descriptors 3 to 5, runs a command with them, and keeps them until it is ended. */
const MANAGER = `
use Socket; $^F = 100; $| = 1; my ($first, $second, $path, @command) = @ARGV; my @sockets;
for my $port ($first, $second) {
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die; bind($s, sockaddr_in($port, INADDR_LOOPBACK)) or die; listen($s, 50) or die; push @sockets, $s;
}
socket(my $u, PF_UNIX, SOCK_STREAM, 0) or die; bind($u, pack_sockaddr_un($path)) or die; chmod 0600, $path; listen($u, 50) or die;
die fileno($u) if fileno($u) != 5;
my $child = fork;
if (!$child) { $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 3; $ENV{LISTEN_FDNAMES} = 'smtp:smtp:sock'; exec @command }
waitpid $child, 0; print "exit " . ($? >> 8) . "\\n"; sleep 600;
`

function greetsAt(file: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(file)
    socket.once('data', () => {
      resolve(true)
      socket.end('QUIT\r\n')
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

test('sockets of the service manager are served, through reload and restart, and stay when we are gone', async t => {
  const home = temporaryFolder(t)
  const [own, extra] = [await freePort(), await freePort()]
  const unix = path.join(home, 'managed.sock')
  const file = writeConfiguration(
    home,
    own,
    `$enable_zmq = 0; $max_servers = 2; $unix_socketname = '${unix}'; $unix_socket_mode = 0666;
$interface_policy{SOCK} = 'S'; $policy_bank{S} = {protocol => 'SMTP'};`,
  )
  const command = [process.execPath, AMAVIS, 'start', '--allow-root', '-c', file]
  const manager = spawn('perl', ['-e', MANAGER, String(own), String(extra), unix, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => manager.kill('SIGKILL'))
  const pid = () => Number(readFileSync(path.join(home, 'amavisd.pid'), 'utf8'))
  t.after(() => existsSync(path.join(home, 'amavisd.pid')) && process.kill(pid(), 'SIGKILL'))
  let said = ''
  manager.stderr.on('data', chunk => (said += chunk))
  const status = await new Promise(resolve => manager.stdout.once('data', chunk => resolve(String(chunk))))
  assert.equal(status, 'exit 0\n', said)

  const served = async () => [await greets(own), await greets(extra), await greetsAt(unix)]
  assert.deepEqual(await served(), [true, true, true])
  const keys = [own, extra].map(port => `127.0.0.1:${port}`).join(', ')
  assert.ok(daemonLog(home).includes(`bound by the service manager (smtp, smtp, sock): ${keys}, ${unix}`))

  const reload = await runAmavis(['reload', '-c', file])
  assert.equal(reload.status, 0, reload.stderr)
  assert.deepEqual(await served(), [true, true, true])
  const before = pid()
  const restart = await runAmavis(['restart', '--allow-root', '-c', file])
  assert.equal(restart.status, 0, restart.stderr)
  assert.notEqual(pid(), before)
  assert.deepEqual(await served(), [true, true, true])
  assert.equal(statSync(unix).mode & 0o777, 0o600, 'the permissions are not ours')

  assert.equal((await runAmavis(['stop', '-c', file])).status, 0)
  assert.ok(existsSync(unix))
  // nobody answers, and nobody is refused: the connection waits for the next start
  const waiting = net.connect(extra, '127.0.0.1')
  await new Promise((resolve, reject) => waiting.once('connect', resolve).once('error', reject))
  waiting.destroy()
})
