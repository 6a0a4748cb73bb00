import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import net from 'node:net'
import {test} from 'node:test'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const LARGE = 'x'.repeat(78).concat('\r\n').repeat(20_000) // above what is kept in memory

/**
 * What a client says before it goes: each part when the one before was answered. The last is sent and the client
 * is gone. With it: whether the mail may have come through all the same.
 */
const DEATHS: readonly [string, readonly string[], 'nothing' | 'perhaps'][] = [
  ['before the greeting', [], 'nothing'],
  ['in the middle of EHLO', ['EHLO mx.ex'], 'nothing'],
  ['after EHLO', ['EHLO x\r\n'], 'nothing'],
  ['after XFORWARD', ['EHLO x\r\n', 'XFORWARD ADDR=192.0.2.1\r\n'], 'nothing'],
  ['within AUTH', ['EHLO x\r\n', 'AUTH LOGIN\r\n'], 'nothing'],
  ['after MAIL', ['EHLO x\r\n', 'MAIL FROM:<s@x>\r\n'], 'nothing'],
  ['after RCPT', ['EHLO x\r\n', 'MAIL FROM:<s@x>\r\n', 'RCPT TO:<r@example.com>\r\n'], 'nothing'],
  ['after DATA', ['EHLO x\r\n', 'MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n'], 'nothing'],
  ['in the header', ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n', 'Subject: ha'], 'nothing'],
  [
    'in a large body',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n', `Subject: x\r\n\r\n${LARGE}`],
    'nothing',
  ],
  [
    'before the last LF',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n', 'Subject: x\r\n\r\nhi\r\n.\r'],
    'nothing',
  ],
  [
    'after the dot',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n', 'Subject: x\r\n\r\nhi\r\n.\r\n'],
    'perhaps',
  ],
  [
    'after the dot of a large mail',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n', `Subject: x\r\n\r\n${LARGE}.\r\n`],
    'perhaps',
  ],
  [
    'within a chunk',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\n', 'BDAT 100 LAST\r\nSubject: x'],
    'nothing',
  ],
  [
    'between chunks',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\n', 'BDAT 12\r\nSubject: x\r\n'],
    'nothing',
  ],
  [
    'after the last chunk',
    ['MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\n', 'BDAT 14 LAST\r\nSubject: x\r\n\r\n'],
    'perhaps',
  ],
  [
    'LMTP, after the dot',
    [
      'LHLO x\r\n',
      'MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nRCPT TO:<q@example.com>\r\nDATA\r\n',
      'Subject: x\r\n\r\nhi\r\n.\r\n',
    ],
    'perhaps',
  ],
]

/** @param reset by RST, as when the client's machine or process dies; else by FIN */
function die(port: number, parts: readonly string[], reset: boolean): Promise<void> {
  return new Promise(resolve => {
    const socket = net.connect({port, host: '127.0.0.1', noDelay: true})
    const queue = [...parts]
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    const go = () => (reset ? socket.resetAndDestroy() : socket.end())
    if (queue.length === 0) socket.on('connect', go)
    socket.on('data', () => {
      const part = queue.shift()
      if (part === undefined) return
      if (queue.length > 0) socket.write(part, 'latin1')
      else socket.write(part, 'latin1', go)
    })
  })
}

test('a client that dies loses no mail and leaves nothing behind, at whatever step', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 2; $log_level = 3;
@auth_mech_avail = ('LOGIN'); %smtpd_auth_users = (relay => 'secret');`,
  )
  const ended = () => daemonLog(home).split('session ended').length
  for (const [step, parts, outcome] of DEATHS) {
    for (const reset of [true, false]) {
      await t.test(`${step}, ${reset ? 'reset' : 'closed'}`, async () => {
        const mails = sink.mails.length
        const sessions = ended()
        await die(port, parts, reset)
        if (parts.length > 0) await until('the session to end', () => ended() > sessions)
        const came = sink.mails.length - mails
        assert.ok(outcome === 'nothing' ? came === 0 : came <= 1, `${came} mails`)
      })
    }
  }
  // both children serve on, and nobody's mail is lying about
  const before = sink.mails.length
  const content = [
    'EHLO x\r\n',
    'MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n',
    'Subject: last\r\n\r\nhi\r\n.\r\nQUIT\r\n',
  ]
  await Promise.all([die(port, content, false), die(port, content, false)])
  await until('both mails', () => sink.mails.length === before + 2)
  assert.doesNotMatch(daemonLog(home), /TROUBLE|child \d+ ended: signal/)
  const left = readdirSync(home).filter(name => /^amavis-2/.test(name))
  const files = left.flatMap(name => readdirSync(`${home}/${name}`))
  assert.deepEqual(files, [])
})

test('an idle client makes room for one who waits', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  const lines = `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $max_servers = 1; $smtpd_busy_timeout = 1;`
  await startDaemon(t, home, port, lines)
  const idle = net.connect({port, host: '127.0.0.1'})
  let said = ''
  idle.on('data', chunk => (said += chunk))
  await until('the greeting', () => said.startsWith('220 '))
  await die(
    port,
    [
      'EHLO x\r\n',
      'MAIL FROM:<s@x>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n',
      'Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n',
    ],
    false,
  )
  await until('the mail', () => sink.mails.length === 1)
  assert.match(said, /\r\n421 4\.3\.2 Other connections are waiting, closing idle channel\r\n$/)
  idle.destroy()
})
