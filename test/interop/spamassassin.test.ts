/**
 * The true SpamAssassin and spamd (Debian: spamassassin, spamd), with Debian's rules and some of our own.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {VerifiedSignature} from '../../src/checks/dkim/signature.ts'
import {spamScannerEntries} from '../../src/checks/spam/entries.ts'
import type {SpamMail, SpamScanner} from '../../src/checks/spam/scanner.ts'
import {spamAssassin} from '../../src/checks/spam/spamassassin/spam-assassin.ts'
import {spamdClient} from '../../src/checks/spam/spamd/spamd-client.ts'
import type {SpamHelper} from '../../src/daemon/spam-helper.ts'
import {sendMail} from '../../src/demo/feed.ts'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {silentLog} from '../../src/log/log.ts'
import {spamMail, watched} from '../checks/spam/support.ts'
import {amavis} from '../support/amavis.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {endProcess, siteFolder, startHelper, startSpamd} from '../support/spamassassin.ts'
import {copies, sendTraffic} from '../support/traffic.ts'
import {freePort, until} from '../support/wait.ts'

const RULES = `meta AM_TEST_CUT __TRUNCATED
score AM_TEST_CUT 0.1
body AM_TEST_MARKER /a marker that only this test knows/
score AM_TEST_MARKER 2.345
body AM_TEST_OTHER /another marker/
score AM_TEST_OTHER 0.5
`
const MARKED = 'Subject: x\nFrom: a@remote.test\n\na marker that only this test knows\n'

function home(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-true-sa-'))
  t.after(() => rmSync(folder, {recursive: true, force: true}))
  return folder
}

const entryOf = (list: string) => {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (${list});`})
  return spamScannerEntries(settings.list('@spam_scanners'))[0]!
}

function helperScanner(t: TestContext, helper: SpamHelper): SpamScanner {
  const scanner = spamAssassin(entryOf("['SpamAssassin', 'SpamAssassin']"), helper.socketPath)
  t.after(() => {
    scanner.close()
    helper.stop()
  })
  return scanner
}

const spamdScanner = (options: string, {deps} = watched()) =>
  spamdClient(entryOf(`['spamd', 'SpamdClient', ${options}]`), deps)

/** `NAME=points …` for each answer, or why there is none. */
async function scores(scanner: SpamScanner, mail: SpamMail, timeoutMs = 60_000): Promise<readonly string[]> {
  const result = await scanner.scan(mail, {timeoutMs, log: silentLog})
  if (result.kind === 'failed') return [result.reason]
  return result.answers.map(({report}) => report.tests.map(({name, score}) => `${name}=${score}`).join(' '))
}

test('the helper: what a mail gets, of whom, with times and fields', async t => {
  const folder = home(t)
  const site = siteFolder(folder, RULES)
  const scanner = helperScanner(t, startHelper(folder, site))
  const prefs = path.join(folder, 'bob.cf')
  writeFileSync(prefs, 'score AM_TEST_MARKER 7\n')
  const lines: string[] = []
  const log = {
    ...silentLog,
    enabled: () => true,
    write: (level: number, text: string) => void lines.push(`${level} ${text}`),
  }
  const result = await scanner.scan(spamMail(MARKED), {timeoutMs: 60_000, log})
  assert.ok(result.kind === 'scanned')
  const {report} = result.answers[0]!
  assert.ok(report.tests.some(({name, score}) => name === 'AM_TEST_MARKER' && score === 2.345))
  assert.match(report.report ?? '', /2\.3 AM_TEST_MARKER/)
  assert.equal(report.autolearn, 'disabled')
  assert.match(report.supplementary?.get('SAVERSION') ?? '', /^\d+\.\d+\.\d+$/)
  assert.deepEqual(
    report.fields?.map(([name]) => name),
    ['X-Spam-Checker-Version', 'X-Spam-Status', 'X-Spam-Points'],
  )
  assert.match(lines.join('\n'), /^2 TIMING-SA \[total \d+ ms, cpu \d+ ms\] - parse: [\d.]+ \([\d.]+%\), /m)

  const large = spamMail(`${MARKED}${'large\n'.repeat(5000)}`, {conf: '$sa_mail_body_size_limit = 1000;'})
  assert.match((await scores(scanner, large)).join(), /AM_TEST_CUT=0\.1 AM_TEST_MARKER=2\.345/)

  const mail = spamMail(MARKED, {
    conf: `@sa_userconf_maps = ({'bob@example.com' => '${prefs}'});`,
    recipients: ['ann@example.com', 'bob@example.com', 'eve@example.com'],
  })
  for (let round = 0; round < 2; round++) {
    const both = await scanner.scan(mail, {timeoutMs: 60_000, log: silentLog})
    assert.ok(both.kind === 'scanned')
    assert.deepEqual(
      both.answers.map(({recipients, report: {tests}}) => [
        recipients,
        tests.find(({name}) => name === 'AM_TEST_MARKER')?.score,
      ]),
      [
        [[0, 2], 2.345],
        [[1], 7],
      ],
      'preferences of one user are not those of the next',
    )
  }
})

test('the helper hands our DKIM results to the DKIM plugin', async t => {
  const folder = home(t)
  const rules = 'full AM_DKIM eval:check_dkim_valid()\nfull AM_DKIM_AU eval:check_dkim_valid_author_sig()\n'
  const scanner = helperScanner(t, startHelper(folder, siteFolder(folder, rules)))
  const signature: VerifiedSignature = {
    domain: 'remote.test',
    selector: 's',
    identity: '@remote.test',
    algorithm: 'rsa-sha256',
    canonicalization: 'relaxed/relaxed',
    result: 'pass',
    detail: 'pass',
    bits: 2048,
    expires: undefined,
    headers: 'from:subject',
    value: 'y',
  }
  const signed = `DKIM-Signature: v=1; a=rsa-sha256; d=remote.test; s=s; h=from; bh=x; b=y\n${MARKED}`
  const tests = async (result: VerifiedSignature['result']) =>
    (await scores(scanner, spamMail(signed, {signatures: [{...signature, result}]}))).join()
  assert.match(await tests('pass'), /\bAM_DKIM=1 AM_DKIM_AU=1/)
  assert.doesNotMatch(await tests('fail'), /AM_DKIM/)
})

test('a process of the helper that hangs is killed at the deadline, and the next mail gets another', async t => {
  const folder = home(t)
  const said: string[] = []
  const helper = startHelper(folder, siteFolder(folder, RULES), said)
  const scanner = helperScanner(t, helper)
  assert.match((await scores(scanner, spamMail(MARKED))).join(), /AM_TEST_MARKER/)

  const worker = childOf(helper.pid!)
  process.kill(worker, 'SIGSTOP')
  assert.deepEqual(await scores(scanner, spamMail(MARKED), 500), ['SA failed: timed out'])
  await until('the process to be gone', () => !isAlive(worker))
  assert.match((await scores(scanner, spamMail(MARKED))).join(), /AM_TEST_MARKER/)

  process.kill(childOf(helper.pid!), 'SIGKILL')
  assert.match((await scores(scanner, spamMail(MARKED))).join(), /AM_TEST_MARKER/, 'killed between two mails')

  const before = helper.pid!
  process.kill(before, 'SIGKILL')
  await until(
    'another helper',
    () => helper.pid !== before && said.filter(line => line.includes('is ready')).length === 2,
  )
  assert.ok(said.some(line => line === '-1 SpamAssassin helper ended: SIGKILL, starting another'))
  const fresh = spamAssassin(entryOf("['SpamAssassin', 'SpamAssassin']"), helper.socketPath)
  t.after(() => fresh.close())
  assert.match((await scores(fresh, spamMail(MARKED))).join(), /AM_TEST_MARKER/)
})

test('without Mail::SpamAssassin the helper says so once, and mail does not wait', async t => {
  const folder = home(t)
  const said: string[] = []
  // a module of the same name that does not load
  mkdirSync(path.join(folder, 'Mail'))
  writeFileSync(path.join(folder, 'Mail', 'SpamAssassin.pm'), 'die "not for you\\n";\n')
  process.env['PERL5LIB'] = folder
  t.after(() => delete process.env['PERL5LIB'])
  const scanner = helperScanner(t, startHelper(folder, folder, said))
  await until('word of the helper', () => said.length > 0)
  assert.match(said.join('\n'), /^-1 SpamAssassin cannot be used, mail gets no points of it: not for you/)
  const start = performance.now()
  assert.deepEqual(await scores(scanner, spamMail(MARKED)), ['SA failed: there is no SpamAssassin helper'])
  assert.ok(performance.now() - start < 1000)
})

test('a helper that finds no rules is started again, and finds them when they are there', async t => {
  const folder = home(t)
  const [site, empty] = [siteFolder(folder, RULES), path.join(folder, 'rules')]
  mkdirSync(empty)
  const said: string[] = []
  const scanner = helperScanner(t, startHelper(folder, site, said, empty))
  await until('a second start', () => said.includes('-1 SpamAssassin helper ended: exit 1, starting another'))
  assert.match(said.join('\n'), /no rules/i)
  writeFileSync(path.join(empty, 'rules.cf'), 'body AM_TEST_RULE /marker/\nscore AM_TEST_RULE 1\n')
  await until('a scan', async () => /AM_TEST_RULE=1/.test((await scores(scanner, spamMail(MARKED))).join()))
})

test('spamd over TCP, a Unix socket and TLS; killed, hung and started again', async t => {
  const folder = home(t)
  const site = siteFolder(folder, RULES)
  const [port, tlsPort] = [await freePort(), await freePort()]
  const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate],
    ],
    {stdio: 'ignore'},
  )
  const socket = path.join(folder, 'spamd.sock')
  const args = [
    `--listen=${socket}`,
    `--listen=ssl:127.0.0.1:${tlsPort}`,
    `--server-key=${key}`,
    `--server-cert=${certificate}`,
  ]
  let spamd = await startSpamd(site, port, args)
  t.after(() => endProcess(spamd))
  for (const options of [
    `host => '127.0.0.1', port => ${port}`,
    `socket => '${socket}'`,
    `host => '127.0.0.1', port => ${tlsPort}, tls => 1, ca_file => '${certificate}'`,
    `host => '127.0.0.1', port => ${port}, command => 'REPORT'`,
    `host => '127.0.0.1', port => ${port}, command => 'SYMBOLS'`,
  ]) {
    const scanner = await spamdScanner(options)
    // often enough to see an answer that is lost now and then
    for (let mail = 0; mail < 10; mail++)
      assert.match((await scores(scanner, spamMail(MARKED))).join(), /AM_TEST_MARKER/, options)
    assert.match((await scores(scanner, spamMail(MARKED.trimEnd()))).join(), /AM_TEST_MARKER/, options)
  }
  const distrusted = await spamdScanner(`host => '127.0.0.1', port => ${tlsPort}, tls => 1`)
  assert.match((await scores(distrusted, spamMail(MARKED))).join(), /self-signed certificate/)

  const scanner = await spamdScanner(`host => '127.0.0.1', port => ${port}`)
  spamd.kill('SIGSTOP')
  for (const child of childrenOf(spamd.pid!)) process.kill(child, 'SIGSTOP')
  const hungAt = performance.now()
  assert.match((await scores(scanner, spamMail(MARKED), 500)).join(), /timed out/)
  for (let mail = 0; mail < 3; mail++)
    assert.match(
      (await scores(scanner, spamMail(MARKED))).join(),
      /^not asked until it answers again: .*timed out/,
    )
  assert.ok(performance.now() - hungAt < 5000, 'no mail but the first waits for its answer')
  for (const child of childrenOf(spamd.pid!)) process.kill(child, 'SIGKILL')
  spamd.kill('SIGKILL')
  await until('spamd to be gone', () => spamd.signalCode !== null)
  assert.match(
    (await scores(await spamdScanner(`host => '127.0.0.1', port => ${port}`), spamMail(MARKED))).join(),
    /ECONNREFUSED/,
  )

  appendFileSync(path.join(site, 'local.cf'), 'body AM_TEST_LATER /marker/\nscore AM_TEST_LATER 0.25\n')
  spamd = await startSpamd(site, port)
  const startedAt = performance.now()
  await until('spamd to be asked again', async () =>
    /AM_TEST_LATER=0.25/.test((await scores(scanner, spamMail(MARKED))).join()),
  )
  assert.ok(performance.now() - startedAt < 10_000)
})

const KEEP_CONF = `loadplugin Amavis::KeepConf ${path.resolve('helpers/KeepConf.pm')}\n`

test('spamd with KeepConf: preferences of one user are not those of the next, and are copied back for nobody else', async t => {
  const folder = home(t)
  const site = siteFolder(folder, `${RULES}${KEEP_CONF}`)
  for (const [user, lines] of Object.entries({ann: 'score AM_TEST_MARKER 7', eve: 'required_score 2'})) {
    mkdirSync(path.join(folder, user))
    writeFileSync(path.join(folder, user, 'user_prefs'), `${lines}\n`)
  }
  const port = await freePort()
  const args = ['-D', 'config', '-u', 'nobody', `--virtual-config-dir=${folder}/%u`]
  const spamd = await startSpamd(site, port, ['--min-children=1', '--max-children=1', ...args])
  t.after(() => endProcess(spamd))
  let said = ''
  spamd.stderr?.on('data', chunk => (said += chunk))
  const scanner = await spamdScanner(`host => '127.0.0.1', port => ${port}`)
  const scan = async (name: string) => {
    const mail = spamMail(MARKED, {conf: `@sa_username_maps = ('${name}');`})
    const result = await scanner.scan(mail, {timeoutMs: 60_000, log: silentLog})
    assert.ok(result.kind === 'scanned')
    const {report} = result.answers[0]!
    const status = new Map(report.fields).get('X-Spam-Status') ?? ''
    const required = /required=([\d.]+)/.exec(status)?.[1]
    return `${report.tests.find(test => test.name === 'AM_TEST_MARKER')?.score} of ${required}`
  }
  const copied = () => said.match(/copying current conf from backup/g)?.length ?? 0

  assert.equal(await scan('bob'), '2.345 of 5.0')
  assert.equal(await scan('bob'), '2.345 of 5.0')
  assert.equal(copied(), 0)
  for (let round = 1; round <= 3; round++) {
    assert.equal(await scan('ann'), '7 of 5.0')
    assert.equal(await scan('bob'), '2.345 of 5.0')
    assert.equal(await scan('eve'), '2.345 of 2.0')
    assert.equal(await scan('ann'), '7 of 5.0')
    assert.equal(await scan('bob'), '2.345 of 5.0')
    assert.equal(await scan('bob'), '2.345 of 5.0')
    assert.equal(copied(), 3 * round)
  }
  // startSpamd only looks whether somebody is there
  assert.deepEqual(said.match(/^.*\] (?:warn|error): (?!.*closed before headers).*$/gm), null)
})

test('two spamd that load new rules one after the other: every mail gets its points', async t => {
  const folder = home(t)
  const site = siteFolder(folder, RULES)
  const ports = [await freePort(), await freePort()]
  const servers = await Promise.all(
    ports.map(port => startSpamd(site, port, ['--pidfile', path.join(folder, `${port}.pid`)])),
  )
  t.after(async () => void (await Promise.all(servers.map(endProcess))))
  const scanner = await spamdScanner(`host => '${ports.map(port => `127.0.0.1:${port}`).join()}'`)
  appendFileSync(path.join(site, 'local.cf'), 'body AM_TEST_LATER /marker/\nscore AM_TEST_LATER 0.25\n')
  const seen: string[] = []
  const ask = async () => {
    seen.push((await scores(scanner, spamMail(MARKED))).join())
    return /AM_TEST_LATER/.test(seen.at(-1)!)
  }
  for (const [index, server] of servers.entries()) {
    server.kill('SIGHUP')
    const alone = await spamdScanner(`host => '127.0.0.1:${ports[index]}'`)
    await until('new rules', async () => {
      await ask()
      return /AM_TEST_LATER/.test((await scores(alone, spamMail(MARKED))).join())
    })
  }
  await until('new rules', ask)
  assert.deepEqual(
    seen.filter(text => !/AM_TEST_MARKER=2\.345/.test(text)),
    [],
  )
})

test('the daemon: a rule that was added under load hits after a reload, and no connection is refused', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const folder = home(t)
  const site = siteFolder(folder, RULES)
  const port = await freePort()
  await startDaemon(
    t,
    folder,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 2;
$final_spam_destiny = D_PASS; $final_virus_destiny = D_PASS; $sa_tag_level_deflt = undef; $sa_spam_subject_tag = '';
@spam_scanners = (['SpamAssassin', 'Amavis::SpamControl::SpamAssassin']);
$sa_siteconfigpath = '${site}'; $sa_local_tests_only = 1;`,
  )
  const mails = Array.from({length: 60}, (_, n) => demoMail(n)).filter(mail => mail.kind === 'clean')
  const mail = (text: string, id: string) => ({
    ...mails[0]!,
    messageId: id,
    octets: Buffer.from(`Message-ID: ${id}\r\nSubject: x\r\nFrom: a@remote.test\r\n\r\n${text}\r\n`),
  })
  const statusOf = async (text: string, id: string) => {
    assert.match(await sendMail(port, mail(text, id)), /^250/)
    const octets = copies(sink.mails)
      .get(id)![0]!
      .toString()
      .replace(/\r\n[ \t]/g, ' ')
    return /^X-Spam-Status: .*$/m.exec(octets)?.[0] ?? ''
  }
  assert.match(await statusOf('a marker that only this test knows', '<1@x>'), /AM_TEST_MARKER=2\.345/)

  const traffic = sendTraffic(port, mails, {clients: 3})
  appendFileSync(
    path.join(site, 'local.cf'),
    'body AM_TEST_LATER /another marker/\nscore AM_TEST_LATER 1.5\n',
  )
  const reload = await amavis('reload', '-c', path.join(folder, 'amavisd.conf'))
  assert.equal(reload.status, 0, reload.stderr)
  const after = await statusOf('another marker', '<2@x>')
  const {broken, refused, acknowledged} = await traffic
  assert.match(after, /AM_TEST_LATER=1\.5, AM_TEST_OTHER=0\.5/)
  assert.deepEqual([broken, refused, acknowledged.size], [[], [], mails.length])
  const log = daemonLog(folder)
  assert.match(log, /TIMING-SA \[total/)
  assert.match(log, /SA check: /)
  assert.doesNotMatch(log, /SpamAssassin FAILED/)
})

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)
}

function childOf(pid: number): number {
  const [child] = childrenOf(pid)
  assert.ok(child, 'the helper has no process for the connection')
  return child
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
