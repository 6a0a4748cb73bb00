/**
 * daemons — the processes of a benchmark: started, fed with mail, looked at and ended.
 */
import {spawn, spawnSync} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {findRuntime} from '../bin/runtime.js'

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
export const node = findRuntime(root).node
const started = []

export const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

export function startProcess(command, args, env = {}) {
  const child = spawn(command, args, {stdio: ['ignore', 'ignore', 'inherit'], env: {...process.env, ...env}})
  started.push(child)
  return child
}

export async function waitForPort(port, limitMs = 30_000) {
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
export function tree(pid) {
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
export function mailChildren(pid) {
  return tree(pid).filter(id => {
    try {
      return id !== pid && /ch\d|passthrough|child-main/.test(readFileSync(`/proc/${id}/cmdline`, 'utf8'))
    } catch {
      return false
    }
  })
}

/** CPU time that these processes have used so far, of all their threads that live, in ms. */
export function cpuMs(pids) {
  const threads = pids.flatMap(pid => {
    try {
      return readdirSync(`/proc/${pid}/task`).map(thread => `/proc/${pid}/task/${thread}/schedstat`)
    } catch {
      return [] // ended meanwhile
    }
  })
  return threads.reduce((sum, file) => sum + Number(readFileSync(file, 'latin1').split(' ')[0]) / 1e6, 0)
}

export function pssKiB(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
}

/** Seconds that smtp-source needs for all mails. */
export function sendMails(port, {keptSessions, mails, sessions, size}) {
  const start = performance.now()
  const numbers = ['-s', sessions, '-m', mails, '-l', size].map(String)
  const addresses = ['-f', 'a@example.org', '-t', 'b@example.com', `127.0.0.1:${port}`]
  const result = spawnSync('smtp-source', [...(keptSessions ? ['-d'] : []), ...numbers, ...addresses], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (result.status !== 0) throw new Error(`smtp-source failed on port ${port}`)
  return (performance.now() - start) / 1000
}

/** The configuration of a daemon without scanners that hands all on to the sink; its file. */
export function writeConfiguration(home, {port, sinkPort, children, lines = ''}) {
  mkdirSync(home, {recursive: true})
  const file = path.join(home, 'amavisd.conf')
  writeFileSync(
    file,
    `use strict;
$max_servers = ${children}; $max_requests = 0;
@spam_scanners = ();
$mydomain = 'example.com'; $myhostname = 'mx.example.com';
$MYHOME = '${home}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME;
$log_level = 0; $do_syslog = 0; $logfile = "$MYHOME/amavis.log";
@local_domains_maps = ( [".$mydomain"] ); @mynetworks = qw( 127.0.0.0/8 [::1] );
$inet_socket_port = ${port}; $inet_socket_bind = '127.0.0.1';
$forward_method = 'smtp:[127.0.0.1]:${sinkPort}'; $notify_method = $forward_method;
@bypass_spam_checks_maps = (1); @bypass_virus_checks_maps = (1);
$final_virus_destiny = D_DISCARD; $final_banned_destiny = D_DISCARD; $final_spam_destiny = D_PASS; $final_bad_header_destiny = D_PASS;
@zmq_sockets = ("ipc://$MYHOME/inner.sock"); $bus_outer_socket = "ipc://$MYHOME/outer.sock"; $bus_snmp_socket = "ipc://$MYHOME/snmp.sock";
${lines}
1;
`,
  )
  return file
}

export async function startDaemon(file, port) {
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

export async function endProcesses() {
  for (const child of started) child.kill('SIGTERM')
  await sleep(1000)
  for (const child of started) child.kill('SIGKILL')
}
