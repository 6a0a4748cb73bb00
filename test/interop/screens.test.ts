/**
 * The real screens in a real terminal (tmux): they draw, take keys, follow a new size, and give the
 * terminal back, on `q` and on SIGTERM.
 */
import assert from 'node:assert/strict'
import {type TestContext, test} from 'node:test'
import {Publisher} from 'zeromq'
import {amavis} from '../support/amavis.ts'
import {freePort} from '../support/wait.ts'
import {isRestored, startTerminal} from './terminal.ts'

/** A bus that says again and again what a subscriber may have missed. */
async function startBus(t: TestContext): Promise<string> {
  const endpoint = `tcp://127.0.0.1:${await freePort()}`
  const publisher = new Publisher({linger: 0})
  await publisher.bind(endpoint)
  const frames = [
    'am.st 20001 1700000000.000 -',
    'am.st 20002 1700000000.000 m 20002-01',
    'am.st 20002 100 S 20002-01',
    'am.log.**** 20002 1700000000.000 (20002-01) size: 9, TIMING [total 50 ms] - AV-scan-1: 50 (100%)100',
    'am.snmp InMsgs C32 2',
    'am.log.****** 20002 1700000000.000 (20002-01) Passed \x1b[31m{red}\x07 CLEAN',
  ]
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

test('nanny draws, takes keys, follows the size of the terminal, and q gives it back', async t => {
  const terminal = startTerminal(t, ['nanny', '--connect', await startBus(t)])
  await terminal.shows(/20002 20002-01 .* S spam/)
  assert.doesNotMatch(terminal.shown(), /SECONDS IN EACH/)
  terminal.tmux('resize-window', '-x', '160', '-y', '50')
  await terminal.shows(/SECONDS IN EACH/)
  assert.equal(terminal.shown().trimEnd().split('\n').length, 50)
  terminal.press('j', 'Enter')
  await terminal.shows(/LAST \d+ TASKS[\s\S]*AV-scan-1 50/)
  terminal.press('q')
  await isRestored(terminal, 0)
})

test('status tells what is wrong, looks closer, follows the size, and q gives the terminal back', async t => {
  const terminal = startTerminal(t, ['status', '--connect', await startBus(t)])
  await terminal.shows(
    /CRITICAL {2}\d warnings[\s\S]*X services +msg-forwarder alive, childproc-minder SILENT/,
  )
  await terminal.shows(/children +1 busy, 1 idle/)
  terminal.press('Space')
  await terminal.shows(/PAUSED/)
  terminal.press('Space', ...Array(6).fill('j'), 'Enter')
  await terminal.shows(/elapsed .*live\n.*\nSECTION[\s\S]*AV-scan-1 +\d+ +50\.0/)
  terminal.press('Escape')
  await terminal.shows(/mta queues/)
  terminal.tmux('resize-window', '-x', '160', '-y', '50')
  await terminal.shows(/mta queues[\s\S]*is silent: [\s\S]*SECTION/)
  assert.equal(terminal.shown().trimEnd().split('\n').length, 50)
  terminal.press('?')
  await terminal.shows(/look closer, and back/)
  terminal.press('q')
  await isRestored(terminal, 0)
})

test('status shows several hosts side by side, enter one of them, and SIGTERM gives the terminal back', async t => {
  const [first, second] = [await startBus(t), await startBus(t)]
  const terminal = startTerminal(t, ['status', '--connect', first, '--connect', second])
  await terminal.shows(/2 hosts .*live\n +HOST[\s\S]*CRITICAL +1 +1[\s\S]*CRITICAL +1 +1/)
  terminal.press('j', 'Enter')
  await terminal.shows(new RegExp(`amavis status {2}${second} `))
  terminal.press('Escape')
  await terminal.shows(/2 hosts/)
  process.kill(Number(terminal.program()), 'SIGTERM')
  await isRestored(terminal, 0)
})

test('the dashboard draws its pages, follows the size, cleans what it is sent, and q gives the terminal back', async t => {
  const terminal = startTerminal(t, ['dashboard', '--connect', await startBus(t)])
  await terminal.shows(/\[1 overview\][\s\S]*mails \d+[\s\S]*busy children: 1 of 2/)
  await terminal.shows(/Passed \?\[31m\{red/)
  await terminal.shows(/50\.?0? {2}20002-01/)
  terminal.press('2')
  await terminal.shows(/\[2 content\][\s\S]*clean 0/)
  terminal.press('+')
  await terminal.shows(/10 min/)
  terminal.press('?')
  await terminal.shows(/next host, or all/)
  terminal.press('3')
  terminal.tmux('resize-window', '-x', '160', '-y', '50')
  await terminal.shows(/\[3 timing\][\s\S]*LONGEST SECTION/)
  assert.equal(terminal.shown().trimEnd().split('\n').length, 50)
  terminal.tmux('resize-window', '-x', '40', '-y', '10')
  await terminal.shows(/too small/)
  terminal.press('q')
  await isRestored(terminal, 0)
})

test('SIGTERM ends the dashboard, and the terminal is as before', async t => {
  const terminal = startTerminal(t, ['dashboard', '--connect', await startBus(t)])
  await terminal.shows(/\[1 overview\][\s\S]*mails \d+/)
  process.kill(Number(terminal.program()), 'SIGTERM')
  await isRestored(terminal, 0)
})

test('SIGTERM ends a screen, and the terminal is as before', async t => {
  const terminal = startTerminal(t, ['timing', '--connect', await startBus(t)])
  await terminal.shows(/AV-scan-1 +\d+ +50\.0/)
  process.kill(Number(terminal.program()), 'SIGTERM')
  await isRestored(terminal, 0)
})

test('without a terminal there are no escape sequences', async t => {
  const {stdout, status} = await amavis('nanny', '--once', '--connect', await startBus(t))
  assert.equal(status, 0)
  assert.match(stdout, /^PID 20002: 20002-01/m)
  assert.doesNotMatch(stdout, /\u001b/)
})
