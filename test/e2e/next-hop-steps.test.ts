/**
 * A next hop that fails at one step of the conversation, over LMTP and over SMTP with TLS and AUTH. The client speaks
 * LMTP, so that it hears of each recipient: a 250 only for those whom the next hop has, and it has them once.
 */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import {type TestContext, test} from 'node:test'
import tls from 'node:tls'
import {TEST_CERTIFICATE, TEST_KEY} from '../support/certificate.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {converse} from '../support/hop.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

type Transport = 'lmtp' | 'tls'
type Step =
  | 'none'
  | 'connection'
  | 'greeting'
  | 'LHLO'
  | 'EHLO'
  | 'STARTTLS'
  | 'handshake'
  | 'EHLO in TLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'second RCPT'
  | 'DATA'
  | 'dot'
  | 'second dot'
  | 'QUIT'
type Fault = 'none' | 'refused' | 'close' | 'silence' | 'garbage' | '4xx' | '5xx'
interface Case {
  readonly transport: Transport
  readonly step: Step
  readonly fault: Fault
  /** first digits of what the client hears of its two recipients */
  readonly heard: string
}

/** So many listen that they are kept off the ports that other tests just found free on 127.0.0.1. */
const HOPS = '127.0.0.2'

const FAULTS = ['close', 'silence', '4xx', '5xx'] as const
/** Before MAIL nothing is said of the mail: whatever the next hop means, the client comes again, or gives up. */
const BEFORE: Readonly<Record<Transport, readonly Step[]>> = {
  lmtp: ['greeting', 'LHLO'],
  tls: ['greeting', 'EHLO', 'STARTTLS', 'EHLO in TLS', 'AUTH'],
}

function casesOf(transport: Transport): Case[] {
  const at = (step: Step, faults: readonly Fault[], heard: (fault: Fault) => string): Case[] =>
    faults.map(fault => ({transport, step, fault, heard: heard(fault)}))
  const mail = (fault: Fault) => (fault === '5xx' ? '55' : '44')
  return [
    ...at('none', ['none'], () => '22'),
    ...at('connection', ['refused'], () => '44'),
    ...BEFORE[transport].flatMap(step => at(step, FAULTS, fault => refusalOf(step, fault))),
    ...(transport === 'tls' ? at('handshake', ['close', 'silence', 'garbage'], () => '44') : []),
    ...(['MAIL', 'RCPT', 'DATA', 'dot'] as const).flatMap(step => at(step, FAULTS, mail)),
    ...at('QUIT', FAULTS, () => '22'),
    // one recipient is refused, the other's mail arrives
    ...at('second RCPT', ['4xx', '5xx'], fault => `2${fault[0]}`),
    ...(transport === 'lmtp' ? at('second dot', FAULTS, fault => (fault === '5xx' ? '25' : '24')) : []),
  ]
}

function refusalOf(step: Step, fault: Fault): string {
  return fault === '5xx' && step !== 'AUTH' ? '55' : '44'
}

interface Hop {
  readonly port: number
  /** addresses that it has answered for with 250 after the content */
  readonly has: readonly string[]
}

async function startHop(t: TestContext, {transport, step, fault}: Case): Promise<Hop> {
  const has: string[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    serve(socket, false)
  })

  function serve(socket: net.Socket, secured: boolean): void {
    let input = ''
    let inData = false
    let silent = false
    let rcpts: string[] = []
    let mail = false
    socket.on('error', () => {})
    /** @returns whether the answer was the usual one, or as good */
    const answer = (here: Step, usual: string): boolean => {
      if (silent || socket.destroyed) return false
      if (here !== step || fault === 'none') {
        socket.write(`${usual}\r\n`)
        return /^[23]/.test(usual)
      }
      if (fault === 'close') socket.destroySoon()
      if (fault === 'close' || fault === 'silence') silent = true
      else socket.write(fault === '4xx' ? '451 4.3.0 not now\r\n' : '554 5.3.0 never\r\n')
      return false
    }
    const handlers: Readonly<Record<string, (line: string) => void>> = {
      HELO: () => void answer('EHLO', '554 5.3.0 no HELO here'),
      EHLO: () =>
        void answer(
          secured ? 'EHLO in TLS' : 'EHLO',
          `250-hop\r\n${secured ? '250-AUTH PLAIN' : '250-STARTTLS'}\r\n250 PIPELINING`,
        ),
      LHLO: () => void answer('LHLO', '250-hop\r\n250 PIPELINING'),
      AUTH: () => void answer('AUTH', '235 2.7.0 welcome'),
      STAR() {
        if (!answer('STARTTLS', '220 2.0.0 go')) return
        socket.removeAllListeners('data')
        if (step === 'handshake') {
          if (fault === 'close') socket.destroySoon()
          if (fault === 'garbage') socket.write('this is no TLS at all\r\n'.repeat(5))
          return
        }
        serve(new tls.TLSSocket(socket, {isServer: true, key: TEST_KEY, cert: TEST_CERTIFICATE}), true)
      },
      MAIL() {
        rcpts = []
        mail = answer('MAIL', '250 2.1.0 Ok')
      },
      RCPT(line) {
        const address = /<(.*?)>/.exec(line)![1]!
        const usual = mail ? '250 2.1.5 Ok' : '503 5.5.1 no MAIL'
        const here =
          step === 'second RCPT' && address.startsWith('a') ? 'none' : step === 'second RCPT' ? step : 'RCPT'
        if (answer(here, usual)) rcpts.push(address)
      },
      DATA() {
        inData = answer('DATA', rcpts.length > 0 ? '354 go' : '554 5.5.1 no recipients')
      },
      QUIT: () => void (answer('QUIT', '221 2.0.0 bye') && socket.end()),
    }
    const commit = () => {
      if (transport === 'tls') {
        if (answer('dot', '250 2.0.0 Ok')) has.push(...rcpts)
        return
      }
      for (const address of rcpts) {
        const isSecond = step === 'second dot' && address.startsWith('b')
        if (answer(isSecond ? 'second dot' : 'dot', '250 2.0.0 Ok')) has.push(address)
      }
    }
    socket.on('data', chunk => {
      input += chunk.toString('latin1')
      for (;;) {
        // after refused recipients the content may be empty: a dot right after the 354
        const lone = inData && input.startsWith('.\r\n')
        const end = lone ? 0 : input.indexOf(inData ? '\r\n.\r\n' : '\r\n')
        if (end < 0 || silent) return
        const line = input.slice(0, end)
        input = input.slice(end + (lone ? 3 : inData ? 5 : 2))
        if (inData) {
          inData = false
          commit()
        } else (handlers[line.slice(0, 4).toUpperCase()] ?? (() => socket.write('250 2.0.0 Ok\r\n')))(line)
      }
    })
    if (!secured) answer('greeting', '220 hop ESMTP')
  }

  server.listen(0, HOPS)
  await once(server, 'listening')
  const {port} = server.address() as net.AddressInfo
  if (step === 'connection') server.close()
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {port, has}
}

test('a next hop that fails at a step of the conversation', async t => {
  const cases = [...casesOf('lmtp'), ...casesOf('tls')]
  const hops = await Promise.all(cases.map(each => startHop(t, each)))
  const home = temporaryFolder(t)
  const ports: Readonly<Record<Transport, number>> = {lmtp: await freePort(), tls: await freePort()}
  const methods = cases.flatMap(({transport}, n) =>
    ['a', 'b'].map(
      name =>
        `'${name}${n}@example.com' => '${transport === 'lmtp' ? 'lmtp' : 'smtp'}:[${HOPS}]:${hops[n]!.port}'`,
    ),
  )
  await startDaemon(
    t,
    home,
    ports.lmtp,
    `$inet_socket_port = [${ports.lmtp}, ${ports.tls}]; $enable_zmq = 0; $max_servers = 10; $child_timeout = 2;
$protocol = 'LMTP'; $final_bad_header_destiny = D_PASS; @forward_method_maps = ({${methods.join(', ')}});
$interface_policy{${ports.tls}} = 'TLS';
$policy_bank{TLS} = {tls_security_level_out => 'encrypt', auth_required_out => 1,
  auth_reauthenticate_forwarded => 1, amavis_auth_user => 'filter', amavis_auth_pass => 'secret'};`,
  )
  const heard = new Map<number, readonly string[]>()
  const queue = [...cases.keys()]
  const work = async () => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
      const said = await converse(
        ports[cases[n]!.transport],
        [
          'LHLO client.test',
          'MAIL FROM:<s@remote.test>',
          `RCPT TO:<a${n}@example.com>`,
          `RCPT TO:<b${n}@example.com>`,
          'DATA',
          'From: <s@remote.test>\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n\r\nhello\r\n.',
        ],
        2,
      )
      heard.set(n, said.slice(said.findIndex(line => line.startsWith('354')) + 1, -1))
    }
  }
  await Promise.all(Array.from({length: 10}, work))
  for (const [n, each] of cases.entries()) {
    await t.test(`${each.transport}: ${each.fault} at ${each.step}`, () => {
      const replies = heard.get(n)!
      assert.equal(replies.map(line => line[0]).join(''), each.heard, replies.join('\n'))
      for (const reply of replies) assert.doesNotMatch(reply, /\.[jt]s\b|\/src\/|node:|secret/)
      const accepted = [`a${n}@example.com`, `b${n}@example.com`].filter((_, i) =>
        replies[i]!.startsWith('2'),
      )
      assert.deepEqual([...hops[n]!.has].sort(), accepted)
    })
  }
  assert.doesNotMatch(daemonLog(home), /secret|TypeError/)
})
