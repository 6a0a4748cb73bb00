/** A mail with something in it that somebody takes for the end of data stays one mail, in and out again. */
import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import net from 'node:net'
import {test} from 'node:test'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'
import {sharedPath} from './shared.ts'

const FOLDER = 'corpus/mail/gen-smuggling'

/** Ends of data that lenient servers take; CRLF.CRLF is the only one. */
const SEQUENCES = [
  '\n.\n',
  '\n.\r\n',
  '\r\n.\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n.\r\r\n',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\n.\r',
  '\n\n.\n',
  '\n\r.\n\r',
  '\r\n.\r\0\n',
]

/** A next hop that keeps what came after DATA exactly as it came, and the commands. */
async function startRecorder(): Promise<{
  port: number
  contents: string[]
  senders: string[]
  close(): void
}> {
  const contents: string[] = []
  const senders: string[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write('220 hop ESMTP\r\n')
    let text = ''
    let inData = false
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const part = text.slice(0, end)
        text = text.slice(end + (inData ? 5 : 2))
        if (inData) contents.push(part)
        else if (/^MAIL/i.test(part)) senders.push(part)
        const answer = inData || !/^DATA/i.test(part) ? '250 2.0.0 Ok' : '354 go on'
        inData = !inData && /^DATA/i.test(part)
        socket.write(/^EHLO/i.test(part) ? '250-hop\r\n250 PIPELINING\r\n' : `${answer}\r\n`)
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as net.AddressInfo
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return {port, contents, senders, close}
}

/** Send content as it is, then the true end and QUIT. @returns the replies after 354 */
function send(port: number, content: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({port, host: '127.0.0.1', noDelay: true})
    let text = ''
    let sent = false
    socket.setTimeout(15_000, () => reject(new Error(`no answer: ${text}`)))
    socket.on('error', reject)
    socket.on('connect', () =>
      socket.write('EHLO x\r\nMAIL FROM:<s@example.org>\r\nRCPT TO:<r@example.com>\r\nDATA\r\n'),
    )
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (sent || !/^354 /m.test(text)) return
      sent = true
      socket.write(`${content}\r\n.\r\nQUIT\r\n`, 'latin1')
    })
    socket.on('close', () => resolve(text.slice(text.search(/^354 /m)).split('\r\n').slice(1, -1)))
  })
}

test('never two mails out of one', async t => {
  const hop = await startRecorder()
  t.after(() => hop.close())
  const port = await freePort()
  await startDaemon(
    t,
    temporaryFolder(t),
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${hop.port}';\n$enable_zmq = 0;`,
  )

  const files = readdirSync(sharedPath(FOLDER)).filter(name => name.endsWith('.eml'))
  assert.ok(files.length >= 15)
  const contents = new Map<string, string>(
    files.map(name => [name, readFileSync(sharedPath(FOLDER, name), 'latin1')]),
  )
  const second =
    'MAIL FROM:<smuggled@example.org>\r\nRCPT TO:<victim@example.com>\r\nDATA\r\nSubject: two\r\n\r\nx'
  for (const sequence of SEQUENCES) {
    contents.set(`made ${JSON.stringify(sequence)}`, `Subject: one\r\n\r\nfirst${sequence}${second}`)
    contents.set(
      `made ${JSON.stringify(sequence)}, bare`,
      `Subject: one\n\nfirst${sequence}${second.replaceAll('\r', '')}`,
    )
  }
  for (const [name, content] of contents) {
    await t.test(name, async () => {
      // what a client that follows the standard puts on the wire
      const wire = content.replace(/(^|\r\n)\./g, '$1..')
      // and one that does not, unless that is the end indeed
      for (const octets of `${content}\r\n`.includes('\r\n.\r\n') ? [wire] : [wire, content]) {
        const [mails, senders] = [hop.contents.length, hop.senders.length]
        const replies = await send(port, octets)
        assert.equal(replies.length, 2, replies.join('\n'))
        assert.match(replies[1]!, /^221 /)
        const passed = hop.contents.slice(mails)
        assert.equal(passed.length, replies[0]!.startsWith('250 2.0.0') ? 1 : 0, replies[0])
        assert.doesNotMatch(hop.senders.slice(senders).join('\n'), /smuggled/)
        // no line end but CRLF, and no dot alone behind it: nothing that the next hop could take for an end
        for (const mail of passed) assert.doesNotMatch(mail, /(?<!\r)\n|\r\n\.(?!\.)/)
      }
    })
  }
})
