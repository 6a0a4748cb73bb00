#!/usr/bin/env node
/**
 * start — how long people and mail wait for a start, as multiples of a bare `node -e 0`.
 *
 *   node bench/start.mjs [--rounds N] [--root FOLDER]…
 *
 * Round by round, so that a ratio holds on a noisy machine: a bare Node; `amavis --version`; `amavis agent
 * --once`, asking the bus of a daemon that was started for it; the first frame of `amavis nanny` in a
 * terminal (script(1)); `amavis foreground` until the first mail is accepted. Several roots, ours by
 * default, are trees of the program beside each other, built.
 */
import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {findRuntime} from '../bin/runtime.js'
import {sendMail} from '../dist/src/demo/feed.js'
import {startDemoHome} from '../dist/src/demo/home.js'
import {startSink} from '../dist/src/demo/sink.js'

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const {values: options} = parseArgs({
  options: {rounds: {type: 'string', default: '9'}, root: {type: 'string', multiple: true}},
})
const rounds = Number(options.rounds)
const roots = (options.root ?? [here]).map(root => path.resolve(root))
const {node, error} = findRuntime(here)
if (!node) throw new Error(error)

const mail = {
  sender: 'a@example.org',
  recipient: 'b@example.com',
  octets: Buffer.from('From: a@example.org\r\nSubject: first\r\n\r\nHello.\r\n'),
}
const folder = mkdtempSync(path.join(os.tmpdir(), 'amavis-start-'))
const sink = await startSink()
const home = await startDemoHome(sink.port)

const amavis = (root, ...args) => [path.join(root, 'bin', 'amavis.js'), ...args]

function timed(args) {
  const start = performance.now()
  const {status, stderr} = spawnSync(node, args, {encoding: 'utf8'})
  if (status !== 0) throw new Error(`${args.join(' ')}: status ${status}: ${stderr}`)
  return performance.now() - start
}

/** From the command to the first line about children on the terminal; `script` and its shell included. */
async function firstFrame(root) {
  const args = amavis(root, 'nanny', '--connect', home.endpoints.outer)
  const start = performance.now()
  const terminal = spawn('script', ['-qfec', `${[node, ...args].join(' ')}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {...process.env, TERM: 'xterm-256color', CI: ''},
  })
  let seen = ''
  for await (const chunk of terminal.stdout) {
    seen += chunk
    if (/PID/.test(seen)) break
  }
  const took = performance.now() - start
  const ended = once(terminal, 'exit')
  terminal.stdin.write('q')
  await ended
  return took
}

/** From the command to the 250 for a mail that the next hop has. */
async function firstMail(root) {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const {port} = probe.address()
  await new Promise(resolve => probe.close(resolve))
  const file = path.join(folder, 'amavisd.conf')
  writeFileSync(
    file,
    `use strict;
$MYHOME = '${folder}'; $TEMPBASE = $MYHOME; $QUARANTINEDIR = $MYHOME;
$mydomain = 'example.com'; $myhostname = 'filter.example.com'; @local_domains_maps = (['.example.com']);
@spam_scanners = (); $max_servers = 4; $inet_socket_bind = '127.0.0.1'; $inet_socket_port = ${port};
$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0;
$log_level = 0; $do_syslog = 0; $logfile = "$MYHOME/amavis.log";
1;
`,
  )
  const start = performance.now()
  const daemon = spawn(node, amavis(root, 'foreground', '--allow-root', '-c', file), {stdio: 'ignore'})
  const ended = once(daemon, 'exit')
  for (;;) {
    const reply = await sendMail(port, mail).catch(() => undefined)
    if (reply?.startsWith('250')) break
    if (daemon.exitCode !== null) throw new Error(`the daemon ended with status ${daemon.exitCode}`)
    await sleep(3)
  }
  const took = performance.now() - start
  daemon.kill('SIGTERM')
  await ended
  return took
}

const MEASURES = [
  ['amavis --version', 1.5, root => timed(amavis(root, '--version'))],
  [
    'amavis agent --once',
    5,
    root => timed(amavis(root, 'agent', '--once', '--connect', home.endpoints.outer)),
  ],
  ['first frame of amavis nanny', 12, firstFrame],
  ['start to the first accepted mail', 10, firstMail],
]

const median = numbers => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

try {
  await sendMail(home.port, mail)
  const bare = []
  const taken = new Map(roots.map(root => [root, MEASURES.map(() => [])]))
  for (let round = 0; round < rounds; round++) {
    bare.push(timed(['-e', '0']))
    for (const root of roots) {
      for (const [index, [, , measure]] of MEASURES.entries())
        taken.get(root)[index].push(await measure(root))
    }
  }
  process.stdout.write(`bare node -e 0: ${median(bare).toFixed(0)} ms, median of ${rounds} rounds\n`)
  for (const root of roots) {
    process.stdout.write(`\n${root}\n\n| | ms | times node -e 0 | at most |\n|---|---|---|---|\n`)
    for (const [index, [name, limit]] of MEASURES.entries()) {
      const ms = median(taken.get(root)[index])
      process.stdout.write(`| ${name} | ${ms.toFixed(0)} | ${(ms / median(bare)).toFixed(1)} | ${limit} |\n`)
    }
  }
} finally {
  await home.close()
  await sink.close()
  rmSync(folder, {recursive: true, force: true})
}
