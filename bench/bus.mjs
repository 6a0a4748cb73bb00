#!/usr/bin/env node
/**
 * bus — what monitoring costs: CPU time of a mail in the children of daemons with the bus and without.
 *
 *   node bench/bus.mjs [--rounds 40] [--count 500] [--warm-up 8000] [--size 5000] [--connections]
 *
 * Needs root, smtp-source and smtp-sink (package postfix). Two daemons of each kind take short turns, off, on, on,
 * off, with all services running, so that each round gives a ratio of its own; printed are the median of these and
 * the middle half. With `--connections` each mail has a connection of its own, otherwise sessions are kept.
 */
import {mkdtempSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {
  cpuMs,
  endProcesses,
  mailChildren,
  sendMails,
  startDaemon,
  startProcess,
  waitForPort,
  writeConfiguration,
} from './daemons.mjs'

const {values: options} = parseArgs({
  options: {
    rounds: {type: 'string', default: '40'},
    count: {type: 'string', default: '500'},
    'warm-up': {type: 'string', default: '8000'},
    size: {type: 'string', default: '5000'},
    connections: {type: 'boolean', default: false},
  },
})
const count = Number(options.count)
const CHILDREN = 4
const SINK_PORT = 20310
/** Longer than frames gather before they are sent. */
const SETTLE_MS = 150
const run = mkdtempSync(path.join(os.tmpdir(), 'amavis-bench-'))

const feed = (port, mails) =>
  sendMails(port, {keptSessions: !options.connections, mails, sessions: CHILDREN, size: Number(options.size)})

async function startDaemons() {
  startProcess('smtp-sink', ['-u', 'nobody', `127.0.0.1:${SINK_PORT}`, '1024'])
  await waitForPort(SINK_PORT)
  const daemons = []
  for (const [i, lines] of ['$enable_zmq = 0;', '', '', '$enable_zmq = 0;'].entries()) {
    const port = 20341 + i
    const file = writeConfiguration(path.join(run, String(i)), {
      port,
      sinkPort: SINK_PORT,
      children: CHILDREN,
      lines,
    })
    const {pid} = await startDaemon(file, port)
    feed(port, Number(options['warm-up']))
    daemons.push({port, children: mailChildren(pid), isOn: lines === ''})
  }
  return daemons
}

/** ms of CPU time that a daemon's children use for a mail. */
async function cost({port, children}) {
  const before = cpuMs(children)
  feed(port, count)
  await sleep(SETTLE_MS)
  return (cpuMs(children) - before) / count
}

try {
  const daemons = await startDaemons()
  const ratios = []
  for (let round = 0; round < Number(options.rounds); round++) {
    const sums = {on: 0, off: 0}
    for (const daemon of daemons) sums[daemon.isOn ? 'on' : 'off'] += await cost(daemon)
    ratios.push(sums.on / sums.off)
  }
  ratios.sort((a, b) => a - b)
  const at = share => `${((ratios[Math.floor(ratios.length * share)] - 1) * 100).toFixed(1)} %`
  const sessions = options.connections ? 'a connection for each mail' : 'kept sessions'
  process.stdout.write(
    `CPU of a mail with the bus on, ${sessions}, ${ratios.length} rounds: +${at(0.5)} (half of the rounds +${at(0.25)} to +${at(0.75)})\n`,
  )
} finally {
  await endProcesses()
  rmSync(run, {recursive: true, force: true})
}
