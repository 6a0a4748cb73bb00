#!/usr/bin/env node
/**
 * anvil — the counting server beside Postfix's own: requests a second and CPU for each; and a million clients.
 *
 *   node bench/anvil.mjs [--requests 20000] [--rounds 5] [--clients 1000000]
 *
 * The same client asks both, round by round, over one and over 50 connections: connect, message, recipient and
 * disconnect of a hundred clients in turn, the next request when the answer is there. The table alone then takes so many
 * clients: octets for each outside of V8's heap and in it, and the longest time without an answer to a timer.
 * Needs root, a build and the package postfix.
 */
import {execFileSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {monitorEventLoopDelay, performance} from 'node:perf_hooks'
import {setTimeout as sleep, setImmediate as turn} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {AnvilTable} from '../dist/src/anvil/table.js'
import {startPostfix} from '../dist/test/interop/postfix-server.js'

const {values} = parseArgs({
  options: {
    requests: {type: 'string', default: '20000'},
    rounds: {type: 'string', default: '5'},
    clients: {type: 'string', default: '1000000'},
  },
})
const requests = Number(values.requests)
const rounds = Number(values.rounds)
const clients = Number(values.clients)
/** rounds that are not counted: V8 needs some ten thousand requests until its code is fast */
const WARM_UP = 2
const KINDS = ['connect', 'message', 'recipient', 'disconnect']
const AMAVIS = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'amavis.js')
const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function cpuMs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** One connection that asks again and again; resolves when all that were left have been asked. */
function ask(socketPath, left) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath)
    let sent = 0
    socket.on('error', reject)
    socket.on('data', () => {
      if (left.count-- <= 0) {
        socket.end()
        return resolve()
      }
      socket.write(`request=${KINDS[sent & 3]}\nident=smtp:192.0.2.${(sent >> 2) % 100}\n\n`)
      sent++
    })
  })
}

async function round(socketPath, pid, connections) {
  const left = {count: requests}
  const cpu = cpuMs(pid)
  const begun = performance.now()
  await Promise.all(Array.from({length: connections}, () => ask(socketPath, left)))
  return {
    rate: requests / ((performance.now() - begun) / 1000),
    cpu: ((cpuMs(pid) - cpu) * 1000) / requests,
  }
}

async function compare() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'amavis-bench-'))
  const socket = path.join(home, 'anvil')
  writeFileSync(
    path.join(home, 'conf'),
    `$MYHOME = '${home}'; $enable_zmq = 0; $anvil_socket = '${socket}'; 1;\n`,
  )
  const postfix = startPostfix('max_idle = 1000', '')
  const ours = spawn(
    process.execPath,
    [AMAVIS, 'anvil', 'foreground', '--allow-root', '-c', path.join(home, 'conf')],
    {
      stdio: 'ignore',
    },
  )
  try {
    const real = path.join(postfix.folder, 'queue/private/anvil')
    const peers = [
      [
        'anvil(8)',
        real,
        () =>
          Number(
            execFileSync('lsof', ['-t', '-c', 'anvil', '-a', '-U'], {encoding: 'utf8'}).trim().split('\n')[0],
          ),
      ],
      ['amavis anvil', socket, () => ours.pid],
    ]
    while (!(await answers(socket))) await sleep(50)
    console.log(
      '| connections | server | requests/s | of anvil(8) | CPU µs a request |\n|---|---|---|---|---|',
    )
    for (const connections of [1, 50]) {
      const found = new Map(peers.map(([name]) => [name, []]))
      for (let i = -WARM_UP; i < rounds; i++)
        for (const [name, at, pidOf] of peers) {
          const first = net.connect(at)
          await new Promise(resolve => first.once('data', resolve))
          const result = await round(at, pidOf(), connections)
          first.end()
          if (i >= 0) found.get(name).push(result)
        }
      const base = found.get('anvil(8)').map(({rate}) => rate)
      for (const [name, results] of found) {
        const ratio = median(results.map(({rate}, i) => rate / base[i]))
        console.log(
          `| ${connections} | ${name} | ${median(results.map(({rate}) => rate)).toFixed(0)} | ${ratio.toFixed(2)} | ${median(results.map(({cpu}) => cpu)).toFixed(1)} |`,
        )
      }
    }
  } finally {
    ours.kill()
    postfix.stop()
    rmSync(home, {recursive: true, force: true})
  }
}

function answers(at) {
  return new Promise(resolve => {
    const socket = net.connect(at)
    socket.once('error', () => resolve(false))
    socket.once('data', () => resolve(socket.destroy()))
  }).then(answer => answer !== false)
}

/** So many clients come and go within a unit; the process goes on answering timers. */
async function fill() {
  const clock = {now: 0}
  const table = new AnvilTable(60, () => clock.now)
  const before = process.memoryUsage()
  const delay = monitorEventLoopDelay({resolution: 1})
  delay.enable()
  let longest = 0
  for (let i = 0; i < clients; i += 10) {
    const begun = performance.now()
    for (let n = i; n < i + 10; n++) {
      const {client} = table.connect(`smtp:10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`)
      table.add(client, 'mail')
      table.disconnect(client)
    }
    longest = Math.max(longest, performance.now() - begun)
    if (i % 1000 === 0) await turn()
  }
  const after = process.memoryUsage()
  const full = table.size
  clock.now = 120
  for (let more = true; more; await turn()) {
    const begun = performance.now()
    more = table.forgetIdle()
    longest = Math.max(longest, performance.now() - begun)
  }
  delay.disable()
  const outside = (after.arrayBuffers - before.arrayBuffers) / full
  const heap = (after.heapUsed - before.heapUsed) / full
  console.log(
    `\n${full} clients: ${outside.toFixed(0)} octets each outside of V8's heap, ${heap.toFixed(1)} in it; longest ten connections or step of forgetting ${longest.toFixed(1)} ms; longest turn of the loop ${(delay.max / 1e6).toFixed(1)} ms; ${table.size} left`,
  )
}

await fill()
await compare()
