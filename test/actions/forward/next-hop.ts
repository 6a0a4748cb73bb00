/**
 * next-hop — a scripted SMTP server: takes mail and remembers it, and goes wrong where it is told to.
 */
import {once} from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import {TEST_CERTIFICATE, TEST_KEY} from '../../support/certificate.ts'

/** What a next hop does at a step: a reply, or silence, or an end of the connection. */
export type Behaviour = string | 'HANG' | 'CLOSE'

export interface Script {
  readonly greeting?: Behaviour
  readonly ehlo?: Behaviour
  readonly helo?: Behaviour
  readonly mail?: Behaviour | ((line: string, n: number) => Behaviour | undefined)
  readonly rcpt?: Behaviour | ((line: string, n: number) => Behaviour | undefined)
  readonly data?: Behaviour
  /** after so many octets of content */
  readonly content?: {readonly after: number; readonly does: Behaviour}
  readonly dot?: Behaviour | ((n: number) => Behaviour | undefined)
  readonly noop?: Behaviour
  readonly rset?: Behaviour
  readonly xforward?: Behaviour
  /** to STARTTLS; 220 is followed by a handshake */
  readonly starttls?: Behaviour
  /** leaves it to the client to close after a 421 */
  readonly lingers?: boolean
  /** said in the same breath as the 220 to STARTTLS */
  readonly injected?: string
  /** to AUTH, and to each line after a 334 */
  readonly auth?: (line: string, n: number) => Behaviour
}

export interface NextHop {
  readonly port: number
  /** commands of all connections, in order; content as `(n octets)` */
  readonly commands: string[]
  /** chunks as they came while commands were awaited */
  readonly groups: string[]
  /** content as on the wire, still stuffed, without the final dot */
  readonly contents: Buffer[]
  connections(): number
  open(): number
  /** cut all connections that are open now */
  cut(): void
  close(): Promise<void>
}

export const FULL =
  '250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE'
export const PIPELINING = '250-sink\r\n250 PIPELINING'
export const PLAIN = '250 sink'

export async function startNextHop(script: Script = {}, path?: string): Promise<NextHop> {
  const commands: string[] = []
  const groups: string[] = []
  const contents: Buffer[] = []
  const sockets = new Set<net.Socket>()
  const seen = {mail: 0, rcpt: 0, dot: 0, connections: 0}
  const server = net.createServer(socket => {
    seen.connections++
    converse(socket)
    choose(socket, script.greeting, '220 sink ESMTP')
  })
  const does = (socket: net.Socket, behaviour: Behaviour) => {
    if (behaviour === 'CLOSE') socket.destroy()
    else if (behaviour !== 'HANG') socket.write(`${behaviour}\r\n`)
    // A 421 is the last thing that is said.
    if (/^421/m.test(behaviour) && !script.lingers) socket.end()
  }
  const choose = <A extends unknown[]>(
    socket: net.Socket,
    step: Behaviour | ((...args: A) => Behaviour | undefined) | undefined,
    otherwise: Behaviour,
    ...args: A
  ) => does(socket, (typeof step === 'function' ? step(...args) : step) ?? otherwise)
  const converse = (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let input = Buffer.alloc(0)
    let inData = false
    let inAuth = 0
    socket.on('data', chunk => {
      if (!inData) groups.push(chunk.toString('latin1'))
      input = Buffer.concat([input, chunk as Buffer])
      for (;;) {
        if (inData) {
          const end = input.subarray(0, 3).equals(Buffer.from('.\r\n')) ? -2 : input.indexOf('\r\n.\r\n')
          if (script.content && input.length >= script.content.after) {
            does(socket, script.content.does)
            return
          }
          if (end === -1) return
          contents.push(input.subarray(0, end + 2))
          commands.push(`(${end + 2} octets)`)
          input = input.subarray(end + 5)
          inData = false
          choose(socket, script.dot, '250 2.0.0 Ok: queued as Q7ABC0001', seen.dot++)
          continue
        }
        const end = input.indexOf('\n')
        if (end < 0) return
        const line = input.toString('latin1', 0, end).trimEnd()
        input = input.subarray(end + 1)
        commands.push(line)
        if (inAuth > 0 && script.auth) {
          const said = script.auth(line, inAuth)
          inAuth = said.startsWith('334') ? inAuth + 1 : 0
          does(socket, said)
          continue
        }
        switch (line.slice(0, 4).toUpperCase()) {
          case 'LHLO':
          case 'EHLO':
            choose(socket, script.ehlo, PIPELINING)
            break
          case 'HELO':
            choose(socket, script.helo, '250 sink')
            break
          case 'MAIL':
            choose(socket, script.mail, '250 2.1.0 Ok', line, seen.mail++)
            break
          case 'RCPT':
            choose(socket, script.rcpt, '250 2.1.5 Ok', line, seen.rcpt++)
            break
          case 'DATA':
            inData = (script.data ?? '354').startsWith('354')
            choose(socket, script.data, '354 Go')
            break
          case 'XFOR':
            choose(socket, script.xforward, '250 2.0.0 Ok')
            break
          case 'NOOP':
            choose(socket, script.noop, '250 2.0.0 Ok')
            break
          case 'RSET':
            choose(socket, script.rset, '250 2.0.0 Ok')
            break
          case 'STAR':
            choose(socket, script.starttls, `220 2.0.0 Ready${script.injected ?? ''}`)
            if (!(script.starttls ?? '220').startsWith('220')) break
            socket.removeAllListeners()
            converse(new tls.TLSSocket(socket, {isServer: true, key: TEST_KEY, cert: TEST_CERTIFICATE}))
            return
          case 'AUTH': {
            const said = script.auth?.(line, 0) ?? '235 2.7.0 Ok'
            inAuth = said.startsWith('334') ? 1 : 0
            does(socket, said)
            break
          }
          case 'QUIT':
            socket.end('221 2.0.0 Bye\r\n')
            break
          default:
            does(socket, '500 5.5.2 Error')
        }
      }
    })
  }
  if (path) server.listen(path)
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: path ? 0 : (server.address() as net.AddressInfo).port,
    commands,
    groups,
    contents,
    connections: () => seen.connections,
    open: () => sockets.size,
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
