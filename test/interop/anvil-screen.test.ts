/** The counting server's live table in a real terminal (tmux), with a real server behind it. */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import {readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {amavis} from '../support/amavis.ts'
import {anvilFolder} from '../support/anvil.ts'
import {isRestored, startTerminal} from './terminal.ts'

interface Site {
  readonly config: readonly string[]
  readonly pid: number
  /** An event of a client, on a connection of its own that stays. */
  tell(client: string, ...requests: readonly string[]): Promise<void>
}

async function startAnvil(t: TestContext): Promise<Site> {
  const home = anvilFolder(t)
  const conf = path.join(home, 'amavisd.conf')
  const socketPath = path.join(home, 'postfix')
  writeFileSync(conf, `$MYHOME = '${home}'; $enable_zmq = 0; $anvil_socket = '${socketPath}';\n1;\n`)
  const config = ['-c', conf]
  const {status, stderr} = await amavis('anvil', 'start', '--allow-root', ...config)
  assert.equal(status, 0, stderr)
  return {
    config,
    pid: Number(readFileSync(path.join(home, 'anvil.pid'), 'latin1')),
    async tell(client, ...requests) {
      const socket = net.connect(socketPath)
      t.after(() => socket.destroy())
      await once(socket, 'data')
      for (const request of requests) {
        const answered = once(socket, 'data')
        socket.write(`request=${request}\nident=${client}\n\n`)
        await answered
      }
    },
  }
}

test('anvil status is live, sorts, filters, holds still, follows the size, and q gives the terminal back', async t => {
  const {config, tell, pid} = await startAnvil(t)
  await tell('smtp:192.0.2.1', 'connect', 'message', 'message', 'message')
  await tell('smtp:192.0.2.2', 'connect', 'message', 'recipient', 'recipient', 'recipient', 'recipient')
  await tell('127.0.0.1:10025:2001:db8::3', 'connect', 'auth')
  const terminal = startTerminal(t, ['anvil', 'status', ...config])
  await terminal.shows(/3 clients, 3 connected, \d+ requests, rates in 60 s/)
  await terminal.shows(
    /192\.0\.2\.2 +smtp +1 +1 +1 +4 .*\n192\.0\.2\.1 +smtp +1 +1 +3 .*\n2001:db8::3 +127\.0\.0\.1… /,
  )

  // live
  await tell('smtp:192.0.2.4', 'connect')
  await terminal.shows(/\n192\.0\.2\.4 +smtp +1 +1 +0 /)

  // the order: by client, then by service, then NOW … MAIL
  terminal.press('>')
  await terminal.shows(/CLIENTv[\s\S]*\n192\.0\.2\.1 .*\n192\.0\.2\.2 .*\n192\.0\.2\.4 .*\n2001:db8::3 /)
  terminal.press('r')
  await terminal.shows(/CLIENT\^[\s\S]*\n2001:db8::3 .*\n192\.0\.2\.4 .*\n192\.0\.2\.2 .*\n192\.0\.2\.1 /)
  terminal.press('r', '>', '>', '>', '>')
  await terminal.shows(/MAILv[\s\S]*\n192\.0\.2\.1 .*\n192\.0\.2\.2 /)
  terminal.press('<')
  await terminal.shows(/CONNv/)

  terminal.press('/')
  await terminal.shows(/filter \(regular expression\)/)
  terminal.press('0.2.[24]', 'Enter')
  await terminal.shows(/filter 0\.2\.\[24\] /)
  assert.match(terminal.shown(), /\n192\.0\.2\.[24] .*\n192\.0\.2\.[24] .*\n\n/)
  assert.doesNotMatch(terminal.shown(), /192\.0\.2\.1 |2001:db8::3/)
  terminal.press('Escape')
  await terminal.shows(/2001:db8::3/)

  terminal.press('Space')
  await terminal.shows(/PAUSED/)
  await tell('smtp:192.0.2.5', 'connect')
  const later = await amavis('anvil', 'status', '--once', ...config)
  assert.match(later.stdout, /192\.0\.2\.5/)
  assert.doesNotMatch(terminal.shown(), /192\.0\.2\.5/)
  terminal.press('Space')
  await terminal.shows(/192\.0\.2\.5/)

  terminal.press('?')
  await terminal.shows(/quit[\s\S]*filter/)
  terminal.press('?')
  terminal.tmux('resize-window', '-x', '160', '-y', '50')
  await terminal.shows(/2001:db8::3 +127\.0\.0\.1:10025 /)
  assert.equal(terminal.shown().trimEnd().split('\n').length, 50)

  // a server that has gone is told of, and one that comes again is shown
  process.kill(pid, 'SIGTERM')
  await terminal.shows(/no data since \d\d:\d\d:\d\d/)
  assert.equal((await amavis('anvil', 'start', '--allow-root', ...config)).status, 0)
  await terminal.shows(/live\n0 clients, 0 connected, 0 requests/)
  terminal.press('q')
  await isRestored(terminal, 0)
})

test('SIGTERM ends the table, and the terminal is as before', async t => {
  const {config, tell} = await startAnvil(t)
  await tell('smtp:192.0.2.1', 'connect')
  const terminal = startTerminal(t, ['anvil', 'status', ...config])
  await terminal.shows(/\n192\.0\.2\.1 +smtp/)
  process.kill(Number(terminal.program()), 'SIGTERM')
  await isRestored(terminal, 0)
})

test('without a server the table says what to do, and shows it when it has come', async t => {
  const {config, pid, tell} = await startAnvil(t)
  process.kill(pid, 'SIGTERM')
  const terminal = startTerminal(t, ['anvil', 'status', ...config])
  await terminal.shows(/no data yet[\s\S]*waiting for the server to answer; "amavis anvil start" starts it/)
  assert.equal((await amavis('anvil', 'start', '--allow-root', ...config)).status, 0)
  await tell('smtp:192.0.2.1', 'connect')
  await terminal.shows(/\n192\.0\.2\.1 +smtp/)
  terminal.press('q')
  await isRestored(terminal, 0)
})
