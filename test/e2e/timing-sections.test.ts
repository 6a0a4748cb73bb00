/**
 * Names of the sections of TIMING lines are the original's, as log readers group by them (spec/daemon, TIMING line): a
 * daemon on the mails that show each one that there is here.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {ask, mailFolder} from '../support/ampdp.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {startNameServer} from '../support/dns.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

/** The original's, a number as N, a name of the configuration as X; in the order in which they may appear. */
const ORIGINAL = new Set(
  `SMTP greeting, SMTP EHLO, SMTP HELO, SMTP LHLO, SMTP starttls, SMTP pre-MAIL, mkdir tempdir, create email.txt, SMTP MAIL,
SMTP pre-DATA-flush, SMTP DATA, got data, check_init, digest_hdr, digest_body, digest_body_dkim, collect_info, sql-connect,
sql-prepare, ldap-prepare, gen_mail_id, custom-new, redis-connect, redis-load, redis_ip_repu, mkdir parts, mime_decode,
inspect_dsn, get-file-typeN, decompose_part, parts_decode, check_header, AV-scan-N, read_snmp_variables, spam-wb-list,
SA msg read, SA parse, SA check, SA call, custom-checks, pre-penpals, penpals-redis, penpals-sql, decide_mail_destiny,
quar-hdrs, notif-quar, stat-mbx, open-mbx, write-header, save-to-local-mailbox, custom-before_send, mangle-X, defang,
fwd-connect, fwd-xforward, fwd-mail-from, fwd-rcpt-to, fwd-mail-pip, fwd-rcpt-pip, fwd-data-chkpnt, fwd-data-dkim,
fwd-data-contents, fwd-end-chkpnt, fwd-pipe, fwd-bsmtp, fwd-sql, custom-after_send, prepare-dsn, report, main_log_entry,
redis-update, sql-update, update_snmp, custom-mail_done, SMTP pre-response, SMTP response, unlink-N-files, rundown`.split(
    /,\s/,
  ),
)

/** Ours: stages that the original has no section for. */
const OWN = new Set(['check_banned', 'spf-dmarc', 'fwd-data-cmd'])

/** Ours comes later: the lines of the log about signatures have the mail's identifier. */
const MOVED = 'digest_body_dkim'

/** What the mails below show, each at least once. */
const SHOWN =
  `SMTP greeting, SMTP EHLO, SMTP MAIL, SMTP pre-DATA-flush, SMTP DATA, got data, check_init, digest_hdr, digest_body_dkim,
spf-dmarc, collect_info, gen_mail_id, mime_decode, inspect_dsn, get-file-typeN, parts_decode, check_header, check_banned, AV-scan-N,
spam-wb-list, SA check, pre-penpals, decide_mail_destiny, notif-quar, defang, fwd-connect, fwd-mail-pip, fwd-rcpt-pip,
fwd-data-chkpnt, fwd-data-contents, fwd-end-chkpnt, fwd-pipe, fwd-bsmtp, prepare-dsn, report, main_log_entry, update_snmp,
SMTP pre-response, SMTP response, rundown`.split(/,\s/)

const GTUBE = ['XJS*C4JDBQADN1', '.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE', '-TEST-EMAIL*C.34X'].join('')
const SIGNATURE = 'DKIM-Signature: v=1; a=rsa-sha256; d=remote.test; s=s; h=from; bh=AAAA; b=AAAA\r\n'

/** The names of a log's TIMING lines, in their order. */
function sections(log: string): readonly (readonly string[])[] {
  return [...log.matchAll(/TIMING \[total \d+ ms(?:, cpu [^\]]*)?\] - (.*)$/gm)].map(([, line = '']) =>
    line.split(', ').map(section => {
      const name = /^(.+): [\d.]+ \(\d+%\)\d+$/.exec(section)?.[1]
      assert.ok(name !== undefined, `a section that is none: ${section}`)
      return name.replace(/^(get-file-type|AV-scan-)\d+$/, '$1N').replace(/^mangle-.*/, 'mangle-X')
    }),
  )
}

const mail = (fields: string, body: string) =>
  Buffer.from(`${fields}From: a@remote.test\r\nSubject: x\r\n\r\n${body}\r\n`)

test('sections have the names of the original, and each of those that there are is shown', async t => {
  const home = temporaryFolder(t)
  const [main, piped, bsmtp] = [await freePort(), await freePort(), await freePort()]
  const sink = await startSink()
  t.after(() => sink.close())
  await startDaemon(
    t,
    home,
    main,
    `$inet_socket_port = [${main}, ${piped}, ${bsmtp}];
$unix_socketname = "$MYHOME/amavisd.sock";
$interface_policy{'SOCK'} = 'PDP'; $policy_bank{'PDP'} = { protocol => 'AM.PDP', forward_method => undef };
$interface_policy{'${piped}'} = 'PIPE'; $policy_bank{'PIPE'} = { forward_method => 'pipe:flags=q argv=/bin/cat' };
$interface_policy{'${bsmtp}'} = 'BSMTP'; $policy_bank{'BSMTP'} = { forward_method => "bsmtp:$MYHOME/%m.bsmtp" };
$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$final_spam_destiny = D_PASS; $defang_spam = 1; $spam_quarantine_method = 'local:spam-%m'; $bounce_killer_score = 10;
$enable_dkim_verification = 1; $enable_dmarc_verification = 1; @dns_servers = ('${await startNameServer(t, new Map())}');`,
  )
  const send = async (port: number, octets: Buffer) =>
    assert.match(
      await sendMail(port, {sender: 's@remote.test', recipient: 'user@example.com', octets}),
      /^250/,
    )
  for (const port of [main, piped, bsmtp]) await send(port, mail('', 'hi'))
  await send(main, mail(SIGNATURE, 'hi'))
  await send(main, mail('', GTUBE))
  const tempdir = mailFolder(home, mail('', 'hi'))
  const request = {request: 'AM.PDP', sender: '<s@remote.test>', recipient: '<user@example.com>', tempdir}
  await ask(path.join(home, 'amavisd.sock'), request)

  const shown = await until('six lines', () => {
    const lines = sections(daemonLog(home))
    return lines.length >= 6 ? lines : undefined
  })
  const names = new Set(shown.flat())
  assert.deepEqual(
    [...names].filter(name => !ORIGINAL.has(name) && !OWN.has(name)),
    [],
    'names that no log reader knows',
  )
  assert.deepEqual(
    SHOWN.filter(name => !names.has(name)),
    [],
    'names that are not shown any more',
  )
  const order = [...ORIGINAL]
  for (const line of shown) {
    const places = line.filter(name => !OWN.has(name) && name !== MOVED).map(name => order.indexOf(name))
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      `in another order: ${line.join(', ')}`,
    )
    assert.equal(line.at(-1), 'rundown')
  }
})
