import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {appendFileSync, existsSync, readFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {Publisher} from 'zeromq'
import type {McPlan} from '../../src/bus/mc-plan.ts'
import {readMcState, SUPERVISOR} from '../../src/bus/mc-state.ts'
import {DEFAULT_LIMITS} from '../../src/bus/minder-table.ts'
import {readRecords, segmentsAt} from '../../src/bus/recording/segments.ts'
import {restartDelay} from '../../src/bus/restart-delay.ts'
import {startMc} from '../../src/bus/start-mc.ts'
import {ask} from '../../src/bus/subscriber.ts'
import {readPidFile} from '../../src/process/pid-file.ts'
import {liveProcesses} from '../../src/process/process-table.ts'
import {entryFile} from '../../src/process/program-file.ts'
import {temporaryFolder, until} from '../support/wait.ts'

test('a service that ended starts again after 1 s, then ever later up to a minute', () => {
  const delays: number[] = []
  for (let delay = 0, i = 0; i < 8; i++) delays.push((delay = restartDelay(delay, 100)))
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

test('after a minute up the delay is 1 s again', () => {
  assert.equal(restartDelay(32_000, 60_000), 1000)
})

function planIn(folder: string): McPlan {
  return {
    endpoints: {inner: `ipc://${folder}/inner`, outer: `ipc://${folder}/outer`, snmp: `ipc://${folder}/snmp`},
    limits: DEFAULT_LIMITS,
    level: 2,
    log: 'stderr',
    facility: 'mail',
    pidFile: `${folder}/mc.pid`,
    allowRoot: true,
  }
}

interface Mc {
  readonly process: ChildProcess
  /** its log so far */
  log(): string
  /** pid of each service, as logged last */
  pids(): Map<string, number>
}

/** A supervisor as a process of its own with its log in our hands; it ends with the test. */
async function startProcess(t: TestContext, plan: McPlan): Promise<Mc> {
  const main = entryFile('mc-main')
  const child = spawn(process.execPath, [main, JSON.stringify(plan), 'attached'], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  t.after(() => child.kill('SIGKILL'))
  let log = ''
  child.stderr?.on('data', chunk => (log += chunk))
  await once(child, 'message')
  const pids = () =>
    new Map(
      [...log.matchAll(/Process \[(\d+)\] started: (\S+)/g)].map(match => [match[2]!, Number(match[1])]),
    )
  return {process: child, log: () => log, pids}
}

const isGone = (pid: number) => !liveProcesses.exists(pid)

test('a killed service is started again', async t => {
  const plan = planIn(temporaryFolder(t))
  const mc = await startProcess(t, plan)
  const before = mc.pids().get('snmp-responder') ?? 0
  process.kill(before, 'SIGKILL')
  await until('another pid', () => mc.pids().get('snmp-responder') !== before)
  assert.match(mc.log(), /exited \(killed by SIGKILL\) after .* s: snmp-responder/)
  assert.equal((await ask(plan.endpoints.snmp, 'am.snmp?', {timeoutMs: 10_000})).length, 3)
})

test('the flight recorder, killed in the midst of writing, goes on, and what is whole is read', async t => {
  const home = temporaryFolder(t)
  const folder = `${home}/bus-record`
  const plan = {...planIn(home), recording: {folder, maxBytes: 1_000_000}}
  const mc = await startProcess(t, plan)
  const before = mc.pids().get('flight-recorder') ?? 0
  const publisher = new Publisher({linger: 0})
  publisher.connect(plan.endpoints.inner)
  t.after(() => publisher.close())
  let n = 0
  const recorded = async () => {
    await publisher.send(`am.snmp InMsgs C32 ${++n}`)
    const segments = await segmentsAt(folder).catch(() => [])
    let last = 0
    for await (const {frames} of readRecords(segments)) {
      last = Math.max(last, Number(/^am.snmp InMsgs C32 (\d+)/.exec(frames[0] ?? '')?.[1] ?? 0))
    }
    return last
  }
  await until('a record', recorded)
  process.kill(before, 'SIGKILL')
  await until('another pid', () => mc.pids().get('flight-recorder') !== before)
  // what a death within a write leaves behind
  const [segment] = await segmentsAt(folder)
  appendFileSync(segment.file, '{"t":1795361882.0,"frames":["am.snmp InMsgs C32 99')
  const then = n
  await until('a later record', async () => (await recorded()) > then)
  assert.equal(readMcState(`${home}/mc.state`, mc.process.pid ?? 0)?.services.at(-1)?.restarts, 1)
})

test('SIGTERM ends the services and the supervisor, with status 0 and no pid file', async t => {
  const folder = temporaryFolder(t)
  const mc = await startProcess(t, planIn(folder))
  assert.equal(readFileSync(`${folder}/mc.pid`, 'utf8'), `${mc.process.pid}\n`)
  mc.process.kill('SIGTERM')
  assert.deepEqual(await once(mc.process, 'exit'), [0, null])
  assert.ok([...mc.pids().values()].every(isGone))
  assert.equal(existsSync(`${folder}/mc.pid`), false)
})

for (const signal of ['SIGHUP', 'SIGKILL'] as const) {
  test(`${signal} leaves no service behind`, async t => {
    const mc = await startProcess(t, planIn(temporaryFolder(t)))
    const pids = [...mc.pids().values()]
    assert.equal(pids.length, 3)
    mc.process.kill(signal)
    await once(mc.process, 'exit')
    await until('all gone', () => pids.every(isGone))
  })
}

test('an address that is taken is said before anything is started', async t => {
  const folder = temporaryFolder(t)
  await startProcess(t, planIn(folder))
  const second = await startMc({...planIn(folder), pidFile: `${folder}/second.pid`}, {attached: true})
  assert.equal(second.kind, 'failed')
  const problem = second.kind === 'failed' ? second.problem : ''
  assert.match(problem, /^msg-forwarder cannot use ipc:.*inner \(@zmq_sockets, --inner\): another process/m)
  assert.match(
    problem,
    /^snmp-responder cannot use ipc:.*snmp \(\$bus_snmp_socket, --snmp\): another process/m,
  )
})

test('a second supervisor with the same pid file is refused', async t => {
  const folder = temporaryFolder(t)
  const mc = await startProcess(t, planIn(folder))
  const second = await startMc({...planIn(temporaryFolder(t)), pidFile: `${folder}/mc.pid`})
  assert.deepEqual(second, {
    kind: 'failed',
    problem: `amavis-mc is already running, PID: [${mc.process.pid}]`,
  })
})

test('a detached supervisor outlives the call and ends by a signal', async t => {
  const folder = temporaryFolder(t)
  const started = await startMc({...planIn(folder), log: 'stderr'})
  assert.equal(started.kind, 'started')
  if (started.kind !== 'started') return
  t.after(() => isGone(started.pid) || process.kill(started.pid, 'SIGKILL'))
  assert.deepEqual(readPidFile(`${folder}/mc.pid`, SUPERVISOR), {kind: 'running', pid: started.pid})
  assert.equal((await ask(`ipc://${folder}/snmp`, 'am.snmp?')).length, 3)
  process.kill(started.pid, 'SIGTERM')
  await until('its end', () => isGone(started.pid))
})

test(
  'root without a user to become is refused',
  {skip: process.getuid?.() !== 0 && 'needs root'},
  async t => {
    const {allowRoot: _, ...plan} = planIn(temporaryFolder(t))
    const started = await startMc({...plan, log: 'stderr'}, {attached: true})
    assert.equal(started.kind, 'failed')
    assert.match(started.kind === 'failed' ? started.problem : '', /will not run as root: set \$daemon_user/)
  },
)
