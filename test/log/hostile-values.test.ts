/** Whatever an entry holds, it is one line for whoever reads the log, and steers no terminal. */
import assert from 'node:assert/strict'
import {createSocket} from 'node:dgram'
import {readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {fileSink, type Sink} from '../../src/log/sinks.ts'
import {syslogSink, udpSyslogSink} from '../../src/log/syslog.ts'
import {CONTROLS, HOSTILE} from '../support/hostile.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const TASK = '04711-01'
const MAX_LENGTH = 980
const head = {host: 'filter', ident: 'amavis', pid: 4711, now: () => +new Date(2026, 10, 22, 1, 2, 3)}
const syslog = {ident: 'amavis', facility: 'mail', maxLength: MAX_LENGTH}

async function written(sink: Sink, text: string): Promise<void> {
  sink.write(0, TASK, text)
  sink.write(-1, TASK, 'the next')
  await sink.close()
}

for (const [name, value] of HOSTILE) {
  test(`a line of text: ${name}`, async t => {
    const file = path.join(temporaryFolder(t), 'log')
    await written(fileSink(file, head), value)
    const [first = '', next = '', ...rest] = readFileSync(file, 'utf8').split('\n')
    assert.ok(first.startsWith('Nov 22 01:02:03 filter amavis[4711]: (04711-01) '))
    assert.ok(next.endsWith('(04711-01) (!)the next'))
    assert.deepEqual(rest, [''])
    assert.doesNotMatch(first, CONTROLS)
  })

  test(`a line of JSON: ${name}`, async t => {
    const file = path.join(temporaryFolder(t), 'log')
    await written(fileSink(file, {...head, json: true}), value)
    const [first = '', next = '', ...rest] = readFileSync(file, 'utf8').split('\n')
    assert.equal(JSON.parse(first).message, value)
    assert.equal(JSON.parse(next).message, 'the next')
    assert.deepEqual(rest, [''])
    assert.doesNotMatch(first, CONTROLS)
  })

  test(`lines to logger: ${name}`, async t => {
    const out = path.join(temporaryFolder(t), 'out')
    await written(syslogSink({...syslog, command: () => ['/bin/sh', '-c', `cat > ${out}`]}), value)
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n')
    assert.equal(lines.pop(), '<20>(04711-01) (!)the next')
    assert.equal(lines.length, Math.max(1, Math.ceil(value.length / (MAX_LENGTH - 20))))
    for (const line of lines) {
      assert.match(line, /^<21>\(04711-01\) /)
      assert.doesNotMatch(line, CONTROLS)
      assert.ok(line.length <= MAX_LENGTH + '<21>'.length)
    }
  })

  test(`datagrams to a syslog server: ${name}`, async t => {
    const received: string[] = []
    const server = createSocket('udp4')
    await new Promise<void>(resolve => server.bind(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    server.on('message', octets => received.push(octets.toString('utf8')))
    const {port} = server.address()
    await written(udpSyslogSink({...syslog, ...head, server: {host: '127.0.0.1', port}}), value)
    await until('the last datagram', () => received.at(-1)?.endsWith('(04711-01) (!)the next'))
    for (const line of received) {
      assert.match(line, /^<2[01]>Nov 22 01:02:03 filter amavis\[4711\]: \(04711-01\) /)
      assert.doesNotMatch(line, CONTROLS)
    }
  })
}
