/**
 * spam — SpamAssassin four ways, round by round on the same mails and rules: amavisd-new with SpamAssassin in
 * process, ours with the helper, ours with spamd on two children, as it is and with helpers/KeepConf.pm.
 *
 *     node bench/spam.mjs [--children 4] [--mails 60] [--rounds 4] [--port 22900] [--engine spamassassin|rspamd]
 *                         [--idle 18]
 *
 * With Rspamd: both through one Rspamd with a single rule, so that it takes little of the time. amavisd-new needs
 * Debian's libwww-perl and libjson-perl for it. Needs root, Debian's amavisd-new, spamassassin, spamd, and smtp-source and smtp-sink of postfix. Local tests
 * only, nothing is learned. Prints throughput, CPU time of a mail, and the memory of each whole (PSS), at once and
 * when all have been idle for so many seconds.
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process'
import {copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'

const {values: options} = parseArgs({
  options: {
    children: {type: 'string', default: '4'},
    mails: {type: 'string', default: '60'},
    rounds: {type: 'string', default: '4'},
    port: {type: 'string', default: '22900'},
    engine: {type: 'string', default: 'spamassassin'},
    idle: {type: 'string', default: '18'},
  },
})
const [children, mails, rounds, first, idle] = ['children', 'mails', 'rounds', 'port', 'idle'].map(name =>
  Number(options[name]),
)
const SINK = first
const SPAMD = [first + 1, first + 2]
const RSPAMD = first + 1
const root = fileURLToPath(new URL('..', import.meta.url))
const node = path.join(root, 'node_modules', '.bin', 'node')
// amavisd-new wants its configuration in a folder that is root's
const run = mkdtempSync('/opt/amavis-bench-spam-')
const started = []

function start(program, args) {
  const child = spawn(program, args, {stdio: 'ignore', env: {...process.env, MALLOC_ARENA_MAX: undefined}})
  started.push(child)
  return child
}

async function waitForPort(port) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const open = await new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('error', () => resolve(false))
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
    })
    if (open) return
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** A process and all below it. */
function tree(pid) {
  const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean)
  return [pid, ...below.flatMap(child => tree(Number(child)))]
}

function sum(pids, measure) {
  return pids.flatMap(pid => tree(pid)).reduce((total, pid) => total + measure(pid), 0)
}

function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function pssMiB(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) / 1024
}

function feed(port, count = mails) {
  const begin = performance.now()
  const args = [
    '-s',
    String(children),
    '-m',
    String(count),
    '-l',
    '5000',
    '-f',
    'a@example.org',
    '-t',
    'b@example.com',
  ]
  const {status} = spawnSync('smtp-source', [...args, `127.0.0.1:${port}`])
  if (status !== 0) throw new Error(`smtp-source failed on port ${port}`)
  return (performance.now() - begin) / 1000
}

function home(name, port, lines) {
  const folder = path.join(run, name)
  mkdirSync(path.join(folder, 'db'), {recursive: true})
  const file = path.join(run, `${name}.conf`)
  writeFileSync(path.join(folder, 'amavis.log'), '')
  execFileSync('chown', ['-R', 'amavis:amavis', folder])
  writeFileSync(
    file,
    `use strict;
$max_servers = ${children}; $max_requests = 0; $daemon_user = 'amavis'; $daemon_group = 'amavis';
$mydomain = 'example.com'; $myhostname = 'mx.example.com';
$MYHOME = '${folder}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME; $db_home = "$MYHOME/db"; $helpers_home = $MYHOME;
$lock_file = "$MYHOME/amavisd.lock"; $pid_file = "$MYHOME/amavisd.pid"; $unix_socketname = undef;
$log_level = 0; $do_syslog = 0; $logfile = "$MYHOME/amavis.log"; $enable_db = 0; $enable_zmq = 0; $nanny_details_level = 0;
@local_domains_maps = ( [".$mydomain"] ); @mynetworks = qw( 127.0.0.0/8 [::1] );
$inet_socket_port = ${port}; $inet_socket_bind = '127.0.0.1';
$forward_method = 'smtp:[127.0.0.1]:${SINK}'; $notify_method = $forward_method;
@bypass_virus_checks_maps = (1); $enable_dkim_verification = 0;
$final_spam_destiny = D_PASS; $final_bad_header_destiny = D_PASS; $sa_tag_level_deflt = -999;
$sa_siteconfigpath = '${run}/site'; $sa_local_tests_only = 1;
@decoders = (['mail', \\&do_mime_decode]);
${lines}
1;
`,
  )
  return file
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

const ours = file => start(node, [path.join(root, 'bin', 'amavis.js'), 'foreground', '-c', file])
const original = file => start('/usr/sbin/amavisd', ['-c', file, 'foreground'])

function startSink() {
  execFileSync('chmod', ['755', run])
  start('smtp-sink', ['-u', 'nobody', `127.0.0.1:${SINK}`, '1024'])
}

async function withRspamd() {
  startSink()
  const folder = path.join(run, 'rspamd')
  mkdirSync(folder)
  const at = name => path.join(folder, name)
  writeFileSync(at('tlds'), 'com\norg\n')
  writeFileSync(
    at('rspamd.conf'),
    `options { pidfile = "${at('pid')}"; filters = "regexp"; tempdir = "${folder}"; hs_cache_dir = "${folder}";
  control_socket = "${at('control')} mode=0600"; url_tld = "${at('tlds')}"; local_addrs = [];
  dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; } }
logging { type = "file"; filename = "${at('log')}"; level = "error"; }
metric { actions { reject = 15; } }
regexp { BENCH_RULE = { re = "/X/P"; score = 1.0; } }
worker "normal" { bind_socket = "127.0.0.1:${RSPAMD}"; count = 2; }
`,
  )
  start('rspamd', ['-f', '-i', '-c', at('rspamd.conf')])
  const scanners = `@spam_scanners = (['Rspamd', 'Amavis::SpamControl::RspamdClient', url => 'http://127.0.0.1:${RSPAMD}/checkv2']);`
  const programs = [
    {
      name: 'amavisd-new 2.13, Rspamd',
      port: first + 2,
      children: [original(home('original', first + 2, scanners))],
    },
    {name: 'amavis, Rspamd', port: first + 3, children: [ours(home('ours', first + 3, scanners))]},
  ]
  for (const port of [SINK, RSPAMD, ...programs.map(program => program.port)]) await waitForPort(port)
  return programs
}

async function withSpamAssassin() {
  startSink()
  const sites = ['site', 'site-keep-conf'].map(name => path.join(run, name))
  const keepConf = `loadplugin Amavis::KeepConf ${path.join(run, 'KeepConf.pm')}\n`
  copyFileSync(path.join(root, 'helpers', 'KeepConf.pm'), path.join(run, 'KeepConf.pm'))
  for (const [index, site] of sites.entries()) {
    mkdirSync(site)
    for (const name of readdirSync('/etc/spamassassin').filter(file => file.endsWith('.pre')))
      copyFileSync(path.join('/etc/spamassassin', name), path.join(site, name))
    const lines = `use_bayes 0\nbayes_auto_learn 0\ndns_available no\n${index === 1 ? keepConf : ''}`
    writeFileSync(path.join(site, 'local.cf'), lines)
  }
  const [spamd, spamdKeeping] = sites.map((site, index) =>
    start('/usr/sbin/spamd', [
      ...['-L', '-x', '-u', 'amavis', '--min-children=2', '--max-children=2', '-s', 'null'],
      ...[`--siteconfigpath=${site}`, `--listen=127.0.0.1:${SPAMD[index]}`],
    ]),
  )
  const client = port =>
    `@spam_scanners = (['spamd', 'Amavis::SpamControl::SpamdClient', host => '127.0.0.1', port => ${port}]);`
  const programs = [
    {
      name: 'amavisd-new 2.13, in process',
      port: first + 3,
      children: [original(home('original', first + 3, ''))],
    },
    {name: 'amavis, helper', port: first + 4, children: [ours(home('helper', first + 4, ''))]},
    {
      name: 'amavis, spamd',
      port: first + 5,
      children: [ours(home('spamd', first + 5, client(SPAMD[0]))), spamd],
    },
    {
      name: 'amavis, spamd with KeepConf',
      port: first + 6,
      children: [ours(home('keeping', first + 6, client(SPAMD[1]))), spamdKeeping],
    },
  ]
  for (const port of [SINK, ...SPAMD, ...programs.map(program => program.port)]) await waitForPort(port)
  return programs
}

try {
  const programs = await (options.engine === 'rspamd' ? withRspamd() : withSpamAssassin())
  for (const {port} of programs) feed(port, 3 * children)
  const figures = programs.map(() => ({seconds: [], cpu: []}))
  for (let round = 0; round < rounds; round++) {
    for (const [index, {port, children: pids}] of programs.entries()) {
      const ids = pids.map(({pid}) => pid)
      const before = sum(ids, cpuMs)
      figures[index].seconds.push(feed(port))
      figures[index].cpu.push((sum(ids, cpuMs) - before) / mails)
    }
  }
  const pssOf = pids =>
    sum(
      pids.map(({pid}) => pid),
      pssMiB,
    )
  const busy = programs.map(({children: pids}) => pssOf(pids))
  await sleep(1000 * idle)
  const rates = figures.map(({seconds}) => mails / median(seconds))
  process.stdout.write(`${children} children, ${rounds} rounds of ${mails} mails of 5000 octets\n\n`)
  process.stdout.write(
    '| program | msg/s | of amavisd-new | CPU ms a mail | PSS of all, MiB | when idle | rounds, s |\n|---|---|---|---|---|---|---|\n',
  )
  for (const [index, {name, children: pids}] of programs.entries()) {
    const {seconds, cpu} = figures[index]
    const cells = [
      ...[name, rates[index].toFixed(1), (rates[index] / rates[0]).toFixed(2), median(cpu).toFixed(0)],
      ...[busy[index].toFixed(0), pssOf(pids).toFixed(0), seconds.map(s => s.toFixed(2)).join(' ')],
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
} finally {
  for (const child of started) child.kill('SIGTERM')
  await sleep(2000)
  for (const child of started) child.kill('SIGKILL')
  rmSync(run, {recursive: true, force: true})
}
