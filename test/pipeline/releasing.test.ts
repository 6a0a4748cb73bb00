import assert from 'node:assert/strict'
import {chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {gzipSync} from 'node:zlib'
import {createForwarder} from '../../src/actions/forward/forwarder.ts'
import {MailIds} from '../../src/actions/mail-id.ts'
import {startSink} from '../../src/demo/sink.ts'
import type {Log} from '../../src/log/log.ts'
import {release} from '../../src/pipeline/releasing.ts'
import type {ReleaseRequest, ReleaseResult} from '../../src/session/release.ts'
import {Spool} from '../../src/session/spool.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {temporaryFolder} from '../support/wait.ts'

const {mailId: ID, secretId: SECRET} = new MailIds().make()
const OURS = `Return-Path: <sender@remote.test>
Delivered-To: banned-quarantine
X-Envelope-From: <sender@remote.test>
X-Envelope-To: <user@example.com>, <other@example.com>,
 <"odd, one"@example.com>
X-Envelope-To-Blocked: <user@example.com>, <"odd, one"@example.com>
X-Quarantine-ID: <${ID}>
X-Amavis-Alert: BANNED, message contains .exe
X-Spam-Flag: NO
`
const MAIL = `Received: from a
From: Some One <sender@remote.test>
Subject: an =?utf-8?q?=C3=B6ld?= thing
X-Quarantine-ID: <forged>
X-Spam-Status: forged

.dot
bare\r\r\nlast
`
const crlf = (text: string) => text.replaceAll('\n', '\r\n')

interface Site {
  readonly quarantine: string
  readonly sink: Awaited<ReturnType<typeof startSink>>
  readonly logged: string[]
  readonly counted: Map<string, unknown>
  ask(request: Partial<ReleaseRequest>, lines?: string): Promise<ReleaseResult>
}

async function site(t: TestContext): Promise<Site> {
  const home = temporaryFolder(t)
  const quarantine = path.join(home, 'q')
  mkdirSync(quarantine)
  writeFileSync(path.join(quarantine, `banned-${ID}`), OURS + MAIL, 'latin1')
  const sink = await startSink()
  t.after(() => sink.close())
  const logged: string[] = []
  const log: Log = {
    enabled: level => level < 2,
    write: (_, text) => void logged.push(text),
    forTask: () => log,
  }
  const forwarder = createForwarder({heloName: 'localhost', cache: false, cacheOnDemand: false})
  const counted = new Map<string, unknown>()
  const services = {
    forwarder,
    mailIds: new MailIds(),
    publishing: true,
    publish: (name: string, n = 1) => void counted.set(name, n),
    takeLogCounts: () => ({byLevel: new Map(), lines: 0}),
    spool: new Spool({base: home, log}),
    log,
    clock: () => Date.UTC(2026, 10, 22, 15, 6, 35),
  }
  return {
    quarantine,
    sink,
    logged,
    counted,
    ask: (request, lines = '') =>
      release(
        {
          kind: 'release',
          mailId: ID,
          secretId: undefined,
          mailFile: `banned-${ID}`,
          quarType: 'F',
          partition: undefined,
          requestedBy: undefined,
          sender: undefined,
          recipients: [],
          settings: settingsFrom(`use strict;
$QUARANTINEDIR = '${quarantine}'; $myhostname = 'filter.example.com'; $auth_required_release = 0;
$notify_method = 'smtp:[127.0.0.1]:${sink.port}'; $requeue_method = $notify_method;
${lines}
1;`),
          ...request,
        },
        services,
      ),
  }
}

const sent = ({sink}: Site) => sink.mails.at(-1)?.octets.toString('latin1') ?? ''

test('a mail is resent as it was, below our Resent fields, to those who did not get it', async t => {
  const here = await site(t)
  const result = await here.ask({})
  assert.ok(result.kind === 'answered')
  assert.deepEqual(
    result.replies.map(({code}) => code),
    [250, 250],
  )
  const [mail] = here.sink.mails
  assert.deepEqual(mail?.recipients, ['user@example.com', '"odd, one"@example.com'])
  assert.equal(mail?.sender, 'sender@remote.test')
  const octets = sent(here)
  assert.ok(octets.endsWith(crlf(MAIL)), octets)
  const head = octets.slice(0, -crlf(MAIL).length)
  assert.deepEqual(
    [...head.matchAll(/^([A-Z][\w-]*):/gm)].map(([, name]) => name),
    ['Resent-From', 'Resent-To', 'Resent-Date', 'Resent-Message-ID', 'Received'],
  )
  assert.match(head, /^Resent-To: undisclosed-recipients:;\r$/m)
  assert.match(
    here.logged.join('\n'),
    /^Quarantined message release \(miscategorized\): \S+ <sender@remote\.test> -> /m,
  )
  assert.match(here.logged.join('\n'), /\(excluded: <other@example\.com> \)/)
  assert.equal(here.counted.get('QuarMsgsReleased'), 1)
  assert.equal(here.counted.get('OutMsgsRelay'), 1)
  assert.ok(existsSync(path.join(here.quarantine, `banned-${ID}`)))
})

test('who asks and whom it is for are named where they are given', async t => {
  const here = await site(t)
  await here.ask({requestedBy: 'admin@example.com', recipients: ['user@example.com']})
  assert.match(sent(here), /^Resent-From: <admin@example\.com>\r\nResent-Sender: "Content-filter at filter/)
  assert.match(sent(here), /^Resent-To: <user@example\.com>\r$/m)
  assert.match(sent(here), /^Resent-Message-ID: <[\w-]+@filter\.example\.com>\r$/m)
})

const places: readonly (readonly [title: string, file: string | undefined, put: (q: string) => void])[] = [
  ['compressed', `spam-${ID}.gz`, q => writeFileSync(path.join(q, `spam-${ID}.gz`), gzipSync(OURS + MAIL))],
  [
    'in BSMTP',
    `b-${ID}`,
    q =>
      writeFileSync(
        path.join(q, `b-${ID}`),
        `EHLO localhost\nMAIL FROM:<sender@remote.test> BODY=7BIT\nRCPT TO:<user@example.com>\nDATA\nX-Quarantine-ID: <${ID}>\n${MAIL.replace(/^\./m, '..')}.\nQUIT\n`,
      ),
  ],
  [
    'in a folder of its first letter',
    `virus-${ID}`,
    q => {
      mkdirSync(path.join(q, ID.slice(0, 1)))
      writeFileSync(path.join(q, ID.slice(0, 1), `virus-${ID}`), OURS + MAIL)
    },
  ],
  ['found by its mail_id and our templates', undefined, () => {}],
]

for (const [title, mailFile, put] of places) {
  test(`a mail ${title} is the same when it is released`, async t => {
    const here = await site(t)
    put(here.quarantine)
    const result = await here.ask({mailFile, recipients: ['user@example.com']})
    assert.equal(result.kind, 'answered', JSON.stringify(result))
    assert.ok(sent(here).endsWith(crlf(MAIL)), sent(here))
  })
}

const refusals: readonly (readonly [
  title: string,
  request: Partial<ReleaseRequest>,
  reason: RegExp,
  lines?: string,
])[] = [
  ['without a mail_id', {mailId: ''}, /^Missing 'mail_id' field$/],
  ['for a hostile mail_id', {mailId: '../x'}, /^Invalid mail_id '\.\.\/x'$/],
  [
    'without a secret that is needed',
    {},
    /^Secret_id is required, but missing$/,
    '$auth_required_release = 1;',
  ],
  [
    'with a wrong secret, needed or not',
    {secretId: 'AAAAAAAAAAAA'},
    /^Secret_id AAAAAAAAAAAA does not match/,
  ],
  [
    'for another mail than the file holds',
    {mailId: 'abcdefghijkl'},
    /^Stored quarantine ID '[\w-]+' does not match/,
  ],
  ['for a file that is not there', {mailFile: 'banned-x'}, /^File banned-x does not exist$/],
  ['for a path that leads out', {mailFile: '../q/../../etc/passwd'}, /^Unsafe filename/],
  ['for an absolute path', {mailFile: '/etc/passwd'}, /^Unsafe filename/],
  ['for a hidden file', {mailFile: '.x'}, /^Unsafe filename/],
  ['for a name with a NUL', {mailFile: 'a\0b'}, /^Unsafe filename/],
  ['for a link', {mailFile: 'link'}, /^File link does not exist$/],
  ['for a file behind a link', {mailFile: `folder/banned-${ID}`}, /does not exist$/],
  ['for a folder', {mailFile: 'really'}, /does not exist$/],
  ['for a compressed file that is cut off', {mailFile: 'cut.gz'}, /^File cut\.gz cannot be read: /],
  ['for what is no mail', {mailFile: 'noise'}, /^(?:File noise cannot be read|Stored quarantine ID '')/],
  ['for a mail in SQL', {quarType: 'Q'}, /^There is no quarantine in SQL$/],
  ['for a mail in a mailbox', {quarType: 'M'}, /^Mail in a mailbox/],
]

for (const [title, request, reason, lines] of refusals) {
  test(`a request ${title} is refused and nothing is sent`, async t => {
    const here = await site(t)
    const {quarantine} = here
    symlinkSync(`banned-${ID}`, path.join(quarantine, 'link'))
    symlinkSync('.', path.join(quarantine, 'folder'))
    mkdirSync(path.join(quarantine, 'really'))
    writeFileSync(path.join(quarantine, 'cut.gz'), gzipSync(OURS + MAIL).subarray(0, 90))
    writeFileSync(path.join(quarantine, 'noise'), Buffer.alloc(5000, 0xff))
    const result = await here.ask(request, lines)
    assert.ok(result.kind === 'failed')
    assert.match(result.reason, reason)
    assert.ok(!result.reason.includes(quarantine))
    assert.equal(here.sink.mails.length, 0)
    assert.equal(here.counted.get('QuarReleaseFails'), 1)
  })
}

test('the right secret opens where one is needed', async t => {
  const here = await site(t)
  const result = await here.ask({secretId: SECRET}, '$auth_required_release = 1;')
  assert.equal(result.kind, 'answered')
})

test('a file that cannot be read, and a next hop that is away, are said and change nothing', async t => {
  const here = await site(t)
  const before = readdirSync(here.quarantine)
  const result = await here.ask({}, "$release_method = 'smtp:[127.0.0.1]:1';")
  assert.ok(result.kind === 'answered')
  assert.deepEqual(
    result.replies.map(({code}) => code),
    [451, 451],
  )
  assert.equal(here.counted.get('QuarReleaseFails'), 1)
  if (process.getuid?.() !== 0) {
    chmodSync(path.join(here.quarantine, `banned-${ID}`), 0)
    const refused = await here.ask({})
    assert.deepEqual(refused, {kind: 'failed', reason: `File banned-${ID} cannot be read`})
  }
  assert.deepEqual(readdirSync(here.quarantine), before)
})

test('a report is for those who are named: a feedback report with the mail and what the filter said of it', async t => {
  const here = await site(t)
  await here.ask({kind: 'report', recipients: ['abuse@remote.test']})
  const mail = sent(here)
  assert.equal(here.sink.mails[0]?.sender, 'postmaster@filter.example.com')
  assert.match(mail, /^Content-Type: multipart\/report;\r\n report-type=feedback-report;/m)
  assert.match(mail, /^Feedback-Type: abuse\r$/m)
  assert.match(mail, /^User-Agent: amavis\/2\.13\.0 \(20230106\)\r$/m)
  assert.match(mail, /^Original-Rcpt-To: <user@example\.com>\r$/m)
  assert.doesNotMatch(mail, /Original-Rcpt-To: <other@/)
  assert.match(mail, /\r\n\r\nX-Amavis-Alert: BANNED/)
  assert.doesNotMatch(mail, /^X-Envelope/m)
  assert.ok(mail.includes(crlf(MAIL)))
  assert.match(here.logged.join('\n'), /Quarantined message report \(abuse\)/)
})

const formats: readonly (readonly [format: string, pattern: RegExp])[] = [
  ['attach', /^Content-Type: multipart\/mixed;[\s\S]*^Content-Type: message\/rfc822;/m],
  ['arf', /^Feedback-Type: miscategorized\r$/m],
  ['dsn', /^Content-Type: message\/delivery-status;[\s\S]*^Final-Recipient: rfc822;user@example\.com\r$/m],
  ['plain', /^Content-Type: text\/plain\r$/m],
]

for (const [format, pattern] of formats) {
  test(`a mail may be released in the format ${format}, without what our filter wrote above it`, async t => {
    const here = await site(t)
    await here.ask({}, `$release_format = '${format}';`)
    assert.match(sent(here), pattern)
    assert.match(sent(here), /^Subject: =\?UTF-8\?Q\?=5Breleased_message=5D_an_=C3=B6ld_thing\?=\r$/m)
    assert.match(sent(here), /^Message-ID: <QRA[\w-]+@filter\.example\.com>\r$/m)
    assert.doesNotMatch(sent(here), /X-Amavis-Alert/)
  })
}

test('a requeued mail goes back to the MTA as it was, whatever the format', async t => {
  const here = await site(t)
  await here.ask({kind: 'requeue'}, "$release_format = 'attach';")
  assert.ok(sent(here).endsWith(crlf(MAIL)))
  assert.match(here.logged.join('\n'), /Quarantined message requeue \(miscategorized\)/)
})

for (const [kind, format, type, first] of [
  ['release', 'attach', /multipart\/mixed/, 'released, attach miscategorized, ref rel-'],
  ['report', 'arf', /feedback-report/, 'report of abuse as arf: '],
  ['report', 'plain', /text\/plain/, 'report of abuse as plain: '],
] as const) {
  test(`a ${kind} in the format ${format} has the operator's text around the mail`, async t => {
    const here = await site(t)
    await here.ask(
      {kind},
      `$${kind}_format = '${format}';
$notify_release_templ = "Subject: Yours again\nMessage-ID: <same\\@each.time>\n\nreleased, [:report_format] [:feedback_type], ref %n/%i from %s\n";
$notify_report_templ = "From: %f\nSubject: Fw: %j\n\nreport of [:feedback_type] as [:report_format]: %j of [:header_field|From]\n";`,
    )
    const text = sent(here)
    assert.match(text, type)
    assert.ok(text.includes(`\n${first}`), text)
    assert.match(
      text,
      kind === 'release'
        ? /^Subject: Yours again\r$/m
        : /^Subject: =\?UTF-8\?Q\?Fw=3A_an_=C3=B6ld_thing\?=\r$/m,
    )
    assert.doesNotMatch(text, /same@each\.time/)
    assert.match(text, /^Date: Sun, 22 Nov 2026 /m)
  })
}
