/** Debian's amavisd-milter in front of us, with a real Postfix (smtpd_milters): accept, edit, refuse, discard, defer. */
import assert from 'node:assert/strict'
import {type ChildProcess, spawn, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {delivered, EICAR, GTUBE, next, type Passage, passed, SENDER, send, USER} from './milter-traffic.ts'
import {type Postfix, startPostfix} from './postfix-server.ts'

const MILTER = '/usr/sbin/amavisd-milter'

interface Site extends Passage {
  readonly home: string
  readonly daemon: ChildProcess
  readonly postfix: Postfix
}

async function startSite(t: TestContext, lines = ''): Promise<Site> {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const daemon = await startDaemon(
    t,
    home,
    await freePort(),
    `
    $unix_socketname = "$MYHOME/amavisd.sock";
    $interface_policy{'SOCK'} = 'AM.PDP-SOCK';
    $policy_bank{'AM.PDP-SOCK'} = { protocol => 'AM.PDP', auth_required_release => 0 };
    @spam_scanners = ();
    $sa_tag_level_deflt = -999;
    @spam_lovers_maps = ( ['lover@example.com'] );
    $sa_spam_subject_tag = '***SPAM*** ';
    $notify_method = 'smtp:[127.0.0.1]:${sink.port}';
    ${lines}`,
  )
  const work = path.join(home, 'work')
  mkdirSync(work, {mode: 0o750})
  const port = await freePort()
  const milterPort = await freePort()
  const milter = spawn(
    MILTER,
    [
      '-f',
      '-s',
      `inet:${milterPort}@127.0.0.1`,
      '-S',
      path.join(home, 'amavisd.sock'),
      '-w',
      work,
      '-p',
      path.join(home, 'milter.pid'),
    ],
    {stdio: 'ignore'},
  )
  t.after(() => milter.kill('SIGKILL'))
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}\nsmtpd_milters = inet:127.0.0.1:${milterPort}\nmilter_default_action = tempfail\nmilter_connect_timeout = 5s\nsmtpd_peername_lookup = no`,
    `127.0.0.1:${port} inet n - n - - smtpd`,
  )
  t.after(() => postfix.stop())
  const site = {port, home, daemon, postfix, sink}
  // the milter takes a moment to listen
  await until('a mail to pass', async () => /^250/.test(await send(site, {subject: 'ready'})))
  await until('it to arrive', () => delivered(site).length === 1)
  return site
}

test('amavisd-milter and Postfix, unchanged, in front of us', async t => {
  if (!existsSync(MILTER)) throw new Error('this test needs the Debian package amavisd-milter')
  const site = await startSite(t)

  await t.test('a clean mail has our fields, and no Received of ours', async () => {
    const before = delivered(site).length
    assert.match(await send(site, {subject: 'clean'}), /^250 /)
    const mail = await next(site, before)
    assert.match(mail, /^X-Virus-Scanned: amavis at example\.com\r$/m)
    assert.match(mail, /^X-Spam-Flag: NO\r$/m)
    assert.doesNotMatch(mail, /\(amavis/)
    assert.match(daemonLog(site.home), /Passed CLEAN \{AcceptedInbound\}, AM\.PDP-SOCK .*Queue-ID: \w+/)
  })

  await t.test(
    'fields that a sender forged go, each of them; the Subject is tagged; a recipient is taken away',
    async () => {
      const before = delivered(site).length
      const header = 'X-Spam-Flag: NO\r\nX-Other: 1\r\nX-Spam-Flag: NEVER\r\nX-Spam-Status: No\r\n'
      const reply = await send(site, {
        subject: 'buy',
        header,
        body: GTUBE,
        recipients: ['lover@example.com', USER],
      })
      assert.match(reply, /^250 /)
      const mail = await next(site, before)
      assert.deepEqual(
        mail.match(/^X-Spam-Flag: .*$/gm)?.map(line => line.trim()),
        ['X-Spam-Flag: YES'],
      )
      assert.equal(mail.match(/^X-Spam-Status:/gm)?.length, 1)
      assert.match(mail, /^Subject: \*\*\*SPAM\*\*\* buy\r$/m)
      assert.match(mail, /^X-Other: 1\r$/m)
      assert.deepEqual(passed(site).at(-1)?.recipients, ['lover@example.com'])
    },
  )

  await t.test('spam is refused, a virus discarded', async () => {
    const before = delivered(site).length
    assert.match(await send(site, {subject: 'buy', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
    assert.match(await send(site, {subject: 'virus', body: EICAR}), /^250 /)
    assert.equal(delivered(site).length, before)
    assert.match(daemonLog(site.home), /Blocked INFECTED \(.*\) \{DiscardedInbound,Quarantined\}/)
  })

  await t.test('a mail of 10 MB with 8-bit text and dots goes through octet for octet', async () => {
    const before = delivered(site).length
    const body = `.\r\n..\r\ngr\u00fcn\r\n${'0123456789'.repeat(7)}\r\n`.repeat(120_000)
    assert.match(await send(site, {subject: 'big', body}), /^250 /)
    const mail = await next(site, before)
    assert.ok(mail.endsWith(`${body}\r\n`))
  })

  await t.test('a hundred recipients', async () => {
    const before = site.sink.mails.flatMap(({recipients}) => recipients).length
    const recipients = Array.from({length: 100}, (_, n) => `u${n}@example.com`)
    assert.match(await send(site, {subject: 'many', recipients}), /^250 /)
    await until(
      'all of them to have it',
      () => site.sink.mails.flatMap(({recipients}) => recipients).length === before + 100,
    )
  })

  await t.test('without us the mail waits with the client', async () => {
    const before = delivered(site).length
    site.daemon.kill('SIGKILL')
    await until('it to be gone', () => site.daemon.signalCode !== null)
    assert.match(await send(site, {subject: 'later'}), /^4\d\d /)
    assert.equal(delivered(site).length, before)
  })
})

test('a temporary failure is one, and nothing is discarded', async t => {
  const site = await startSite(t, '$final_spam_destiny = D_TEMPFAIL;')
  assert.match(await send(site, {subject: 'buy', body: GTUBE}), /^450 4\.7\.0 Temporary failure/)
})

test('the packaged amavisd-submit has a mail checked and learns its end', async t => {
  const site = await startSite(t)
  // The path of the socket is a line of the program.
  const program = readFileSync('/usr/sbin/amavisd-submit', 'utf8')
    .replace(/^(\s*\$socketname\s*=\s*)['"][^'"]*['"]/m, `$1'${site.home}/amavisd.sock'`)
    .replace(/^(\s*\$tempbase\s*=\s*)['"][^'"]*['"]/m, `$1'${site.home}'`)
  const file = path.join(site.home, 'amavisd-submit')
  writeFileSync(file, program)
  const submit = (body: string) =>
    spawnSync('perl', ['-T', file, SENDER, USER], {
      input: `Date: Sun, 22 Nov 2026 12:00:00 +0000\nFrom: ${SENDER}\nSubject: x\n\n${body}\n`,
      encoding: 'utf8',
    })
  const clean = submit('text')
  assert.equal(clean.status, 0, clean.stderr)
  const spam = submit(GTUBE)
  assert.match(spam.stdout + spam.stderr, /554 5\.7\.0 Reject/)
  assert.notEqual(spam.status, 0)
})
