/**
 * Every kind of SMTP and LMTP client against the running daemon: swaks for what it can say, a client that sends
 * what it is told to for what it cannot. Codes are those of the specification, or better ones that
 * docs/differences.md lists.
 */
import assert from 'node:assert/strict'
import {execFile, execFileSync} from 'node:child_process'
import {statSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {after, before, test} from 'node:test'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {temporaryFolder} from '../support/wait.ts'

const [PLAIN, LMTP, MAY, ENCRYPT, AUTH, PROXY, SMALL, DENIED, FEWER, PEERS] = [
  22101, 22102, 22103, 22104, 22105, 22106, 22107, 22108, 22109, 22110,
]

function configuration(hop: number): string {
  return `
$inet_socket_bind = ['127.0.0.1', '[::1]'];
$inet_socket_port = [${[PLAIN, LMTP, MAY, ENCRYPT, AUTH, PROXY, SMALL, DENIED, FEWER, PEERS].join(', ')}];
$unix_socketname = "$MYHOME/smtp.sock"; $unix_socket_mode = 0660;
$forward_method = 'smtp:[127.0.0.1]:${hop}';
$enable_zmq = 0;
$max_servers = 6;
$smtpd_recipient_limit = 20;
$smtpd_tls_cert_file = "$MYHOME/cert.pem"; $smtpd_tls_key_file = "$MYHOME/key.pem";
$interface_policy{${LMTP}} = 'LMTP'; $policy_bank{LMTP} = {protocol => 'LMTP'};
$interface_policy{${MAY}} = 'MAY'; $policy_bank{MAY} = {tls_security_level_in => 'may'};
$interface_policy{${ENCRYPT}} = 'ENCRYPT'; $policy_bank{ENCRYPT} = {tls_security_level_in => 'encrypt'};
$interface_policy{${AUTH}} = 'AUTH'; $policy_bank{AUTH} = {tls_security_level_in => 'may', auth_required_inp => 1,
  auth_mech_avail => ['PLAIN', 'LOGIN'], smtpd_auth_users => {relay => 'secret'}};
$interface_policy{${PROXY}} = 'PROXY'; $policy_bank{PROXY} = {haproxy_target_enabled => 1,
  inet_acl => ['127.0.0.1', '192.0.2.0/24', '2001:db8::/32']};
$interface_policy{${SMALL}} = 'SMALL'; $policy_bank{SMALL} = {smtpd_message_size_limit => 70000};
$interface_policy{${DENIED}} = 'DENIED'; $policy_bank{DENIED} = {inet_acl => ['192.0.2.0/24']};
$interface_policy{${FEWER}} = 'FEWER'; $policy_bank{FEWER} = {smtpd_discard_ehlo_keywords => ['8BITMIME', 'DSN']};
$interface_policy{${PEERS}} = 'PEERS'; $policy_bank{PEERS} = {smtpd_timeout => 1};
$interface_policy{SOCK} = 'SOCK'; $policy_bank{SOCK} = {protocol => 'SMTP'};
`
}

let home = ''
let sink: Awaited<ReturnType<typeof startSink>>
const leave: (() => unknown)[] = []

before(async () => {
  // what a test's context is to the helpers
  const t = {after: (work: () => unknown) => void leave.unshift(work)} as never
  home = temporaryFolder(t)
  sink = await startSink()
  leave.unshift(() => sink.close())
  execFileSync(
    'openssl',
    [
      ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=filter.example.com'.split(' '),
      ...['-keyout', path.join(home, 'key.pem'), '-out', path.join(home, 'cert.pem')],
    ],
    {stdio: 'ignore'},
  )
  await startDaemon(t, home, PLAIN, configuration(sink.port))
})
after(async () => {
  for (const work of leave) await work()
})

interface Said {
  readonly status: number
  readonly text: string
}

function swaks(options: string): Promise<Said> {
  const words = options.replaceAll('SOCKET', path.join(home, 'smtp.sock')).match(/"[^"]*"|\S+/g) ?? []
  const args = words.map(word => word.replace(/^"(.*)"$/, '$1'))
  const to = args.includes('--to') ? [] : ['--to', 'user@example.com']
  const where = args.includes('--socket') || args.includes('--server') ? [] : ['--server', '127.0.0.1']
  return new Promise(resolve => {
    execFile(
      'swaks',
      ['--from', 's@example.org', '--ehlo', 'mx.example.org', ...to, ...where, ...args],
      (error, stdout, stderr) =>
        resolve({status: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr}),
    )
  })
}

/** Name, options of swaks, its exit status, what has to be in the transcript, and what must not. */
const SWAKS: readonly [string, string, number, readonly RegExp[], RegExp?][] = [
  [
    'ESMTP',
    `--port ${PLAIN}`,
    0,
    [
      /<- {2}220 \[127\.0\.0\.1\] ESMTP amavis service ready/,
      /<- {2}250 2\.1\.0 Sender <s@example\.org> OK/,
      /<- {2}250 2\.1\.5 Recipient <user@example\.com> OK/,
      /<- {2}354 End data with <CR><LF>\.<CR><LF>/,
      /<- {2}250 2\.0\.0 from MTA\(smtp:/,
      /<- {2}221 2\.0\.0 \[127\.0\.0\.1\] amavis closing/,
    ],
  ],
  [
    'the keywords',
    `--port ${PLAIN} --quit-after EHLO`,
    0,
    [
      /250-VRFY\n.*250-PIPELINING\n.*250-SIZE\n.*250-ENHANCEDSTATUSCODES\n.*250-8BITMIME\n.*250-SMTPUTF8\n.*250-DSN\n.*250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\n.*250 CHUNKING/,
    ],
    /STARTTLS|AUTH/,
  ],
  [
    'SMTP by HELO',
    `--port ${PLAIN} --protocol SMTP`,
    0,
    [/-> HELO/, /<- {2}250 \[127\.0\.0\.1\]\n/, /250 2\.0\.0 from MTA/],
  ],
  ['pipelining', `--port ${PLAIN} --pipeline`, 0, [/250 2\.0\.0 from MTA/]],
  [
    'several recipients',
    `--port ${PLAIN} --to a@example.com,b@example.com,c@example.com`,
    0,
    [/Recipient <c@example\.com> OK/, /250 2\.0\.0 from MTA/],
  ],
  ['the null sender', `--port ${PLAIN} --from <>`, 0, [/Sender <> OK/, /250 2\.0\.0 from MTA/]],
  ['IPv6', `--server ::1 --port ${PLAIN} -6`, 0, [/220 \[IPv6:::1\] ESMTP/, /250 2\.0\.0 from MTA/]],
  ['a Unix socket', '--socket SOCKET', 0, [/220 \[localhost\] ESMTP/, /250 2\.0\.0 from MTA/]],
  ['a Unix socket, pipelined', '--socket SOCKET --pipeline', 0, [/250 2\.0\.0 from MTA/]],
  ['no TLS where none is set', `--port ${PLAIN} --tls`, 29, [], /-> STARTTLS/],
  [
    'TLS',
    `--port ${MAY} --tls`,
    0,
    [
      /250-STARTTLS/,
      /220 2\.0\.0 Ready to start TLS/,
      /TLS started with cipher TLSv1\.3/,
      /250 2\.0\.0 from MTA/,
    ],
  ],
  [
    'not STARTTLS twice',
    `--port ${MAY} --tls --quit-after EHLO`,
    0,
    [/<~ {2}250-VRFY/],
    /<~ {2}250-STARTTLS/,
  ],
  ['TLS 1.2', `--port ${MAY} --tls --tls-protocol tlsv1_2`, 0, [/cipher TLSv1\.2/, /250 2\.0\.0 from MTA/]],
  ['no TLS 1.1', `--port ${MAY} --tls --tls-protocol tlsv1_1`, 29, []],
  ['TLS and pipelining', `--port ${MAY} --tls --pipeline`, 0, [/250 2\.0\.0 from MTA/]],
  ['TLS may be, and is not used', `--port ${MAY}`, 0, [/250 2\.0\.0 from MTA/]],
  ['TLS where it must be', `--port ${ENCRYPT} --tls`, 0, [/250 2\.0\.0 from MTA/]],
  [
    'no mail without TLS where it must be',
    `--port ${ENCRYPT}`,
    23,
    [/<\*\* 530 5\.7\.0 Must issue a STARTTLS command first/],
  ],
  [
    'no HELO without TLS where it must be',
    `--port ${ENCRYPT} --protocol SMTP`,
    22,
    [/<\*\* 530 5\.7\.0 Must issue a STARTTLS/],
  ],
  [
    'LMTP',
    `--port ${LMTP} --protocol LMTP`,
    0,
    [/220 \[127\.0\.0\.1\] LMTP amavis/, /-> LHLO/, /250 2\.0\.0 from MTA/],
  ],
  [
    'LMTP, several recipients',
    `--port ${LMTP} --protocol LMTP --to a@example.com,b@example.com,c@example.com`,
    0,
    [/(?:<- {2}250 2\.0\.0 from MTA[^\n]*\n){3}/],
  ],
  [
    'LMTP where $protocol is not set',
    `--port ${PLAIN} --protocol LMTP --to a@example.com,b@example.com`,
    0,
    [/(?:<- {2}250 2\.0\.0 from MTA[^\n]*\n){2}/],
  ],
  ['LMTP on a Unix socket', '--socket SOCKET --protocol LMTP', 0, [/250 2\.0\.0 from MTA/]],
  ['LMTP with TLS', `--port ${ENCRYPT} --protocol LMTP --tls`, 0, [/TLS started/, /250 2\.0\.0 from MTA/]],
  ['SMTP on a socket of LMTP', `--port ${LMTP}`, 0, [/250 2\.0\.0 from MTA/]],
  [
    'AUTH PLAIN over TLS',
    `--port ${AUTH} --tls --auth PLAIN --auth-user relay --auth-password secret`,
    0,
    [/<~ {2}250-AUTH PLAIN LOGIN/, /<~ {2}235 2\.7\.0 Authentication succeeded/, /250 2\.0\.0 from MTA/],
  ],
  [
    'AUTH LOGIN over TLS',
    `--port ${AUTH} --tls --auth LOGIN --auth-user relay --auth-password secret`,
    0,
    [/<~ {2}235 2\.7\.0/, /250 2\.0\.0 from MTA/],
  ],
  [
    'a wrong password',
    `--port ${AUTH} --tls --auth PLAIN --auth-user relay --auth-password wrong`,
    28,
    [/535 5\.7\.8 Error: authentication failed/],
  ],
  [
    'an unknown user',
    `--port ${AUTH} --tls --auth LOGIN --auth-user nobody --auth-password secret`,
    28,
    [/535 5\.7\.8/],
  ],
  [
    'no password in the clear',
    `--port ${AUTH} --auth PLAIN --auth-user relay --auth-password secret`,
    28,
    [],
    /-> AUTH/,
  ],
  ['no mail without AUTH', `--port ${AUTH} --tls`, 23, [/<~\* 530 5\.7\.0 Authentication required/]],
  [
    'PROXY version 1',
    `--port ${PROXY} --proxy-version 1 --proxy-family TCP4 --proxy-source 192.0.2.7 --proxy-source-port 4711 --proxy-dest 192.0.2.1 --proxy-dest-port 25`,
    0,
    [/250 2\.0\.0 from MTA/],
  ],
  [
    'PROXY version 1, IPv6',
    `--port ${PROXY} --proxy-version 1 --proxy-family TCP6 --proxy-source 2001:db8::7 --proxy-source-port 4711 --proxy-dest 2001:db8::1 --proxy-dest-port 25`,
    0,
    [/250 2\.0\.0 from MTA/],
  ],
  [
    'PROXY version 2',
    `--port ${PROXY} --proxy-version 2 --proxy-family AF_INET --proxy-protocol STREAM --proxy-source 192.0.2.7 --proxy-source-port 4711 --proxy-dest 192.0.2.1 --proxy-dest-port 25`,
    0,
    [/250 2\.0\.0 from MTA/],
  ],
  [
    'PROXY version 2, IPv6',
    `--port ${PROXY} --proxy-version 2 --proxy-family AF_INET6 --proxy-protocol STREAM --proxy-source 2001:db8::7 --proxy-source-port 4711 --proxy-dest 2001:db8::1 --proxy-dest-port 25`,
    0,
    [/250 2\.0\.0 from MTA/],
  ],
  [
    'PROXY for a client that may not',
    `--port ${PROXY} --proxy-version 1 --proxy-family TCP4 --proxy-source 198.51.100.7 --proxy-source-port 4711 --proxy-dest 192.0.2.1 --proxy-dest-port 25`,
    6,
    [],
    /<- {2}220/,
  ],
  ['a client that @inet_acl does not name', `--port ${DENIED}`, 6, [], /<- {2}220/],
  ['the size limit is announced', `--port ${SMALL} --quit-after EHLO`, 0, [/250-SIZE 70000/]],
  [
    'a mail that is too large',
    `--port ${SMALL} --body "${'x'.repeat(80_000)}"`,
    26,
    [/552 5\.3\.4 Message size \(\d+ B\) exceeds size limit/],
  ],
  [
    'keywords that are not wanted',
    `--port ${FEWER} --quit-after EHLO`,
    0,
    [/250-SIZE/],
    /8BITMIME|SMTPUTF8|DSN/,
  ],
  [
    'a virus',
    `--port ${PLAIN} --body "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"`,
    0,
    [/250 2\.7\.0 Ok, discarded, id=[\d-]+ - INFECTED/],
  ],
  [
    'spam',
    `--port ${PLAIN} --body "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"`,
    26,
    [/554 5\.7\.0 Reject, id=[\d-]+ - spam/],
  ],
]

async function inBatches<T>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items]
  await Promise.all(
    Array.from({length: size}, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}

test(`${SWAKS.length} conversations with swaks`, async t => {
  const results = new Map<string, Said>()
  await inBatches(SWAKS, 4, async ([name, options]) => void results.set(name, await swaks(options)))
  for (const [name, , status, expected, never] of SWAKS) {
    await t.test(name, () => {
      const said = results.get(name)!
      for (const pattern of expected) assert.match(said.text, pattern)
      if (never) assert.doesNotMatch(said.text, never)
      assert.equal(said.status, status, said.text)
    })
  }
})

/** What is sent at once, and the beginning of each reply to it. */
type Step = readonly [string, ...RegExp[]]
const HI: Step = ['EHLO mx.example.org\r\n', /^250-\[/]
const TO: Step = [
  'MAIL FROM:<s@example.org>\r\nRCPT TO:<r@example.com>\r\n',
  /^250 2\.1\.0 /,
  /^250 2\.1\.5 /,
]
const MAIL: Step = ['DATA\r\n', /^354 /]
const SENT: Step = ['Subject: x\r\n\r\nhi\r\n.\r\n', /^250 2\.0\.0 from MTA/]
const ENDS = /^$/

const DIALOGUES: readonly [string, number, ...Step[]][] = [
  ['RCPT before MAIL', PLAIN, HI, ['RCPT TO:<r@x>\r\n', /^503 5\.5\.1 Need MAIL command before RCPT/]],
  ['DATA before MAIL', PLAIN, HI, ['DATA\r\n', /^503 5\.5\.1 /]],
  ['DATA before RCPT', PLAIN, HI, ['MAIL FROM:<a@x>\r\nDATA\r\n', /^250 /, /^503 5\.5\.1 /]],
  ['DATA with an argument', PLAIN, HI, TO, ['DATA now\r\n', /^501 5\.5\.4 /]],
  [
    'MAIL in MAIL',
    PLAIN,
    HI,
    TO,
    ['MAIL FROM:<b@x>\r\n', /^503 5\.5\.1 Error: nested MAIL command/],
    MAIL,
    SENT,
  ],
  ['MAIL without EHLO', PLAIN, TO, MAIL, SENT],
  ['MAIL without brackets', PLAIN, HI, ['MAIL FROM:a@x\r\n', /^501 5\.5\.2 Syntax: MAIL FROM:<address>/]],
  [
    'a MAIL parameter nobody knows',
    PLAIN,
    HI,
    ['MAIL FROM:<a@x> FOO=1\r\n', /^504 5\.5\.4 MAIL command parameter error: FOO=1/],
  ],
  [
    'a RCPT parameter nobody knows',
    PLAIN,
    HI,
    [
      'MAIL FROM:<a@x>\r\nRCPT TO:<b@x> FOO=1\r\n',
      /^250 /,
      /^555 5\.5\.4 RCPT command parameter unrecognized: FOO/,
    ],
  ],
  [
    'all recipients refused',
    PLAIN,
    HI,
    [
      'MAIL FROM:<a@x>\r\nRCPT TO:<>\r\nDATA\r\n',
      /^250 /,
      /^501 5\.1\.3/,
      /^554 5\.1\.1 Error \(DATA\): no valid recipients/,
    ],
  ],
  [
    'all recipients refused in LMTP',
    LMTP,
    ['LHLO x\r\n', /^250-/],
    ['MAIL FROM:<a@x>\r\nRCPT TO:<>\r\nDATA\r\n', /^250 /, /^501 /, /^503 5\.1\.1 Error \(DATA\)/],
  ],
  ['RSET', PLAIN, HI, TO, ['RSET\r\nDATA\r\n', /^250 2\.0\.0 Ok RSET/, /^503 /]],
  ['RSET with an argument', PLAIN, ['RSET now\r\n', /^501 5\.5\.4 Error: RSET does not accept arguments/]],
  ['EHLO within a transaction ends it', PLAIN, HI, TO, HI, ['DATA\r\n', /^503 /]],
  [
    'NOOP, VRFY, HELP',
    PLAIN,
    ['NOOP\r\nVRFY\r\nVRFY x\r\nHELP\r\n', /^250 2\.0\.0 Ok NOOP/, /^501 5\.5\.2/, /^252 2\.0\.0/, /^214-/],
  ],
  [
    'what is not implemented',
    PLAIN,
    ['EXPN x\r\nTURN\r\nETRN x\r\n', /^502 5\.5\.1 Error: command EXPN/, /^502 /, /^502 /],
  ],
  ['what nobody knows', PLAIN, ['XCLIENT x\r\n', /^500 5\.5\.2 Error: command XCLIENT not recognized/]],
  ['a bare LF after a command', PLAIN, ['NOOP\nNOOP\r\n', /^500 5\.5\.2 Error: bad syntax/, /^250 /]],
  ['a line that is too long', PLAIN, [`NOOP ${'x'.repeat(5000)}\r\nNOOP\r\n`, /^500 5\.5\.6 /, /^250 /]],
  [
    'too many errors',
    PLAIN,
    ['FOO\r\n'.repeat(25), ...Array.from({length: 21}, () => /^500 /), /^421 4\.7\.0 /],
  ],
  ['QUIT', PLAIN, ['QUIT\r\n', /^221 2\.0\.0 \[127\.0\.0\.1\] amavis closing transmission channel/, ENDS]],
  [
    'two mails, pipelined',
    PLAIN,
    HI,
    TO,
    MAIL,
    [
      'x\r\n.\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n',
      /^250 2\.0\.0 from/,
      /^250 /,
      /^250 /,
      /^354 /,
    ],
    SENT,
  ],
  [
    'DSN',
    PLAIN,
    HI,
    [
      'MAIL FROM:<s@x> RET=HDRS ENVID=abc+2B\r\nRCPT TO:<r@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;r+40x\r\n',
      /^250 /,
      /^250 /,
    ],
    MAIL,
    SENT,
  ],
  [
    'DSN, NOTIFY=NEVER beside another',
    PLAIN,
    HI,
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@x> NOTIFY=NEVER,DELAY\r\n', /^250 /, /^501 5\.5\.4/],
  ],
  [
    'DSN, ORCPT without a type',
    PLAIN,
    HI,
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@x> ORCPT=foo\r\n', /^250 /, /^501 5\.5\.4/],
  ],
  [
    'DSN, RET twice and wrong',
    PLAIN,
    HI,
    ['MAIL FROM:<s@x> RET=HDRS RET=FULL\r\nMAIL FROM:<s@x> RET=X\r\n', /^501 5\.5\.4/, /^501 5\.5\.4/],
  ],
  ['DSN that is not announced', FEWER, HI, ['MAIL FROM:<s@x> RET=FULL\r\n', /^504 5\.5\.4/]],
  [
    '8BITMIME',
    PLAIN,
    HI,
    ['MAIL FROM:<s@x> BODY=8BITMIME\r\nRCPT TO:<r@example.com>\r\n', /^250 /, /^250 /],
    MAIL,
    ['Subject: x\r\n\r\nÄ\r\n.\r\n', /^250 2\.0\.0/],
  ],
  ['BINARYMIME is not there', PLAIN, HI, ['MAIL FROM:<s@x> BODY=BINARYMIME\r\n', /^501 5\.5\.4/]],
  ['SMTPUTF8', PLAIN, HI, ['MAIL FROM:<s@x> SMTPUTF8\r\nRCPT TO:<r@example.com>\r\n', /^250 /, /^250 /]],
  [
    'SIZE that is too large at MAIL',
    SMALL,
    HI,
    ['MAIL FROM:<s@x> SIZE=70001\r\nMAIL FROM:<s@x> SIZE=70000\r\n', /^552 5\.3\.4 /, /^250 /],
  ],
  [
    'XFORWARD',
    PLAIN,
    HI,
    [
      'XFORWARD NAME=mail.x ADDR=203.0.113.5 PORT=41234 PROTO=ESMTP HELO=mx.x IDENT=4ABCD SOURCE=REMOTE\r\n',
      /^250 2\.5\.0 Ok XFORWARD/,
    ],
    TO,
    MAIL,
    SENT,
  ],
  [
    'XFORWARD in a transaction, and a wrong one',
    PLAIN,
    HI,
    ['XFORWARD ADDR=foo\r\nXFORWARD BAR=1\r\n', /^501 5\.5\.4/, /^501 5\.5\.4/],
    TO,
    ['XFORWARD NAME=x\r\n', /^503 5\.5\.1/],
  ],
  [
    'too many recipients',
    PLAIN,
    HI,
    ['MAIL FROM:<s@x>\r\n', /^250 /],
    [
      'RCPT TO:<r@example.com>\r\n'.repeat(21),
      ...Array.from({length: 20}, () => /^250 /),
      /^452 4\.5\.3 Too many recipients/,
    ],
    MAIL,
    SENT,
  ],
  [
    'STARTTLS that is not there keeps the transaction',
    PLAIN,
    HI,
    TO,
    ['STARTTLS\r\n', /^502 5\.5\.1 Error: command not available/],
    MAIL,
    SENT,
  ],
  ['STARTTLS with an argument', MAY, HI, ['STARTTLS now\r\n', /^501 5\.5\.4/]],
  ['gone before the handshake', MAY, HI, ['STARTTLS\r\n', /^220 2\.0\.0 /]],
  ['no TLS in the handshake', MAY, HI, ['STARTTLS\r\n', /^220 2\.0\.0 /], ['EHLO x\r\n', ENDS]],
  [
    'TLS where it must be: what may be said',
    ENCRYPT,
    HI,
    ['NOOP\r\nRSET\r\nAUTH PLAIN\r\nMAIL FROM:<a@x>\r\n', /^250 /, /^530 5\.7\.0/, /^530 /, /^530 /],
  ],
  [
    'AUTH that is not configured',
    PLAIN,
    HI,
    ['AUTH PLAIN\r\n', /^500 5\.5\.2 Error: command AUTH not recognized/],
  ],
  [
    'AUTH in the clear where TLS can be had',
    AUTH,
    HI,
    ['AUTH PLAIN AHJlbGF5AHNlY3JldA==\r\n', /^500 5\.5\.2 /],
  ],
  ['MAIL AUTH= that is not announced', PLAIN, HI, ['MAIL FROM:<a@x> AUTH=<>\r\n', /^504 5\.5\.4/]],
  [
    'BDAT',
    PLAIN,
    HI,
    TO,
    ['BDAT 14\r\nSubject: x\r\n\r\nBDAT 4 LAST\r\nhi\r\n', /^250 2\.0\.0 14 octets/, /^250 2\.0\.0 from MTA/],
  ],
  [
    'BDAT in LMTP',
    LMTP,
    ['LHLO x\r\n', /^250-/],
    TO,
    ['BDAT 18 LAST\r\nSubject: x\r\n\r\nhi\r\n', /^250 2\.0\.0 from MTA/],
  ],
  // what a load balancer says when it looks whether we are there
  ['PROXY version 2, LOCAL', PROXY, ['\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', /^220 /], HI],
  ['no PROXY line where one is due', PROXY, ['EHLO x\r\n', ENDS]],
  [
    'a client that is silent',
    PEERS,
    ['', /^421 4\.3\.2 Service shutting down, closing channel, during waiting for input from client/],
  ],
  [
    'a client that falls silent in the data',
    PEERS,
    HI,
    TO,
    MAIL,
    ['half', /^421 4\.3\.2 Service shutting down, timed out during waiting for input from client/],
  ],
]

/** Say the steps one after the other. @returns the first that was answered otherwise; undefined: all is well */
function converse(port: number, steps: readonly Step[]): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = net.connect({port, host: '127.0.0.1', noDelay: true})
    const queue = [...steps]
    // a proxy speaks first
    let due: RegExp[] = port === PROXY ? [] : [/^220 /]
    let text = ''
    let sent = ''
    const done = (problem?: string) => {
      clearTimeout(deadline)
      socket.destroy()
      resolve(problem)
    }
    const deadline = setTimeout(() => done(`no answer to ${sent}: ${text}`), 15_000)
    const advance = () => {
      for (;;) {
        while (due.length === 0) {
          const next = queue.shift()
          if (!next) return done()
          due = next.slice(1) as RegExp[]
          sent = next[0]
          socket.write(sent, 'utf8')
        }
        if (due[0] === ENDS) return
        const reply = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(text)?.[0]
        if (reply === undefined) return
        text = text.slice(reply.length)
        if (!due.shift()!.test(reply)) return done(`${sent}was answered ${reply}`)
      }
    }
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      advance()
    })
    socket.on('error', () => {})
    socket.on('close', () =>
      done(due[0] === ENDS && text === '' ? undefined : `closed after ${sent}: ${text}`),
    )
    if (port === PROXY) socket.on('connect', advance)
  })
}

test(`${DIALOGUES.length} conversations with a client that says what it is told to`, async t => {
  const results = new Map<string, string | undefined>()
  await inBatches(DIALOGUES, 4, async ([name, port, ...steps]) => {
    results.set(name, await converse(port, steps))
  })
  for (const [name] of DIALOGUES) await t.test(name, () => assert.equal(results.get(name), undefined))
})

/** What smtp-source does otherwise than usual, and how many mails come of it. */
const SOURCES: readonly [string, readonly string[], number][] = [
  ['sessions side by side', ['-s', '5', '-m', '20'], 20],
  ['one session for all', ['-d', '-m', '10'], 10],
  ['many recipients', ['-r', '15', '-m', '3'], 3],
  ['LMTP', ['-L', '-m', '5'], 5],
  ['LMTP, many recipients', ['-L', '-r', '5', '-m', '3'], 3],
  ['mails of a megabyte', ['-l', '1000000', '-m', '2'], 2],
  ['without EHLO', ['-o', '-m', '3'], 3],
  ['sessions side by side that are kept', ['-d', '-s', '4', '-m', '20', '-S', 'kept'], 20],
  ['LMTP, sessions side by side', ['-L', '-s', '4', '-r', '3', '-m', '12'], 12],
  ['a recipient of its own for each', ['-N', '-r', '3', '-m', '4'], 4],
  ['that goes on whatever it is told', ['-A', '-s', '2', '-m', '6'], 6],
  ['a second of rest after each session', ['-R', '1', '-s', '3', '-m', '6'], 6],
  ['a second between its words', ['-w', '1', '-m', '1'], 1],
  ['a window of a kilobyte', ['-T', '1024', '-l', '300000', '-m', '2'], 2],
  ['a window of a kilobyte, LMTP', ['-L', '-d', '-T', '1024', '-l', '100000', '-m', '3'], 3],
  ['that counts aloud', ['-c', '-v', '-M', 'client.example.org', '-m', '3'], 3],
]
test('smtp-source', async t => {
  for (const [name, options, mails] of SOURCES) {
    await t.test(name, async () => {
      const before = sink.mails.length
      const port = options.includes('-L') ? LMTP : PLAIN
      const args = [...options, '-f', 's@example.org', '-t', 'r@example.com', `inet:127.0.0.1:${port}`]
      await new Promise<void>((resolve, reject) => {
        execFile('/usr/sbin/smtp-source', args, {timeout: 20_000}, (error, _, stderr) =>
          error ? reject(new Error(`${error.message} ${stderr}`)) : resolve(),
        )
      })
      assert.equal(sink.mails.length - before, mails)
    })
  }
})

test('Unix sockets have their mode, and the log names who was refused', () => {
  assert.equal(statSync(path.join(home, 'smtp.sock')).mode & 0o777, 0o660)
  const log = daemonLog(home)
  assert.match(log, /DENIED ACCESS from IP 127\.0\.0\.1, policy bank 'DENIED'/)
  assert.match(log, /DENIED ACCESS from IP 198\.51\.100\.7, policy bank 'PROXY'/)
  assert.match(log, /AUTH refused for user "nobody"/)
  assert.match(log, /\[2001:db8::7\]/)
  assert.doesNotMatch(log, /TROUBLE/)
  assert.doesNotMatch(log, /secret/)
})
