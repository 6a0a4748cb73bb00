import assert from 'node:assert/strict'
import {readFileSync, statSync} from 'node:fs'
import type net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import type {ScannerAnswer} from '../../../src/checks/virus/answer.ts'
import {DaemonScanner} from '../../../src/checks/virus/daemon/ask-daemon.ts'
import type {DaemonProtocol} from '../../../src/checks/virus/entries.ts'
import type {Scalar} from '../../../src/config/value.ts'
import {until} from '../../support/wait.ts'
import {asClamd, daemonEntry, listen, onLines, re, subjectOf} from './fakes.ts'
import {told} from './told.ts'

type RuleElements = readonly [Scalar, Scalar, Scalar]
const MAIL = 'Content-Transfer-Encoding: base64\n\ndmlydXM=\n' // the part: virus

/** As configurations have them. */
const CLAMD: RuleElements = [
  re('\\bOK$', 'm'),
  re('\\bFOUND$', 'm'),
  re('^.*?: (?!Infected Archive)(.*) FOUND$', 'm'),
]
const SOPHIE: RuleElements = [
  re(' ^ 0+ ( : | [\\000\\r\\n]* $)', 'mx'),
  re(' ^ 1 ( : | [\\000\\r\\n]* $)', 'mx'),
  re(' ^ [-+]? \\d+ : (.*?) [\\000\\r\\n]* $', 'mx'),
]
const SSSP: RuleElements = [re('^DONE OK\\b', 'm'), re('^VIRUS\\b', 'm'), re('^VIRUS\\s*(\\S*)', 'm')]
const SAVAPI: RuleElements = [
  re('^(200|210)', 'm'),
  re('^(310|420|319)', 'm'),
  re('^(?:310|420)[,\\s]*(?:.* <<< )?(.+?)(?: ; |$)', 'm'),
]
const SMTP: RuleElements = [re('^2'), re('^5'), re('^\\s*(.*?)\\s*$', 'm')]

async function ask(
  t: TestContext,
  protocol: DaemonProtocol,
  query: string,
  rules: RuleElements,
  serve: (socket: net.Socket) => void,
  {extra, timeoutMs = 5000}: {extra?: string; timeoutMs?: number} = {},
): Promise<ScannerAnswer> {
  const {endpoint} = await listen(t, serve)
  const scanner = new DaemonScanner(daemonEntry(protocol, [endpoint], query, rules, extra), {report() {}})
  t.after(() => scanner.close())
  return await scanner.scan(subjectOf(t, MAIL), timeoutMs)
}

const INFECTED = {kind: 'infected', names: ['EICAR']}

test('a simple daemon gets its query with the folder, and says what is in it until it closes', async t => {
  const answer = await ask(t, 'simple', 'CONTSCAN {}\n', CLAMD, socket =>
    onLines(socket, line => {
      const folder = /^CONTSCAN (\/.*\/parts)$/.exec(line)?.[1] ?? ''
      assert.equal(statSync(folder).mode & 0o777, 0o750)
      const isFound = readFileSync(path.join(folder, 'p001'), 'latin1') === 'virus'
      assert.match(
        readFileSync(path.join(folder, 'p002'), 'latin1'),
        /^Content-Transfer-Encoding: base64\r\n/,
      )
      socket.end(`${folder}/p001: ${isFound ? 'EICAR FOUND' : 'OK'}\n`)
    }),
  )
  assert.deepEqual(told(answer), INFECTED)
})

test('a simple daemon that is asked about each file is asked on a connection for each', async t => {
  const asked: string[] = []
  const answer = await ask(t, 'simple', 'SCAN {}/*\n', CLAMD, socket =>
    onLines(socket, line => {
      asked.push(path.basename(line))
      socket.end(line.endsWith('p002') ? 'x: EICAR FOUND\n' : 'x: OK\n')
    }),
  )
  assert.deepEqual(told(answer), INFECTED)
  assert.deepEqual(asked, ['p001', 'p002'])
})

test('a simple daemon that keeps the connection after its line about a file is not waited for', async t => {
  const answer = await ask(t, 'simple', 'SCAN FILE {}/*\n', CLAMD, socket =>
    onLines(socket, line => void socket.write(line.endsWith('p001') ? 'x: EICAR FOUND\n' : 'x: OK\n')),
  )
  assert.deepEqual(told(answer), INFECTED)
})

const sophie: [said: string, answer: ScannerAnswer][] = [
  ['1:EICAR\n', {kind: 'infected', names: ['EICAR']}],
  ['0\n', {kind: 'clean'}],
  ['-1\n', {kind: 'failed', reason: 'unexpected exit 0, output="-1"'}],
]

for (const [said, expected] of sophie) {
  test(`a Sophie that says ${JSON.stringify(said)} and stays is ${expected.kind}`, async t => {
    const answer = await ask(t, 'line', '{}/\n', SOPHIE, socket =>
      onLines(socket, () => void socket.write(said)),
    )
    assert.deepEqual(told(answer), expected)
  })
}

const sssp: [findings: string, answer: ScannerAnswer][] = [
  [
    'VIRUS EICAR /x/p001\r\nOK 0203 /x/p001\r\nDONE OK 0203 Virus found\r\n\r\n',
    {kind: 'infected', names: ['EICAR']},
  ],
  ['TYPE 31\r\nDONE OK 0000 Done\r\n\r\n', {kind: 'clean'}],
  [
    'DONE FAIL 0210 Not found\r\n\r\n',
    {kind: 'failed', reason: 'unexpected exit 0, output="DONE FAIL 0210 Not found"'},
  ],
]

for (const [findings, expected] of sssp) {
  test(`SSSP: ${findings.split('\r')[0]} is ${expected.kind}`, async t => {
    const heard: string[] = []
    const answer = await ask(t, 'sssp', '{}', SSSP, socket => {
      socket.write('OK SSSP/1.0\r\n')
      onLines(socket, line => {
        heard.push(line)
        if (line === '' && heard.includes('SSSP/1.0 OPTIONS'))
          socket.write('ACC 1/1\r\nDONE OK 0000 Done\r\n\r\n')
        if (/^SSSP\/1\.0 SCANDIRR \/.*\/parts$/.test(line)) socket.write(`ACC 1/2\r\n${findings}`)
      })
    })
    assert.deepEqual(told(answer), expected)
    await until('its good-bye', () => heard.at(-1) === 'BYE')
  })
}

const savapi: [says: (file: string) => string, answer: ScannerAnswer][] = [
  [
    file => (file === 'p002' ? '310 EICAR ; virus ; test\n319 end\n' : '200 clean\n'),
    {kind: 'infected', names: ['EICAR']},
  ],
  [() => '110 progress\n200 clean\n', {kind: 'clean'}],
  [() => '350 error\n', {kind: 'failed', reason: 'unexpected exit 0, output="350 error"'}],
]

for (const [says, expected] of savapi) {
  test(`SAVAPI: each file is asked about; ${expected.kind}`, async t => {
    const heard: string[] = []
    const serve = (socket: net.Socket) => {
      socket.write('100 SAVAPI:4.0\n')
      onLines(socket, line => {
        heard.push(line.replace(/\/.*\//, ''))
        if (line === 'SET PRODUCT 10776') socket.write('100 PRODUCT:10776\n')
        else if (line.startsWith('SCAN ')) socket.write(says(path.basename(line)))
      })
    }
    assert.deepEqual(told(await ask(t, 'savapi', '*', SAVAPI, serve, {extra: '10776'})), expected)
    assert.deepEqual(heard.slice(0, 3), ['SET PRODUCT 10776', 'SCAN p001', 'SCAN p002'])
  })
}

const smtp: [protocol: 'smtp' | 'lmtp', end: string, kind: ScannerAnswer['kind']][] = [
  ['smtp', '250 2.0.0 clean', 'clean'],
  ['smtp', '554-5.7.0 infected\r\n554 5.7.0 EICAR', 'infected'],
  ['lmtp', '451 4.3.0 later', 'failed'],
]

for (const [protocol, end, kind] of smtp) {
  test(`${protocol}: "${end.slice(0, 3)}" to the data is ${kind}`, async t => {
    const heard: string[] = []
    let isData = false
    const serve = (socket: net.Socket) => {
      socket.write('220 av\r\n')
      onLines(socket, line => {
        heard.push(line)
        if (isData && line === '.') {
          isData = false
          socket.write(`${end}\r\n`)
        } else if (line === 'DATA') {
          isData = true
          socket.write('354 go\r\n')
        } else if (!isData) socket.write(/^(?:EH|LH)LO/.test(line) ? '250-av\r\n250 SIZE\r\n' : '250 ok\r\n')
      })
    }
    const answer = await ask(t, protocol, '{}', SMTP, serve, {extra: 'dummy@localhost'})
    assert.equal(answer.kind, kind)
    if (answer.kind === 'infected') assert.match(answer.names.join(), /EICAR/)
    assert.deepEqual(heard.slice(1, 4), ['MAIL FROM:<>', 'RCPT TO:<dummy@localhost>', 'DATA'])
    assert.ok(heard.includes('dmlydXM='))
  })
}

test('a clamd whose rules lack /m is read answer by answer: one that finds is not hidden by one that does not', async t => {
  const rules: RuleElements = [re('\\bOK$'), re('\\bFOUND$'), re('^.*?: (?!Infected Archive)(.*) FOUND$')]
  let count = 0
  const serve = asClamd(() => (++count === 1 ? 'stream: EICAR FOUND' : 'stream: OK'))
  assert.deepEqual(told(await ask(t, 'clamd', 'CONTSCAN {}\n', rules, serve)), INFECTED)
})

test('a daemon that knows no streams is asked as its query is written', async t => {
  const answer = await ask(t, 'clamd', 'CONTSCAN {}\n', CLAMD, socket => {
    socket.on('data', octets => {
      const isQuery = /^CONTSCAN \/.*\/parts\n$/.test(octets.toString())
      socket.end(isQuery ? 'parts/p001: EICAR FOUND\n' : 'UNKNOWN COMMAND\0')
    })
  })
  assert.deepEqual(told(answer), INFECTED)
})

test('sockets are asked in turn, and the one that answered last at first', async t => {
  let count = 0
  const good = await listen(
    t,
    asClamd(() => {
      count++
      return 'stream: OK'
    }),
  )
  const logged: string[] = []
  const log = {
    enabled: () => true,
    write: (_: number, text: string) => void logged.push(text),
    forTask: () => log,
  }
  const entry = daemonEntry('clamd', [{path: `${good.file}.not`}, good.endpoint], 'CONTSCAN {}\n', CLAMD)
  const scanner = new DaemonScanner(entry, {report() {}})
  t.after(() => scanner.close())
  const subject = {...subjectOf(t), log}
  for (let mail = 0; mail < 3; mail++) assert.deepEqual(await scanner.scan(subject, 5000), {kind: 'clean'})
  assert.equal(count, 3)
  assert.equal(logged.filter(text => text.includes('.not')).length, 1)
})

test('a daemon that cannot be reached is not asked for the next mail, and is when it answers again', async t => {
  const {endpoint, file, stop} = await listen(
    t,
    asClamd(() => 'stream: OK'),
  )
  await stop()
  const conditions: string[] = []
  const scanner = new DaemonScanner(daemonEntry('clamd', [endpoint], 'CONTSCAN {}\n', CLAMD), {
    report: condition => void conditions.push(condition),
  })
  t.after(() => scanner.close())
  const subject = subjectOf(t)
  assert.equal((await scanner.scan(subject, 5000)).kind, 'failed')
  const again = await scanner.scan(subject, 5000)
  assert.match(again.kind === 'failed' ? again.reason : '', /^not asked until it answers again: /)
  await listen(
    t,
    asClamd(() => 'stream: OK'),
    file,
  )
  await until('the probe', () => conditions.at(-1) === 'ok')
  assert.deepEqual(conditions, ['open', 'ok'])
  assert.deepEqual(await scanner.scan(subject, 5000), {kind: 'clean'})
})

test('a mail that is too large for a daemon does not keep the others from it', async t => {
  const {endpoint} = await listen(
    t,
    asClamd(content => (content.includes('large') ? 'INSTREAM size limit exceeded. ERROR' : 'stream: OK')),
  )
  const conditions: string[] = []
  const scanner = new DaemonScanner(daemonEntry('clamd', [endpoint], '*', CLAMD), {
    report: condition => void conditions.push(condition),
  })
  t.after(() => scanner.close())
  assert.equal((await scanner.scan(subjectOf(t, 'Subject: x\n\nlarge\n'), 5000)).kind, 'failed')
  assert.deepEqual(await scanner.scan(subjectOf(t), 5000), {kind: 'clean'})
  assert.deepEqual(conditions, ['ok'])
})

const broken: [title: string, protocol: DaemonProtocol, serve: (socket: net.Socket) => void][] = [
  ['hangs up at once', 'sssp', socket => socket.destroy()],
  ['greets with nonsense', 'savapi', socket => void socket.write('hello\n')],
  ['says nothing', 'smtp', () => {}],
  ['never ends its line', 'sssp', socket => void socket.write('x'.repeat(2_000_000))],
  ['closes without a word', 'simple', socket => socket.end()],
]

for (const [title, protocol, serve] of broken) {
  test(`a daemon that ${title} gives no answer (${protocol})`, async t => {
    assert.equal((await ask(t, protocol, '{}\n', SSSP, serve, {timeoutMs: 200})).kind, 'failed')
  })
}
