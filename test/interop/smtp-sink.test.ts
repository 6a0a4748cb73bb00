/** smtp-sink of Postfix as a next hop that lacks things, refuses, or goes away: no mail is lost or doubled. */
import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {chmodSync, mkdirSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {greets, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

/** Options of smtp-sink, the reply to our client, and how often the sink has got the content. */
const CASES: readonly [what: string, options: readonly string[], reply: RegExp, taken: 0 | 1][] = [
  ['takes all', [], /^250 /, 1],
  ['knows HELO alone', ['-e'], /^250 /, 1],
  ['has no PIPELINING', ['-p'], /^250 /, 1],
  ['has no XFORWARD', ['-F'], /^250 /, 1],
  ['has no 8BITMIME', ['-8'], /^250 /, 1],
  ['refuses for ever at EHLO and HELO', ['-f', 'EHLO,HELO'], /^5\d\d /, 0],
  ['refuses for now at EHLO and HELO', ['-r', 'EHLO,HELO'], /^4\d\d /, 0],
  ['refuses for ever at MAIL', ['-f', 'MAIL'], /^5\d\d /, 0],
  ['refuses for now at MAIL', ['-r', 'MAIL'], /^4\d\d /, 0],
  ['refuses for ever at RCPT', ['-f', 'RCPT'], /^5\d\d /, 0],
  ['refuses for now at RCPT', ['-r', 'RCPT'], /^4\d\d /, 0],
  ['refuses for ever at DATA', ['-f', 'DATA'], /^5\d\d /, 0],
  ['refuses for now at DATA', ['-r', 'DATA'], /^4\d\d /, 0],
  ['refuses for ever at the end', ['-f', '.'], /^5\d\d /, 1],
  ['refuses for now at the end', ['-r', '.'], /^4\d\d /, 1],
  ['hangs up when it is connected to', ['-q', 'CONNECT'], /^4\d\d /, 0],
  ['hangs up at EHLO and HELO', ['-q', 'EHLO,HELO'], /^4\d\d /, 0],
  ['hangs up at MAIL', ['-q', 'MAIL'], /^4\d\d /, 0],
  ['hangs up at RCPT', ['-q', 'RCPT'], /^4\d\d /, 0],
  ['hangs up at DATA', ['-q', 'DATA'], /^4\d\d /, 0],
  ['hangs up at the end', ['-q', '.'], /^4\d\d /, 1],
  ['says 421 and hangs up when it is connected to', ['-Q', 'CONNECT'], /^4\d\d /, 0],
  ['says 421 and hangs up at MAIL', ['-Q', 'MAIL'], /^4\d\d /, 0],
  ['says 421 and hangs up at RCPT', ['-Q', 'RCPT'], /^4\d\d /, 0],
  ['says 421 and hangs up at DATA', ['-Q', 'DATA'], /^4\d\d /, 0],
  ['says 421 and hangs up at the end', ['-Q', '.'], /^4\d\d /, 1],
  ['takes a second for each answer', ['-w', '1'], /^250 /, 1],
]
/** smtp-sink begins a file with MAIL, and removes it where no mail comes of it: maybe at this moment. */
const holdsMail = (file: string) => textOf(file).includes('hello')

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

const PROTOCOLS = ['smtp', 'lmtp'] as const

test('a next hop that is smtp-sink', async t => {
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  const ways: {port: number; taken: () => number; name: string; reply: RegExp; expected: number}[] = []
  const banks: string[] = []
  for (const protocol of PROTOCOLS) {
    for (const [what, options, reply, expected] of CASES) {
      const [port, hop] = [await freePort(), await freePort()]
      const folder = path.join(home, `sink-${hop}`)
      mkdirSync(folder, {mode: 0o777})
      chmodSync(folder, 0o777)
      const words = options.map(option =>
        protocol === 'lmtp' ? option.replace('EHLO,HELO', 'LHLO') : option,
      )
      const args = [...(protocol === 'lmtp' ? ['-L'] : []), ...words, '-d', `${folder}/mail.`]
      const child = spawn('smtp-sink', ['-u', 'nobody', ...args, `127.0.0.1:${hop}`, '64'], {stdio: 'ignore'})
      t.after(() => child.kill())
      banks.push(
        `$interface_policy{'${port}'} = 'B${port}'; $policy_bank{'B${port}'} = {forward_method => '${protocol}:[127.0.0.1]:${hop}'};`,
      )
      const taken = () => readdirSync(folder).filter(name => holdsMail(path.join(folder, name))).length
      ways.push({port, taken, name: `${protocol}: ${what}`, reply, expected})
    }
  }
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `push @listen_sockets, ${ways.map(way => way.port).join(', ')}; $enable_zmq = 0;\n${banks.join('\n')}`,
    [],
    greets,
  )
  for (const {port, taken, name, reply, expected} of ways) {
    await t.test(name, async () => {
      const said = await sendMail(port, {
        sender: 's@example.org',
        recipient: 'r@example.com',
        octets: Buffer.from('From: <s@example.org>\r\nSubject: x\r\n\r\nhello\r\n'),
      })
      assert.match(said, reply)
      if (expected > 0) await until('the mail to be there', () => taken() > 0)
      assert.equal(taken(), expected)
    })
  }
})
