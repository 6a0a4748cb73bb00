import assert from 'node:assert/strict'
import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {spamScannerEntries} from '../../../src/checks/spam/entries.ts'
import {rspamdClient} from '../../../src/checks/spam/rspamd/rspamd-client.ts'
import {TEST_CERTIFICATE as cert, TEST_KEY as key} from '../../support/certificate.ts'
import {until} from '../../support/wait.ts'
import {context, spamMail, watched} from './support.ts'

interface Asked {
  readonly url: string
  readonly fields: Readonly<Record<string, readonly string[] | undefined>>
  readonly body: Buffer
  readonly socket: net.Socket
}

type Reply = (asked: Asked, response: http.ServerResponse) => void

const SAID = JSON.stringify({score: 3, action: 'no action', symbols: {A: {score: 1}, B: {score: 2}}})
const well: Reply = (_, response) => response.end(SAID)

/** An Rspamd of a few lines. @returns where it is, and what it was asked but for pings */
async function server(
  t: TestContext,
  reply: Reply = well,
  {
    listen = {port: 0, host: '127.0.0.1'} as net.ListenOptions,
    tls = undefined as https.ServerOptions | undefined,
    ping = ((_, response) => response.end('pong\r\n')) as Reply,
  } = {},
) {
  const asked: Asked[] = []
  const answer: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const {url = '', headersDistinct: fields, socket} = request
      const question = {url, fields, body: Buffer.concat(chunks), socket}
      if (url === '/ping') return ping(question, response)
      asked.push(question)
      reply(question, response)
    })
    request.on('error', () => {})
  }
  const listener = tls ? https.createServer(tls, answer) : http.createServer(answer)
  listener.listen(listen)
  await once(listener, 'listening')
  t.after(() => {
    listener.closeAllConnections()
    listener.close()
  })
  const address = listener.address()
  return {port: typeof address === 'object' ? (address?.port ?? 0) : 0, asked, listener}
}

async function client(t: TestContext, options: string, {deps} = watched()) {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (['rspamd', 'RspamdClient', ${options}]);`})
  const [entry] = spamScannerEntries(settings.list('@spam_scanners'))
  const scanner = await rspamdClient(entry!, deps)
  t.after(() => scanner.close())
  return scanner
}

const MAIL = 'Subject: x\n\nbody\n'

test('the mail is given as it came, with all recipients and what is known of its client', async t => {
  const {port, asked} = await server(t)
  const scanner = await client(
    t,
    `url => 'http://127.0.0.1:${port}/checkv2', mta_name => 'mx.test', password => 'pw', settings_id => 'in', score_factor => 0.5`,
  )
  const {envelope} = spamMail(MAIL, {recipients: ['a@example.com', 'ü@example.com']})
  const mail = spamMail(MAIL, {
    envelope: {...envelope, smtputf8: true},
    client: {
      socketAddress: '127.0.0.1',
      socketPort: 1,
      helo: 'mta',
      user: 'ann',
      forwarded: new Map([
        ['ADDR', '192.0.2.5'],
        ['HELO', 'helo.test'],
        ['NAME', 'client.test'],
        ['IDENT', 'Q1'],
      ] as const),
    },
  })
  const lines: string[] = []
  const log = {
    enabled: () => true,
    write: (level: number, text: string) => void lines.push(`${level} ${text}`),
    forTask: () => log,
  }
  const result = await scanner.scan(mail, {timeoutMs: 5000, log})
  assert.ok(result.kind === 'scanned')
  const [{report, recipients}] = result.answers as [(typeof result.answers)[number]]
  assert.deepEqual(
    [report.score, report.tests, recipients],
    [
      1.5,
      [
        {name: 'B', score: 2},
        {name: 'A', score: 1},
      ],
      undefined,
    ],
  )
  const [dialogue = '', scored] = lines
  assert.match(
    dialogue,
    /^5 rspamd 127\.0\.0\.1:\d+ > POST \/checkv2 HTTP\/1\.1\r\n.* < HTTP\/1\.1 200 OK\r\n.*\{"score":3,/s,
  )
  assert.doesNotMatch(dialogue, /pw/, 'a password is not for the log')
  assert.equal(scored, '2 rspamd rspamd score 1.50/3.00 (no action) B=2,A=1')
  const [{url, fields, body}] = asked as [Asked]
  assert.equal(url, '/checkv2')
  assert.equal(body.toString(), 'Subject: x\r\n\r\nbody\r\n')
  assert.deepEqual(
    [
      'from',
      'rcpt',
      'ip',
      'helo',
      'hostname',
      'mta-name',
      'queue-id',
      'user',
      'password',
      'settings-id',
      'deliver-to',
    ].map(name => fields[name]?.map(value => Buffer.from(value, 'latin1').toString()).join(' ')),
    [
      '<s@remote.test>',
      '<a@example.com> <ü@example.com>',
      '192.0.2.5',
      'helo.test',
      'client.test',
      'mx.test',
      'Q1',
      'ann',
      'pw',
      'in',
      undefined,
    ],
  )
})

test('what is not known is not said; one recipient is whom it is delivered to', async t => {
  const {port, asked} = await server(t)
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}`)
  await scanner.scan(spamMail(MAIL, {conf: "$myhostname = 'mx.example.com';"}), context())
  const {fields} = asked[0]!
  assert.deepEqual(
    ['ip', 'helo', 'hostname', 'user', 'password', 'mta-name', 'queue-id', 'deliver-to'].map(name =>
      fields[name]?.join(),
    ),
    [undefined, undefined, undefined, undefined, undefined, 'mx.example.com', 'abc', 'u@example.com'],
  )
})

test('recipients with user names of their own are asked about one name after the other', async t => {
  const {port, asked} = await server(t)
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}`)
  const mail = spamMail(MAIL, {
    conf: `@sa_username_maps = ({'a@x.test' => 'ann', '.' => 'all'});`,
    recipients: ['a@x.test', 'b@x.test', 'c@x.test'],
  })
  const result = await scanner.scan(mail, context())
  assert.ok(result.kind === 'scanned')
  assert.deepEqual(
    result.answers.map(({recipients}) => recipients),
    [[0], [1, 2]],
  )
  assert.deepEqual(
    asked.map(({fields}) => [fields['deliver-to'], fields['rcpt']]),
    [
      [['ann'], ['<a@x.test>']],
      [['all'], ['<b@x.test>', '<c@x.test>']],
    ],
  )
})

test('of a body over the limit the beginning is given', async t => {
  const {port, asked} = await server(t)
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}, mail_body_size_limit => 10`)
  await scanner.scan(spamMail(`Subject: x\n\n${'x'.repeat(100)}`), context())
  assert.equal(asked[0]?.body.toString(), `Subject: x\r\n\r\n${'x'.repeat(10)}`)
})

test('an answer in chunks, and one that ends with its connection, are as good', async t => {
  const chunked = await server(t, (_, response) => {
    response.write(SAID.slice(0, 20))
    response.end(SAID.slice(20))
  })
  const plain = await server(t, ({socket}) => void socket.end(`HTTP/1.0 200 OK\r\n\r\n${SAID}`))
  for (const {port} of [chunked, plain]) {
    const scanner = await client(t, `host => '127.0.0.1', port => ${port}`)
    const result = await scanner.scan(spamMail(MAIL), context())
    assert.ok(result.kind === 'scanned')
    assert.equal(result.answers[0]?.report.score, 3)
  }
})

test('a Unix socket and TLS, with a certificate that is known', async t => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'amavis-rspamd-'))
  t.after(() => rmSync(home, {recursive: true, force: true}))
  const socket = path.join(home, 'r.sock')
  await server(t, well, {listen: {path: socket}})
  assert.equal(
    (await (await client(t, `socket => '${socket}'`)).scan(spamMail(MAIL), context())).kind,
    'scanned',
  )
  const file = path.join(home, 'ca.pem')
  writeFileSync(file, cert)
  const {port} = await server(t, well, {tls: {key, cert}})
  const options = `url => 'https://localhost:${port}/'`
  const known = await client(t, `${options}, ca_file => '${file}'`)
  assert.equal((await known.scan(spamMail(MAIL), context())).kind, 'scanned')
  const unknown = await (await client(t, options)).scan(spamMail(MAIL), context())
  assert.match(unknown.kind === 'failed' ? unknown.reason : '', /self-signed certificate/)
})

test('a server that gives rubbish, refuses or hangs is followed by the next, and pinged until it is well', async t => {
  let isWell = false
  const rubbish: Reply = (_, response) => response.writeHead(500).end('hello')
  const bad = await server(t, (...asked) => (isWell ? well : rubbish)(...asked), {
    ping: (...asked) => (isWell ? well : rubbish)(...asked),
  })
  const hung = await server(t, () => {}, {ping: ({socket}) => void socket.destroy()})
  const good = await server(t)
  const list = [bad, hung, good].map(({port}) => `127.0.0.1:${port}`).join(',')
  const watch = watched()
  const scanner = await client(t, `host => '127.0.0.1:1,${list}'`, watch)
  const counts = async () => {
    assert.equal((await scanner.scan(spamMail(MAIL), context(400))).kind, 'scanned')
    return [bad, hung, good].map(({asked}) => asked.length)
  }
  assert.deepEqual(await counts(), [1, 1, 1])
  assert.deepEqual(await counts(), [1, 1, 2])
  isWell = true
  await until('the first that is well to be asked again', async () => (await counts())[0] === 2)
  assert.deepEqual([hung.asked.length, watch.conditions], [1, []], 'one that answers is enough')
})

test('a mail waits for a server that hangs and those after it do not; it is asked again when it answers', async t => {
  let isWell = false
  const {port, asked} = await server(t, (...question) => void (isWell && well(...question)), {
    ping: ({socket}, response) => void (isWell ? response.end('pong\r\n') : socket.destroy()),
  })
  const watch = watched()
  const scanner = await client(t, `host => '127.0.0.1', port => ${port}`, watch)
  const start = performance.now()
  const reason = `127.0.0.1:${port}: timed out`
  assert.deepEqual(await scanner.scan(spamMail(MAIL), context(100)), {kind: 'failed', reason})
  const open = {kind: 'failed', reason: `not asked until it answers again: ${reason}`, isOpen: true}
  for (let mail = 0; mail < 3; mail++)
    assert.deepEqual(await scanner.scan(spamMail(MAIL), context(60_000)), open)
  assert.ok(performance.now() - start < 2000)
  assert.deepEqual([asked.length, watch.conditions], [1, ['rspamd open']])
  isWell = true
  await until('it to be well', () => watch.conditions.at(-1) === 'rspamd ok')
  assert.equal((await scanner.scan(spamMail(MAIL), context())).kind, 'scanned')
})

const BROKEN: readonly (readonly [string, Reply, RegExp])[] = [
  [
    'that breaks off',
    (_, response) => response.write('{', () => response.socket?.destroy()),
    /an answer that is cut off/,
  ],
  [
    'without an end',
    (_, response) => void response.end('x'.repeat(5 * 1024 * 1024)),
    /an answer without end/,
  ],
  [
    'that refuses',
    (_, response) => void response.writeHead(403).end('{"error":"no"}'),
    /Rspamd says 403: no/,
  ],
  ['that is no HTTP', ({socket}) => void socket.end('hello\r\n\r\n'), /an answer that is no HTTP/],
  ['that is none', ({socket}) => void socket.end(), /no answer/],
]
for (const [what, reply, reason] of BROKEN) {
  test(`an answer ${what} is a failure with its reason`, async t => {
    const {port} = await server(t, reply)
    const result = await (await client(t, `host => '127.0.0.1', port => ${port}`)).scan(
      spamMail(MAIL),
      context(),
    )
    assert.match(result.kind === 'failed' ? result.reason : '', reason)
  })
}

test('an address that is none is said when the scanner is made', async t => {
  await assert.rejects(client(t, `url => 'rspamd'`), /url rspamd/)
  await assert.rejects(client(t, `url => 'ftp://x/'`), /neither http: nor https:/)
})
