import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import test, {type TestContext} from 'node:test'
import {spamScannerEntries} from '../../../src/checks/spam/entries.ts'
import {serversOf, serverText} from '../../../src/checks/spam/servers.ts'
import {DEFAULTS, spamdClient} from '../../../src/checks/spam/spamd/spamd-client.ts'
import {until} from '../../support/wait.ts'
import {context, spamMail, watched} from './support.ts'

type Reply = (question: string, socket: net.Socket) => void

const hangUp: Reply = (_, socket) => socket.destroy()
const pong: Reply = (_, socket) => socket.end('SPAMD/1.5 0 PONG\r\n')

/** A server that has one answer for each question. @returns its port, and the questions but for pings */
async function server(t: TestContext, reply: Reply, ping = pong) {
  const questions: string[] = []
  const sockets = new Set<net.Socket>()
  const listener = net.createServer({allowHalfOpen: true}, socket => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (text.startsWith('PING SPAMC/1.5\r\n\r\n')) return ping(text, socket)
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

async function client(t: TestContext, options: string, {deps} = watched()) {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (['spamd', 'SpamdClient', ${options}]);`})
  const [entry] = spamScannerEntries(settings.list('@spam_scanners'))
  const scanner = await spamdClient(entry!, deps)
  t.after(() => scanner.close())
  return scanner
}

test('a mail is sent with its length and user, and the answer is a report', async t => {
  const {port, questions} = await server(t, (_, socket) => socket.end(SYMBOLS))
  const scanner = await client(
    t,
    `host => '127.0.0.1', port => ${port}, command => 'symbols', score_factor => 2`,
  )
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
  const scanner = await client(t, `host => '127.0.0.1:${port}', command => 'SYMBOLS'`)
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

test('a server that gives rubbish, refuses or hangs is followed by the next, and pinged until it is well', async t => {
  const rubbish: Reply = (_, socket) => socket.end('220 hello\r\n\r\n')
  const answer: Reply = (_, socket) => socket.end(SYMBOLS)
  let isWell = false
  const bad = await server(
    t,
    (...asked) => (isWell ? answer : rubbish)(...asked),
    (...asked) => (isWell ? pong : rubbish)(...asked),
  )
  const hung = await server(t, () => {}, hangUp)
  const good = await server(t, answer)
  const list = [bad, hung, good].map(({port}) => `127.0.0.1:${port}`).join(',')
  const watch = watched()
  const scanner = await client(t, `host => '127.0.0.1:1,${list}', command => 'SYMBOLS'`, watch)
  const counts = async () => {
    assert.equal((await scanner.scan(spamMail('\nx'), context(400))).kind, 'scanned')
    return [bad, hung, good].map(({questions}) => questions.length)
  }
  assert.deepEqual(await counts(), [1, 1, 1])
  assert.deepEqual(await counts(), [1, 1, 2])
  isWell = true
  await until('the first that is well to be asked again', async () => (await counts())[0] === 2)
  assert.deepEqual([hung.questions.length, watch.conditions], [1, []], 'one that answers is enough')
})

test('a mail waits for a server that hangs and those after it do not; it is asked again when it answers', async t => {
  let isWell = false
  const hung = await server(
    t,
    (_, socket) => void (isWell && socket.end(SYMBOLS)),
    (...asked) => (isWell ? pong : hangUp)(...asked),
  )
  const watch = watched()
  const scanner = await client(t, `host => '127.0.0.1', port => ${hung.port}, command => 'SYMBOLS'`, watch)
  const start = performance.now()
  const reason = `127.0.0.1:${hung.port}: timed out`
  assert.deepEqual(await scanner.scan(spamMail('\nx'), context(100)), {kind: 'failed', reason})
  const open = {kind: 'failed', reason: `not asked until it answers again: ${reason}`, isOpen: true}
  for (let mail = 0; mail < 3; mail++)
    assert.deepEqual(await scanner.scan(spamMail('\nx'), context(60_000)), open)
  assert.ok(performance.now() - start < 2000)
  assert.deepEqual([hung.questions.length, watch.conditions], [1, ['spamd open']])
  isWell = true
  await until('it to be well', () => watch.conditions.at(-1) === 'spamd ok')
  assert.equal((await scanner.scan(spamMail('\nx'), context(5000))).kind, 'scanned')
})

test('when all are down, one that refuses connections is asked all the same: it may be back', async t => {
  const {deps, conditions} = watched()
  const {port} = await server(t, (_, socket) => socket.end(SYMBOLS))
  const listener = net.createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const {port: later} = listener.address() as net.AddressInfo
  listener.close()
  await once(listener, 'close')
  const scanner = await client(t, `host => '127.0.0.1', port => ${later}, command => 'SYMBOLS'`, {
    deps,
    conditions,
  })
  for (let mail = 0; mail < 2; mail++) {
    const result = await scanner.scan(spamMail('\nx'), context(5000))
    assert.match(result.kind === 'failed' ? result.reason : '', /ECONNREFUSED/)
  }
  assert.deepEqual(conditions, ['spamd open'])
  const back = net.createServer({allowHalfOpen: true}, socket =>
    socket.pipe(net.connect({port, host: '127.0.0.1'})).pipe(socket),
  )
  back.listen(later, '127.0.0.1')
  t.after(() => back.close())
  await once(back, 'listening')
  assert.equal((await scanner.scan(spamMail('\nx'), context(5000))).kind, 'scanned')
  assert.deepEqual(conditions, ['spamd open', 'spamd ok'])
})

test('a server that hangs with one mail and answers a ping is asked about the next', async t => {
  let isFirst = true
  const {port, questions} = await server(t, (_, socket) => {
    if (!isFirst) socket.end(SYMBOLS)
    isFirst = false
  })
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}, command => 'SYMBOLS'`)
  assert.equal((await scanner.scan(spamMail('\nx'), context(100))).kind, 'failed')
  assert.equal((await scanner.scan(spamMail('\nx'), context(5000))).kind, 'scanned')
  assert.equal(questions.length, 2)
})

test('an answer that is whole is taken before spamd closes the connection', async t => {
  const {port} = await server(t, (_, socket) => void socket.write(SYMBOLS))
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}, command => 'SYMBOLS'`)
  assert.equal((await scanner.scan(spamMail('\nx'), context(5000))).kind, 'scanned')
})

test('servers are hosts with ports, lists, sockets, and those of the original by default', () => {
  const of = (...options: [string, string][]) => serversOf(new Map(options), DEFAULTS).map(serverText)
  assert.deepEqual(of(), ['127.0.0.1:783', '[::1]:783'])
  assert.deepEqual(of(['host', 'a.test, [2001:db8::1]:7'], ['port', '99']), ['a.test:99', '[2001:db8::1]:7'])
  assert.deepEqual(of(['host', '::1'], ['tls', '1']), ['[::1]:783 with TLS'])
  assert.deepEqual(of(['socket', '/run/spamd.sock']), ['/run/spamd.sock'])
})

test('a command that there is not is said when the scanner is made', async t => {
  await assert.rejects(
    client(t, `command => 'PROCESS'`),
    /command PROCESS is none of HEADERS, REPORT, SYMBOLS/,
  )
})
