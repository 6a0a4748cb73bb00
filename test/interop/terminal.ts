/** terminal — a command in a real terminal (tmux), its keys and what it shows. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import type {TestContext} from 'node:test'
import {AMAVIS} from '../support/amavis.ts'
import {until} from '../support/wait.ts'

let terminals = 0

/** A terminal with a shell in it that runs a command and says when it has come back. */
export function startTerminal(t: TestContext, command: readonly string[]) {
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
export async function isRestored(
  {shows, shown}: ReturnType<typeof startTerminal>,
  status: number,
): Promise<void> {
  await shows(new RegExp(`BEFORE\nAFTER ${status}\n icanon`))
  assert.doesNotMatch(shown(), /amavis/)
}
