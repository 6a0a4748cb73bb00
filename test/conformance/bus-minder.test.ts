/**
 * The recorded run of the real childproc-minder, replayed with its figures set: limits of 6 and 12 s,
 * SIGKILL 2 s after SIGTERM, given up 18 s after it. (Our own figures differ on purpose: SIGKILL 30 s
 * after SIGTERM; given up after 10 minutes.)
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {MinderTable, type Processes, type ProcessFate} from '../../src/bus/minder-table.ts'
import {type Captured, readFixture} from './shared.ts'

interface Run {
  readonly signals_received: readonly {readonly t: number; readonly pid: number; readonly sig: string}[]
  readonly log: readonly {readonly t: number; readonly text: string}[]
  readonly outer_socket: readonly Captured[]
}

/** The stand-ins of the recorded run. */
class StandIns implements Processes {
  readonly sent: string[] = []
  readonly #ended = new Set([3999999])

  probe(pid: number): ProcessFate {
    if (pid === 10417) return 'denied'
    return this.#ended.has(pid) ? 'gone' : 'alive'
  }

  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): ProcessFate {
    this.sent.push(`${pid} ${signal}`)
    const obeys = pid === 10415 || signal === 'SIGKILL'
    if (obeys && pid !== 10423) this.#ended.add(pid)
    return 'alive'
  }
}

test('states, reports, lists and signals of the recorded childproc-minder come out the same', () => {
  const run = JSON.parse(readFixture('zmq-minder-run.json')) as Run
  const processes = new StandIns()
  const table = new MinderTable(processes, {active: 6, idle: 12, kill: 2, giveUp: 18})
  const ownFlush = run.outer_socket[0]?.frames[0] ?? ''
  assert.match(ownFlush, / FLUSH$/)

  const messages = run.outer_socket.slice(1)
  const recorded: string[][] = []
  const produced: string[][] = []
  let reports = 0
  for (const [i, {t, frames}] of messages.entries()) {
    const own = frames[0]?.startsWith('am.st ') && !frames[0].endsWith(' purged')
    if (own) for (const frame of frames) table.hear(parseFrame(frame), t * 1000)
    else recorded.push([...frames])
    if (!frames[0]?.startsWith('am.nanny ')) continue
    // the check came before its purged messages, whose time stamp is its clock
    const purged = messages
      .slice(0, i)
      .reverse()
      .map(message => parseFrame(message.frames[0] ?? ''))
    const first = purged[0]
    const clockMs =
      first?.kind === 'state' && first.state === 'purged' && first.time.kind === 'abs'
        ? first.time.ms
        : Math.floor(t * 1000)
    produced.push(...table.check(clockMs).map(message => [...message]))
    reports++
  }
  assert.equal(reports, 16)
  assert.deepEqual(produced.slice(0, recorded.length), recorded)

  const logged = run.log
    .map(({text}) => /^PID (\d+) (SIGTERM|SIGKILL),/.exec(text))
    .filter(match => match !== null)
    .map(match => `${match[1]} ${match[2]}`)
  assert.deepEqual([...processes.sent].sort(), logged.sort())
  for (const {pid, sig} of run.signals_received) assert.ok(processes.sent.includes(`${pid} SIG${sig}`))
})
