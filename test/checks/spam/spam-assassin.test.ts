import assert from 'node:assert/strict'
import {once} from 'node:events'
import {mkdirSync, rmSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import test, {type TestContext} from 'node:test'
import {spamScannerEntries} from '../../../src/checks/spam/entries.ts'
import {FrameReader, frame, unpacked} from '../../../src/checks/spam/frames.ts'
import {spamAssassin} from '../../../src/checks/spam/spamassassin/spam-assassin.ts'
import {temporaryFolder} from '../../support/wait.ts'
import {context, spamMail} from './support.ts'

type Request = ReadonlyMap<string, Buffer>

/** A stand-in for helpers/amavis-sa.pl. @returns where it listens, and what it was asked */
async function helper(t: TestContext, reply: (request: Request, socket: net.Socket) => void) {
  const folder = path.join(temporaryFolder(t), 'helper')
  mkdirSync(folder)
  const socketPath = path.join(folder, 'sock')
  const requests: Request[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer(socket => {
    sockets.add(socket)
    const reader = new FrameReader(1_000_000)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      for (const [, ...strings] of reader.push(chunk)) {
        const request = new Map<string, Buffer>()
        for (let i = 0; i + 1 < strings.length; i += 2) request.set(String(strings[i]), strings[i + 1]!)
        requests.push(request)
        reply(request, socket)
      }
    })
  })
  server.listen(socketPath)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {socketPath, folder, requests, sockets}
}

const RESULT = frame([
  ...['result', 'score', '2.5', 'tests', 'A=1.5,B_C=1', 'autolearn', 'no', 'report', 'a report\n\n'],
  ...['tag:RELAYCOUNTRY', 'DE', 'version', '4.0.1', 'fields', 'X-Spam-Relay: DE\nX-Spam-Note: a\n\tb\n'],
  ...['timing', 'total 64 ms - parse: 0.77 (1.2%)', 'cpu_ms', '60'],
])

function scannerOf(t: TestContext, socketPath: string | undefined, options = '') {
  const {settings} = spamMail('\n', {conf: `@spam_scanners = (['SA', 'SpamAssassin'${options}]);`})
  const scanner = spamAssassin(spamScannerEntries(settings.list('@spam_scanners'))[0]!, socketPath)
  t.after(() => scanner.close())
  return scanner
}

test('a result is a report with tests, tags and fields, and its times are a line of the log', async t => {
  const {socketPath, requests} = await helper(t, (_, socket) => {
    socket.write(Buffer.concat([frame(['hello', '0']), frame(['log', '-1', 'dns: no server']), RESULT]))
  })
  const lines: string[] = []
  const log = {
    enabled: () => true,
    write: (level: number, text: string) => void lines.push(`${level} ${text}`),
  }
  const scanner = scannerOf(t, socketPath, ', score_factor => 2')
  const mail = spamMail('Subject: x\n\nbody\n', {recipients: ['a@x.test', 'b@x.test']})
  const result = await scanner.scan(mail, {timeoutMs: 10_500, log: {...log, forTask: () => context().log}})
  assert.ok(result.kind === 'scanned')
  assert.deepEqual(result.answers, [
    {
      recipients: undefined,
      report: {
        scanner: 'SA',
        score: 5,
        tests: [
          {name: 'A', score: 1.5},
          {name: 'B_C', score: 1},
        ],
        autolearn: 'no',
        report: 'a report',
        summary: '',
        fields: [
          ['X-Spam-Relay', 'DE'],
          ['X-Spam-Note', 'a\n\tb'],
        ],
        supplementary: new Map([
          ['RELAYCOUNTRY', 'DE'],
          ['SAVERSION', '4.0.1'],
        ]),
      },
    },
  ])
  assert.deepEqual(lines, [
    '-1 SA dns: no server',
    '2 TIMING-SA [total 64 ms, cpu 60 ms] - parse: 0.77 (1.2%)',
  ])
  const [request] = requests
  assert.equal(String(request?.get('return_path')), '<s@remote.test>')
  assert.equal(String(request?.get('seconds')), '9')
  assert.deepEqual(unpacked(request!.get('recipients')!).map(String), ['<a@x.test>', '<b@x.test>'])
  assert.match(String(request?.get('mail')), /^Return-Path: /)
})

test('one that does not answer in its time has failed, and the next mail gets another connection', async t => {
  let answers = false
  const {socketPath, sockets} = await helper(t, (_, socket) => {
    if (answers) socket.write(RESULT)
  })
  const scanner = scannerOf(t, socketPath)
  assert.deepEqual(await scanner.scan(spamMail('\n'), context(100)), {
    kind: 'failed',
    reason: 'SA failed: timed out',
  })
  answers = true
  assert.equal((await scanner.scan(spamMail('\n'), context())).kind, 'scanned')
  assert.equal(sockets.size, 2)
  for (const socket of sockets) socket.destroy()
  assert.equal((await scanner.scan(spamMail('\n'), context())).kind, 'scanned', 'gone between two mails')
})

test('rubbish, and a failure in there, are failures', async t => {
  const replies = [Buffer.from('220 mail.example.com ESMTP\r\n'), frame(['failed', 'no rules'])]
  const {socketPath} = await helper(t, (_, socket) => socket.write(replies.shift() ?? RESULT))
  const scanner = scannerOf(t, socketPath)
  const first = await scanner.scan(spamMail('\n'), context())
  assert.match(first.kind === 'failed' ? first.reason : '', /is not understood/)
  assert.deepEqual(await scanner.scan(spamMail('\n'), context()), {
    kind: 'failed',
    reason: 'SA failed: no rules',
  })
  assert.equal((await scanner.scan(spamMail('\n'), context())).kind, 'scanned')
})

test('without a helper a mail does not wait', async t => {
  const {socketPath, folder} = await helper(t, () => {})
  rmSync(folder, {recursive: true})
  const start = performance.now()
  for (const where of [socketPath, undefined]) {
    const result = await scannerOf(t, where).scan(spamMail('\n'), context())
    assert.match(result.kind === 'failed' ? result.reason : '', /no SpamAssassin helper/)
  }
  assert.ok(performance.now() - start < 2000)
})
