#!/usr/bin/env node
/**
 * limits — what the limits for clients cost an SMTP session, beside a daemon that has none.
 *
 *   node bench/limits.mjs [--sessions 1000] [--rounds 7] [--port 24150]
 *
 * Two daemons of one child each, side by side; a session is connect, EHLO, MAIL, RCPT, RSET, QUIT, one after the
 * other. The limited one asks amavis anvil about connection, MAIL and RCPT, and tells it of the end. Round by round;
 * medians of the wall time of a session and of the CPU time of the daemon's child. Needs a build.
 */
import {execFileSync, spawn} from 'node:child_process'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {performance} from 'node:perf_hooks'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'

const {values} = parseArgs({
  options: {
    sessions: {type: 'string', default: '1000'},
    rounds: {type: 'string', default: '7'},
    port: {type: 'string', default: '24150'},
  },
})
const sessions = Number(values.sessions)
/** rounds that are not counted */
const WARM_UP = 2
const AMAVIS = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'amavis.js')
const LIMITS = ['connection_count', 'connection_rate', 'message_rate', 'recipient_rate']
const LINES = ['EHLO c', 'MAIL FROM:<s@example.org>', 'RCPT TO:<r@example.com>', 'RSET', 'QUIT']
const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function cpuMs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The one process of this parent that serves. */
function childOf(parent) {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const isChild = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
      if (isChild && /\(ch\d/.test(readFileSync(`/proc/${name}/cmdline`, 'utf8'))) return Number(name)
    } catch {
      // it has ended meanwhile
    }
  }
  return undefined
}

function session(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({port, host: '127.0.0.1', noDelay: true})
    let sent = 0
    socket.on('error', reject).on('close', resolve)
    socket.on('data', chunk => {
      if (!/^\d{3} [^\n]*\n$/m.test(chunk.toString('latin1'))) return
      if (sent < LINES.length) socket.write(`${LINES[sent++]}\r\n`)
      else socket.end()
    })
  })
}

const home = mkdtempSync(path.join(os.tmpdir(), 'amavis-bench-'))
const started = []
try {
  const daemons = ['none', 'limited'].map((name, i) => {
    const folder = path.join(home, name)
    mkdirSync(folder)
    const port = Number(values.port) + i
    const limits = LIMITS.map(limit => `$smtpd_client_${limit}_limit = 1000000;`).join(' ')
    writeFileSync(
      path.join(folder, 'conf'),
      `$MYHOME = '${folder}'; $enable_zmq = 0; $max_servers = 1; $max_requests = 0; $do_syslog = 0; $log_level = -3;
$logfile = "$MYHOME/log"; $mydomain = 'example.com'; $myhostname = 'filter.example.com'; @spam_scanners = ();
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = ${port}; $forward_method = 'smtp:[127.0.0.1]:9';
$anvil_socket = "$MYHOME/postfix"; @smtpd_client_event_limit_exceptions = (); ${name === 'limited' ? limits : ''}
1;
`,
    )
    return {name, port, conf: ['--allow-root', '-c', path.join(folder, 'conf')]}
  })
  const run = (...words) => started.push(spawn(process.execPath, [AMAVIS, ...words], {stdio: 'ignore'}))
  run('anvil', 'foreground', ...daemons[1].conf)
  for (const daemon of daemons) {
    run('foreground', ...daemon.conf)
    daemon.master = started.at(-1).pid
    daemon.wall = []
    daemon.cpu = []
  }
  for (const {port} of daemons) {
    for (let tries = 0; tries < 300; tries++) {
      if (
        await session(port).then(
          () => true,
          () => sleep(50),
        )
      )
        break
    }
  }
  for (const daemon of daemons) daemon.child = childOf(daemon.master)
  for (let round = -WARM_UP; round < Number(values.rounds); round++) {
    for (const {port, child, wall, cpu} of daemons) {
      const before = cpuMs(child)
      const begun = performance.now()
      for (let i = 0; i < sessions; i++) await session(port)
      if (round < 0) continue
      wall.push(((performance.now() - begun) * 1000) / sessions)
      cpu.push(((cpuMs(child) - before) * 1000) / sessions)
    }
  }
  console.log('| limits | wall µs a session | CPU µs of the child |\n|---|---|---|')
  for (const {name, wall, cpu} of daemons)
    console.log(`| ${name} | ${median(wall).toFixed(0)} | ${median(cpu).toFixed(0)} |`)
  const status = execFileSync(
    process.execPath,
    [AMAVIS, 'anvil', 'status', '--json', '-c', daemons[1].conf[2]],
    {
      encoding: 'utf8',
    },
  )
  const {clients, requests} = JSON.parse(status)
  console.log(`\namavis anvil: ${requests} requests; ${JSON.stringify(clients[0])}`)
} finally {
  for (const child of started) child.kill('SIGTERM')
  await Promise.all(
    started.map(
      child => new Promise(resolve => (child.exitCode === null ? child.once('exit', resolve) : resolve())),
    ),
  )
  rmSync(home, {recursive: true, force: true})
}
