/**
 * nanny in a real terminal (tmux) and over real sockets: incidents, recordings with their keys, and a bus on
 * which somebody says whatever he likes.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {Publisher} from 'zeromq'
import {incidentFrame} from '../../src/bus/incident.ts'
import {formatRecord} from '../../src/bus/recording/record.ts'
import {amavis} from '../support/amavis.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startTerminal} from './terminal.ts'

/** A bus that says the same again and again. */
async function startBus(t: TestContext, frames: readonly (string | Buffer)[]): Promise<string> {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`
  const publisher = new Publisher({linger: 0})
  await publisher.bind(endpoint)
  let busy = Promise.resolve()
  const timer = setInterval(() => {
    busy = busy.then(async () => {
      for (const frame of frames) await publisher.send(frame)
    })
  }, 200)
  t.after(async () => {
    clearInterval(timer)
    await busy
    publisher.close()
  })
  return endpoint
}

const T0 = 1_795_361_880_000

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

function ended(pid: number, kind: 'went away' | 'terminated', timeMs: number): readonly string[] {
  return [
    incidentFrame({kind, pid, taskId: `${pid}-01`, letters: 'mS', ageMs: 601_000, timeMs}),
    `am.st ${pid} ${seconds(timeMs)} purged`,
  ]
}

test('what its minder says of a child tells whether it went away or was terminated, and is on a page', async t => {
  const now = Date.now()
  const busy = [20_001, 20_002].map(pid => `am.st ${pid} ${seconds(now)} S ${pid}-01`)
  const terminal = startTerminal(t, [
    'nanny',
    '--connect',
    await startBus(t, [...busy, ...ended(20_001, 'terminated', now), ...ended(20_002, 'went away', now)]),
  ])
  await terminal.shows(/20001 20001-01 .* terminated/)
  await terminal.shows(/20002 20002-01 .* went away/)
  terminal.press('i')
  await terminal.shows(/\d\d:\d\d:\d\d +20001 +terminated +20001-01 +0:10:01 +mS/)
  terminal.press('i', 'q')
})

test('text and JSON tell terminated from went away; the original text does not', async t => {
  const now = Date.now()
  const busy = [20_001, 20_002].map(pid => `am.st ${pid} ${seconds(now)} S ${pid}-01`)
  const bus = await startBus(t, [
    ...busy,
    ...ended(20_001, 'terminated', now),
    ...ended(20_002, 'went away', now),
  ])
  const text = await amavis('nanny', '--connect', bus, '--once')
  assert.match(text.stdout, /20001-01 +terminated [\s\S]*20002-01 +went away /)
  const {children} = JSON.parse((await amavis('nanny', '--connect', bus, '--once', '--json')).stdout)
  assert.deepEqual(
    children.map((child: {end: string}) => child.end),
    ['terminated', 'went away'],
  )
  const classic = await amavis('nanny', '--connect', bus, '--classic', '--read-only', '--', '-c', '1')
  assert.match(classic.stderr, /20001-01 +went away /)
})

test('a recording says that it is one, and its keys go back and forth, hold it and change its speed', async t => {
  const file = path.join(temporaryFolder(t), 'recording')
  const lines = Array.from({length: 120}, (_, second) => {
    const timeMs = T0 + second * 1000
    const gone = second === 100 ? ended(30_001, 'terminated', timeMs) : []
    const said = second < 100 ? [`am.st 30001 ${seconds(T0)} S 30001-01`] : ['am.st 30002 5 -']
    return [...said, ...gone].map(frame => formatRecord({timeMs, frames: [frame]})).join('')
  })
  writeFileSync(file, lines.join(''))
  const terminal = startTerminal(t, ['nanny', '--replay', file])
  await terminal.shows(/RECORDING \d{4}-\d\d-\d\d \d\d:\d\d:\d\d x1/)
  await terminal.shows(/30001 30001-01 .* S spam/)
  terminal.press('Space')
  await terminal.shows(/x1 HELD/)
  const shownAt = () => Number(/:(\d\d) x/.exec(terminal.shown())?.[1])
  const before = shownAt()
  terminal.press('Right')
  await until('ten seconds on', () => (shownAt() - before + 60) % 60 === 10)
  terminal.press('Left')
  await until('ten seconds back', () => shownAt() === before)
  terminal.press('+')
  await terminal.shows(/x2 HELD/)
  terminal.press(']')
  await terminal.shows(/0:01:\d\d +S spam/)
  terminal.press('End')
  await terminal.shows(/x2 END/)
  await terminal.shows(/30002/)
  terminal.press('Home')
  await terminal.shows(/30001 30001-01 +0:00:0\d +S spam/)
  terminal.press('t')
  await terminal.shows(/go to .*_/)
  terminal.press(...String((T0 + 101_000) / 1000), 'Enter')
  await terminal.shows(/30001 30001-01 .* terminated/)
  terminal.press('q')
  await terminal.shows(/AFTER 0/)
})

test('status shows recordings side by side on one clock, with the rates of then, also after a jump', async t => {
  const folder = temporaryFolder(t)
  const recordings = ['mx1', 'mx2'].map((name, host) => {
    const file = path.join(folder, name)
    const lines = Array.from({length: 120}, (_, second) => {
      const timeMs = T0 + second * 1000
      const pid = 30_001 + 10_000 * host + (second % 5)
      const said = [
        `am.st ${pid} ${seconds(timeMs)} S ${pid}-${second}`,
        `am.st ${pid} 300 .`,
        `am.st ${pid} 320 -`,
      ]
      return said.map(frame => formatRecord({timeMs, frames: [frame]})).join('')
    })
    writeFileSync(file, lines.join(''))
    return ['--replay', file]
  })
  const terminal = startTerminal(t, ['status', ...recordings.flat(), '--at', String(T0 / 1000 + 60)])
  const rates = /RECORDING [\s\S]* mx1 .* (?:5\d|6\d) [\s\S]* mx2 .* (?:5\d|6\d) /
  await terminal.shows(rates)
  terminal.press('Space')
  await terminal.shows(/x1 HELD/)
  const shownAt = () => Number(/:(\d\d) x/.exec(terminal.shown())?.[1])
  const before = shownAt()
  terminal.press('Right')
  await until('ten seconds on', () => (shownAt() - before + 60) % 60 === 10)
  await terminal.shows(rates)
  terminal.press('End')
  await terminal.shows(/x1 END/)
  await terminal.shows(rates)
  terminal.press('q')
  await terminal.shows(/AFTER 0/)
})

/** Anybody who reaches the bus may say these. */
const HOSTILE: readonly (string | Buffer)[] = [
  'am.st 20001 1700000000.000 \u001b]0;owned\u0007 20001-\u001b[2J',
  'am.st 20002 1700000000.000 S 20002-01\u001b[31m',
  Buffer.from('am.st 20003 1700000000.000 S \xff\xfe\x9b2J', 'latin1'),
  Buffer.concat([Buffer.from('am.st 20004 1700000000.000 S '), Buffer.alloc(900_000, 0x41)]),
  'am.st 99999999999999999999 1700000000.000 S',
  'am.st 0 1700000000.000 S x',
  'am.st -1 9999999999.999 S x',
  'am.st 20005 999999999999999999999999 S x',
  `am.proc.busy ${'7 '.repeat(50_000)}\u001b[2J`,
  'am.log.**** 20006 1700000000.000 \u001b[2J(20006-01) size: 9, TIMING [total 5 ms] - \u001b[5mx: 5 (100%)100',
  'am.log.******* 1 1700000000.000 childproc-minder: PID 1 terminated, task \u001b[2J, states \u009b2J, age 1.0 s',
  '',
  'am.st ',
  Buffer.alloc(64, 0x1b),
  'am.st 20007 1700000000.000 S 20007-01',
]
const RAW = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/

for (const [mode, args] of [
  ['text', ['--once']],
  ['JSON', ['--once', '--json']],
  ['the original text', ['--classic', '--read-only', '--', '-c', '1']],
] as const)
  test(`hostile bytes on a bus are no control characters in ${mode}`, async t => {
    const endpoint = await startBus(t, HOSTILE)
    const {stdout, stderr, status} = await amavis('nanny', '--connect', endpoint, ...args)
    assert.equal(status, 0, stderr)
    assert.match(stdout + stderr, /20007/)
    assert.doesNotMatch(stdout + stderr, RAW)
  })

test('hostile bytes in a recording are no control characters', async t => {
  const file = path.join(temporaryFolder(t), 'recording')
  const frames = HOSTILE.map(frame => frame.toString())
  writeFileSync(file, frames.map(frame => formatRecord({timeMs: T0, frames: [frame]})).join(''))
  const {stdout, stderr, status} = await amavis('nanny', '--once', '--replay', file)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /20007/)
  assert.doesNotMatch(stdout + stderr, RAW)
})

test('hostile bytes on a bus neither leave the screen nor its lines, and it takes keys as before', async t => {
  const terminal = startTerminal(t, ['nanny', '--connect', await startBus(t, HOSTILE)])
  await terminal.shows(/20007 20007-01 .* S spam/)
  assert.doesNotMatch(terminal.shown(), /owned/)
  assert.match(terminal.shown(), /^amavis nanny/)
  for (const key of ['m', 'd', '?']) terminal.press(key)
  await terminal.shows(/ctrl-c/)
  assert.equal(terminal.tmux('display-message', '-p', '#{pane_title}').includes('owned'), false)
  terminal.press('q')
  await terminal.shows(/AFTER 0/)
})

test("keys typed before the first frame are the screen's: they are not echoed, and do what they do", async t => {
  const bus = await startBus(t, ['am.st 20001 1700000000.000 S 20001-01'])
  const terminal = startTerminal(t, ['nanny', '--connect', bus])
  await until('the program', () => /BEFORE/.test(terminal.shown()))
  await until('raw', () => {
    const tty = terminal.tmux('display-message', '-p', '#{pane_tty}').trim()
    return execFileSync('stty', ['-a', '-F', tty], {encoding: 'utf8'}).includes(' -echo ')
  })
  terminal.press('i')
  await terminal.shows(/went away|terminated|no incident|incident/i)
  assert.match(terminal.shown(), /^amavis nanny/)
  terminal.press('i', 'q')
  await terminal.shows(/AFTER 0[\s\S]* icanon/)
})

test('agent begins with the filter that it is given', async t => {
  const terminal = startTerminal(t, ['agent', '--connect', 'tcp://127.0.0.1:9', '--filter', '^Content'])
  await terminal.shows(/filter \^Content/)
  terminal.press('q')
  await terminal.shows(/AFTER 0/)
})
