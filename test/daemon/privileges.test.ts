import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {chmodSync, chownSync, mkdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {findUser} from '../../src/process/privileges.ts'
import {entryFile} from '../../src/process/program-file.ts'
import {amavis, runAmavis} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Daemon} from './program.ts'

const PORT = await freePort()
const isRoot = process.getuid?.() === 0
const nobody = isRoot ? findUser('nobody') : undefined
const program = entryFile('child-main')

/** Whether "nobody" gets at Node and at our program; in a folder of root's alone it does not. */
const reachable =
  nobody !== undefined &&
  spawnSync(process.execPath, ['-e', `fs.accessSync(${JSON.stringify(program)})`], {
    uid: nobody.uid,
    gid: nobody.gid,
  }).status === 0
const skip = !isRoot && 'needs root'

/** A daemon whose home is nobody's and whose configuration is root's. */
function daemonOfNobody(t: TestContext, lines = ''): Daemon {
  const daemon = new Daemon(t, PORT, `$daemon_user = 'nobody';\n${lines}`)
  chmodSync(daemon.home, 0o755)
  const {uid, gid} = nobody ?? {uid: 0, gid: 0}
  chownSync(daemon.home, uid, gid)
  mkdirSync(path.join(daemon.home, 'quarantine'), {recursive: true})
  return daemon
}

function userOf(pid: number): string {
  return /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

test(
  'root becomes the daemon user for good, master and children, also over reload and restart',
  {skip},
  async t => {
    const daemon = daemonOfNobody(t)
    const {status, stderr} = await amavis('start', '-c', daemon.file)
    if (!reachable) {
      assert.equal(status, 1)
      return assert.match(stderr, /user "nobody" cannot (run|read)/)
    }
    assert.equal(status, 0, stderr)
    const all = `${nobody?.uid}\t`.repeat(4).trim()
    const children = await daemon.children(2)
    for (const pid of [daemon.pid ?? 0, ...children.map(child => child.pid)]) assert.equal(userOf(pid), all)

    assert.equal((await amavis('reload', '-c', daemon.file)).status, 0)
    daemon.configure(`$daemon_user = 'nobody';\n$inet_socket_port = [${PORT}, 1];`)
    const low = await amavis('reload', '-c', daemon.file)
    assert.equal(low.status, 1)
    assert.match(low.stderr, /cannot listen on 127\.0\.0\.1:1: permission denied/)
    daemon.configure(`$daemon_user = 'daemon';`)
    const other = await amavis('reload', '-c', daemon.file)
    assert.equal(other.status, 1)
    assert.match(other.stderr, /\$daemon_user is another one now: stop and start/)

    daemon.configure(`$daemon_user = 'nobody';`)
    const before = daemon.pid
    const restarted = await amavis('restart', '-c', daemon.file)
    assert.equal(restarted.status, 0, restarted.stderr)
    const heir = await until('the PID file of the new master', () =>
      daemon.pid !== before ? daemon.pid : undefined,
    )
    assert.equal(userOf(heir), all)
    assert.equal(await greets(PORT), true)
    const stopped = await amavis('stop', '-c', daemon.file)
    assert.equal(stopped.status, 0, stopped.stderr)
  },
)

test('root without a daemon user is refused; --allow-root is for loopback only', {skip}, async t => {
  const daemon = new Daemon(t, PORT)
  const refused = await amavis('start', '-c', daemon.file)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /refusing to run as root: set \$daemon_user/)

  daemon.configure('$inet_socket_bind = "*";')
  const open = await daemon.run('start')
  assert.equal(open.status, 1)
  assert.match(open.stderr, new RegExp(`as root only loopback may be listened on, not \\*:${PORT}`))
})

test('what the daemon user cannot read or write is said before anything else', {skip}, async t => {
  const daemon = daemonOfNobody(t)
  chmodSync(daemon.file, 0o600)
  chownSync(daemon.home, 0, 0)
  const {status, stderr} = await amavis('test-config', '-c', daemon.file)
  assert.equal(status, 1)
  assert.match(stderr, /user "nobody" cannot read .*amavisd\.conf/)
  assert.match(stderr, /\$MYHOME: user "nobody" cannot write to /)
})

test('a configuration that the daemon user could change is refused, unless told', {skip}, async t => {
  if (!reachable) return t.skip('the daemon user cannot reach this folder')
  const daemon = daemonOfNobody(t)
  chownSync(daemon.file, nobody?.uid ?? 0, nobody?.gid ?? 0)
  const refused = await amavis('test-config', '-c', daemon.file)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /Config file ".*amavisd\.conf" is owned by the user of the daemon/)
  const allowed = await amavis('test-config', '-X', 'no_conf_file_writable_check', '-c', daemon.file)
  assert.deepEqual([allowed.status, allowed.stderr], [0, ''])
})

test('an unknown daemon user is said by name', {skip}, async t => {
  const daemon = new Daemon(t, PORT)
  const {status, stderr} = await amavis('test-config', '-u', 'no-such-user', '-c', daemon.file)
  assert.equal(status, 1)
  assert.match(stderr, /there is no user "no-such-user" on this machine/)
})

test('an ordinary user runs the daemon as itself, and -u is ignored with a word', {skip}, async t => {
  if (!reachable) return t.skip('the ordinary user cannot reach this folder')
  const daemon = daemonOfNobody(t)
  const {uid, gid} = nobody ?? {uid: 0, gid: 0}
  const run = (...args: string[]) => runAmavis([...args, '-c', daemon.file], {uid, gid})
  const started = await run('start', '-u', 'root')
  assert.equal(started.status, 0, started.stderr)
  assert.match(started.stderr, /Ignoring option -u when not running as root/)
  assert.equal(userOf(daemon.pid ?? 0), `${uid}\t`.repeat(4).trim())
  assert.equal((await run('stop')).status, 0)
})
