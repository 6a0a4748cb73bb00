/**
 * home — the folder, the configuration and the processes of a demo: a daemon and its bus beside whatever
 * else runs on this machine, on loopback and in a temporary folder only.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {packageFile} from '../process/program-file.ts'

export interface Endpoints {
  readonly inner: string
  readonly outer: string
  readonly snmp: string
}

export interface DemoHome {
  readonly folder: string
  /** where the daemon listens for SMTP */
  readonly port: number
  readonly endpoints: Endpoints
  /** names of the quarantined mails */
  quarantined(): string[]
  /** the last lines of the daemon's log */
  logTail(lines: number): string
  /** End the processes and remove the folder. */
  close(): Promise<void>
}

/**
 * Start a daemon with four children and its bus.
 * @param nextHopPort where passed mail and notifications go
 * @param port where to listen; undefined: any free one
 * @throws when it does not come up within 20 s, with what it said
 */
export async function startDemoHome(nextHopPort: number, port?: number): Promise<DemoHome> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-demo-'))
  const listenPort = port ?? (await freePort())
  const endpoints = {
    inner: `ipc://${folder}/inner.sock`,
    outer: `ipc://${folder}/outer.sock`,
    snmp: `ipc://${folder}/snmp.sock`,
  }
  const file = path.join(folder, 'amavisd.conf')
  mkdirSync(path.join(folder, 'quarantine'))
  writeFileSync(file, configuration(folder, listenPort, nextHopPort, endpoints))

  const processes: ChildProcess[] = []
  const close = async () => {
    await Promise.all(processes.map(end))
    rmSync(folder, {recursive: true, force: true})
  }
  try {
    const supervisor = start(['mc', '-f', '--allow-root', '-c', file])
    const daemon = start(['foreground', '--allow-root', '-c', file])
    processes.push(supervisor.child, daemon.child)
    await untilItAnswers(listenPort, [supervisor, daemon])
  } catch (error) {
    await close()
    throw error
  }
  return {
    folder,
    port: listenPort,
    endpoints,
    quarantined: () => readdirSync(path.join(folder, 'quarantine')),
    logTail: lines =>
      readFileSync(path.join(folder, 'amavis.log'), 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    close,
  }
}

interface Started {
  readonly child: ChildProcess
  /** what it wrote to its standard error */
  said(): string
}

function start(args: readonly string[]): Started {
  const child = spawn(process.execPath, [packageFile('bin', 'amavis.js'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr?.on('data', chunk => {
    text = (text + chunk).slice(-4000)
  })
  return {child, said: () => text}
}

async function untilItAnswers(port: number, processes: readonly Started[]): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    for (const {child, said} of processes) {
      if (child.exitCode !== null)
        throw new Error(`a process ended with status ${child.exitCode}: ${said().trim()}`)
    }
    if (await answers(port)) return
  }
  throw new Error(
    `nothing answered on port ${port} for 20 s: ${processes.map(({said}) => said().trim()).join('\n')}`,
  )
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.end('QUIT\r\n')
      resolve(true)
    })
    socket.once('error', () => resolve(false)).once('close', () => resolve(false))
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

function configuration(
  folder: string,
  port: number,
  nextHopPort: number,
  {inner, outer, snmp}: Endpoints,
): string {
  return `use strict;
$MYHOME = '${folder}';
$TEMPBASE = $MYHOME;
$QUARANTINEDIR = "$MYHOME/quarantine";
$mydomain = 'example.com';
$myhostname = 'demo.example.com';
$max_servers = 4;
@spam_scanners = ();
$inet_socket_bind = '127.0.0.1';
$inet_socket_port = ${port};
$forward_method = 'smtp:[127.0.0.1]:${nextHopPort}';
$notify_method = $forward_method;
@local_domains_maps = ( ['.example.com'] );
$log_level = 1;
$do_syslog = 0;
$logfile = "$MYHOME/amavis.log";
@zmq_sockets = ('${inner}');
$bus_outer_socket = '${outer}';
$bus_snmp_socket = '${snmp}';
$final_virus_destiny = D_DISCARD;
$final_banned_destiny = D_BOUNCE;
$final_spam_destiny = D_REJECT;
$final_bad_header_destiny = D_PASS;
$sa_tag2_level_deflt = 6.2;
$sa_kill_level_deflt = 6.9;
$banned_filename_re = new_RE( qr'.\\.(exe|vbs|pif|scr|bat|cmd|com)$'i );
1;
`
}
