/**
 * What is known to be wrong with amavisd-new 2.13, by number, shown not to be so here. Those not in this file:
 *
 *  5  a retry repeats neither copies in quarantine nor notices: actions/quarantine, with the memory of retries
 * 11  no notification hangs on the client's system: actions/notify/dsn-decision.ts asks no fingerprint
 * 14  checks/spam/spamassassin (one helper for all children), daemon/waiting-line.test.ts, daemon/pool.test.ts
 * 15  checks/spam: Rspamd gets all recipients and mail of any size; spamd-client.test.ts has any address
 * 18  checks/bounce-killer.test.ts: pen pals rescue a bounce; that nobody is killed without a store is on purpose
 * 19  belongs to the SQL and Redis stores
 * 21  actions/quarantine/local.test.ts: written beside, synced, never over another
 * 22  the other half, a reload with a mistake: daemon/reload.test.ts
 * 24  belongs to DKIM keys (genrsa makes 2048 bits, ed25519 is known); digests of ours are SHA-1 and up, ids are random
 */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import {mkdirSync, rmSync, symlinkSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {gzipSync} from 'node:zlib'
import {sendMail} from '../../src/demo/feed.ts'
import {sevenZipped} from '../decode/archives.ts'
import {amavis} from '../support/amavis.ts'
import {ask, mailFolder} from '../support/ampdp.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {converse, startHop} from '../support/hop.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')
const FIELDS =
  'Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nFrom: <a@remote.test>\r\nMessage-ID: <m1@remote.test>\r\n'
const mail = (body: string | Buffer, more = '') =>
  Buffer.concat([Buffer.from(`${FIELDS}${more}\r\n`), Buffer.from(body as string)])
const attached = (name: string, content: Buffer) =>
  mail(
    content.toString('base64').replace(/.{76}/g, '$&\r\n').concat('\r\n'),
    `MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=${name}\r\nContent-Transfer-Encoding: base64\r\n`,
  )

const sent = {sender: 'a@remote.test', recipient: 'user@example.com'}

test('defects that one daemon over SMTP and AM.PDP can show', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t, {
    'RCPT TO:<full@example.com>': '450 4.2.0 mailbox busy',
    'RCPT TO:<deaf@remote.test>': '450 4.2.0 not now',
  })
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';
$smtpd_message_size_limit = 100000;
$propagate_dsn_if_possible = 0;
$sa_tag_level_deflt = -999;
$final_bad_header_destiny = D_REJECT;
$unix_socketname = '${home}/amavisd.sock'; $interface_policy{'SOCK'} = 'AM.PDP-SOCK';
$policy_bank{'AM.PDP-SOCK'} = {protocol => 'AM.PDP', final_bad_header_destiny => D_PASS};
$policy_bank{'WAIT'} = {final_spam_destiny => D_TEMPFAIL};
$policy_bank{'SOFT'} = {final_spam_destiny => D_REJECT, soft_bounce => 1};`,
  )
  const socket = path.join(home, 'amavisd.sock')
  const request = (tempdir: string, bank: string, recipient = '<user@example.com>') => ({
    request: 'AM.PDP',
    policy_bank: bank,
    sender: '<a@remote.test>',
    recipient,
    tempdir,
  })
  const entry = async (pattern: RegExp) => {
    await until(String(pattern), () => pattern.test(daemonLog(home)))
  }

  for (const bank of ['WAIT', 'SOFT']) {
    await t.test(`1: mail of a milter that has to wait is not discarded (${bank})`, async () => {
      const [lines = []] = await ask(socket, request(mailFolder(home, `${FIELDS}\r\n${GTUBE}\r\n`), bank))
      assert.deepEqual(lines.slice(-2), ['return_value=tempfail', 'exit_code=75'])
    })
  }

  const closed: readonly [what: string, name: string, content: () => Promise<Buffer>][] = [
    [
      'a gzip file that ends too early',
      'a.gz',
      async () => gzipSync(Buffer.alloc(5000, 'amavis')).subarray(0, 40),
    ],
    [
      'a 7z archive with encrypted names',
      'a.7z',
      () => sevenZipped('x.7z', [{name: 'a.txt', content: Buffer.from('hello')}], ['-psecret', '-mhe=on']),
    ],
  ]
  for (const [what, name, content] of closed) {
    await t.test(`2: ${what} is not CLEAN`, async () => {
      const before = daemonLog(home).length
      assert.match(await sendMail(port, {...sent, octets: attached(name, await content())}), /^250 /)
      await until('the entry', () => /Passed UNCHECKED/.test(daemonLog(home).slice(before)))
    })
  }

  await t.test('3, 17: the size limit that is announced holds at MAIL and at the end of data', async () => {
    const told = await converse(port, ['EHLO x.test', 'MAIL FROM:<a@remote.test> SIZE=200000'])
    assert.ok(told.includes('250-SIZE 100000'))
    assert.match(told.at(-2) ?? '', /^552 5\.3\.4 /)
    const octets = mail('x'.repeat(70).concat('\r\n').repeat(2000))
    assert.match(await sendMail(port, {...sent, octets}), /^552 5\.3\.4 /)
  })

  await t.test('4: no password is as good as another', async () => {
    const told = await converse(port, [
      'EHLO x.test',
      `AUTH PLAIN ${Buffer.from('\0a\0b').toString('base64')}`,
    ])
    assert.ok(!told.some(line => /^250.AUTH/.test(line)))
    assert.match(told.at(-2) ?? '', /^50\d /)
  })

  await t.test(
    '5: of recipients of whom one has to wait, none has the mail twice when it comes again',
    async () => {
      const before = hop.mails.length
      const recipient = ['user@example.com', 'full@example.com']
      assert.match(await sendMail(port, {...sent, recipient, octets: mail('hello\r\n')}), /^450 4\.2\.0 /)
      assert.equal(hop.mails.length, before)
    },
  )

  await t.test('6: a notification that has to wait does not fail a mail that was delivered', async () => {
    const told = await converse(port, [
      'EHLO x.test',
      'MAIL FROM:<deaf@remote.test>',
      'RCPT TO:<user@example.com> NOTIFY=SUCCESS',
      'DATA',
      `${mail('hello').toString()}\r\n.`,
    ])
    assert.match(told.at(-2) ?? '', /^250 2\.0\.0 from MTA/)
    await entry(/UNABLE TO SEND DSN to <deaf@remote\.test>/)
  })

  await t.test('7: an inner failure says nothing of ours to the client', async () => {
    const quarantine = path.join(home, 'quarantine')
    rmSync(quarantine, {recursive: true})
    symlinkSync('/proc/nowhere/at/all', quarantine)
    const answer = await sendMail(port, {...sent, octets: mail(`${GTUBE}\r\n`)})
    assert.match(answer, /^451 4\.5\.0 Error in processing, id=[\d-]+, notif-quar FAILED$/)
    rmSync(quarantine)
    mkdirSync(quarantine)
  })

  await t.test('8: a blocked mail is called by the minor category that it has', async () => {
    const octets = Buffer.from(
      mail('x\r\n')
        .toString()
        .replace(/^Date:.*\r\n/, ''),
    )
    assert.match(
      await sendMail(port, {...sent, octets}),
      /^554 5\.6\.0 Reject, id=\S+ - BAD HEADER: .*missing/i,
    )
    await entry(/Blocked BAD-HEADER-7 /)
  })

  await t.test('9: the entry of a blocked recipient has its address', async () => {
    await entry(/Blocked BAD-HEADER, <a@remote\.test> -> <user@example\.com>, Hits/)
  })

  await t.test(
    '10: a DSN has answers as they were given, in one line, and the whole mail with RET=FULL',
    async () => {
      await converse(port, [
        'EHLO x.test',
        'MAIL FROM:<a@remote.test> RET=FULL',
        'RCPT TO:<user@example.com>',
        'DATA',
        `${attached('Setup.exe', Buffer.from('Not a program'))}.`,
      ])
      const dsn = hop.mails.at(-1) ?? ''
      assert.match(dsn, /554 5\.7\.0 Bounce, id=\S+ - BANNED:\s+application\/octet-stream,\.asc,Setup\.exe/)
      assert.match(dsn, /Diagnostic-Code: smtp; 554 5\.7\.0 Bounce/)
      assert.match(dsn, /Content-Type: message\/rfc822/)
      assert.ok(dsn.includes(Buffer.from('Not a program').toString('base64')))
    },
  )

  await t.test('12: a client edits each field of a name, by the name that it has', async () => {
    const tempdir = mailFolder(home, `${FIELDS}X-Spam-Flag: NO\r\nx-spam-FLAG: NO\r\n\r\nhello\r\n`)
    const [lines = []] = await ask(socket, request(tempdir, ''))
    assert.deepEqual(
      lines.filter(line => /^delheader/.test(line)),
      ['delheader=2 x-spam-FLAG', 'delheader=1 X-Spam-Flag'],
    )
  })

  await t.test('20: a client adds X-Spam-* for local recipients only', async () => {
    const [lines = []] = await ask(
      socket,
      request(mailFolder(home, `${FIELDS}\r\nhello\r\n`), '', '<far@other.test>'),
    )
    assert.ok(lines.some(line => /^insheader=0 X-Virus-Scanned/.test(line)))
    assert.ok(!lines.some(line => /^insheader=0 X-Spam-/.test(line)))
  })

  await t.test('17: a refused STARTTLS resets nothing, and <> receives nothing', async () => {
    const told = await converse(port, [
      'EHLO x.test',
      'MAIL FROM:<a@remote.test>',
      'RCPT TO:<>',
      'STARTTLS',
      'RCPT TO:<user@example.com>',
    ])
    assert.match(told.at(-4) ?? '', /^501 5\.1\.3 /)
    assert.match(told.at(-3) ?? '', /^50\d /)
    assert.match(told.at(-2) ?? '', /^250 2\.1\.5 /)
  })
})

test('16: bare CR, NUL and 8-bit octets of a body reach the next hop as they are', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  await startDaemon(t, home, port, `$forward_method = 'smtp:[127.0.0.1]:${hop.port}';`)
  const octets = mail(Buffer.from('a\rb\0c\xff\xfe\r\n\r\r\n', 'latin1'))
  assert.match(await sendMail(port, {...sent, octets}), /^250 2\.0\.0 /)
  assert.ok(hop.mails[0]?.endsWith(octets.toString('latin1')))
})

test('2: mail waits when every virus scanner failed', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${hop.port}';
@av_scanners = (['broken', '/bin/false', '{}', [0], [2..9], undef]);`,
  )
  assert.match(
    await sendMail(port, {...sent, octets: mail('hello\r\n')}),
    /^451 4\.5\.0 .*ALL VIRUS SCANNERS FAILED$/,
  )
  assert.equal(hop.mails.length, 0)
})

test('13: a clamd that is down costs the second mail nothing', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  const dead = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${hop.port}'; $virus_scanners_failure_is_fatal = 0; $max_servers = 1;
@av_scanners = (['clamd', \\&ask_daemon, ["CONTSCAN {}\\n", '127.0.0.1:${dead}'], qr/OK$/m, qr/FOUND$/m, undef]);`,
  )
  await sendMail(port, {...sent, octets: mail('one\r\n')})
  const startedAt = performance.now()
  assert.match(await sendMail(port, {...sent, octets: mail('two\r\n')}), /^250 /)
  assert.ok(performance.now() - startedAt < 3000, 'the original waits 7 s')
})

test('22: -V and -h are no failures', async () => {
  for (const option of ['-V', '-h']) assert.equal((await amavis(option)).status, 0, option)
})

test('23: $child_timeout bounds the next hop, too', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hung = net.createServer(socket => socket.on('error', () => {}))
  hung.listen(0, '127.0.0.1')
  await once(hung, 'listening')
  t.after(() => hung.close())
  const {port: hungPort} = hung.address() as net.AddressInfo
  await startDaemon(t, home, port, `$forward_method = 'smtp:[127.0.0.1]:${hungPort}'; $child_timeout = 3;`)
  const startedAt = performance.now()
  assert.match(await sendMail(port, {...sent, octets: mail('hello\r\n')}), /^451 /)
  assert.ok(performance.now() - startedAt < 20_000, 'the original goes on for 60 s')
})
