/** amavis milter before a real Postfix: restarted and hurt under load; and what miltertest says to it. */
import assert from 'node:assert/strict'
import {spawn, spawnSync} from 'node:child_process'
import {readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import type {MilterState} from '../../src/milter/control.ts'
import {assertTrue} from '../milter/site.ts'
import {AMAVIS} from '../support/amavis.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'

const USER = 'user@example.com'

async function startSite(t: TestContext, keys = 'max_procs => 3') {
  // before the folder goes, whose hook is the next
  t.after(() => {
    run('stop', '-KILL')
    run('stop', '-KILL')
  })
  const home = temporaryFolder(t)
  const milterPort = await freePort()
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME;
$mydomain = 'example.com'; $myhostname = 'filter.example.com';
$do_syslog = 0; $logfile = "$MYHOME/log"; $enable_zmq = 0; @spam_scanners = ();
@local_domains_maps = (['.example.com']);
$final_spam_destiny = D_REJECT; $sa_kill_level_deflt = 6;
$milter{'policy'} = { port => 'inet:${milterPort}@127.0.0.1', ${keys} };
1;
`,
  )
  function run(...args: readonly string[]) {
    const more = args[0] === 'start' || args[0] === 'restart' ? ['--allow-root'] : []
    const {stdout, stderr} = spawnSync(process.execPath, [AMAVIS, 'milter', ...args, '-c', file, ...more], {
      encoding: 'utf8',
    })
    return stdout + stderr
  }
  assert.match(run('start'), /^policy: started /)
  const states = () =>
    run('status', '--json')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as MilterState)
  return {home, milterPort, run, states}
}

/** Mails from twenty sessions; @returns the exit status of smtp-source and what it said */
function load(port: number, mails: number) {
  const source = spawn(
    'smtp-source',
    ['-s', '20', '-m', String(mails), '-l', '4000', '-f', 'a@remote.test', '-t', USER, `127.0.0.1:${port}`],
    {stdio: ['ignore', 'ignore', 'pipe']},
  )
  let said = ''
  source.stderr.on('data', chunk => (said += chunk))
  return new Promise<{status: number | null; said: string}>(resolve =>
    source.once('exit', status => resolve({status, said})),
  )
}

test('restarts under load lose no mail, and Postfix is refused nothing', async t => {
  const site = await startSite(t)
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
smtpd_milters = inet:127.0.0.1:${site.milterPort}
milter_default_action = tempfail
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0`,
    `127.0.0.1:${port} inet n - n - - smtpd`,
  )
  t.after(() => postfix.stop())
  const running = load(port, 1500)
  for (let n = 0; n < 3; n++) {
    const before = sink.mails.length
    await until('mail to go through', () => sink.mails.length > before + 50)
    assert.match(site.run('restart'), /^policy: started /)
    for (const state of site.states()) assertTrue(state)
  }
  const {status, said} = await running
  assert.equal(status, 0, `${said}${postfix.log()}`)
  await until('all to have arrived', () => sink.mails.length >= 1500, 120_000)
  assert.equal(sink.mails.length, 1500)
  assert.ok(sink.mails.every(({octets}) => octets.includes('X-Virus-Scanned')))
})

/** Mails that fifty clients bring, each again and again until it is accepted, as an MTA does. */
const MAILS = 400

function clientsOf(port: number) {
  let begun = 0
  let deferred = 0
  const client = async () => {
    for (let n = begun++; n < MAILS; n = begun++) {
      const octets = Buffer.from(`From: a@remote.test\r\nX-Number: ${n};\r\n\r\n${'text\r\n'.repeat(500)}`)
      const mail = {sender: 'a@remote.test', recipient: USER, octets}
      for (let reply = ''; !reply.startsWith('250'); ) {
        reply = await sendMail(port, mail).catch(error => String(error))
        if (!reply.startsWith('250')) deferred++
      }
    }
  }
  return {done: Promise.all(Array.from({length: 50}, client)), deferred: () => deferred}
}

/** Each of them once, and checked. */
async function assertAllThere(sink: Sink): Promise<void> {
  await until('all to have arrived', () => sink.mails.length >= MAILS, 60_000)
  const numbers = sink.mails.map(({octets}) => /^X-Number: (\d+);/m.exec(octets.toString('latin1'))?.[1])
  assert.deepEqual([numbers.length, new Set(numbers).size], [MAILS, MAILS])
  assert.ok(sink.mails.every(({octets}) => octets.includes('X-Virus-Scanned')))
}

test('processes that are killed under load, with fifty sessions, cost answers and no mail; the report stays true', async t => {
  const site = await startSite(t, 'max_procs => 3, conns_per_proc => 20')
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
smtpd_milters = inet:127.0.0.1:${site.milterPort}
milter_default_action = tempfail
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0`,
    `127.0.0.1:${port} inet n - n - - smtpd`,
  )
  t.after(() => postfix.stop())
  const {done, deferred} = clientsOf(port)
  for (let n = 1; n <= 4; n++) {
    await until('mail to go through', () => sink.mails.length > (n * MAILS) / 6)
    const [state] = site.states()
    for (const {pid} of state?.slots ?? []) if (pid !== undefined) process.kill(pid, 'SIGKILL')
    const [after] = site.states()
    assert.equal(
      after?.slots?.reduce((sum, {open}) => sum + open, 0),
      after?.open,
    )
  }
  await done
  assert.ok(deferred() > 0, 'nobody noticed')
  await assertAllThere(sink)
})

test('a master that is killed under load, twice, costs answers and no mail; the next start puts all in order', async t => {
  const site = await startSite(t, 'max_procs => 3, conns_per_proc => 4')
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
smtpd_milters = inet:127.0.0.1:${site.milterPort}
milter_default_action = tempfail
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0`,
    `127.0.0.1:${port} inet n - n - - smtpd`,
  )
  t.after(() => postfix.stop())
  const {done, deferred} = clientsOf(port)
  for (let n = 1; n <= 2; n++) {
    await until('mail to go through', () => sink.mails.length > (n * MAILS) / 4)
    const [before] = site.states()
    process.kill(before!.pid, 'SIGKILL')
    assert.match(site.run('status'), /policy.*not running/)
    assert.match(site.run('start'), /^policy: started /)
    const [state] = site.states()
    assert.notEqual(state?.pid, before!.pid)
    assertTrue(state!)
  }
  await done
  assert.ok(deferred() > 0, 'nobody noticed')
  await assertAllThere(sink)
  await until('nothing of the dead to be left', () =>
    readdirSync(site.home).every(name => !name.startsWith('amavis-')),
  )
})

const GTUBE = ['XJS*C4JDBQADN1', '.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE', '-TEST-EMAIL*C.34X'].join('')
const DIALOGUE = (port: number, body: string, checks: string) => `
conn = mt.connect("inet:${port}@127.0.0.1")
if conn == nil then error("no connection") end
mt.conninfo(conn, "mx.remote.test", "192.0.2.7")
mt.helo(conn, "mx.remote.test")
mt.mailfrom(conn, "<a@remote.test>")
mt.rcptto(conn, "<${USER}>")
mt.header(conn, "From", "a@remote.test")
mt.header(conn, "Date", "Mon, 23 Nov 2026 03:00:00 +0000")
mt.header(conn, "Subject", "hello")
mt.header(conn, "X-Spam-Flag", "NO")
mt.eoh(conn)
mt.bodystring(conn, "${body}\\r\\n")
mt.eom(conn)
${checks}
mt.disconnect(conn)
`

test("Debian's miltertest gets from us what an MTA does", async t => {
  const {home, milterPort} = await startSite(t)
  const dialogues: readonly (readonly [title: string, body: string, checks: string])[] = [
    [
      'clean',
      'text',
      `if mt.getreply(conn) ~= SMFIR_CONTINUE then error("no continue") end
if not mt.eom_check(conn, MT_HDRINSERT, "X-Virus-Scanned") then error("no X-Virus-Scanned") end
if not mt.eom_check(conn, MT_HDRDELETE, "X-Spam-Flag") then error("X-Spam-Flag stays") end`,
    ],
    ['spam', GTUBE, `if mt.getreply(conn) ~= SMFIR_REPLYCODE then error("no reply code") end`],
  ]
  for (const [title, body, checks] of dialogues) {
    const file = path.join(home, `${title}.lua`)
    writeFileSync(file, DIALOGUE(milterPort, body, checks))
    const {status, stdout, stderr} = spawnSync('miltertest', ['-s', file], {encoding: 'utf8'})
    assert.equal(status, 0, `${title}: ${stdout}${stderr}`)
  }
})
