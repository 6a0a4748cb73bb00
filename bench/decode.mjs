#!/usr/bin/env node
/**
 * decode — what opening archives and finding types costs, beside amavisd-new in the same run.
 *
 *   node bench/decode.mjs [--rounds 5] FILE-OR-FOLDER…
 *
 * The mails (*.eml) go one after the other through amavisd-new (Debian) and through this program, one child each,
 * round by round in turn; each program runs twice, with and without unpacking. The CPU time of its processes, those
 * that they start included, is the first figure; what unpacking costs is the difference. The second is the time in the
 * sections parts_decode and get-file-type of the TIMING lines. Needs root, a build, packages amavisd-new and postfix
 * (smtp-sink).
 */
import {spawn} from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {sendMail} from '../dist/src/demo/feed.js'

const {values, positionals} = parseArgs({
  options: {rounds: {type: 'string', default: '5'}},
  allowPositionals: true,
})
const rounds = Number(values.rounds)
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const run = mkdtempSync(path.join(tmpdir(), 'bench-decode-'))
const SINK = 21430
const TRUSTED = '/opt/bench-conf'
const started = []

function filesBelow(place) {
  if (!statSync(place).isDirectory()) return [place]
  return readdirSync(place)
    .sort()
    .flatMap(name => filesBelow(path.join(place, name)))
}

const mails = positionals
  .flatMap(filesBelow)
  .filter(file => file.endsWith('.eml'))
  .map(file => ({
    sender: 'a@example.org',
    recipient: 'b@example.com',
    octets: Buffer.from(readFileSync(file, 'latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
  }))

function start(command, args) {
  const child = spawn(command, args, {stdio: 'ignore'})
  started.push(child)
  return child
}

async function waitForPort(port) {
  for (let tries = 0; tries < 300; tries++) {
    const open = await new Promise(resolve => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.setTimeout(1000, () => resolve(false))
      setTimeout(() => socket.destroy(), 50)
    })
    if (open) return
    await sleep(100)
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** CPU time of a process, of all below it and of those of them that have ended, in ms. */
function cpuMs(pid) {
  const processes = new Map()
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      processes.set(
        Number(name),
        stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ')
          .map(Number),
      )
    } catch {
      // ended meanwhile
    }
  }
  let total = 0
  const waiting = [pid]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const fields = processes.get(id)
    if (!fields) continue
    total += 10 * (fields[11] + fields[12] + fields[13] + fields[14])
    for (const [child, [, parent]] of processes) if (parent === id) waiting.push(child)
  }
  return total
}

function configuration(name, port, lines) {
  const home = path.join(run, name)
  mkdirSync(path.join(home, 'var'), {recursive: true})
  const file = path.join(home, 'amavisd.conf')
  const log = path.join(home, 'log')
  writeFileSync(log, '')
  writeFileSync(
    file,
    `use strict;
@spam_scanners = (); $max_servers = 1; $max_requests = 0; $daemon_user = 'amavis'; $daemon_group = 'amavis';
$mydomain = 'example.com'; $myhostname = 'mx.example.com';
$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = undef; $helpers_home = "$MYHOME/var";
$lock_file = "$MYHOME/amavisd.lock"; $pid_file = "$MYHOME/amavisd.pid"; $ENV{TMPDIR} = $TEMPBASE;
$log_level = 2; $do_syslog = 0; $logfile = '${log}'; $enable_db = 0; $enable_zmq = 0;
@local_domains_maps = ( [".$mydomain"] ); @mynetworks = qw( 127.0.0.0/8 );
$inet_socket_port = ${port}; $inet_socket_bind = '127.0.0.1'; $unix_socketname = undef;
$forward_method = 'smtp:[127.0.0.1]:${SINK}'; $notify_method = $forward_method;
$virus_admin = undef; $warnbadhsender = 0;
@bypass_spam_checks_maps = (1); @bypass_virus_checks_maps = (1); @bypass_banned_checks_maps = (1);
@bypass_header_checks_maps = (1); $enable_dkim_verification = 0;
$MAXLEVELS = 14; $MAXFILES = 3000; $MIN_EXPANSION_QUOTA = 100*1024; $MAX_EXPANSION_QUOTA = 300*1024*1024;
$path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
$gunzip = 'gzip -d'; $bunzip2 = 'bzip2 -d'; $unlzop = 'lzop -d'; $uncompress = ['uncompress', 'gzip -d', 'zcat'];
$pax = ['pax', 'gcpio', 'cpio']; $ar = 'ar'; $unarj = ['arj', 'unarj']; $unrar = ['rar', 'unrar']; $cabextract = 'cabextract';
$rpm2cpio = ['rpm2cpio.pl', 'rpm2cpio']; $tnef = 'tnef';
${lines}
1;
`,
  )
  return {file, log, home}
}

const PEERS = [
  {name: 'amavisd-new 2.13, unpacking', port: 21431, lines: '', isOurs: false},
  {name: 'amavisd-new 2.13, not unpacking', port: 21432, lines: '$bypass_decode_parts = 1;', isOurs: false},
  {name: 'amavis, unpacking', port: 21433, lines: '', isOurs: true},
  {name: 'amavis, not unpacking', port: 21434, lines: '$bypass_decode_parts = 1;', isOurs: true},
]

async function startPeer({port, lines, isOurs}) {
  const {file, log, home} = configuration(String(port), port, lines)
  let child
  if (isOurs) {
    const args = [path.join(root, 'bin', 'amavis.js'), 'foreground', '--allow-root', '-u', 'root', '-c', file]
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\$daemon_user = .*?; \$daemon_group = .*?;/, ''))
    child = start(
      process.execPath,
      args.filter(arg => arg !== '-u' && arg !== 'root'),
    )
  } else {
    const [, uid, gid] = /^amavis:[^:]*:(\d+):(\d+)/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? []
    for (const place of [run, home, path.join(home, 'var'), log]) chownSync(place, Number(uid), Number(gid))
    // It trusts a file only in a folder that nobody else can write to.
    mkdirSync(TRUSTED, {recursive: true})
    const trusted = path.join(TRUSTED, `decode-${port}.conf`)
    copyFileSync(file, trusted)
    child = start('/usr/sbin/amavisd', ['-c', trusted, 'foreground'])
  }
  await waitForPort(port)
  return {child, log}
}

/** ms in both sections, over all mails of a log from an offset on. */
function sectionsMs(log, from) {
  const text = readFileSync(log, 'utf8').slice(from)
  let total = 0
  for (const [, section, ms] of text.matchAll(/ (parts_decode|get-file-type\d*)(?:[^:,]*): ([\d.]+) \(/g)) {
    if (section) total += Number(ms)
  }
  return total
}

async function main() {
  if (mails.length === 0) throw new Error('no mails: name a folder')
  start('smtp-sink', ['-u', 'nobody', `127.0.0.1:${SINK}`, '256'])
  await waitForPort(SINK)
  const peers = []
  for (const peer of PEERS) peers.push({...peer, ...(await startPeer(peer)), cpu: [], sections: []})
  const round = async peer => {
    const from = readFileSync(peer.log, 'utf8').length
    const before = cpuMs(peer.child.pid)
    for (const mail of mails) await sendMail(peer.port, mail).catch(() => {})
    return {cpu: cpuMs(peer.child.pid) - before, sections: sectionsMs(peer.log, from)}
  }
  for (const peer of peers) await round(peer)
  for (let n = 0; n < rounds; n++) {
    for (const peer of peers) {
      const {cpu, sections} = await round(peer)
      peer.cpu.push(cpu / mails.length)
      peer.sections.push(sections / mails.length)
    }
  }
  const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
  const row = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
  process.stdout.write(`${mails.length} mails, ${rounds} rounds; medians, ms a mail\n\n`)
  row('program', 'CPU, all processes', 'parts_decode and get-file-type')
  row('---', '---', '---')
  for (const {name, cpu, sections} of peers) row(name, median(cpu).toFixed(1), median(sections).toFixed(1))
  const [theirs, theirsBare, ours, oursBare] = peers.map(({cpu}) => median(cpu))
  const unpacking = ours - oursBare
  row(
    'unpacking: ours of theirs',
    (unpacking / (theirs - theirsBare)).toFixed(2),
    (median(peers[2].sections) / median(peers[0].sections)).toFixed(2),
  )
}

try {
  await main()
} finally {
  for (const child of started) child.kill('SIGTERM')
  await sleep(1500)
  rmSync(run, {recursive: true, force: true})
}
