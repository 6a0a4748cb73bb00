/**
 * What reads the original's log and counters reads ours: Debian's logwatch script, munin's plugin over a file that
 * rsyslog wrote, and plugins written for amavisd-agent and amavisd-nanny.
 */
import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {type SentMail, sendMail} from '../../src/demo/feed.ts'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {binary, runAmavis} from '../support/amavis.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {until} from '../support/wait.ts'

const [PORT, REFUSED_PORT, SYSLOG_PORT, NOBODY_PORT] = [23_960, 23_961, 23_962, 23_963] as const
const LOGWATCH = '/usr/share/logwatch/scripts/services/amavis'
const MUNIN = '/usr/share/munin/plugins/amavis'
const MAILS = 1000

const CONFIGURATION = `$log_recip_templ = undef;
$inet_socket_port = [${PORT}, ${REFUSED_PORT}];
$interface_policy{'${REFUSED_PORT}'} = 'REFUSED';
$policy_bank{'REFUSED'} = { forward_method => 'smtp:[127.0.0.1]:${NOBODY_PORT}' };
@message_size_limit_maps = ({'small@example.com' => 64*1024});
$final_destiny_by_ccat{+CC_OVERSIZED} = D_PASS;
$virus_admin = 'admin@example.com'; $warnbannedrecip = 1;
`

/** Of a hundred mails some are of kinds that the demo has not. */
function mixedMail(n: number): SentMail & {readonly port: number} {
  const mail = demoMail(n)
  const text = mail.octets.toString('latin1')
  const instead = (octets: string) => ({...mail, port: PORT, octets: Buffer.from(octets, 'latin1')})
  switch (n % 100) {
    case 13:
      return {...mail, port: PORT, sender: ''}
    case 25:
      return {...mail, port: PORT, recipient: [mail.recipient, 'far@elsewhere.example']}
    case 31:
      return {...mail, port: REFUSED_PORT}
    case 47:
      return {
        ...instead(`${text}${`${'large '.repeat(12)}\r\n`.repeat(1000)}`),
        recipient: [mail.recipient, 'small@example.com'],
      }
    case 53:
      return instead(text.replace('Subject:', 'Subject: [x] {y} <z> => "q" (INFECTED), Hits: 99, caf\xe9'))
    case 71:
      return instead(
        text.replace(
          'Content-Type: text/plain',
          'Content-Type: multipart/mixed; boundary=a; boundary=b\r\nX-Was: text/plain',
        ),
      )
    default:
      return {...mail, port: PORT}
  }
}

async function sendAll(count: number): Promise<void> {
  let next = 0
  const client = async () => {
    for (let n = next++; n < count; n = next++) {
      const mail = mixedMail(n)
      await sendMail(mail.port, mail)
    }
  }
  await Promise.all([client(), client(), client()])
}

function missing(...files: readonly string[]): string | false {
  const absent = files.filter(file => !existsSync(file))
  return absent.length > 0 && `missing: ${absent.join(', ')} (packages logwatch, munin-plugins-core, rsyslog)`
}

/** What logwatch counts, by the words of its summary. */
function totals(report: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const [, value = '', words = ''] of report.matchAll(
    /^ +(\d+) +([A-Z][^\n]*?) +(?:-+ +)?(?:[\d.]+%)?\s*$/gm,
  )) {
    if (!found.has(words)) found.set(words, Number(value))
  }
  return found
}

test(
  'logwatch understands each line of a thousand mails, and counts what we count',
  {timeout: 180_000},
  async t => {
    assert.equal(missing(LOGWATCH), false)
    const home = mkdtempSync(path.join(tmpdir(), 'amavis-readers-'))
    const sink = await startSink()
    t.after(() => sink.close())
    const method = `'smtp:[127.0.0.1]:${sink.port}'`
    await startDaemon(
      t,
      home,
      PORT,
      `${CONFIGURATION}$forward_method = ${method}; $notify_method = ${method};`,
    )
    // Last of all: the daemon writes until it has ended.
    t.after(() => rmSync(home, {recursive: true, force: true, maxRetries: 10}))
    const env = {...process.env, AMAVIS_CONNECT: `ipc://${home}/outer.sock`}
    const agent = async () => (await runAmavis(['-c', '1'], {file: binary('amavisd-agent.js'), env})).stdout
    const counterIn = (text: string, name: string) =>
      Number(new RegExp(`^${name} +(\\d+) `, 'm').exec(text)?.[1] ?? 0)
    // What was counted before the bus had its first listener is lost, and what was counted after it may come late.
    let before = ''
    await until('the bus', async () => {
      await sendMail(PORT, demoMail(0))
      const last = before
      before = await agent()
      return counterIn(last, 'InMsgs') > 0 && counterIn(before, 'InMsgs') === counterIn(last, 'InMsgs') + 1
    })
    await until('the counters of all mails so far', async () => {
      const last = before
      before = await agent()
      return (
        before.match(/^InMsgs .*/m)?.[0] !== undefined &&
        counterIn(before, 'InMsgs') === counterIn(last, 'InMsgs')
      )
    })
    // Start and stop are told in words of ours; logwatch knows but those of old versions.
    const from = Buffer.byteLength(daemonLog(home))
    await sendAll(MAILS)
    let stdout = ''
    await until('counters of all mails', async () => {
      stdout = await agent()
      return counterIn(stdout, 'InMsgs') - counterIn(before, 'InMsgs') === MAILS
    }).catch(error => assert.fail(`${error}\n${stdout}`))

    const log = Buffer.from(daemonLog(home)).subarray(from).toString('utf8')
    const report = execFileSync('perl', [LOGWATCH, '--detail', '10', '--full'], {
      input: log,
      encoding: 'utf8',
    })
    assert.doesNotMatch(report, /unmatched/i, report.slice(report.search(/\*\*Unmatched/i)))
    const watched = totals(report)
    const counter = (name: string) => counterIn(stdout, name) - counterIn(before, name)
    const seen = (...words: readonly string[]) =>
      words.reduce((sum, each) => sum + (watched.get(each) ?? 0), 0)
    // A mail that was passed for some and blocked for others has two lines.
    assert.deepEqual(
      {
        all: seen('Total messages scanned'),
        virus: seen('Malware blocked', 'Malware passed'),
        banned: seen('Banned name blocked', 'Banned name passed'),
        unchecked: seen('Unchecked blocked', 'Unchecked passed'),
        spam: seen('Spam blocked', 'Spam passed'),
        spammy: seen('Spammy blocked', 'Spammy passed'),
        badHeader: seen('Bad header blocked', 'Bad header passed'),
        oversized: seen('Oversized blocked', 'Oversized passed'),
        cleanAndDeferred: seen('Clean passed', 'MTA blocked'),
      },
      {
        all: counter('InMsgs'),
        virus: counter('ContentVirusMsgs'),
        banned: counter('ContentBannedMsgs'),
        unchecked: counter('ContentUncheckedMsgs'),
        spam: counter('ContentSpamMsgs'),
        spammy: counter('ContentSpammyMsgs'),
        badHeader: counter('ContentBadHdrMsgs'),
        oversized: counter('ContentOversizedMsgs'),
        cleanAndDeferred: counter('ContentCleanMsgs'),
      },
      report,
    )
    assert.equal(seen('Total messages scanned'), MAILS)
    for (const words of ['Malware blocked', 'Unchecked passed', 'Oversized passed', 'MTA blocked'])
      assert.ok(seen(words) > 0, `${words}\n${report}`)

    // name, value, rate and share, as plugins split them
    for (const line of stdout.split('\n').filter(text => /^(?:InMsgs|Content|OutMsgs)\w* /.test(text))) {
      assert.match(line, /^\w+ +\d+(?:MB)? +\d+(?:MB)?\/h +(?:\d+\.\d|---) % \(\w+\)$/)
    }
    const nanny = await runAmavis(['-c', '1'], {file: binary('amavisd-nanny.js'), env})
    // pid, task, elapsed time and the bar
    const children = nanny.stderr.match(/^PID \d+: .*/gm) ?? []
    assert.equal(children.length, 4, JSON.stringify(nanny))
    for (const line of children) assert.match(line, /^PID \d{5}: .*? \d:\d\d:\d\d [.:=>]*\s*$/)
  },
)

test(
  "munin's plugin counts what rsyslog wrote, each line with its child's pid",
  {timeout: 120_000},
  async t => {
    assert.equal(missing(MUNIN, '/usr/sbin/rsyslogd'), false)
    const home = mkdtempSync(path.join(tmpdir(), 'amavis-readers-'))
    const file = path.join(home, 'mail.log')
    const conf = path.join(home, 'rsyslog.conf')
    writeFileSync(
      conf,
      `global(workDirectory="${home}")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="${SYSLOG_PORT}" ruleset="mail")
ruleset(name="mail") { action(type="omfile" file="${file}" template="RSYSLOG_TraditionalFileFormat") }
`,
    )
    const rsyslog = spawn('/usr/sbin/rsyslogd', ['-n', '-f', conf, '-i', path.join(home, 'rsyslog.pid')], {
      stdio: 'ignore',
    })
    t.after(() => rsyslog.kill('SIGKILL'))
    const sink = await startSink()
    t.after(() => sink.close())
    const method = `'smtp:[127.0.0.1]:${sink.port}'`
    await startDaemon(
      t,
      home,
      PORT,
      `${CONFIGURATION}$forward_method = ${method}; $notify_method = ${method};
$do_syslog = 1; $syslog_server = '127.0.0.1:${SYSLOG_PORT}'; $log_level = 0;`,
    )
    t.after(() => rmSync(home, {recursive: true, force: true, maxRetries: 10}))
    await sendAll(60)
    const text = () => (existsSync(file) ? readFileSync(file, 'utf8') : '')
    await until('the log of 60 mails', () => (text().match(/Hits: /g) ?? []).length >= 60)

    const pids = new Set(text().match(/(?<= amavis\[)\d+(?=\]: \(\d+-\d+(?:-\d+)?\) (?:Passed|Blocked))/g))
    assert.ok(pids.size > 1)
    for (const [, pid, id] of text().matchAll(/ amavis\[(\d+)\]: \((\d+)-\d+/g))
      assert.equal(Number(pid), Number(id))

    const logtail = path.join(home, 'logtail')
    writeFileSync(logtail, '#!/bin/sh\n[ -f "$1" ] && cat "$1"\n')
    chmodSync(logtail, 0o755)
    const out = execFileSync('/bin/sh', [MUNIN], {
      encoding: 'utf8',
      env: {PATH: process.env.PATH, amavislog: file, logtail, MUNIN_PLUGSTATE: home},
    })
    const value = (name: string) => Number(new RegExp(`^${name}\\.value (\\d+)$`, 'm').exec(out)?.[1])
    const kinds = Array.from({length: 60}, (_, n) => demoMail(n).kind)
    const count = (kind: string) => kinds.filter(each => each === kind).length
    assert.deepEqual(
      [value('virus'), value('spam_sure'), value('spam_maybe')],
      [count('virus'), count('spam'), 0],
    )
    assert.equal(value('total'), 60)
  },
)
