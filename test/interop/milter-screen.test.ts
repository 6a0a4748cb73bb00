/** `amavis milter status --watch` in a real terminal (tmux), with a real pool behind it. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {Mta} from '../milter/mta.ts'
import {startMilterSite} from '../milter/site.ts'
import {until} from '../support/wait.ts'
import {isRestored, startTerminal} from './terminal.ts'

test('the milters are live, sorted, filtered, hold still, follow the size, and q gives the terminal back', async t => {
  const {port, file, run, state} = await startMilterSite(
    t,
    'max_procs => 2, conns_per_proc => 2, proc_conn_limit => 2',
  )
  assert.match(run('start', 'spare').text, /^spare: started/)
  t.after(() => run('stop', '-KILL', 'spare'))
  const terminal = startTerminal(t, ['milter', 'status', '--watch', '-c', file])
  await terminal.shows(/amavis milter {2}milters .*live\npolicy 0 req 0 msg; spare 0 req 0 msg\n/)
  await terminal.shows(/MILTERv[\s\S]*\npolicy +0 +\d+ +0 +0 +0\/1 .*\nspare +0 +\d+ /)

  // live: connections, mails, one that retires with its star, and one more beside it
  const [first, second] = [await (await Mta.connect(port)).greet(), await (await Mta.connect(port)).greet()]
  assert.equal(await first.mail(), 'c')
  await second.quit()
  const third = await (await Mta.connect(port)).greet()
  await terminal.shows(/policy 2 req 1 msg/)
  await terminal.shows(/\npolicy +0 +\d+ +1\* +2 +2\/1 .*\npolicy +1 +\d+ +1 +1 +1\/1 /)

  // the order: by NOW … AGE, and the other way round
  terminal.press('>', '>', '>')
  await terminal.shows(/EVERv[\s\S]*\npolicy +0 .*\npolicy +1 .*\nspare +0 /)
  terminal.press('r')
  await terminal.shows(/EVER\^[\s\S]*\nspare +0 .*\npolicy +1 .*\npolicy +0 /)
  terminal.press('<')
  await terminal.shows(/HAD\^/)

  terminal.press('/')
  await terminal.shows(/filter \(regular expression\)/)
  terminal.press('^sp', 'Enter')
  await terminal.shows(/filter \^sp /)
  assert.doesNotMatch(terminal.shown(), /\npolicy +\d+ +\d+ /)
  terminal.press('Escape')
  await terminal.shows(/\npolicy +\d+ +\d+ /)

  terminal.press('Space')
  await terminal.shows(/PAUSED/)
  await third.quit()
  await until('the connection to be over', () => state().open === 1)
  assert.match(terminal.shown(), /policy 2 req/)
  terminal.press('Space')
  await terminal.shows(/policy 1 req/)

  terminal.press('?')
  await terminal.shows(/quit[\s\S]*filter/)
  terminal.press('?')
  terminal.tmux('resize-window', '-x', '160', '-y', '50')
  await terminal.shows(/\nspare +0 +\d+ /)
  await until('all lines to be used', () => terminal.shown().trimEnd().split('\n').length === 50)

  // one that has gone is told of, and shown again when it comes
  assert.match(run('stop', 'spare').text, /^spare: stopped/)
  await terminal.shows(/spare not running/)
  await first.quit()
  terminal.press('q')
  await isRestored(terminal, 0)
})

test('SIGTERM ends the screen of the milters, and the terminal is as before', async t => {
  const {file} = await startMilterSite(t, 'max_procs => 1')
  const terminal = startTerminal(t, ['milter', 'status', '--watch', '-c', file])
  await terminal.shows(/\npolicy +0 +\d+ /)
  process.kill(Number(terminal.program()), 'SIGTERM')
  await isRestored(terminal, 0)
})
