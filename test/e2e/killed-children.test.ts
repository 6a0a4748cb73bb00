import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import {test} from 'node:test'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {copies, sendTraffic} from '../support/traffic.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

/** Pids of the daemon's children that have come to serve: a daemon whose children die at birth slows down. */
function childPids(master: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid)
    return parent !== undefined && (parent === master || isBelow(parent))
  }
  return [...parents.keys()].filter(pid => isBelow(pid) && /\(ch\d/.test(title(pid)))
}

function title(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

test('children killed under load lose no acknowledged mail and deliver none by halves', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  const daemon = await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';\n$enable_zmq = 0;`,
  )
  // Only mails that pass: of each ten the clean ones.
  const mails = Array.from({length: 1500}, (_, n) => demoMail(n)).filter(mail => mail.kind === 'clean')

  let killed = 0
  const killer = setInterval(() => {
    const pids = childPids(daemon.pid!)
    const victim = pids[killed % pids.length]
    if (victim === undefined) return
    killed++
    try {
      process.kill(victim, 'SIGKILL')
    } catch {
      // it has ended meanwhile
    }
  }, 250)
  t.after(() => clearInterval(killer))
  const {acknowledged, refused, broken} = await sendTraffic(port, mails, {retry: true})
  clearInterval(killer)

  assert.ok(killed >= 5, `only ${killed} children were killed`)
  assert.deepEqual(refused, [])
  assert.equal(acknowledged.size, mails.length, `broken: ${broken.slice(0, 3)}`)
  const arrived = copies(sink.mails)
  for (const mail of mails) {
    const found = arrived.get(mail.messageId) ?? []
    assert.ok(found.length >= 1, `${mail.messageId} was acknowledged and is not at the next hop`)
    for (const octets of found) {
      assert.ok(
        octets.subarray(-mail.octets.length).equals(mail.octets),
        `${mail.messageId} arrived by halves`,
      )
    }
  }
})
