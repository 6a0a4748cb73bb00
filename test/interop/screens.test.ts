/**
 * The real screens in a real terminal (tmux): they draw, take keys, follow a new size, and give the
 * terminal back, on `q` and on SIGTERM.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {type TestContext, test} from 'node:test'
import {Publisher} from 'zeromq'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {freePort, until} from '../support/wait.ts'

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

let terminals = 0

/** A terminal with a shell in it that runs a command and says when it has come back. */
function startTerminal(t: TestContext, command: readonly string[]) {
  const server = `amavis-test-${process.pid}-${++terminals}`
  const tmux = (...args: readonly string[]) =>
    execFileSync('tmux', ['-L', server, '-f', '/dev/null', ...args], {encoding: 'utf8'})
  const words = [process.execPath, AMAVIS, ...command].map(word => `'${word}'`).join(' ')
  const line = `echo BEFORE; ${words}; echo AFTER $?; stty -a | grep -o ' -\\?icanon'; read x`
  tmux('new-session', '-d', '-x', '80', '-y', '24', 'sh', '-c', line)
  t.after(() => tmux('kill-server'))
  const shown = () => tmux('capture-pane', '-p')
  return {
    tmux,
    shown,
    press: (...keys: readonly string[]) => tmux('send-keys', ...keys),
    shows: (pattern: RegExp) => until(`${pattern}`, () => pattern.test(shown()), 60_000),
    /** pid of the program, a child of the shell */
    program: () =>
      execFileSync('pgrep', ['-P', tmux('display-message', '-p', '#{pane_pid}').trim()], {
        encoding: 'utf8',
      }).trim(),
  }
}

/** The terminal is as before: the first screen, and lines are edited by the kernel again. */
async function isRestored({shows, shown}: ReturnType<typeof startTerminal>, status: number): Promise<void> {
  await shows(new RegExp(`BEFORE\nAFTER ${status}\n icanon`))
  assert.doesNotMatch(shown(), /amavis/)
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
