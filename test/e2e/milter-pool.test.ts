/** amavis milter: pools, slots and signals, with connections of our own in the place of an MTA's. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {chmodSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {Mta} from '../milter/mta.ts'
import {assertTrue, startMilterSite} from '../milter/site.ts'
import {AMAVIS} from '../support/amavis.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const ROOT_ONLY = {skip: process.getuid?.() === 0 ? false : 'only root can own a module of hooks'}

test('what is asked of names, signals and milters that do not run is answered in words and exit statuses', async t => {
  const {run} = await startMilterSite(t, 'max_procs => 1')
  const answers: readonly (readonly [args: string[], text: RegExp, status: number])[] = [
    [['start'], /^all enabled milters are running\n$/, 0],
    [['start', 'policy'], /^policy: already running \(pid \d+\)\n$/, 0],
    [
      ['start', 'nobody', 'spare'],
      /spare: started \(pid \d+\) on local:.*spare\.sock\n(?:.*\n)?no such milter: nobody\n|no such milter: nobody/,
      1,
    ],
    [['stop', '-0', 'policy'], /^policy: running \(pid \d+\)\n$/, 0],
    [['stop', '-NOSUCH'], /there is no signal -NOSUCH/, 64],
    [['stop', '-sigint', 'spare'], /^spare: stopped\n$/, 0],
    [['stop', 'spare'], /^spare: not running\n$/, 0],
    [
      ['status'],
      /^policy: running\n {2}pid=\d+ {2}port=inet:[\s\S]*\n\nspare: not running \(disabled\)\n$/,
      0,
    ],
    [['stop'], /^policy: stopped\n$/, 0],
    [['stop'], /^no milters running\n$/, 0],
    [['status'], /^policy: not running\nspare: not running \(disabled\)\n$/, 3],
    [['restart', 'policy'], /^policy: started /, 0],
    [['help'], /milter start/, 0],
    [[], /^usage: amavis milter start\|stop\|restart\|status\|help/, 64],
  ]
  for (const [args, text, status] of answers) {
    const said = run(...args)
    assert.match(said.text, text, args.join(' '))
    assert.equal(said.status, status, `${args.join(' ')}: ${said.text}`)
  }
})

test('a graceful stop takes no connection more, and the one that is open goes on to its own end', async t => {
  const {port, home, file, run, state} = await startMilterSite(t, 'max_procs => 2')
  const mta = await (await Mta.connect(port)).greet()
  mta.begin()
  await until('the connection to show', () => state().open === 1)
  const stopping = spawn(process.execPath, [AMAVIS, 'milter', 'stop', '-c', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(stopping, 'exit')
  let said = ''
  stopping.stdout.on('data', chunk => (said += chunk))
  await until('the port to close', async () => !(await connects(port)))
  assert.match(run('status').text, /^policy: stopping\n[\s\S]*flags=0x4/)
  assert.equal(await mta.end(), 'c')
  assert.equal(await mta.mail(), 'c')
  // A new master has the name and the port meanwhile.
  assert.match(run('start').text, /^policy: started /)
  await mta.quit()
  await exited
  assert.equal(said, 'policy: stopped\n')
  const files = readdirSync(path.join(home, 'milter'))
  assert.deepEqual(files.sort(), ['policy.ctl', 'policy.pid'])
})

test('INT drops connections and leaves nothing behind; KILL leaves what the next start sweeps', async t => {
  const {port, home, run} = await startMilterSite(t, 'max_procs => 1')
  const mta = await (await Mta.connect(port)).greet()
  mta.begin()
  assert.match(run('stop', '-INT').text, /^policy: stopped\n$/)
  await until('the connection to close', () => mta.isClosed)
  assert.equal(mta.replies, 'O')
  assert.deepEqual(
    readdirSync(home).filter(name => name.startsWith('amavis-')),
    [],
  )
  run('start')
  const other = await (await Mta.connect(port)).greet()
  assert.match(run('stop', '-KILL').text, /^policy: stopped\n$/)
  assert.match(run('start').text, /^policy: started /)
  // Its process has lost its master, and ends with its last connection.
  assert.equal(await other.mail(), 'c')
  await other.quit()
})

test('a process retires after its connections, and its slot keeps the count', async t => {
  const {port, state} = await startMilterSite(t, 'max_procs => 1, proc_conn_limit => 2')
  const kept = await (await Mta.connect(port)).greet()
  const first = state().slots[0]!.pid
  const last = await (await Mta.connect(port)).greet()
  await until('a process to retire and another to come', () => {
    const now = state()
    assertTrue(now)
    return now.slots.some(({retiring}) => retiring) && now.slots.some(({pid, retiring}) => pid && !retiring)
  })
  assert.equal(await kept.mail(), 'c')
  await kept.quit()
  await last.quit()
  await until('it to end', () => state().slots.every(({pid}) => pid !== first))
  const next = await (await Mta.connect(port)).greet()
  assert.equal(await next.mail(), 'c')
  await next.quit()
  await until('all to be counted', () => {
    const now = state()
    assertTrue(now)
    return now.mails === 2 && now.slots.reduce((sum, {connectionsEver}) => sum + connectionsEver, 0) === 3
  })
})

test('when all are full, the next connection stays with the kernel until there is room', async t => {
  const {port, state} = await startMilterSite(t, 'max_procs => 1, conns_per_proc => 1')
  const first = await (await Mta.connect(port)).greet()
  await until('the listener to pause', () => (state().flags & 0x2) !== 0)
  const second = await Mta.connect(port)
  second.offer()
  const now = state()
  assert.deepEqual([now.waiting, now.open, second.replies], [0, 1, ''])
  await first.quit()
  await until('the second to be greeted', () => second.replies === 'O')
  assert.equal(await second.mail(), 'c')
  await second.quit()
})

for (const [action, reply] of [
  ['tempfail', 't'],
  ['accept', 'a'],
] as const) {
  test(`when all are full and overload_action is ${action}, the next connection is told so`, async t => {
    const {port, state, home} = await startMilterSite(
      t,
      `max_procs => 1, conns_per_proc => 1, overload_action => '${action}'`,
    )
    const first = await (await Mta.connect(port)).greet()
    const second = await Mta.connect(port)
    second.offer()
    await until('it to hear it', () => second.replies.startsWith(`O${reply}`))
    assert.deepEqual([state().waiting, state().open, state().flags], [0, 1, 0])
    await second.quit()
    assert.match(readFileSync(path.join(home, 'log'), 'utf8'), /all processes are busy: connections hear/)
    assert.equal(await first.mail(), 'c')
    await first.quit()
    await until('room', () => state().open === 0)
    const third = await (await Mta.connect(port)).greet()
    assert.equal(await third.mail(), 'c')
    await third.quit()
  })
}

test('without a pool one process takes what it can, and what waits is counted', async t => {
  const {port, state, run} = await startMilterSite(t, 'max_procs => 0, conns_per_proc => 1')
  const first = await (await Mta.connect(port)).greet()
  const second = await Mta.connect(port)
  second.offer()
  await until('it to wait', () => state().waiting === 1)
  assert.match(run('status').text, /interp=1\/1 {2}seq=1 {2}waiting=1 {2}flags=0x1\n\n/)
  await first.quit()
  await until('the second to be greeted', () => second.replies === 'O')
  await second.quit()
})

test('a process that dies in the middle of a mail is replaced; the MTA sees a closed connection', async t => {
  const {port, home, state} = await startMilterSite(t, 'max_procs => 2')
  const mta = await (await Mta.connect(port)).greet()
  assert.equal(await mta.mail(), 'c')
  await until('its mail to be counted while the connection is open', () => state().mails === 1)
  mta.begin()
  process.kill(state().slots[0]!.pid!, 'SIGKILL')
  await until('the connection to close', () => mta.isClosed)
  await until('another process', () => {
    const now = state()
    assertTrue(now)
    return now.open === 0 && now.slots.some(({pid}) => pid !== undefined) && now.mails === 1
  })
  assert.match(readFileSync(path.join(home, 'log'), 'utf8'), /process \d+ of slot 0 ended: signal SIGKILL/)
  const next = await (await Mta.connect(port)).greet()
  assert.equal(await next.mail(), 'c')
  await next.quit()
})

test(
  'a failure of the checks is what on_failure says, in the time of the milter; what is known to be bad never passes',
  ROOT_ONLY,
  async t => {
    const folder = temporaryFolder(t)
    const hooks = path.join(folder, 'hooks.mjs')
    writeFileSync(
      hooks,
      `export async function checks(mail) {
  if (/throw/.test(mail.header('Subject') ?? '')) throw new Error('on purpose')
  if (/hang/.test(mail.header('Subject') ?? '')) await new Promise(() => setTimeout(() => {}, 60000))
}
export function beforeSend() { throw new Error('too late') }
`,
    )
    chmodSync(hooks, 0o644)
    const {port, home} = await startMilterSite(
      t,
      "max_procs => 1, on_failure => 'accept', content_timeout => 2, progress_interval => 1",
      `$custom_hooks = '${hooks}'; $banned_filename_re = new_RE( qr'\\.exe$'i ); $final_banned_destiny = D_REJECT;`,
    )
    const mta = await (await Mta.connect(port)).greet()
    assert.equal(await mta.mail('throw'), 'a')
    const before = mta.replies.length
    assert.equal(await mta.mail('hang'), 'a')
    assert.match(mta.replies.slice(before), /^p+a$/)
    assert.equal(await mta.mail('throw', 'Content-Disposition\0 attachment; filename=x.exe\0'), 'y', 'banned')
    assert.equal(await mta.mail('clean'), 'y', 'checked, and then something went wrong')
    await mta.quit()
    const log = readFileSync(path.join(home, 'log'), 'utf8')
    assert.equal(log.match(/passes UNCHECKED \(on_failure\)/g)?.length, 2)
    assert.match(log, /custom-checks FAILED: on purpose/)
    assert.match(log, /timed out in custom-checks/)
    assert.match(log, /custom-before_send FAILED: too late/)
  },
)

async function connects(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  return await new Promise(resolve => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).then(result => {
    socket.destroy()
    return result as boolean
  })
}
