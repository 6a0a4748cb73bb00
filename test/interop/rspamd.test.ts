/**
 * The true Rspamd (Debian: rspamd) with rules of our own: what it is told, what comes of it, and mail while it is
 * killed, hung, slow or gives rubbish.
 */
import assert from 'node:assert/strict'
import type {ChildProcess} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {spamScannerEntries} from '../../src/checks/spam/entries.ts'
import {rspamdClient} from '../../src/checks/spam/rspamd/rspamd-client.ts'
import type {SpamMail, SpamScanner} from '../../src/checks/spam/scanner.ts'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {silentLog} from '../../src/log/log.ts'
import {spamMail, watched} from '../checks/spam/support.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {
  killRspamd,
  rspamdTicks,
  signalRspamd,
  startRspamd,
  writeRspamdConfiguration,
} from '../support/rspamd.ts'
import {copies} from '../support/traffic.ts'
import {freePort, until} from '../support/wait.ts'

const MARKED = 'Subject: x\nFrom: a@remote.test\nX-Old: gone\n\na marker that only this test knows\n'
const GTUBE = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'

interface Home {
  readonly folder: string
  readonly port: number
  /** started again after it was killed */
  restart(): Promise<ChildProcess>
}

async function rspamdIn(t: TestContext): Promise<Home & {rspamd: ChildProcess}> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-true-rspamd-'))
  const port = await freePort()
  const file = writeRspamdConfiguration(folder, {port})
  const started: ChildProcess[] = []
  const restart = async () => {
    const rspamd = await startRspamd(file, {port})
    started.push(rspamd)
    return rspamd
  }
  t.after(async () => {
    await Promise.all(started.map(killRspamd))
    rmSync(folder, {recursive: true, force: true})
  })
  return {folder, port, restart, rspamd: await restart()}
}

async function scannerOf(t: TestContext, options: string): Promise<SpamScanner> {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (['Rspamd', 'RspamdClient', ${options}]);`})
  const scanner = await rspamdClient(spamScannerEntries(settings.list('@spam_scanners'))[0]!, watched().deps)
  t.after(() => scanner.close())
  return scanner
}

async function reportOf(scanner: SpamScanner, mail: SpamMail, timeoutMs = 20_000) {
  const result = await scanner.scan(mail, {timeoutMs, log: silentLog})
  assert.ok(result.kind === 'scanned', result.kind === 'failed' ? result.reason : '')
  return result.answers[0]!.report
}

async function failure(scanner: SpamScanner, timeoutMs: number): Promise<string> {
  const result = await scanner.scan(spamMail(MARKED), {timeoutMs, log: silentLog})
  return result.kind === 'failed' ? result.reason : 'it has answered'
}

test('a rule of its own, GTUBE, the envelope, a thousand recipients, 5 MB, a Unix socket', async t => {
  const {folder, port} = await rspamdIn(t)
  const scanner = await scannerOf(t, `url => 'http://127.0.0.1:${port}'`)
  const envelope = async (mail: SpamMail) =>
    / AM_TEST_ENVELOPE +\[(.*)\]/.exec((await reportOf(scanner, mail)).summary ?? '')?.[1]
  const forwarded = new Map([
    ['ADDR', '192.0.2.5'],
    ['HELO', 'helo.test'],
    ['IDENT', 'Q1'],
  ] as const)
  const client = {socketAddress: '127.0.0.1', socketPort: 1, helo: 'h', user: 'ann', forwarded}

  const marked = await reportOf(scanner, spamMail(MARKED, {client}))
  assert.equal(marked.score, 2.345)
  assert.ok(marked.tests.some(({name, score}) => name === 'AM_TEST_MARKER' && score === 2.345))
  assert.deepEqual(marked.fields, [['X-Test-Bar', '+++']])
  assert.deepEqual(marked.removedFields, ['X-Old'])
  assert.match(
    (await envelope(spamMail(MARKED, {client}))) ?? '',
    /^1,s@remote\.test,192\.0\.2\.5,helo\.test,Q1,ann,\d+$/,
  )

  const gtube = await reportOf(scanner, spamMail(`Subject: x\n\n${GTUBE}\n`))
  assert.equal(gtube.supplementary?.get('RSPAMDACTION'), 'reject')
  assert.ok(gtube.tests.some(({name}) => name === 'GTUBE'))

  const many = Array.from({length: 1000}, (_, n) => `recipient-with-a-long-name-${n}@example.com`)
  assert.match((await envelope(spamMail(MARKED, {recipients: many}))) ?? '', /^1000,/)
  const large = spamMail(
    `${MARKED}${'a line of seventy octets or so, to make a body that is large\n'.repeat(82_000)}`,
  )
  assert.ok(large.octets.size > 5_000_000)
  assert.match((await envelope(large)) ?? '', new RegExp(`,${large.octets.size}$`))

  const local = await scannerOf(t, `socket => '${folder}/rspamd/sock', score_factor => 2`)
  assert.equal((await reportOf(local, spamMail(MARKED))).score, 4.69)
})

test('killed, started again, hung, resumed: failures end in time, and it is asked again within seconds', async t => {
  const {port, rspamd, restart} = await rspamdIn(t)
  const scanner = await scannerOf(t, `url => 'http://127.0.0.1:${port}'`)
  const recovers = () =>
    until('Rspamd to be asked again', async () => {
      const result = await scanner.scan(spamMail(MARKED), {timeoutMs: 5000, log: silentLog})
      return result.kind === 'scanned'
    })
  await reportOf(scanner, spamMail(MARKED))
  await killRspamd(rspamd)
  assert.match(await failure(scanner, 2000), /ECONNREFUSED|hang up|ECONNRESET/)
  const again = await restart()
  const restarted = performance.now()
  await recovers()
  assert.ok(performance.now() - restarted < 5000)

  signalRspamd(again, 'SIGSTOP')
  const start = performance.now()
  assert.match(await failure(scanner, 400), /timed out/)
  assert.ok(performance.now() - start < 1000)
  for (let mail = 0; mail < 3; mail++)
    assert.match(await failure(scanner, 60_000), /^not asked until it answers again: .*timed out/)
  assert.ok(performance.now() - start < 5000, 'no mail but the first waits for its answer')
  signalRspamd(again, 'SIGCONT')
  const resumed = performance.now()
  await recovers()
  assert.ok(performance.now() - resumed < 8000)
})

test('slow, and killed in the middle of a scan: the mail goes on at once', async t => {
  const {port, rspamd, restart} = await rspamdIn(t)
  const scanner = await scannerOf(t, `url => 'http://127.0.0.1:${port}'`)
  const slow = spamMail(`X-Slow: yes\n${MARKED}`)
  const start = performance.now()
  assert.equal((await reportOf(scanner, slow)).score, 2.345)
  assert.ok(performance.now() - start > 1000)

  const before = rspamdTicks(rspamd)
  const result = scanner.scan(slow, {timeoutMs: 20_000, log: silentLog})
  await until('the scan to be under way', () => rspamdTicks(rspamd) > before + 20)
  const killed = performance.now()
  await killRspamd(rspamd)
  const {kind} = await result
  assert.equal(kind, 'failed')
  assert.ok(performance.now() - killed < 1000)
  await restart()
  await until('Rspamd to be asked again', async () => {
    const again = await scanner.scan(spamMail(MARKED), {timeoutMs: 5000, log: silentLog})
    return again.kind === 'scanned'
  })
})

test('a second server takes over from one that is hung, gives rubbish or is gone', async t => {
  const {port} = await rspamdIn(t)
  const rubbish = net.createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end('\x00\x01 rubbish\r\n\r\n'))
  })
  const hung = net.createServer(socket => void socket.on('error', () => {}).resume())
  const ports = await Promise.all(
    [rubbish, hung].map(async server => {
      server.listen(0, '127.0.0.1')
      t.after(() => server.close())
      await until('a server', () => server.listening)
      return (server.address() as net.AddressInfo).port
    }),
  )
  const list = [1, ...ports, port].map(number => `http://127.0.0.1:${number}`).join()
  assert.equal((await reportOf(await scannerOf(t, `url => '${list}'`), spamMail(MARKED), 4000)).score, 2.345)
})

test('the daemon: mail gets its points; while Rspamd is down it passes without, and soon with them again', async t => {
  const {folder, port, rspamd, restart} = await rspamdIn(t)
  const sink = await startSink()
  t.after(() => sink.close())
  const smtp = await freePort()
  await startDaemon(
    t,
    folder,
    smtp,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 1; $final_spam_destiny = D_PASS;
$sa_tag_level_deflt = undef; $allowed_added_header_fields{'x-test-bar'} = 1; $remove_existing_spam_headers = 1;
@spam_scanners = (['Rspamd', 'Amavis::SpamControl::RspamdClient', url => 'http://127.0.0.1:${port}/checkv2']);`,
  )
  const pass = async (id: string) => {
    const octets = Buffer.from(`Message-ID: ${id}\r\n${MARKED.replaceAll('\n', '\r\n')}`)
    assert.match(await sendMail(smtp, {sender: 's@remote.test', recipient: 'u@example.com', octets}), /^250/)
    return copies(sink.mails).get(id)![0]!.toString()
  }
  await until('the start-up log', () =>
    /spam scanner Rspamd: Rspamd at 127\.0\.0\.1:\d+$/m.test(daemonLog(folder)),
  )
  const scored = await pass('<1@x>')
  assert.match(scored, /^X-Spam-Status: No, score=2\.345 .*AM_TEST_MARKER=2\.345/ms)
  assert.match(scored, /^X-Test-Bar: \+\+\+\r$/m)
  assert.doesNotMatch(scored, /^X-Old:/m)
  assert.match(daemonLog(folder), /Rspamd rspamd score 2\.35\/2\.35 \(no action\) AM_TEST_MARKER=2\.345/)
  await until('the times', () => /TIMING .* Rspamd: \d/.test(daemonLog(folder)))

  await killRspamd(rspamd)
  assert.doesNotMatch(await pass('<2@x>'), /AM_TEST_MARKER/)
  assert.match(daemonLog(folder), /Rspamd FAILED: 127\.0\.0\.1:\d+: /)
  await restart()
  let n = 2
  await until('points again', async () => /AM_TEST_MARKER=2\.345/.test(await pass(`<${++n}@x>`)))
})
