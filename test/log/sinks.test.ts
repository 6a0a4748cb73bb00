import assert from 'node:assert/strict'
import {chmodSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {createLog} from '../../src/log/create-log.ts'
import {type LogPlan, openLog} from '../../src/log/log-plan.ts'
import {fileSink, syslogSink} from '../../src/log/sinks.ts'
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
    command: ['/bin/sh', '-c', `cat > ${out}`],
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
  const missing = syslogSink({ident: 'a', facility: 'mail', maxLength: 980, command: ['/nonexistent/logger']})
  const log = createLog({level: 5, sink: missing})
  log.write(0, 'one')
  await new Promise(resolve => setImmediate(resolve))
  log.write(0, 'two')
  await missing.close()

  const folder = temporaryFolder(t)
  const script = path.join(folder, 'logger')
  writeFileSync(script, `#!/bin/sh\nread line\necho "$line" > ${folder}/got\nexit 1\n`)
  chmodSync(script, 0o755)
  const dying = syslogSink({ident: 'a', facility: 'mail', maxLength: 980, command: [script]})
  dying.write(0, undefined, 'first')
  await until('the first line', () => readFileSync(`${folder}/got`, {encoding: 'utf8', flag: 'a+'}) !== '')
  for (let i = 0; i < 100; i++) dying.write(0, undefined, 'more')
  await dying.close()
})
