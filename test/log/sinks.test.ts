import assert from 'node:assert/strict'
import {createSocket} from 'node:dgram'
import {chmodSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {createLog} from '../../src/log/create-log.ts'
import {type LogPlan, openLog} from '../../src/log/log-plan.ts'
import {fileSink} from '../../src/log/sinks.ts'
import {syslogServer, syslogSink, udpSyslogSink} from '../../src/log/syslog.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const head = {
  host: 'filter.example.com',
  ident: 'amavis',
  pid: 4711,
  now: () => +new Date(2026, 10, 22, 1, 2, 3),
}

test('a file has one line for each entry, with time, host, program and pid', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  const sink = fileSink(file, head)
  const log = createLog({level: 1, sink})
  log.write(0, 'started')
  log.forTask('04711-01').write(1, 'line\nend')
  log.write(2, 'too chatty')
  await sink.close()
  assert.equal(
    readFileSync(file, 'utf8'),
    'Nov 22 01:02:03 filter.example.com amavis[4711]: started\n' +
      'Nov 22 01:02:03 filter.example.com amavis[4711]: (04711-01) line\\nend\n',
  )
  assert.equal(statSync(file).mode & 0o137, 0)
})

test('what is written is told to the bus, with its task; what is not written is not', async t => {
  const told: unknown[] = []
  const sink = fileSink(path.join(temporaryFolder(t), 'log'), head)
  const log = createLog({level: 0, sink, onEntry: (level, text) => told.push([level, text])})
  log.forTask('04711-01').write(-1, 'no')
  log.write(1, 'hidden')
  await sink.close()
  assert.deepEqual(told, [[-1, '(04711-01) no']])
  assert.deepEqual([log.enabled(0), log.enabled(1)], [true, false])
})

test('a disk that is full loses entries, not mail', async t => {
  const file = path.join(temporaryFolder(t), 'full')
  symlinkSync('/dev/full', file)
  const sink = fileSink(file, head)
  const log = createLog({level: 0, sink})
  log.write(0, 'lost')
  log.write(0, 'lost')
  await sink.close()
})

test('a log file that cannot be opened does not stop the process', async t => {
  const plan: LogPlan = {
    target: 'file',
    file: path.join(temporaryFolder(t), 'missing', 'log'),
    level: -5,
    host: 'h',
    program: 'p',
    syslogIdent: 'amavis',
    facility: 'mail',
    maxLength: 980,
    debug: false,
    json: false,
    server: '',
  }
  const {log, close} = openLog(plan)
  log.write(0, 'not shown at this level')
  await close()
})

test('syslog gets each piece of an entry with its priority, and all of it is out when the sink is closed', async t => {
  const folder = temporaryFolder(t)
  const out = path.join(folder, 'out')
  const sink = syslogSink({
    ident: 'amavis',
    facility: 'mail',
    maxLength: 60,
    command: () => ['/bin/sh', '-c', `cat > ${out}`],
  })
  const log = createLog({level: 5, sink})
  log.write(0, 'notice')
  log.write(-2, 'error')
  log.write(5, 'd'.repeat(100))
  await sink.close()
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
  assert.deepEqual(lines.slice(0, 2), ['<21>notice', '<19>(!!)error'])
  assert.match(lines[2] ?? '', /^<23>d+\.\.\.$/)
  assert.match(lines[3] ?? '', /^<23>\.\.\.d+$/)
})

test('a logger that is missing or dies loses entries and stops nothing', async t => {
  const missing = syslogSink({
    ident: 'a',
    facility: 'mail',
    maxLength: 980,
    command: () => ['/nonexistent/logger'],
  })
  const log = createLog({level: 5, sink: missing})
  log.write(0, 'one')
  await new Promise(resolve => setImmediate(resolve))
  log.write(0, 'two')
  await missing.close()

  const folder = temporaryFolder(t)
  const script = path.join(folder, 'logger')
  writeFileSync(script, `#!/bin/sh\nread line\necho "$line" > ${folder}/got\nexit 1\n`)
  chmodSync(script, 0o755)
  const dying = syslogSink({ident: 'a', facility: 'mail', maxLength: 980, command: () => [script]})
  dying.write(0, undefined, 'first')
  await until('the first line', () => readFileSync(`${folder}/got`, {encoding: 'utf8', flag: 'a+'}) !== '')
  for (let i = 0; i < 100; i++) dying.write(0, undefined, 'more')
  await dying.close()
})

test('a logger that the system does not start, or that never ends, stops nothing', async () => {
  const options = {ident: 'a', facility: 'mail', maxLength: 980} as const
  const tooLong = syslogSink({...options, command: () => ['logger', 'x'.repeat(1024 * 1024)]})
  tooLong.write(0, undefined, 'lost')
  await tooLong.close()

  const stuck = syslogSink({...options, command: () => ['sleep', '60']})
  stuck.write(0, undefined, 'never read')
  const before = performance.now()
  await stuck.close()
  assert.ok(performance.now() - before < 20_000)
})

test("a policy bank's entries have its own level, ident and facility", async t => {
  const folder = temporaryFolder(t)
  const sink = syslogSink({
    ident: 'amavis',
    facility: 'mail',
    maxLength: 980,
    command: ident => ['/bin/sh', '-c', `cat > ${folder}/${ident}`],
  })
  const log = createLog({level: 0, sink})
  const own = log.forTask('04711-01', {level: 2, ident: 'outgoing', facility: 'local3'})
  own.write(2, 'detail')
  own.write(3, 'hidden')
  log.write(2, 'hidden')
  log.write(0, 'usual')
  await sink.close()
  assert.equal(readFileSync(path.join(folder, 'outgoing'), 'utf8'), '<158>(04711-01) detail\n')
  assert.equal(readFileSync(path.join(folder, 'amavis'), 'utf8'), '<21>usual\n')
})

test('debugging shows everything, whatever a policy bank says', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  const log = createLog({level: 5, isFixed: true, sink: fileSink(file, head)})
  log.forTask('04711-01', {level: 0, ident: 'x', facility: 'mail'}).write(5, 'detail')
  assert.match(readFileSync(file, 'utf8'), /detail/)
})

test('over the network an entry is a datagram as RFC 3164 has it', async t => {
  const received: string[] = []
  const server = createSocket('udp4')
  await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  server.on('message', octets => received.push(octets.toString('utf8')))
  const {port} = server.address()
  const sink = udpSyslogSink({
    ...{ident: 'amavis', facility: 'mail', maxLength: 60, pid: 4711, now: head.now},
    host: 'filter',
    server: {host: '127.0.0.1', port},
  })
  const log = createLog({level: 5, sink})
  log.forTask('04711-01').write(0, 'caf\u00e9')
  log.forTask('04711-02', {level: 5, ident: 'bank', facility: 'local0'}).write(-2, 'd'.repeat(100))
  await sink.close()
  await until('all datagrams', () => received.length === 4)
  assert.equal(received[0], '<21>Nov 22 01:02:03 filter amavis[4711]: (04711-01) caf\u00e9')
  assert.match(received[1] ?? '', /^<131>Nov 22 01:02:03 filter bank\[4711\]: \(04711-02\) \(!!\)d+\.\.\.$/)
  assert.match(received[3] ?? '', /\(04711-02\) \(!!\)\.\.\.d+$/)
})

test('the address of a syslog server', () => {
  assert.deepEqual(syslogServer('loghost'), {host: 'loghost', port: 514})
  assert.deepEqual(syslogServer('[::1]:1514'), {host: '::1', port: 1514})
  for (const wrong of ['', 'a b', 'host:99999', 'host:port']) assert.equal(syslogServer(wrong), undefined)
})

test('JSON lines hold what a line of text does, whatever the entry holds', async t => {
  const file = path.join(temporaryFolder(t), 'log')
  const sink = fileSink(file, {...head, json: true})
  const log = createLog({level: 0, sink})
  log.forTask('04711-01').write(-1, 'a\nb\u0000\u001b[1m "\u00e9"')
  log.write(0, 'started')
  await sink.close()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const time = new Date(head.now()).toISOString()
  const whence = {time, host: 'filter.example.com', program: 'amavis', pid: 4711}
  assert.deepEqual(
    lines.map(line => JSON.parse(line)),
    [
      {
        ...whence,
        level: -1,
        priority: 'warning',
        log_id: '04711-01',
        message: 'a\nb\u0000\u001b[1m "\u00e9"',
      },
      {...whence, level: 0, priority: 'notice', message: 'started'},
    ],
  )
})
