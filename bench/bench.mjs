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
import {execFileSync, spawnSync} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {
  cpuMs,
  endProcesses,
  mailChildren,
  median,
  node,
  pssKiB,
  root,
  sendMails,
  startDaemon,
  startProcess,
  tree,
  waitForPort,
  writeConfiguration,
} from './daemons.mjs'

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
const run = mkdtempSync(path.join(os.tmpdir(), 'amavis-bench-'))

const feed = (port, keptSessions, mails = count) =>
  sendMails(port, {keptSessions, mails, sessions: Number(options.sessions), size: Number(options.size)})
const ourConfiguration = (name, port, lines) =>
  writeConfiguration(path.join(run, name), {port, sinkPort: SINK_PORT, children: CHILDREN, lines})
const startOurs = (name, port, lines) => startDaemon(ourConfiguration(name, port, lines), port)

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
    const child = await startDaemon(file, 20345)
    feed(20345, false, 1)
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
  await endProcesses()
  rmSync(run, {recursive: true, force: true})
}
