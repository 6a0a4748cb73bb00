/** hop — an MTA behind the filter that writes down what it is told, and a client in front that says what it is to. */
import {once} from 'node:events'
import net from 'node:net'
import type {TestContext} from 'node:test'

/** What came in over one connection or several, in order. */
export interface Hop {
  readonly port: number
  /** command lines, without what follows DATA */
  readonly commands: readonly string[]
  /** contents with CRLF line ends, dots un-stuffed */
  readonly mails: readonly string[]
}

/**
 * Listen on loopback; ends with the test.
 * @param answers to commands that begin so: `RCPT TO:<a@b.test>` → `550 5.1.1 no`; all others are taken
 */
export async function startHop(t: TestContext, answers: Readonly<Record<string, string>> = {}): Promise<Hop> {
  const commands: string[] = []
  const mails: string[] = []
  const server = net.createServer(socket => {
    let input = ''
    let inData = false
    socket.on('error', () => {})
    socket.write('220 hop ESMTP\r\n')
    socket.on('data', chunk => {
      input += chunk.toString('latin1')
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n'
        // an empty content is a dot right after the 354
        if (inData && input.startsWith('.\r\n')) input = `\r\n${input}`
        const end = input.indexOf(mark)
        if (end < 0) return
        const text = input.slice(0, end)
        input = input.slice(end + mark.length)
        if (inData) {
          inData = false
          mails.push(`${text.replace(/^\./gm, '')}\r\n`)
          socket.write(`250 2.0.0 Ok: queued as Q7ABC${String(mails.length).padStart(4, '0')}\r\n`)
          continue
        }
        commands.push(text)
        const given = Object.entries(answers).find(([start]) => text.startsWith(start))?.[1]
        const reply = given ?? usual(text)
        inData = /^DATA/i.test(text) && reply.startsWith('354')
        socket.write(`${reply}\r\n`)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return {port: (server.address() as net.AddressInfo).port, commands, mails}
}

const KEYWORDS = [
  'hop',
  'PIPELINING',
  'SIZE',
  'ENHANCEDSTATUSCODES',
  '8BITMIME',
  'DSN',
  'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE',
]

function usual(command: string): string {
  const verb = command.slice(0, 4).toUpperCase()
  if (verb === 'EHLO' || verb === 'LHLO')
    return KEYWORDS.map((word, n) => `250${n < KEYWORDS.length - 1 ? '-' : ' '}${word}`).join('\r\n')
  if (verb === 'DATA') return '354 End data with <CR><LF>.<CR><LF>'
  return verb === 'QUIT' ? '221 2.0.0 Bye' : '250 2.1.0 Ok'
}

/**
 * Say these lines one after the other, each when the one before is answered, and then QUIT.
 * @param replies how many answers to wait for after the last line (LMTP owes one for each recipient)
 * @returns all lines of all answers, the greeting first
 */
export async function converse(port: number, lines: readonly string[], replies = 1): Promise<string[]> {
  const socket = net.connect(port, '127.0.0.1')
  const said: string[] = []
  const waiting = [...lines, 'QUIT']
  let text = ''
  let owed = 1
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject).on('close', () => resolve())
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        said.push(line)
        if (/^\d{3} /.test(line)) owed--
      }
      if (owed > 0) return
      const next = waiting.shift()
      if (next === undefined) return void socket.end()
      owed = waiting.length === 1 ? replies : 1
      socket.write(`${next}\r\n`)
    })
  })
  return said
}
