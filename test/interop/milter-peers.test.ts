/**
 * Debian's miltertest says the same to us and to amavisd-milter before the real amavisd-new: the answers are the same,
 * but for what docs/differences.md has as better.
 */
import assert from 'node:assert/strict'
import {execFileSync, spawn, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {startMilterSite} from '../milter/site.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {EICAR} from './milter-traffic.ts'
import {realBus} from './real-bus.ts'

const SCANNER = fileURLToPath(new URL('../../../../shared/peers/real-zmq/fakeav.sh', import.meta.url))

/** What both of them are configured with. */
const POLICY = `
$mydomain = 'example.test'; $myhostname = 'mx.example.test'; $X_HEADER_LINE = 'amavis at example.test';
@local_domains_maps = (['.example.test']); @bypass_spam_checks_maps = (1);
@av_scanners = (['GREP-EICAR', '${SCANNER}', '{}', [0], [1], qr/: (\\S+) FOUND/]); @av_scanners_backup = ();
@virus_lovers_maps = (['lover@example.test']);
$banned_filename_re = new_RE( qr'\\.(exe|scr|pif)$'i );
$final_virus_destiny = D_DISCARD; $final_banned_destiny = D_REJECT; $final_bad_header_destiny = D_PASS;
$virus_admin = undef; $virus_quarantine_method = undef; $banned_files_quarantine_method = undef;
$enable_zmq = 0; $enable_dkim_verification = 0;
`

/** A mail as lines of a script for miltertest. */
interface Case {
  readonly title: string
  readonly recipients?: readonly string[]
  readonly fields?: readonly (readonly [name: string, value: string])[]
  readonly body?: string
  /** the words that both answer, or what each does: where they differ on purpose, ours is second */
  readonly answers: string | readonly [theirs: string, ours: string]
}

const CASES: readonly Case[] = [
  {title: 'clean', answers: 'c X-Virus-Scanned'},
  {
    title: 'forged fields',
    fields: [
      ['X-Amavis-Hold', 'none'],
      ['X-Virus-Scanned', 'by them'],
    ],
    // theirs is named in small letters
    answers: ['c X-Virus-Scanned -x-amavis-hold', 'c X-Virus-Scanned -X-Amavis-Hold'],
  },
  {title: 'infected', body: EICAR, answers: 'd'},
  {
    title: 'infected, for one who loves that and one who does not',
    body: EICAR,
    recipients: ['lover@example.test', 'user@example.test'],
    answers: 'c X-Virus-Scanned X-Amavis-Alert -user@example.test',
  },
  {
    title: 'banned',
    fields: [
      ['MIME-Version', '1.0'],
      ['Content-Type', 'application/octet-stream; name=x.exe'],
    ],
    answers: 'y',
  },
  {
    title: 'a header that is none',
    fields: [['X-Eight-Bit', 'gr\\xfcn']],
    answers: 'c X-Virus-Scanned X-Amavis-Alert',
  },
]

function script(
  port: number,
  {recipients = ['user@example.test'], fields = [], body = 'text'}: Case,
): string {
  const inserted = ['X-Virus-Scanned', 'X-Amavis-Alert']
  const deleted = ['X-Amavis-Hold', 'x-amavis-hold']
  return `
mt.set_timeout(25)
conn = mt.connect("inet:${port}@127.0.0.1")
if conn == nil then error("no connection") end
mt.conninfo(conn, "mx.remote.test", "192.0.2.7")
mt.helo(conn, "mx.remote.test")
mt.mailfrom(conn, "<a@remote.test>")
${recipients.map(address => `mt.rcptto(conn, "<${address}>")`).join('\n')}
mt.header(conn, "From", "a@remote.test")
mt.header(conn, "Date", "Mon, 23 Nov 2026 03:00:00 +0000")
mt.header(conn, "Subject", "hello")
${fields.map(([name, value]) => `mt.header(conn, "${name}", "${value}")`).join('\n')}
mt.eoh(conn)
mt.bodystring(conn, "${body.replaceAll('\\', '\\\\')}\\r\\n")
mt.eom(conn)
words = string.char(mt.getreply(conn))
function note(is, word) if is then words = words .. " " .. word end end
${inserted.map(name => `note(mt.eom_check(conn, MT_HDRINSERT, "${name}"), "${name}")`).join('\n')}
${deleted.map(name => `note(mt.eom_check(conn, MT_HDRDELETE, "${name}"), "-${name}")`).join('\n')}
${recipients.map(address => `note(mt.eom_check(conn, MT_RCPTDELETE, "<${address}>"), "-${address}")`).join('\n')}
mt.echo(words)
mt.disconnect(conn)
`
}

/** The answer in words, such as `c X-Virus-Scanned`. */
function ask(folder: string, port: number, one: Case): string {
  const file = path.join(folder, 'case.lua')
  writeFileSync(file, script(port, one), 'latin1')
  const ran = spawnSync('miltertest', ['-s', file], {encoding: 'utf8', timeout: 40_000})
  return ran.status === 0 ? ran.stdout.trim() : `${ran.signal ?? ran.status}: ${ran.stdout}${ran.stderr}`
}

/** The real amavisd-new with amavisd-milter before it; @returns the port of the milter */
async function startTheirs(t: TestContext, folder: string, lines: string): Promise<number> {
  const extra = path.join(folder, 'theirs.conf')
  writeFileSync(
    extra,
    `${POLICY}
$unix_socketname = "$MYHOME/amavisd.sock"; $interface_policy{'SOCK'} = 'MILTER';
$policy_bank{'MILTER'} = { protocol => 'AM.PDP', forward_method => '' };
${lines}
1;
`,
  )
  const {home, start} = realBus(t, {EXTRA_CONF: extra, MAX_SERVERS: '2'})
  start('amavisd')
  const socket = path.join(home, 'amavisd.sock')
  await until('amavisd-new to listen', () => existsSync(socket), 60_000)
  const work = path.join(home, 'tmp', 'milter')
  mkdirSync(work, {mode: 0o750})
  execFileSync('chown', ['amavis:amavis', work])
  const port = await freePort()
  const amavis = [
    '--reuid',
    'amavis',
    '--regid',
    'amavis',
    '--clear-groups',
    '--',
    '/usr/sbin/amavisd-milter',
  ]
  const milter = spawn(
    'setpriv',
    [
      ...amavis,
      '-f',
      '-s',
      `inet:${port}@127.0.0.1`,
      '-S',
      socket,
      '-w',
      work,
      '-p',
      path.join(home, 'm.pid'),
    ],
    {stdio: 'ignore'},
  )
  t.after(() => milter.kill('SIGKILL'))
  await until('amavisd-milter to listen', () => connects(port))
  return port
}

function connects(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.once('connect', () => socket.end())
  })
}

async function compare(t: TestContext, cases: readonly Case[], lines = ''): Promise<void> {
  const folder = temporaryFolder(t)
  const theirs = await startTheirs(t, folder, lines)
  const ours = await startMilterSite(t, 'max_procs => 1', `${POLICY}${lines}`)
  const heard = cases.map(one => [one.title, ask(folder, theirs, one), ask(folder, ours.port, one)])
  const expected = cases.map(({title, answers}) => [title, ...[answers, answers].flat().slice(-2)])
  assert.deepEqual(heard, expected)
}

test('miltertest hears the same from us as from amavisd-milter before amavisd-new', async t => {
  await compare(t, CASES)
})

test('a temporary failure by policy is one; before amavisd-new the mail was discarded', async t => {
  const banned = CASES.find(({title}) => title === 'banned')!
  await compare(
    t,
    [{...banned, answers: ['d', 'y']}],
    '$final_banned_destiny = D_TEMPFAIL; $final_destiny_by_ccat{+CC_BANNED} = D_TEMPFAIL;',
  )
})
