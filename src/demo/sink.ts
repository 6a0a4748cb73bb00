/**
 * sink — a next hop for the demo and for tests: takes every mail over SMTP and remembers it.
 *
 * It knows just enough of RFC 5321 to be a relay's last stop: pipelining, one answer a command.
 */
import net from 'node:net'

export interface SunkMail {
  readonly sender: string
  readonly recipients: readonly string[]
  /** CRLF line ends, dots un-stuffed */
  readonly octets: Buffer
}

export interface Sink {
  readonly port: number
  /** in order of arrival */
  readonly mails: readonly SunkMail[]
  close(): Promise<void>
}

const END = Buffer.from('\r\n.\r\n')

/**
 * Listen on a free loopback port.
 * @param answerAfterMs how long to think about each mail, given its number from 0; default not at all
 */
export async function startSink(answerAfterMs: (n: number) => number = () => 0): Promise<Sink> {
  const mails: SunkMail[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer({noDelay: true}, socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    converse(socket, mail => {
      mails.push(mail)
      return answerAfterMs(mails.length - 1)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    mails,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function converse(socket: net.Socket, store: (mail: SunkMail) => number): void {
  let input: Buffer = Buffer.alloc(0)
  let sender = ''
  let recipients: string[] = []
  let inData = false
  let count = 0
  socket.write('220 sink.example.com ESMTP\r\n')

  const takeMail = (): boolean => {
    // An empty mail has its dot right after our 354.
    const end = input.subarray(0, 3).equals(END.subarray(2)) ? -2 : input.indexOf(END)
    if (end === -1) return false
    const octets = unstuff(input.subarray(0, end + 2))
    input = input.subarray(end + END.length)
    inData = false
    const waitMs = store({sender, recipients, octets})
    const answer = `250 2.0.0 Ok: queued as SINK${String(++count).padStart(5, '0')}\r\n`
    if (waitMs > 0) setTimeout(() => socket.destroyed || socket.write(answer), waitMs)
    else socket.write(answer)
    return true
  }

  const takeLine = (): boolean => {
    const end = input.indexOf('\r\n')
    if (end === -1) return false
    const line = input.toString('latin1', 0, end)
    input = input.subarray(end + 2)
    const verb = line.slice(0, 4).toUpperCase()
    const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
    if (verb === 'EHLO')
      socket.write('250-sink.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n')
    else if (verb === 'MAIL') {
      sender = address
      recipients = []
      socket.write('250 2.1.0 Ok\r\n')
    } else if (verb === 'RCPT') {
      recipients.push(address)
      socket.write('250 2.1.5 Ok\r\n')
    } else if (verb === 'DATA') {
      inData = true
      socket.write('354 End data with <CR><LF>.<CR><LF>\r\n')
    } else if (verb === 'QUIT') socket.end('221 2.0.0 Bye\r\n')
    else socket.write('250 2.0.0 Ok\r\n')
    return true
  }

  socket.on('data', chunk => {
    input = input.length > 0 ? Buffer.concat([input, chunk]) : chunk
    while (inData ? takeMail() : takeLine());
  })
}

function unstuff(octets: Buffer): Buffer {
  const text = octets.toString('latin1')
  return Buffer.from(text.replace(/^\.\./, '.').replaceAll('\r\n..', '\r\n.'), 'latin1')
}
