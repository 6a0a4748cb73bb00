/** Our bus and the original's, mixed in both directions. */
import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import {type TestContext, test} from 'node:test'
import {promisify} from 'node:util'
import {DEFAULT_LIMITS} from '../../src/bus/minder-table.ts'
import {sendOnce, startFrames} from '../../src/bus/start-frames.ts'
import {startMc} from '../../src/bus/start-mc.ts'
import {ask, subscribe} from '../../src/bus/subscriber.ts'
import {createPublisher} from '../../src/bus/zmq-publisher.ts'
import {temporaryFolder, until} from '../support/wait.ts'
import {type RealBus, realBus} from './real-bus.ts'

const SYSTEM = {
  sysDescr: 'amavis test',
  sysObjectID: '1.3.6.1.4.1.15312.2',
  sysContact: 'Post Master <pm@example.test>',
  sysName: 'mx.example.test',
  sysLocation: 'row 3',
}

function listen(t: TestContext, outer: string): string[] {
  const end = new AbortController()
  t.after(() => end.abort())
  const frames: string[] = []
  void (async () => {
    for await (const message of subscribe([outer], [], {signal: end.signal})) frames.push(...message.frames)
  })()
  return frames
}

/** Our three services in the places of the originals, as their user. */
async function startOurs(t: TestContext, real: RealBus): Promise<void> {
  const started = await startMc(
    {
      endpoints: {inner: real.inner, outer: real.outer, snmp: real.snmp},
      limits: DEFAULT_LIMITS,
      level: -1,
      log: 'stderr',
      facility: 'mail',
      user: 'amavis',
    },
    {attached: true},
  )
  if (started.kind === 'failed') assert.fail(started.problem)
  t.after(() => started.stop())
}

test('the original services understand what our processes say', async t => {
  const real = realBus(t, {SVC_LOG: '5'})
  real.start('forwarder', 'responder')
  const frames = listen(t, real.outer)
  real.start('minder')
  await until('the first report', () => frames.includes('am.proc.busy '))

  const endpoints = [real.inner]
  assert.equal(await sendOnce(endpoints, startFrames(SYSTEM, process.pid, Date.now())), true)
  const publisher = createPublisher({endpoints})
  publisher.state('-')
  await until('our birth', () => frames.some(frame => frame.startsWith(`am.st ${process.pid} `)))
  // several states in one message
  for (const state of ['A', 'b', 'm', 'd', '=', 'G', 'D', 'V', 'S'] as const) publisher.state(state, 'x-01')
  for (const size of [400, 50]) {
    publisher.counters([
      {name: 'InMsgs', type: 'C32', value: 1},
      {name: 'InMsgsSize', type: 'C64', value: size},
      {name: 'virus.byname.Two Words', type: 'C32', value: 1},
    ])
  }
  await until('us among the busy', () => frames.includes(`am.proc.busy ${process.pid}`))
  await until('us in the slot of spam checking', () => frames.includes('am.nanny ProcBusySpam G32 1'))
  const minder = real.output('minder')
  for (const state of ['b', 'm x-01', 'G x-01', 'S x-01']) {
    assert.match(minder, new RegExp(`got am\\.st ${process.pid} [\\d.]+ ${state}$`, 'm'))
  }
  const answer = (await real.query('am.snmp?')) ?? []
  for (const frame of [
    'am.snmp InMsgs C32 2',
    'am.snmp InMsgsSize C64 450',
    'am.snmp virus.byname.Two_Words C32 2',
    'am.snmp sysContact STR Post Master <pm@example.test>',
    'am.snmp sysServices INT 64',
  ]) {
    assert.ok(answer.includes(frame), `${frame} in ${answer.join('\n')}`)
  }
  // our asker and the original responder
  const asked = await ask(real.snmp, 'am.nanny?')
  assert.ok(asked.some(frame => frame.kind === 'nanny' && frame.name === 'ProcAll' && frame.value === '1'))

  for (const state of ['r', 'Q', 'F', '.', '-'] as const) publisher.state(state, 'x-01')
  await until('us among the idle', () => frames.includes(`am.proc.idle ${process.pid}`))
  frames.length = 0
  await publisher.close()
  await until('the lists without us', () => frames.includes('am.proc.idle '))
})

test('our services understand what original tools say, and no question jams them', async t => {
  const real = realBus(t)
  await startOurs(t, real)
  const frames = listen(t, real.outer)
  await real.publish([
    'am.snmp InMsgs C32 1|am.snmp InMsgs C32 4|am.snmp virus.byname.Some Virus C32 1',
    'am.st 4000001 %NOW% V 99999-01',
    'am.st 4000002 %NOW% -',
  ])
  await until('the lists', () => frames.includes('am.proc.busy 4000001'))
  assert.ok(frames.includes('am.proc.idle 4000002'))
  assert.ok(frames.includes('am.nanny ProcBusyVirus G32 1'))
  for (const question of ['am.weather?', 'am.snmp?|am.nanny?', 'am.nanny?']) {
    assert.ok(await real.query(question), question)
  }
  const answer = (await real.query('am.snmp?')) ?? []
  assert.ok(answer.includes('am.snmp InMsgs C32 5'))
  await until('both purged, as they never were', () =>
    ['4000001', '4000002'].every(pid =>
      frames.some(frame => new RegExp(`^am\\.st ${pid} .* purged$`).test(frame)),
    ),
  )
  await until('their count', () => frames.includes('am.nanny ProcGone C32 2'))
})

test('the original minder and responder work behind our forwarder', async t => {
  const real = realBus(t)
  await startOurs(t, {...real, snmp: `ipc://${real.home}/snmp.sock`})
  const frames = listen(t, real.outer)
  real.start('minder', 'responder')
  await real.publish(['am.snmp InMsgs C32 3'])
  // Ours and theirs both report. A minder that starts makes all forget what was said before, so say it again.
  await until('two lists', async () => {
    await real.publish(['am.st 4000001 %NOW% V 99999-01'])
    return frames.filter(frame => frame === 'am.proc.busy 4000001').length >= 3
  })
  const answer = (await real.query('am.snmp?')) ?? []
  assert.ok(answer.includes('am.snmp InMsgs C32 3'))
})

test('a real amavisd on our bus: its states and counters, and the end of a killed child', async t => {
  const folder = temporaryFolder(t)
  writeFileSync(`${folder}/fast.conf`, '@bypass_spam_checks_maps = (1); 1;\n')
  const real = realBus(t, {EXTRA_CONF: `${folder}/fast.conf`, MAX_SERVERS: '2'})
  await startOurs(t, real)
  const frames = listen(t, real.outer)
  real.start('sink', 'amavisd')
  await until('the FLUSH of its master', () => frames.includes('am.snmp FLUSH'), 40_000)
  await until('two idle children', () => frames.some(frame => /^am\.proc\.idle \d+ \d+$/.test(frame)), 40_000)

  const to = ['--server', '127.0.0.1', '--port', String(real.mailPort), '--to', 'user@example.test']
  await promisify(execFile)('swaks', [...to, '--from', 'alice@remote.test', '--silent', '3'])
  const worked = await until(
    'a whole mail',
    () => frames.find(frame => /^am\.st \d+ \d+ F /.test(frame))?.split(' ')[1],
  )
  const states = await until('its end', () => {
    const mine = frames
      .filter(frame => frame.startsWith(`am.st ${worked} `))
      .map(frame => frame.split(' ')[3])
    const told = mine.join(' ')
    return told.endsWith('. -') ? told : undefined
  })
  assert.match(states, /A b m d = G D V r Q F \. -$/)
  const counted = await until('its counters', async () => {
    const answer = await real.query('am.snmp?')
    return answer?.includes('am.snmp InMsgs C32 1') ? answer : undefined
  })
  assert.ok(counted.includes('am.snmp OutMsgs C32 1'))

  process.kill(Number(worked), 'SIGKILL')
  await until('its purge', () =>
    frames.some(frame => new RegExp(`^am\\.st ${worked} .* purged$`).test(frame)),
  )
  assert.ok(frames.includes('am.nanny ProcGone C32 1'))
})
