/**
 * The running daemon with the true clamd, which is killed, hung, slow, started anew and made to talk rubbish while mail
 * comes: no mail is lost, none passes unscanned, and recovery is noticed within seconds.
 */
import assert from 'node:assert/strict'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {temporaryFolder, until} from '../support/wait.ts'
import {Clamd, MARKER, MARKER_NAME} from './clamd-process.ts'

const [CLAMD_PORT, PROXY_PORT, PORT, OPEN_PORT] = [22_610, 22_611, 22_612, 22_613] as const
const RULES = 'qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m'

type Mode = 'pass' | 'rubbish' | 'slow'

/** Stands between the daemon and clamd. */
async function startProxy(t: TestContext): Promise<{set(mode: Mode): void}> {
  let mode: Mode = 'pass'
  const sockets = new Set<net.Socket>()
  const server = net.createServer(client => {
    const clamd = net.connect(CLAMD_PORT, '127.0.0.1')
    for (const socket of [client, clamd]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        clamd.destroy()
        sockets.delete(socket)
      })
    }
    client.pipe(clamd)
    clamd.on('data', answer => {
      if (mode === 'rubbish') client.write('\x01\x02 1: stream: OKAY maybe\0\xff')
      else if (mode === 'slow') setTimeout(() => client.writable && client.write(answer), 1000)
      else client.write(answer)
    })
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise(resolve => server.close(resolve))
  })
  server.listen(PROXY_PORT, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  return {
    set(next) {
      mode = next
    },
  }
}

interface Sent {
  readonly id: string
  readonly isInfected: boolean
  readonly reply: string
}

let serial = 0

async function send(isInfected: boolean, port: number = PORT): Promise<Sent> {
  const id = `mail-${++serial}@example.net`
  const body = Buffer.from(isInfected ? `x ${MARKER}` : 'nothing bad').toString('base64')
  const octets = Buffer.from(
    `Message-ID: <${id}>\r\nFrom: a@example.net\r\nTo: b@example.com\r\nSubject: x\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`,
  )
  const mail = {
    kind: 'clean',
    messageId: id,
    sender: 'a@example.net',
    recipient: 'b@example.com',
    octets,
  } as const
  return {id, isInfected, reply: await sendMail(port, mail)}
}

function delivered({mails}: Sink, id: string): number {
  return mails.filter(({octets}) => octets.includes(`<${id}>`)).length
}

/** What was answered is what became of the mail. */
function checkFate(sent: readonly Sent[], sink: Sink): void {
  for (const {id, isInfected, reply} of sent) {
    assert.match(reply, isInfected ? /^(?:250|451)/ : /^(?:250 2|451 4)/, id)
    assert.equal(delivered(sink, id), !isInfected && reply.startsWith('250') ? 1 : 0, `${id}: ${reply}`)
  }
}

/** Mails one after the other, clean and infected, while something happens. */
async function sendDuring(work: () => Promise<unknown>): Promise<Sent[]> {
  let isDone = false
  const sent: Sent[] = []
  const sender = async () => {
    while (!isDone) sent.push(await send(sent.length % 2 === 1))
  }
  const senders = [sender(), sender(), sender()]
  try {
    await work()
  } finally {
    isDone = true
  }
  await Promise.all(senders)
  return sent
}

/** All children: each finds out for itself. */
async function untilScanned(limitMs = 12_000): Promise<void> {
  const isScanned = async () => {
    const sent = await Promise.all([send(false), send(false), send(false)])
    return sent.every(({reply}) => reply.startsWith('250'))
  }
  await until('mails that are scanned again', isScanned, limitMs)
}

test('mail while clamd dies, hangs, is slow and talks rubbish', async t => {
  const home = temporaryFolder(t)
  const clamd = new Clamd(temporaryFolder(t), CLAMD_PORT)
  t.after(() => clamd.kill())
  const proxy = await startProxy(t)
  const sink = await startSink()
  t.after(() => sink.close())
  await clamd.start()
  await startDaemon(
    t,
    home,
    PORT,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$enable_zmq = 0; $max_servers = 3; $inet_socket_port = [${PORT}, ${OPEN_PORT}];
@av_scanners = (['ClamAV-clamd', \\&ask_daemon, ["CONTSCAN {}\\n", 'clamd:127.0.0.1:${PROXY_PORT}'], ${RULES}]);
$interface_policy{'${OPEN_PORT}'} = 'OPEN';
$policy_bank{'OPEN'} = {
  virus_scanners_failure_is_fatal => 0,
  av_scanners => [['nobody', \\&ask_daemon, ["CONTSCAN {}\\n", '${path.join(home, 'nobody.ctl')}'], ${RULES}]],
};`,
  )

  await t.test('all are scanned while it works', async () => {
    const sent = [await send(false), await send(true)]
    checkFate(sent, sink)
    assert.ok(sent.every(({reply}) => reply.startsWith('250')))
    assert.match(daemonLog(home), new RegExp(`Blocked INFECTED \\(${MARKER_NAME}\\)`))
  })

  await t.test('killed: mail waits with the MTA, and passes when it is there again', async () => {
    const sent = await sendDuring(async () => {
      await clamd.kill()
      await until('a mail that waits', async () => (await send(false)).reply.startsWith('451'))
      await clamd.start()
      await untilScanned()
    })
    checkFate(sent, sink)
    checkFate([await send(true)], sink)
  })

  await t.test('rubbish in the middle of a scan', async () => {
    const sent = await sendDuring(async () => {
      proxy.set('rubbish')
      for (let mail = 0; mail < 5; mail++) {
        const {reply} = await send(true)
        assert.match(reply, /^451/)
      }
      proxy.set('pass')
    })
    checkFate(sent, sink)
    await untilScanned()
  })

  await t.test('slow: mail takes longer, and that is all', async () => {
    proxy.set('slow')
    const sent = await Promise.all([send(false), send(true), send(false)])
    proxy.set('pass')
    assert.ok(sent.every(({reply}) => reply.startsWith('250')))
    checkFate(sent, sink)
  })

  await t.test('hung: mail waits some seconds, then not at all, and recovery is noticed', async () => {
    clamd.signal('SIGSTOP')
    const first = await Promise.all([send(false), send(true), send(false)])
    assert.ok(first.every(({reply}) => reply.startsWith('451')))
    checkFate(first, sink)
    await until('all breakers', async () => {
      const start = performance.now()
      const replies = await Promise.all([send(false), send(false), send(false)])
      return replies.every(({reply}) => reply.startsWith('451')) && performance.now() - start < 2000
    })
    clamd.signal('SIGCONT')
    await untilScanned()
    assert.match(daemonLog(home), /virus scanner ClamAV-clamd is down.*PING/)
    assert.match(daemonLog(home), /virus scanner ClamAV-clamd answers again/)
  })

  await t.test('a bank has scanners and a policy of its own: unchecked, never clean', async () => {
    const {id, reply} = await send(true, OPEN_PORT)
    assert.match(reply, /^250/)
    assert.equal(delivered(sink, id), 1)
    const entry = await until('its entry', () =>
      daemonLog(home)
        .split('\n')
        .find(line => /Passed|Blocked/.test(line) && line.includes(id)),
    )
    assert.match(entry, /Passed UNCHECKED/)
  })

  await t.test('no mail was called clean that nobody had looked into', () => {
    const log = daemonLog(home)
    const ids = sink.mails.map(({octets}) => /<(mail-\d+@example\.net)>/.exec(octets.toString('latin1'))?.[1])
    assert.equal(new Set(ids).size, ids.length)
    assert.equal(log.split('Passed CLEAN {').length - 1, ids.length - 1)
    assert.ok(
      sink.mails.filter(({octets}) => octets.includes(Buffer.from(`x ${MARKER}`).toString('base64')))
        .length === 1,
    )
  })
})
