import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {scanSpamTestString} from '../../src/checks/spam/test-strings.ts'
import {scanClamd} from '../../src/checks/virus/clamd.ts'
import {scanViruses} from '../../src/checks/virus/scan.ts'
import {describePlan, parseEndpoint, planScanners} from '../../src/checks/virus/scanners.ts'
import {scanTestString} from '../../src/checks/virus/test-string.ts'
import {typeParts} from '../../src/decode/types.ts'
import {silentLog} from '../../src/log/log.ts'
import {parseHeader} from '../../src/message/header.ts'
import type {Part} from '../../src/message/message.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {makePart} from '../../src/message/part.ts'
import {settingsFrom} from '../lookup/settings.ts'

const VIRUS = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const SPAM = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE', '-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'].join('')

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-clamd-'))
after(() => rmSync(folder, {recursive: true}))

function partsOf(mail: string): Part[] {
  const octets = Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1')
  return typeParts(readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 10}).parts)
}

const bodies: [title: string, body: string, isFound: boolean][] = [
  ['alone', VIRUS, true],
  ['with a line end', `${VIRUS}\n`, true],
  ['with white space up to 128 octets', VIRUS + ' '.repeat(60), true],
  ['with white space beyond 128 octets', VIRUS + ' '.repeat(61), false],
  ['after a blank', ` ${VIRUS}`, false],
  ['with text after it', `${VIRUS}x`, false],
  ['cut by an octet', VIRUS.slice(0, -1), false],
]

for (const [title, body, isFound] of bodies) {
  test(`the anti-virus test string ${title} is ${isFound ? 'found' : 'not the test file'}`, () => {
    const base64 = Buffer.from(body).toString('base64')
    const answer = scanTestString(partsOf(`Content-Transfer-Encoding: base64\n\n${base64}\n`))
    assert.deepEqual(answer, isFound ? {kind: 'infected', names: ['Eicar-Test-Signature']} : {kind: 'clean'})
  })
}

test('the anti-spam test string is found in the body and in texts that were encoded', () => {
  const spam = {scanner: 'builtin', score: 1000, tests: [{name: 'GTUBE', score: 1000}], autolearn: 'no'}
  assert.deepEqual(scanSpamTestString(Buffer.from(`hello\r\n${SPAM}\r\n`), []), spam)
  const encoded = `Content-Transfer-Encoding: base64\n\n${Buffer.from(`hello ${SPAM} there`).toString('base64')}\n`
  assert.deepEqual(scanSpamTestString(Buffer.from(encoded), partsOf(encoded)), spam)
  assert.deepEqual(scanSpamTestString(Buffer.from('hello'), partsOf('Subject: x\n\nhello\n')), {
    scanner: 'builtin',
    score: 0,
    tests: [],
    autolearn: 'no',
  })
})

/** Reads a session of INSTREAM requests as clamd does; `judge` gives each stream's answer. */
function fakeClamd(judge: (content: Buffer, socket: net.Socket) => string | undefined): net.Server {
  return net.createServer(socket => {
    let heard = Buffer.alloc(0)
    let content: Buffer[] | undefined
    let count = 0
    socket.on('error', () => {})
    socket.on('data', octets => {
      heard = Buffer.concat([heard, octets])
      for (;;) {
        if (content) {
          if (heard.length < 4) return
          const length = heard.readUInt32BE(0)
          if (heard.length < 4 + length) return
          content.push(heard.subarray(4, 4 + length))
          heard = heard.subarray(4 + length)
          if (length > 0) continue
          const answer = judge(Buffer.concat(content), socket)
          content = undefined
          if (answer !== undefined) socket.write(`${++count}: ${answer}\0`)
        } else {
          const end = heard.indexOf(0)
          if (end < 0) return
          const command = heard.toString('latin1', 0, end)
          heard = heard.subarray(end + 1)
          if (command === 'zINSTREAM') content = []
          else if (command === 'zEND') socket.end()
          else assert.equal(command, 'zIDSESSION')
        }
      }
    })
  })
}

let sockets = 0

async function withClamd<T>(
  judge: (content: Buffer, socket: net.Socket) => string | undefined,
  use: (file: string) => Promise<T>,
): Promise<T> {
  const file = path.join(folder, `${++sockets}.ctl`)
  const server = fakeClamd(judge).listen(file)
  await new Promise(resolve => server.once('listening', resolve))
  try {
    return await use(file)
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}

const octets = octetsOf(Buffer.from('Subject: x\r\n\r\nhello\r\n'))

test('clamd is given the mail and its decoded parts in one session, and its names are told once', async () => {
  const streams: string[] = []
  const parts = partsOf(`Content-Transfer-Encoding: base64\n\n${Buffer.from('decoded').toString('base64')}\n`)
  const answer = await withClamd(
    content => {
      streams.push(content.toString())
      return 'stream: Win.Test-1 FOUND'
    },
    file => scanClamd(octets, parts, {endpoint: {path: file}, timeoutMs: 5000}),
  )
  assert.deepEqual(answer, {kind: 'infected', names: ['Win.Test-1']})
  assert.deepEqual(streams, ['Subject: x\r\n\r\nhello\r\n', 'decoded'])
})

test('clamd is given all octets of a large member of an archive, out of its file', async () => {
  const content = Buffer.alloc(500_000, 'a large member\n')
  const file = path.join(folder, 'p004')
  writeFileSync(file, content)
  const part = {number: 4, parent: 3, placement: '1/1/1', content: content.subarray(0, 100)}
  const member = makePart({...part, size: content.length, path: file})
  const streams: Buffer[] = []
  await withClamd(
    stream => {
      streams.push(stream)
      return 'stream: OK'
    },
    socket => scanClamd(octets, [member], {endpoint: {path: socket}, timeoutMs: 5000}),
  )
  assert.ok(streams[1]?.equals(content))
})

test('clamd over TCP is given a large mail octet for octet', async () => {
  const mail = Buffer.alloc(3_000_000, 'large mail\r\n')
  let seen: Buffer | undefined
  const server = fakeClamd(content => {
    seen = content
    return 'stream: OK'
  }).listen(21_400, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const endpoint = {host: '127.0.0.1', port: 21_400}
  const answer = await scanClamd(octetsOf(mail), [], {endpoint, timeoutMs: 10_000})
  await new Promise(resolve => server.close(resolve))
  assert.deepEqual(answer, {kind: 'clean'})
  assert.ok(seen?.equals(mail))
})

test('more parts than clamd takes at once are all scanned', async () => {
  const encoded = Buffer.from('x').toString('base64')
  const part = `--b\nContent-Transfer-Encoding: base64\n\n${encoded}\n`
  const parts = partsOf(`Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(30)}--b--\n`)
  let count = 0
  const answer = await withClamd(
    () => (++count === 31 ? 'stream: Last FOUND' : 'stream: OK'),
    file => scanClamd(octets, parts, {endpoint: {path: file}, timeoutMs: 5000}),
  )
  assert.deepEqual(answer, {kind: 'infected', names: ['Last']})
})

const failures: [
  title: string,
  judge: (content: Buffer, socket: net.Socket) => string | undefined,
  reason: RegExp,
][] = [
  ['refuses the size', () => 'INSTREAM size limit exceeded. ERROR', /size limit exceeded/],
  ['hangs up', (_, socket) => void socket.destroy(), /closed|ECONNRESET|EPIPE/],
  ['says nothing', () => undefined, /timed out/],
  ['talks nonsense', () => 'good day', /good day/],
]

for (const [title, judge, reason] of failures) {
  test(`a clamd that ${title} gives no answer`, async () => {
    const answer = await withClamd(judge, file =>
      scanClamd(octets, [], {endpoint: {path: file}, timeoutMs: title === 'says nothing' ? 100 : 5000}),
    )
    assert.equal(answer.kind, 'failed')
    assert.match(answer.kind === 'failed' ? answer.reason : '', reason)
  })
}

test('a clamd that is not there gives no answer at once', async () => {
  const endpoint = {path: path.join(folder, 'nobody.ctl')}
  const answer = await scanClamd(octets, [], {endpoint, timeoutMs: 60_000})
  assert.equal(answer.kind, 'failed')
})

const clamdEntry = (name: string, socket: string) =>
  `['${name}', \\&ask_daemon, ["CONTSCAN {}\\n", "${socket}"], qr/\\bOK$/m, qr/\\bFOUND$/m, qr/^.*?: (?!Infected Archive)(.*) FOUND$/m ]`

test('an entry for clamd is asked as a stream; entries of other kinds are told as not used', () => {
  const plan = planScanners(
    settingsFrom(`use strict;
@av_scanners = (${clamdEntry('ClamAV-clamd', '/run/clamd.ctl')},
  ['Sophie', \\&ask_daemon, ["{}/\\n", '/run/sophie'], qr/OK/, qr/1/, qr/1:(.*)/ ],
  ['TCP', \\&ask_daemon, ["CONTSCAN {}\\n", ['clamd:/run/a', '127.0.0.1:3310', 'inet:[::1]:3310']], qr/OK/, qr/FOUND/, qr/(.*)/ ]);
@av_scanners_backup = (['ClamAV-clamscan', 'clamscan', "--stdout {}", [0], qr/:.*\\sFOUND$/m, qr/(.*)/ ]);
1;\n`),
  )
  assert.deepEqual(plan.primary[0], {
    kind: 'clamd',
    name: 'ClamAV-clamd',
    endpoints: [{path: '/run/clamd.ctl'}],
  })
  assert.equal(plan.primary[1]?.kind, 'unsupported')
  assert.deepEqual(plan.primary[2], {
    kind: 'clamd',
    name: 'TCP',
    endpoints: [{path: '/run/a'}, {host: '127.0.0.1', port: 3310}, {host: '::1', port: 3310}],
  })
  assert.equal(plan.backup[0]?.kind, 'unsupported')
  assert.deepEqual(describePlan(plan), [
    'primary virus scanner ClamAV-clamd: clamd at /run/clamd.ctl',
    'primary virus scanner Sophie is not used: its daemon does not speak the protocol of clamd',
    'primary virus scanner TCP: clamd at /run/a, 127.0.0.1:3310, [::1]:3310',
    'backup virus scanner ClamAV-clamscan is not used: only daemons that speak the protocol of clamd can be asked',
  ])
  assert.match(describePlan({primary: [], backup: []})[0] ?? '', /no virus scanner is configured/)
})

test('a socket that makes no sense is no endpoint', () => {
  for (const spec of ['', 'host', 'host:0', 'host:99999', 'relative/path'])
    assert.equal(parseEndpoint(spec), undefined)
})

const deps = {timeoutMs: 5000, log: silentLog}
const infected = partsOf(`Subject: x\n\n${VIRUS}\n`)

test('with no scanner configured the built-in one looks alone', async () => {
  const plan = {primary: [], backup: []}
  assert.deepEqual(await scanViruses(octets, infected, plan, deps), {
    findings: [{kind: 'virus', scanner: 'built-in test strings', names: ['Eicar-Test-Signature']}],
    answered: 0,
  })
  assert.deepEqual(await scanViruses(octets, [], plan, deps), {findings: [], answered: 0})
})

test('a scanner that fails is a finding and nobody has answered, whatever the built-in one did not find', async () => {
  const scanner = {kind: 'unsupported', name: 'Other', reason: 'not yet'} as const
  const result = await scanViruses(octets, [], {primary: [scanner], backup: []}, deps)
  assert.deepEqual(result, {
    findings: [{kind: 'scanner-failed', scanner: 'Other', reason: 'not yet'}],
    answered: 0,
  })
})

test('backups are asked only when no primary answered, and sockets are tried in order', async () => {
  await withClamd(
    () => 'stream: OK',
    async file => {
      const dead = {kind: 'clamd', name: 'dead', endpoints: [{path: `${file}.not`}]} as const
      const second = {
        kind: 'clamd',
        name: 'second',
        endpoints: [{path: `${file}.not`}, {path: file}],
      } as const
      const logged: string[] = []
      const log = {...silentLog, write: (level: number, text: string) => void logged.push(`${level} ${text}`)}
      const result = await scanViruses(octets, [], {primary: [dead], backup: [second]}, {...deps, log})
      assert.equal(result.answered, 1)
      assert.ok(logged.includes('-1 WARN: all primary virus scanners failed, considering backups'))
      const other = await scanViruses(octets, infected, {primary: [second], backup: [dead]}, deps)
      assert.equal(other.answered, 1)
      assert.deepEqual(
        other.findings.map(({kind}) => kind),
        ['virus'],
      )
    },
  )
})
