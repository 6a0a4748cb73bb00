import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import test, {type TestContext} from 'node:test'
import {spamScannerEntries} from '../../../src/checks/spam/entries.ts'
import {serversOf, serverText} from '../../../src/checks/spam/servers.ts'
import {DEFAULTS, spamdClient} from '../../../src/checks/spam/spamd/spamd-client.ts'
import {context, spamMail} from './support.ts'

/** A server that has one answer for each question. @returns its port, and the questions */
async function server(t: TestContext, reply: (question: string, socket: net.Socket) => void) {
  const questions: string[] = []
  const sockets = new Set<net.Socket>()
  const listener = net.createServer({allowHalfOpen: true}, socket => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const length = Number(/Content-length: (\d+)/.exec(text)?.[1])
      const end = text.indexOf('\r\n\r\n')
      if (end < 0 || text.length < end + 4 + length) return
      questions.push(text)
      reply(text, socket)
    })
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return {port: (listener.address() as net.AddressInfo).port, questions}
}

const SYMBOLS = 'SPAMD/1.1 0 EX_OK\r\nContent-length: 3\r\nSpam: False ; 1.5 / 5.0\r\n\r\nA,B'

function client(options: string, now?: () => number) {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (['spamd', 'SpamdClient', ${options}]);`})
  const [entry] = spamScannerEntries(settings.list('@spam_scanners'))
  return spamdClient(entry!, now ? {now} : {})
}

test('a mail is sent with its length and user, and the answer is a report', async t => {
  const {port, questions} = await server(t, (_, socket) => socket.end(SYMBOLS))
  const scanner = client(`host => '127.0.0.1', port => ${port}, command => 'symbols', score_factor => 2`)
  const mail = spamMail('Subject: x\n\nbody\n', {conf: `@sa_username_maps = ('ann');`})
  const result = await scanner.scan(mail, context())
  assert.ok(result.kind === 'scanned')
  const [{report}] = result.answers as [(typeof result.answers)[number]]
  assert.equal(report.score, 3)
  assert.deepEqual(
    report.tests.map(({name}) => name),
    ['A', 'B'],
  )
  assert.match(questions[0]!, /^SYMBOLS SPAMC\/1\.5\r\nUser: ann\r\nContent-length: \d+\r\n\r\nReturn-Path: /)
})

test('each user is asked about, and the answers say whom they concern', async t => {
  const {port, questions} = await server(t, (_, socket) => socket.end(SYMBOLS))
  const scanner = client(`host => '127.0.0.1:${port}', command => 'SYMBOLS'`)
  const mail = spamMail('\nx', {
    conf: `@sa_username_maps = ({'a@x.test' => 'ann', '.' => 'all'});`,
    recipients: ['a@x.test', 'b@x.test'],
  })
  const result = await scanner.scan(mail, context())
  assert.ok(result.kind === 'scanned')
  assert.deepEqual(
    result.answers.map(({recipients}) => recipients),
    [[0], [1]],
  )
  assert.deepEqual(
    questions.map(text => /User: (.*)\r/.exec(text)?.[1]),
    ['ann', 'all'],
  )
})

test('a server that gives rubbish, refuses or hangs is followed by the next, and left alone for a while', async t => {
  const bad = await server(t, (_, socket) => socket.end('220 hello\r\n\r\n'))
  const hung = await server(t, () => {})
  const good = await server(t, (_, socket) => socket.end(SYMBOLS))
  let time = 0
  const list = [bad, hung, good].map(({port}) => `127.0.0.1:${port}`).join(',')
  const scanner = client(`host => '127.0.0.1:1,${list}', command => 'SYMBOLS'`, () => time)
  assert.equal((await scanner.scan(spamMail('\nx'), context(400))).kind, 'scanned')
  assert.equal((await scanner.scan(spamMail('\nx'), context(400))).kind, 'scanned')
  assert.deepEqual(
    [bad, hung, good].map(({questions}) => questions.length),
    [1, 1, 2],
  )
  time = 3000
  assert.equal((await scanner.scan(spamMail('\nx'), context(400))).kind, 'scanned')
  assert.deepEqual(
    [bad, hung, good].map(({questions}) => questions.length),
    [2, 1, 3],
  )
})

test('when no server answers the scan has failed, within its time', async t => {
  const hung = await server(t, () => {})
  const scanner = client(`host => '127.0.0.1', port => ${hung.port}`)
  const start = performance.now()
  assert.deepEqual(await scanner.scan(spamMail('\nx'), context(100)), {
    kind: 'failed',
    reason: `127.0.0.1:${hung.port}: timed out`,
  })
  assert.ok(performance.now() - start < 2000)
  assert.deepEqual(await scanner.scan(spamMail('\nx'), context(100)), {
    kind: 'failed',
    reason: 'every spamd has failed a moment ago',
  })
})

test('servers are hosts with ports, lists, sockets, and those of the original by default', () => {
  const of = (...options: [string, string][]) => serversOf(new Map(options), DEFAULTS).map(serverText)
  assert.deepEqual(of(), ['127.0.0.1:783', '[::1]:783'])
  assert.deepEqual(of(['host', 'a.test, [2001:db8::1]:7'], ['port', '99']), ['a.test:99', '[2001:db8::1]:7'])
  assert.deepEqual(of(['host', '::1'], ['tls', '1']), ['[::1]:783 with TLS'])
  assert.deepEqual(of(['socket', '/run/spamd.sock']), ['/run/spamd.sock'])
})

test('a command that there is not is said when the scanner is made', () => {
  assert.throws(() => client(`command => 'PROCESS'`), /command PROCESS is none of HEADERS, REPORT, SYMBOLS/)
})
