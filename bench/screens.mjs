/**
 * screens — what a screen costs while a bus is busy, and how soon it answers a key.
 *
 *     node bench/screens.mjs [--children 1000] [--rate 10000] [--together 1] [--seconds 10] [-- COMMAND …]
 *
 * In one run: a feed (feed.mjs), a bare subscriber, and the screen, by default `amavis nanny`, in a pty of 160x50
 * that `script` gives it. Figures are of the screen's process alone, after a warm-up: CPU from /proc in per cent of a
 * core, resident memory, and ms from a key (`?`, there and back) to the frame that shows it.
 */
import {spawn} from 'node:child_process'
import {readdirSync, readFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'

const here = path.dirname(fileURLToPath(import.meta.url))
const AMAVIS = path.join(here, '..', 'bin', 'amavis.js')
const {values, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    children: {type: 'string', default: '1000'},
    rate: {type: 'string', default: '10000'},
    together: {type: 'string', default: '1'},
    seconds: {type: 'string', default: '10'},
    'warm-up': {type: 'string', default: '5'},
    keys: {type: 'string', default: '20'},
  },
})
const seconds = Number(values.seconds)
const warmUpMs = Number(values['warm-up']) * 1000
const HERTZ = 100
const started = []

function start(command, args, stdio) {
  const child = spawn(command, args, {stdio, env: {...process.env, TERM: 'xterm-256color'}})
  started.push(child)
  return child
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const {port} = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

function cpuMs(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / HERTZ
}

function residentMb(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) / 1024
}

/** The process below `pid` that has no children of its own. */
function lastBelow(pid) {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1')
      if (Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === pid) return lastBelow(Number(name))
    } catch {}
  }
  return pid
}

async function cost(pid) {
  const cpu = cpuMs(pid)
  const startMs = performance.now()
  const memory = []
  while (performance.now() - startMs < seconds * 1000) {
    await sleep(500)
    memory.push(residentMb(pid))
  }
  const percent = (100 * (cpuMs(pid) - cpu)) / (performance.now() - startMs)
  return {percent, firstMb: memory[0], mostMb: Math.max(...memory), lastMb: memory.at(-1)}
}

/** ms from each key to the frame that shows what it did. */
async function keyTimes(screen) {
  let said = ''
  screen.stdout.on('data', chunk => (said = (said + chunk).slice(-200_000)))
  const times = []
  for (let i = 0; i < Number(values.keys); i++) {
    await sleep(50 + Math.random() * 200)
    said = ''
    const sentMs = performance.now()
    screen.stdin.write('?')
    // words of nanny's help and of its list; of the dashboard's help and of its first page
    const wanted = i % 2 === 0 ? /ctrl-c|longer/ : /2\d{4}-\d\d|busy/
    while (!wanted.test(said)) {
      if (performance.now() - sentMs > 5000) throw new Error(`no answer to a key in 5 s: ${said.slice(-500)}`)
      await sleep(1)
    }
    times.push(performance.now() - sentMs)
  }
  return times.sort((a, b) => a - b)
}

const endpoint = `tcp://127.0.0.1:${await freePort()}`
try {
  const {children, rate, together} = values
  start(
    process.execPath,
    [
      path.join(here, 'feed.mjs'),
      '--endpoint',
      endpoint,
      '--children',
      children,
      '--rate',
      rate,
      '--together',
      together,
    ],
    'inherit',
  )
  const bare = start(process.execPath, [path.join(here, 'bare-subscriber.mjs'), endpoint], 'ignore')
  const command =
    positionals.length > 0 ? positionals : [process.execPath, AMAVIS, 'nanny', '--connect', endpoint]
  const line = `stty cols 160 rows 50; exec ${command.map(word => `'${word.replace('ENDPOINT', endpoint)}'`).join(' ')}`
  const screen = start('script', ['-qfc', line, '/dev/null'], ['pipe', 'pipe', 'inherit'])
  let bytes = 0
  screen.stdout.on('data', chunk => (bytes += chunk.length))
  await sleep(warmUpMs)
  const pid = lastBelow(screen.pid)
  const before = bytes
  const [of, ofBare] = await Promise.all([cost(pid), cost(bare.pid)])
  const written = (bytes - before) / seconds
  const times = await keyTimes(screen)
  const show = number => number.toFixed(1)
  console.log(`children ${children}, ${rate} messages/s of ${together} frame(s), ${seconds} s`)
  console.log(`bare subscriber  ${show(ofBare.percent)} % of a core, ${show(ofBare.mostMb)} MB`)
  console.log(
    `screen           ${show(of.percent)} % of a core, RSS first ${show(of.firstMb)} most ${show(of.mostMb)} last ${show(of.lastMb)} MB, ` +
      `${(written / 1024).toFixed(1)} KiB/s to the terminal`,
  )
  console.log(`key to frame     median ${show(times[times.length >> 1])} ms, most ${show(times.at(-1))} ms`)
} finally {
  for (const child of started) child.kill('SIGTERM')
}
