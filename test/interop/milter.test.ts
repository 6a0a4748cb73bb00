/** A real Postfix that has us as its milter (smtpd_milters): accept, edit, refuse, discard, defer; many at once. */
import assert from 'node:assert/strict'
import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {delivered, EICAR, GTUBE, next, type Passage, passed, SENDER, send, USER} from './milter-traffic.ts'
import {type Postfix, startPostfix} from './postfix-server.ts'

interface Site extends Passage {
  readonly postfix: Postfix
  readonly home: string
  readonly daemon: ChildProcess
}

async function startSite(t: TestContext, lines = '', protocol = 6): Promise<Site> {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const milterPort = await freePort()
  const daemon = await startDaemon(
    t,
    home,
    await freePort(),
    `
    $inet_socket_port = [$inet_socket_port, ${milterPort}];
    $interface_policy{'${milterPort}'} = 'MILTER';
    $policy_bank{'MILTER'} = { protocol => 'MILTER' };
    $max_servers = 6;
    $sa_tag_level_deflt = -999;
    @spam_lovers_maps = ( ['lover@example.com'] );
    $sa_spam_subject_tag = '***SPAM*** ';
    $notify_method = 'smtp:[127.0.0.1]:${sink.port}';
    ${lines}`,
  )
  const port = await freePort()
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
smtpd_milters = inet:127.0.0.1:${milterPort}
milter_protocol = ${protocol}
milter_default_action = tempfail
milter_connect_timeout = 5s
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_client_connection_count_limit = 0
default_destination_concurrency_limit = 4`,
    `127.0.0.1:${port} inet n - n - - smtpd`,
  )
  t.after(() => postfix.stop())
  const site = {port, home, daemon, sink, postfix}
  await until('a mail to pass', async () => /^250/.test(await send(site, {subject: 'ready'})))
  await until('it to arrive', () => delivered(site).length === 1)
  return site
}

for (const protocol of [6, 2]) {
  test(`Postfix with us as its milter, in protocol ${protocol}`, async t => {
    const site = await startSite(t, '', protocol)

    await t.test('a clean mail has our fields, above its own, and no Received of ours', async () => {
      const before = delivered(site).length
      assert.match(
        await send(site, {subject: 'clean', header: 'X-Odd:no blank\r\nX-Folded: a\r\n\tb\r\n'}),
        /^250 /,
      )
      const mail = await next(site, before)
      assert.match(mail, /^X-Virus-Scanned: amavis at example\.com\r$/m)
      assert.match(mail, /^X-Spam-Flag: NO\r$/m)
      assert.match(mail, /^X-Folded: a\r\n\tb\r$/m)
      assert.ok(mail.indexOf('X-Virus-Scanned') < mail.indexOf('From: '))
      assert.equal(mail.match(/^Received:/gm)?.length, 1, mail)
      assert.match(
        daemonLog(site.home),
        /Passed CLEAN \{AcceptedInbound\}, MILTER .*\[127\.0\.0\.1\].*Queue-ID: \w+/,
      )
    })

    await t.test('forged fields go, the Subject is tagged, a recipient is taken away', async () => {
      const before = delivered(site).length
      const header = 'X-Spam-Flag: NO\r\nX-Other: 1\r\nx-spam-flag: NEVER\r\nX-Spam-Status: No\r\n'
      const recipients = ['lover@example.com', 'User@example.com']
      assert.match(await send(site, {subject: 'buy', header, body: GTUBE, recipients}), /^250 /)
      const mail = await next(site, before)
      assert.deepEqual(
        mail.match(/^X-Spam-Flag: .*$/gim)?.map(line => line.trim()),
        ['X-Spam-Flag: YES'],
      )
      assert.equal(mail.match(/^X-Spam-Status:/gm)?.length, 1)
      assert.match(mail, /^Subject: \*\*\*SPAM\*\*\* buy\r$/m)
      assert.match(mail, /^X-Other: 1\r$/m)
      assert.deepEqual(passed(site).at(-1)?.recipients, ['lover@example.com'])
    })

    await t.test('spam is refused in our words, a virus discarded and quarantined', async () => {
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
      assert.ok((await next(site, before)).endsWith(`${body}\r\n`))
    })

    await t.test('a hundred recipients', async () => {
      const all = () => site.sink.mails.flatMap(({recipients}) => recipients).length
      const before = all()
      const recipients = Array.from({length: 100}, (_, n) => `u${n}@example.com`)
      assert.match(await send(site, {subject: 'many', recipients}), /^250 /)
      await until('all of them to have it', () => all() === before + 100)
    })

    await t.test('without us the mail waits with the client', async () => {
      const before = delivered(site).length
      site.daemon.kill('SIGKILL')
      await until('it to be gone', () => site.daemon.signalCode !== null)
      assert.match(await send(site, {subject: 'later'}), /^4\d\d /)
      assert.equal(delivered(site).length, before)
    })
  })
}

test('a mail that is defanged has another body, and goes to the address with an extension', async t => {
  const site = await startSite(
    t,
    `$defang_spam = 1; @addr_extension_spam_maps = ('junk'); $recipient_delimiter = '+';
     $final_spam_destiny = D_PASS;`,
  )
  const before = delivered(site).length
  const header =
    'MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
  const body = `${GTUBE}\r\n${'gr\u00fcn '.repeat(10)}\r\n`.concat('0123456789\r\n'.repeat(10_000))
  assert.match(await send(site, {subject: 'buy', header, body}), /^250 /)
  const mail = await next(site, before)
  assert.match(mail, /^X-Amavis-Modified: Mail body modified \(defanged\) - /m)
  const [head = '', ...rest] = mail.split('\r\n\r\n')
  assert.equal(head.match(/^MIME-Version:/gim)?.length, 1, head)
  assert.deepEqual(
    head.match(/^Content-.*$/gim)?.map(line => line.trim().split(';')[0]),
    ['Content-Type: multipart/mixed'],
  )
  const text = rest.join('\r\n\r\n')
  assert.match(text, /^Content-Type: message\/rfc822\r$/m)
  assert.ok(text.includes(`\r\n\r\n${body}`), 'the original is not in it')
  assert.match(text, /--\r\n$/)
  assert.deepEqual(passed(site).at(-1)?.recipients, ['user+junk@example.com'])
  assert.match(daemonLog(site.home), /AcceptedInbound|RelayedTagged/)
})

test('a temporary failure is one, and nothing is discarded', async t => {
  const site = await startSite(t, '$final_spam_destiny = D_TEMPFAIL;')
  assert.match(await send(site, {subject: 'buy', body: GTUBE}), /^450 4\.7\.0 Temporary failure/)
})

test('a thousand mails in fifty sessions at once: none is lost, none comes twice', async t => {
  const site = await startSite(t, '$max_servers = 10; $log_level = 0; $waiting_connections_limit = 200;')
  const before = delivered(site).length
  const source = spawn(
    'smtp-source',
    ['-s', '50', '-m', '1000', '-l', '5000', '-f', SENDER, '-t', USER, '-N', `127.0.0.1:${site.port}`],
    {stdio: ['ignore', 'ignore', 'pipe']},
  )
  let said = ''
  source.stderr.on('data', chunk => (said += chunk))
  const code = await new Promise(resolve => source.once('exit', resolve))
  assert.equal(code, 0, said)
  await until('all to have arrived', () => delivered(site).length >= before + 1000, 120_000)
  assert.equal(delivered(site).length, before + 1000)
  assert.ok(delivered(site).every(mail => /^X-Virus-Scanned:/m.test(mail)))
})

test('recipients who need different copies get them by $forward_method, and Postfix discards its own', async t => {
  const {port: sinkPort, mails, close} = await startSink()
  t.after(() => close())
  const site = await startSite(
    t,
    `$reinject_different_copies = 1; $forward_method = 'smtp:[127.0.0.1]:${sinkPort}';
     @spam_subject_tag2_maps = ({'tagged@example.com' => '***SPAM*** '});
     @spam_tag2_level_maps = (3); @spam_kill_level_maps = (9999);`,
  )
  const before = delivered(site).length
  const both = ['tagged@example.com', 'plain@example.com']
  assert.match(await send(site, {subject: 'two kinds', body: GTUBE, recipients: both}), /^250 /)
  await until('both copies', () => mails.length === 2)
  const subjects = mails.map(({recipients, octets}) => [
    recipients.join(),
    /^Subject: (.*)\r$/m.exec(octets.toString('latin1'))?.[1],
  ])
  assert.deepEqual(subjects.sort(), [
    ['plain@example.com', 'two kinds'],
    ['tagged@example.com', '***SPAM*** two kinds'],
  ])
  for (const {octets} of mails)
    assert.match(octets.toString('latin1'), /^Received: [\s\S]*?\(amavis, port \d+\)\r\n id /m)

  assert.match(await send(site, {subject: 'one kind', recipients: both}), /^250 /)
  await until('the mail by Postfix', () => delivered(site).length === before + 1)
  assert.equal(mails.length, 2)

  await close()
  assert.match(await send(site, {subject: 'nobody there', body: GTUBE, recipients: both}), /^451 /)
})

test('mail that is to be held waits in the hold queue of Postfix until somebody releases it', async t => {
  const site = await startSite(
    t,
    `%milter_hold_by_ccat = (CC_SPAMMY, 'spammy: look at it', CC_SPAM, 1);
     $sa_tag2_level_deflt = 3; $sa_kill_level_deflt = 9999;`,
  )
  const before = delivered(site).length
  assert.match(await send(site, {subject: 'held', body: GTUBE}), /^250 /)
  await until('it to be held', () => /milter-hold: END-OF-MESSAGE/.test(site.postfix.log()))
  assert.match(await send(site, {subject: 'clean'}), /^250 /)
  assert.match(await next(site, before), /^Subject: clean\r$/m)
  const [id] = site.postfix.queued()
  execFileSync('postsuper', ['-c', path.join(site.postfix.folder, 'etc'), '-H', id!], {stdio: 'ignore'})
  execFileSync('postqueue', ['-c', path.join(site.postfix.folder, 'etc'), '-i', id!], {stdio: 'ignore'})
  const held = await next(site, before + 1)
  assert.match(held, /^Subject: .*held\r$/m)
  assert.match(held, /^X-Spam-Flag: YES\r$/m)
})
