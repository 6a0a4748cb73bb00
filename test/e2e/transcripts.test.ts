/**
 * What amavisd-new 2.13 was seen to say, on the wire and in the log, and what we say; ids, times, ports and folders
 * are put in the place of ours. Lines of the recordings that show a defect stand here as they ought to be.
 */
import assert from 'node:assert/strict'
import {chmodSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {ask, mailFolder} from '../support/ampdp.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {converse, startHop} from '../support/hop.ts'
import {startSpamd} from '../support/spamd.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const LEVELS =
  '$sa_tag_level_deflt = -999; $sa_tag2_level_deflt = 4; $sa_kill_level_deflt = 6.9; $banned_filename_re = undef;'
const XFORWARD =
  'XFORWARD NAME=mail.remote.test ADDR=203.0.113.5 PORT=41234 PROTO=ESMTP HELO=mx.remote.test IDENT=4ABCD SOURCE=REMOTE'
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')

const mail = (body = 'hello', ...fields: readonly string[]) =>
  [
    'Date: Sun, 22 Nov 2026 12:00:00 +0000',
    'From: sender@remote.test',
    'To: user@example.com',
    'Subject: test',
    'Message-ID: <m1@remote.test>',
    ...fields,
    '',
    body,
    '.',
  ].join('\r\n')

/** What differs from run to run, each put as the recordings have it. */
function settled(text: string): string {
  return text
    .replace(/\b\d{5,}-\d\d(?:-\d+)?\b/g, 'TASK')
    .replace(/\b\d+ ms$/gm, 'N ms')
    .replace(/mail_id: [\w-]{12}/g, 'mail_id: MAILID')
    .replace(/smtp:\[127\.0\.0\.1\]:\d+/g, 'smtp:[127.0.0.1]:20020')
}

/** Entries of the log, without their prefixes. */
const entries = (home: string) =>
  daemonLog(home)
    .split('\n')
    .map(line => /\((?:\d{5,}-\d\d(?:-\d+)?)\) (?:\(!+\))?(.*)$/.exec(line)?.[1])
    .filter(entry => entry !== undefined)

test('a clean mail through SMTP', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  const spamd = await startSpamd(
    t,
    'No, score=-0.001 required=5.0 tests=MSGID_SHORT=0.001,NO_RECEIVED=-0.001,NO_RELAYS=-0.001 autolearn=unavailable autolearn_force=no',
    '0.0',
  )
  await startDaemon(
    t,
    home,
    port,
    `${LEVELS} $forward_method = 'smtp:[127.0.0.1]:${hop.port}';
@spam_scanners = (['SpamAssassin', 'SpamdClient', host => '127.0.0.1', port => ${spamd}]);`,
  )
  const answers = await converse(port, [
    'EHLO mx.remote.test',
    XFORWARD,
    'MAIL FROM:<sender@remote.test> RET=HDRS ENVID=abc+2B',
    'RCPT TO:<user@example.com> ORCPT=rfc822;uA@x.test NOTIFY=SUCCESS,FAILURE',
    'DATA',
    mail(),
  ])
  assert.deepEqual(answers.slice(0, 1), ['220 [127.0.0.1] ESMTP amavis service ready'])
  assert.deepEqual(answers.slice(-6).map(settled), [
    '250 2.5.0 Ok XFORWARD',
    '250 2.1.0 Sender <sender@remote.test> OK',
    '250 2.1.5 Recipient <user@example.com> OK',
    '354 End data with <CR><LF>.<CR><LF>',
    '250 2.0.0 from MTA(smtp:[127.0.0.1]:20020): 250 2.0.0 Ok: queued as Q7ABC0001',
    '221 2.0.0 [127.0.0.1] amavis closing transmission channel',
  ])

  await t.test('what the next hop is told', () => {
    assert.deepEqual(hop.commands.slice(0, 5), [
      'EHLO localhost',
      'XFORWARD ADDR=203.0.113.5 NAME=mail.remote.test PORT=41234 PROTO=ESMTP HELO=mx.remote.test SOURCE=REMOTE IDENT=4ABCD',
      'MAIL FROM:<sender@remote.test> RET=HDRS BODY=7BIT ENVID=abc+2B',
      'RCPT TO:<user@example.com> ORCPT=rfc822;uA@x.test NOTIFY=SUCCESS,FAILURE',
      'DATA',
    ])
  })

  await t.test('what the mail begins with', () => {
    const [sent = ''] = hop.mails
    const at = sent.indexOf('Date: Sun, 22 Nov 2026 12:00:00')
    const lines = sent.slice(0, at).split('\r\n')
    assert.deepEqual(lines.slice(0, 8), [
      'X-Virus-Scanned: amavis at example.com',
      'X-Spam-Flag: NO',
      'X-Spam-Score: -0.001',
      'X-Spam-Level:',
      'X-Spam-Status: No, score=-0.001 tagged_above=-999 required=4',
      ' tests=[MSGID_SHORT=0.001, NO_RECEIVED=-0.001, NO_RELAYS=-0.001]',
      ' autolearn=unavailable autolearn_force=no',
      'Received: from mx.remote.test ([127.0.0.1])',
    ])
    assert.match(
      lines[8] ?? '',
      /^ by localhost \(filter\.example\.com \[127\.0\.0\.1\]\) \(amavis, port \d+\) with ESMTP$/,
    )
    assert.match(
      lines[9] ?? '',
      /^ id [\w-]{12} for <user@example\.com>; \w{3}, \d\d? \w{3} \d{4} \d\d:\d\d:\d\d \+0000 \(UTC\)$/,
    )
    assert.equal(sent.slice(at), mail().slice(0, -1))
  })

  await t.test('what is logged of a mail whose client is not told', async () => {
    const before = entries(home).length
    await converse(port, [
      'EHLO mx.remote.test',
      'MAIL FROM:<sender@remote.test>',
      'RCPT TO:<user@example.com>',
      'DATA',
      mail(),
    ])
    await until('the entry', () => entries(home).filter(entry => /^Passed/.test(entry)).length >= 4)
    const text = settled(entries(home).slice(before).join('\n')).replace(/^(?:SMTP|ESMTP) :\d+.*$/gm, 'ESMTP')
    for (const line of [
      /^Checking: [\w-]{12} \[127\.0\.0\.1\] <sender@remote\.test> -> <user@example\.com>$/m,
      /^p001 1 Content-Type: text\/plain, 7bit, size: 6, SHA1 digest: f572d396fae9206628714fb2ce00f72e94f2258f$/m,
      /^[\w-]{12} FWD from <sender@remote\.test> -> <user@example\.com>, BODY=7BIT 250 2\.0\.0 from MTA\(smtp:\[127\.0\.0\.1\]:20020\): 250 2\.0\.0 Ok: queued as Q7ABC0002$/m,
      /^Passed CLEAN \{RelayedInbound\}, \[127\.0\.0\.1\] <sender@remote\.test> -> <user@example\.com>, Message-ID: <m1@remote\.test>, mail_id: MAILID, Hits: -0\.001, size: \d+, queued_as: Q7ABC0002, N ms$/m,
      /^Passed CLEAN, <sender@remote\.test> -> <user@example\.com>, Hits: -0\.001, tag=-999, tag2=4, kill=6\.9, queued_as: Q7ABC0002, L\/Y\/0\/0$/m,
    ])
      assert.match(text, line)
    assert.match(
      entries(home).join('\n'),
      /FWD from .*, ENVID=abc\+2B RET=HDRS BODY=7BIT 250 2\.0\.0 from MTA/,
    )
  })
})

test('a virus', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  const scanner = path.join(home, 'clamscan')
  writeFileSync(scanner, '#!/bin/sh\necho "$1/p001: Eicar-Test-Signature.UNOFFICIAL FOUND"\nexit 1\n')
  chmodSync(scanner, 0o755)
  await startDaemon(
    t,
    home,
    port,
    `${LEVELS} $forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';
$virus_admin = $mailfrom_notify_admin = 'virusalert@example.com';
@av_scanners = (['ClamAV-clamscan', '${scanner}', '{}', [0], qr/:.*\\sFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m]);`,
  )
  const answers = await converse(port, [
    'EHLO mx.remote.test',
    'MAIL FROM:<sender@remote.test>',
    'RCPT TO:<user@example.com>',
    'DATA',
    mail('what a scanner takes for a virus'),
  ])
  assert.equal(
    settled(answers.at(-2) ?? ''),
    '250 2.7.0 Ok, discarded, id=TASK - INFECTED: Eicar-Test-Signature.UNOFFICIAL',
  )
  const [file = ''] = readdirSync(path.join(home, 'quarantine'))
  assert.match(file, /^virus-[\w-]{12}$/)
  await until('the entry', () => /Blocked INFECTED/.test(daemonLog(home)))

  await t.test('the log', () => {
    const text = settled(entries(home).join('\n')).replaceAll(home, '<dir>')
    const id = file.slice('virus-'.length)
    for (const line of [
      /^virus_scan: \(Eicar-Test-Signature\.UNOFFICIAL\), detected by 1 scanners: ClamAV-clamscan$/m,
      new RegExp(
        `^[\\w-]{12}\\(${id}\\) SEND from <virusalert@example\\.com> -> <virusalert@example\\.com>, ENVID=AM\\.[\\w-]{12}\\.\\d{8}T\\d{6}Z@filter\\.example\\.com 250 2\\.0\\.0 from MTA\\(smtp:\\[127\\.0\\.0\\.1\\]:20020\\): 250 2\\.0\\.0 Ok: queued as Q7ABC0001$`,
        'm',
      ),
      new RegExp(`^local delivery: <sender@remote\\.test> -> virus-quarantine, mbx=\\S*virus-${id}$`, 'm'),
      new RegExp(
        `^Blocked INFECTED \\(Eicar-Test-Signature\\.UNOFFICIAL\\) \\{DiscardedInbound,Quarantined\\}, \\[127\\.0\\.0\\.1\\] <sender@remote\\.test> -> <user@example\\.com>, quarantine: virus-${id}, Message-ID: <m1@remote\\.test>, mail_id: MAILID, Hits: -, size: \\d+, N ms$`,
        'm',
      ),
    ])
      assert.match(text, line)
  })

  await t.test('the head of the file in quarantine', () => {
    const text = readFileSync(path.join(home, 'quarantine', file), 'utf8')
    assert.equal(
      text.slice(0, text.indexOf('Received:')),
      [
        'Return-Path: <sender@remote.test>',
        'Delivered-To: virus-quarantine',
        'X-Envelope-From: <sender@remote.test>',
        'X-Envelope-To: <user@example.com>',
        'X-Envelope-To-Blocked: <user@example.com>',
        `X-Quarantine-ID: <${file.slice('virus-'.length)}>`,
        'X-Amavis-Alert: INFECTED, message contains virus:',
        ' Eicar-Test-Signature.UNOFFICIAL',
        'X-Spam-Flag: NO',
        'X-Spam-Score: 0',
        'X-Spam-Level:',
        'X-Spam-Status: No, score=x tag=-999 tag2=4 kill=6.9 tests=[]',
        ' autolearn=unavailable',
        '',
      ].join('\n'),
    )
  })
})

test('LMTP, three recipients, three outcomes', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t, {
    'RCPT TO:<rperm@example.com>': '550 5.1.1 no such user here',
    'RCPT TO:<rtemp@example.com>': '450 4.2.0 mailbox busy',
  })
  await startDaemon(
    t,
    home,
    port,
    `${LEVELS} $forward_method = 'smtp:[127.0.0.1]:${hop.port}';
$interface_policy{${port}} = 'LMTPBANK'; $policy_bank{'LMTPBANK'} = {protocol => 'LMTP'};`,
  )
  const answers = await converse(
    port,
    [
      'LHLO mx.remote.test',
      XFORWARD,
      'MAIL FROM:<sender@remote.test>',
      'RCPT TO:<u1@example.com>',
      'RCPT TO:<rperm@example.com>',
      'RCPT TO:<rtemp@example.com>',
      'DATA',
      mail(
        'hello',
        'Received: from mx.remote.test ([203.0.113.5]) by mta.example.com; Sun, 22 Nov 2026 12:00:00 +0000',
      ),
    ],
    3,
  )
  assert.equal(answers[0], '220 [127.0.0.1] LMTP amavis service ready')
  assert.deepEqual(answers.slice(-4, -1).map(settled), [
    '250 2.0.0 from MTA(smtp:[127.0.0.1]:20020): 250 2.0.0 Ok: queued as Q7ABC0001',
    '550 5.1.1 id=TASK - Rejected by next-hop MTA on relaying, from MTA(smtp:[127.0.0.1]:20020): 550 5.1.1 no such user here',
    '450 4.2.0 id=TASK - Temporary MTA failure on relaying, from MTA(smtp:[127.0.0.1]:20020): 450 4.2.0 mailbox busy',
  ])
  await until('the entry', () => /Blocked MTA-BLOCKED/.test(daemonLog(home)))
  const text = settled(entries(home).join('\n'))
  const common = /LMTPBANK \[203\.0\.113\.5\]:41234 \[203\.0\.113\.5\] <sender@remote\.test> -> /.source
  // The recipient who got it is CLEAN: the recording calls him MTA-BLOCKED too.
  assert.match(
    text,
    new RegExp(
      `^Passed CLEAN \\{RejectedInbound,RelayedInbound,TempFailedInbound\\}, ${common}<u1@example\\.com>, Queue-ID: 4ABCD, .*, queued_as: Q7ABC0001/550 5\\.1\\.1 no such user here/450 4\\.2\\.0 mailbox busy, N ms$`,
      'm',
    ),
  )
  assert.match(
    text,
    new RegExp(
      `^Blocked MTA-BLOCKED .*${common}<rperm@example\\.com>,<rtemp@example\\.com>, Queue-ID: 4ABCD`,
      'm',
    ),
  )
})

test('a DSN of a forbidden part, RET=FULL ENVID=QQ314159 NOTIFY=FAILURE', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const hop = await startHop(t)
  await startDaemon(
    t,
    home,
    port,
    `${LEVELS} $forward_method = $notify_method = 'smtp:[127.0.0.1]:${hop.port}';
$banned_filename_re = new_RE( qr'.\\.(exe|vbs|pif|scr)$'i );`,
  )
  const answers = await converse(port, [
    'EHLO mx.remote.test',
    'MAIL FROM:<sender@remote.test> RET=FULL ENVID=QQ314159',
    'RCPT TO:<user@example.com> ORCPT=rfc822;user@example.com NOTIFY=FAILURE',
    'DATA',
    mail('no program', 'MIME-Version: 1.0', 'Content-Type: application/octet-stream; name="setup.exe"'),
  ])
  assert.equal(settled(answers.at(-2) ?? ''), '250 2.5.0 Ok, id=TASK, BOUNCE')
  await until('the entries', () => /Blocked BANNED/.test(daemonLog(home)))
  const text = settled(entries(home).join('\n'))
  assert.match(
    text,
    /^DSN: NOTIFICATION: Action:failed, LOCAL 554 Banned, spam level 0\.000, <sender@remote\.test> -> <user@example\.com>$/m,
  )
  assert.match(text, /^Blocked BANNED \(application\/octet-stream,\.asc,setup\.exe\) \{BouncedInbound/m)

  const [dsn = ''] = hop.mails
  const [, report = ''] =
    /Content-Type: message\/delivery-status[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(dsn) ?? []
  const unfolded = report.replace(/\r\n(?=[ \t])/g, '')
  const date = /\w{3}, \d\d? \w{3} \d{4} \d\d:\d\d:\d\d \+0000 \(UTC\)/g
  assert.deepEqual(
    settled(unfolded.replace(date, 'DATE').replace(/(TASK|\d{5,}-\d\d)\/[\w-]{12}/, 'TASK/MAILID'))
      .split('\r\n')
      .filter(line => line !== ''),
    [
      'Reporting-MTA: dns; filter.example.com',
      'Received-From-MTA: dns; mx.remote.test ([127.0.0.1])',
      'Arrival-Date: DATE',
      'Original-Envelope-Id: QQ314159',
      'Original-Recipient: rfc822;user@example.com',
      'Final-Recipient: rfc822;user@example.com',
      'Action: failed',
      'Status: 5.7.0',
      'Diagnostic-Code: smtp; 554 5.7.0 Bounce, id=TASK - BANNED: application/octet-stream,.asc,setup.exe',
      'Last-Attempt-Date: DATE',
      'Final-Log-ID: TASK/MAILID',
    ],
  )
})

test('AM.PDP: spam that one of two recipients loves', async t => {
  const home = temporaryFolder(t)
  await startDaemon(
    t,
    home,
    await freePort(),
    `${LEVELS} $unix_socketname = '${home}/amavisd.sock'; $interface_policy{'SOCK'} = 'AM.PDP-SOCK';
$policy_bank{'AM.PDP-SOCK'} = {protocol => 'AM.PDP'};
$policy_bank{'B-LOVE'} = {spam_lovers_maps => [['lover@example.com']]};
$final_spam_destiny = D_DISCARD; $sa_spam_subject_tag = '***SPAM*** ';`,
  )
  const tempdir = mailFolder(
    home,
    `Date: Sun, 22 Nov 2026 12:00:00 +0000\nFrom: a@remote.test\nSubject: test\nX-Spam-Status: No\nX-Spam-Flag: NO\nX-Amavis-Hold: x\n\n${GTUBE}\n`,
  )
  const [lines = []] = await ask(path.join(home, 'amavisd.sock'), {
    request: 'AM.PDP',
    policy_bank: 'B-LOVE',
    sender: '<sender@remote.test>',
    recipient: ['<lover@example.com>', '<user@example.com>'],
    tempdir,
    tempdir_removed_by: 'server',
    mail_file: `${tempdir}/email.txt`,
    delivery_care_of: 'client',
    queue_id: 'ABC123',
    client_address: '198.51.100.7',
    client_name: 'mx.remote.test',
    helo_name: 'mx.remote.test',
    protocol_name: 'ESMTP',
  })
  const told = lines.map(line =>
    line.replace(/(log_id=|id=)\w+-\d\d/, '$109974f-03').replace(/<[\w-]{12}>$/, '<NgEwjSMKJSYr>'),
  )
  assert.deepEqual(told, [
    'version_server=2',
    'log_id=09974f-03',
    'setreply=250 2.5.0 Ok,%20id=09974f-03,%20continue%20delivery,%20but%201%20DISCARD',
    'delrcpt=<user@example.com>',
    'delheader=1 X-Amavis-Hold',
    'delheader=1 X-Spam-Flag',
    'delheader=1 X-Spam-Status',
    'chgheader=1 Subject ***SPAM***%20test',
    'insheader=0 X-Spam-Status Yes,%20score=1000%20tagged_above=-999%20required=4%20tests=[GTUBE=1000]%0a%20autolearn=no',
    `insheader=0 X-Spam-Level ${'*'.repeat(64)}`,
    'insheader=0 X-Spam-Score 1000',
    'insheader=0 X-Spam-Flag YES',
    'insheader=0 X-Virus-Scanned amavis%20at%20example.com',
    'insheader=0 X-Quarantine-ID <NgEwjSMKJSYr>',
    'return_value=continue',
    'exit_code=0',
  ])
})
