#!/usr/bin/env node
/**
 * bench — the program beside its peers in one run: throughput, CPU a mail, memory of a child, start-up.
 *
 *   node bench/bench.mjs [--rounds 5] [--count 2000] [--warm-up 8000] [--size 5000] [--peers ../shared/peers/bench]
 *
 * Needs root, smtp-source and smtp-sink (package postfix), and for the comparison the folder of peers with
 * the bare pass-through and, if installed, amavisd-new; $HARAKA_DIR may name a folder with Haraka from npm. The same mails go through each in turn, round by
 * round, so that a ratio holds on a noisy machine; medians of the rounds are printed as a table.
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {findRuntime} from '../bin/runtime.js'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const {values: options} = parseArgs({
  options: {
    rounds: {type: 'string', default: '5'},
    count: {type: 'string', default: '2000'},
    'warm-up': {type: 'string', default: '8000'},
    size: {type: 'string', default: '5000'},
    sessions: {type: 'string', default: '4'},
    peers: {type: 'string', default: path.join(root, '..', 'shared', 'peers', 'bench')},
    only: {type: 'string', multiple: true},
  },
})
const rounds = Number(options.rounds)
const count = Number(options.count)
/** Mails that each program gets before anything is timed, as its children have had in any production. */
const warmUp = Number(options['warm-up'])
const CHILDREN = 4
const SINK_PORT = 20310
const HARAKA_PORT = 20330
const node = findRuntime(root).node
const run = mkdtempSync(path.join(os.tmpdir(), 'amavis-bench-'))
const started = []

const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function startProcess(command, args, env = {}) {
  const child = spawn(command, args, {stdio: ['ignore', 'ignore', 'inherit'], env: {...process.env, ...env}})
  started.push(child)
  return child
}

async function waitForPort(port, limitMs = 30_000) {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(5)) {
    const socket = net.connect(port, '127.0.0.1')
    const open = await new Promise(resolve => {
      socket
        .once('data', () => resolve(true))
        .once('error', () => resolve(false))
        .once('close', () => resolve(false))
    })
    socket.destroy()
    if (open) return
  }
  throw new Error(`nothing answers on port ${port}`)
}

/** A process and all below it. */
function tree(pid) {
  const children = new Map()
  for (const name of readdirSync('/proc').filter(entry => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // ended meanwhile
    }
  }
  const below = id => [id, ...(children.get(id) ?? []).flatMap(below)]
  return below(pid)
}

/** The children that take the mails, of the processes below `pid`. */
function mailChildren(pid) {
  return tree(pid).filter(id => {
    try {
      return id !== pid && /ch\d|passthrough|child-main/.test(readFileSync(`/proc/${id}/cmdline`, 'utf8'))
    } catch {
      return false
    }
  })
}

/** CPU time that these processes have used so far, in ms. */
function cpuMs(pids) {
  return pids.reduce((sum, id) => {
    try {
      const stat = readFileSync(`/proc/${id}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return sum + (Number(fields[11]) + Number(fields[12])) * 10
    } catch {
      return sum
    }
  }, 0)
}

function pssKiB(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
}

/** Seconds that smtp-source needs for all mails. */
function feed(port, keptSessions, mails = count) {
  const start = performance.now()
  const result = spawnSync(
    'smtp-source',
    [
      ...(keptSessions ? ['-d'] : []),
      '-s',
      options.sessions,
      '-m',
      String(mails),
      '-l',
      options.size,
      '-f',
      'a@example.org',
      '-t',
      'b@example.com',
      `127.0.0.1:${port}`,
    ],
    {stdio: ['ignore', 'ignore', 'inherit']},
  )
  if (result.status !== 0) throw new Error(`smtp-source failed on port ${port}`)
  return (performance.now() - start) / 1000
}

function ourConfiguration(name, port, lines) {
  const home = path.join(run, name)
  mkdirSync(home, {recursive: true})
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `use strict;
$max_servers = ${CHILDREN}; $max_requests = 0;
@spam_scanners = ();
$mydomain = 'example.com'; $myhostname = 'mx.example.com';
$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME;
$log_level = 0; $do_syslog = 0; $logfile = "$MYHOME/amavis.log";
@local_domains_maps = ( [".$mydomain"] ); @mynetworks = qw( 127.0.0.0/8 [::1] );
$inet_socket_port = ${port}; $inet_socket_bind = '127.0.0.1';
$forward_method = 'smtp:[127.0.0.1]:${SINK_PORT}'; $notify_method = $forward_method;
@bypass_spam_checks_maps = (1); @bypass_virus_checks_maps = (1);
$final_virus_destiny = D_DISCARD; $final_banned_destiny = D_DISCARD; $final_spam_destiny = D_PASS; $final_bad_header_destiny = D_PASS;
@zmq_sockets = ("ipc://$MYHOME/inner.sock"); $bus_outer_socket = "ipc://$MYHOME/outer.sock"; $bus_snmp_socket = "ipc://$MYHOME/snmp.sock";
${lines}
1;
`,
  )
  return file
}

async function startOurs(name, port, lines) {
  const file = ourConfiguration(name, port, lines)
  const child = startProcess(node, [
    path.join(root, 'bin', 'amavis.js'),
    'foreground',
    '--allow-root',
    '-c',
    file,
  ])
  await waitForPort(port)
  return child
}

/** Peers that can be had here: name, port, process. */
async function startPeers() {
  const peers = []
  startProcess('smtp-sink', ['-u', 'nobody', `127.0.0.1:${SINK_PORT}`, '1024'])
  await waitForPort(SINK_PORT)
  const passthrough = path.join(options.peers, 'passthrough.mjs')
  if (existsSync(passthrough)) {
    const child = startProcess(node, [passthrough], {N: String(CHILDREN)})
    await waitForPort(20320)
    peers.push({name: 'bare pass-through', port: 20320, child})
  }
  if (existsSync('/usr/sbin/amavisd') && existsSync(options.peers)) {
    const base = '/tmp/bench'
    execFileSync('sh', [
      '-c',
      `mkdir -p ${base}/home/var ${base}/tmp ${base}/db ${base}/quar /opt/bench-conf && touch ${base}/amavis.log && chown -R amavis:amavis ${base} && install -o root -g root -m 644 ${options.peers}/amavisd-baseline.conf /opt/bench-conf/base.conf`,
    ])
    const child = startProcess('/usr/sbin/amavisd', ['-c', '/opt/bench-conf/base.conf', 'foreground'])
    await waitForPort(20300)
    peers.push({name: 'amavisd-new 2.13', port: 20300, child})
  }
  if (process.env.HARAKA_DIR)
    peers.push({name: 'Haraka', port: HARAKA_PORT, child: await startHaraka(process.env.HARAKA_DIR)})
  peers.push({name: 'amavis, bus off', port: 20341, child: await startOurs('off', 20341, '$enable_zmq = 0;')})
  peers.push({name: 'amavis, bus on', port: 20342, child: await startOurs('on', 20342, '')})
  return options.only ? peers.filter(peer => options.only.some(word => peer.name.includes(word))) : peers
}

/** Haraka with as many workers, one plugin that takes every recipient and one that forwards. */
async function startHaraka(folder) {
  const home = path.join(run, 'haraka')
  const config = path.join(home, 'config')
  const haraka = path.join(folder, 'node_modules', '.bin', 'haraka')
  execFileSync(node, [haraka, '-i', home], {stdio: 'ignore'})
  const files = {
    'smtp.ini': `listen=127.0.0.1:${HARAKA_PORT}\nnodes=${CHILDREN}\n`,
    plugins: 'rcpt_to.in_host_list\nqueue/smtp_forward\n',
    host_list: 'example.com\n',
    'smtp_forward.ini': `host=127.0.0.1\nport=${SINK_PORT}\n`,
    'log.ini': '[main]\nlevel=error\n',
    me: 'mx.example.com\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(config, name), text)
  const child = startProcess(node, [haraka, '-c', home])
  await waitForPort(HARAKA_PORT)
  return child
}

function table(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map(row => String(row[i]).length)))
  const line = row => `| ${row.map((cell, i) => String(cell).padEnd(widths[i])).join(' | ')} |`
  return [
    line(rows[0]),
    `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.slice(1).map(line),
  ].join('\n')
}

async function throughput(peers, keptSessions) {
  const figures = new Map(peers.map(peer => [peer, {seconds: [], cpu: [], childCpu: []}]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const all = tree(peer.child.pid)
      const children = mailChildren(peer.child.pid)
      const before = [cpuMs(all), cpuMs(children)]
      const figure = figures.get(peer)
      figure.seconds.push(feed(peer.port, keptSessions))
      figure.cpu.push((cpuMs(all) - before[0]) / count)
      figure.childCpu.push((cpuMs(children) - before[1]) / count)
    }
  }
  const rate = peer => count / median(figures.get(peer).seconds)
  const against = name => peers.find(peer => peer.name.startsWith(name))
  const ratio = (peer, other) => (other ? (rate(peer) / rate(other)).toFixed(2) : '-')
  process.stdout.write(
    `\n${keptSessions ? 'Kept sessions' : 'A connection for each mail'}: ${count} mails of ${options.size} octets, ${rounds} rounds\n\n`,
  )
  process.stdout.write(
    `${table([
      [
        'program',
        'msg/s',
        'of the pass-through',
        'times amavisd-new',
        'CPU ms a mail',
        'of it in children',
        'rounds, s',
      ],
      ...peers.map(peer => [
        peer.name,
        rate(peer).toFixed(0),
        ratio(peer, against('bare')),
        ratio(peer, against('amavisd-new')),
        median(figures.get(peer).cpu).toFixed(2),
        median(figures.get(peer).childCpu).toFixed(2),
        figures
          .get(peer)
          .seconds.map(s => s.toFixed(2))
          .join(' '),
      ]),
    ])}\n`,
  )
}

async function memory(peers) {
  await sleep(6000)
  const rows = [['program', 'PSS of a child, MiB (median)', 'each']]
  for (const peer of peers) {
    const pids = mailChildren(peer.child.pid)
    if (pids.length === 0) continue
    const sizes = pids.map(pid => pssKiB(pid) / 1024)
    rows.push([peer.name, median(sizes).toFixed(1), sizes.map(mib => mib.toFixed(1)).join(' ')])
  }
  process.stdout.write(`\nMemory, six seconds after the runs above\n\n${table(rows)}\n`)
}

/** Seconds from the command to the first mail that the next hop has. */
async function startUp() {
  const bare = []
  const ours = []
  for (let round = 0; round < rounds; round++) {
    let start = performance.now()
    spawnSync(node, ['-e', '0'])
    bare.push(performance.now() - start)
    const file = ourConfiguration(`start${round}`, 20345, '$enable_zmq = 0;')
    start = performance.now()
    const child = startProcess(node, [
      path.join(root, 'bin', 'amavis.js'),
      'foreground',
      '--allow-root',
      '-c',
      file,
    ])
    await waitForPort(20345)
    spawnSync('smtp-source', [
      '-m',
      '1',
      '-l',
      options.size,
      '-f',
      'a@example.org',
      '-t',
      'b@example.com',
      '127.0.0.1:20345',
    ])
    ours.push(performance.now() - start)
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
  process.stdout.write(
    `\nStart to the first accepted mail: ${median(ours).toFixed(0)} ms, a bare node -e 0: ${median(bare).toFixed(0)} ms, ratio ${(median(ours) / median(bare)).toFixed(1)}\n`,
  )
}

try {
  const peers = await startPeers()
  for (const peer of peers) feed(peer.port, false, warmUp)
  await throughput(peers, false)
  await throughput(peers, true)
  await memory(peers)
  await startUp()
} finally {
  for (const child of started) child.kill('SIGTERM')
  await sleep(1000)
  for (const child of started) child.kill('SIGKILL')
  rmSync(run, {recursive: true, force: true})
}
