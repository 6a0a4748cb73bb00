import assert from 'node:assert/strict'
import test from 'node:test'
import {memoryStore} from '../../src/anvil/memory-store.ts'
import {Peaks} from '../../src/anvil/peaks.ts'
import {AnvilStream} from '../../src/anvil/stream.ts'
import {AnvilTable} from '../../src/anvil/table.ts'

function server(unit = 60) {
  const clock = {now: 0}
  const table = new AnvilTable(unit, () => clock.now)
  const peaks = new Peaks(() => new Date(2026, 10, 2, 15, 10, 39).getTime())
  const stream = () => new AnvilStream(memoryStore(table), peaks)
  return {clock, table, peaks, stream}
}
const request = (name: string, ident = 'smtp:192.0.2.7') => `request=${name}\nident=${ident}\n\n`

test('a request in single octets is a request', () => {
  const stream = server().stream()
  let reply = ''
  for (const octet of request('connect')) reply += stream.receive(octet).reply
  assert.equal(reply, 'status=0\ncount=1\nrate=1\n\n')
  assert.equal(stream.isInside, false)
})

test('requests in one piece are answered in order', () => {
  const stream = server().stream()
  const {reply} = stream.receive(request('connect') + request('message') + request('disconnect'))
  assert.equal(reply, 'status=0\ncount=1\nrate=1\n\nstatus=0\nrate=1\n\nstatus=0\n\n')
})

test('the end of a stream frees its connection', () => {
  const {stream, table} = server()
  const one = stream()
  one.receive(request('connect'))
  assert.equal(table.look('smtp:192.0.2.7').count, 1)
  one.end()
  one.end()
  assert.equal(table.look('smtp:192.0.2.7').count, 0)
})

test('a line without an end is given up', () => {
  const stream = server().stream()
  const answer = stream.receive(`request=${'x'.repeat(20_000)}`)
  assert.equal(answer.close, true)
  assert.deepEqual(answer.warnings, ['a line is too long in input from anvil socket'])
})

test('what stands behind the ident is told and skipped, and the next request counts', () => {
  const stream = server().stream()
  const answer = stream.receive(`request=connect\nident=x\nfoo=bar\nmore=1\n\n${request('message', 'x')}`)
  assert.equal(answer.reply, 'status=0\ncount=1\nrate=1\n\nstatus=0\nrate=1\n\n')
  assert.deepEqual(answer.warnings, [
    'unexpected attribute foo from anvil socket (expecting: (list terminator))',
  ])
})

test('ten thousand clients are forgotten a unit after their last connection', () => {
  const {stream, table, clock} = server(60)
  const one = stream()
  for (let i = 0; i < 10_000; i++) one.receive(request('connect', `smtp:${i}`))
  assert.equal(table.size, 10_000)
  clock.now = 59
  assert.equal(table.forgetIdle(), false)
  assert.equal(table.size, 10_000)
  clock.now = 60
  assert.equal(table.look('smtp:9998').rate, 0)
  while (table.forgetIdle());
  // the last one is still connected
  assert.equal(table.size, 1)
  one.end()
  clock.now = 120
  table.forgetIdle()
  assert.equal(table.size, 0)
  assert.equal(one.receive('').reply, '')
})

test('numbers of forgotten clients are used again, without their past', () => {
  const {stream, table, clock} = server(5)
  stream().receive(request('connect', 'a') + request('auth', 'a') + request('disconnect', 'a'))
  clock.now = 10
  stream().receive(request('connect', 'b'))
  assert.deepEqual(table.look('b'), {count: 1, rate: 1, mail: 0, rcpt: 0, newtls: 0, auth: 0, tlstr: 0})
  assert.equal(table.look('a').rate, 0)
})

test('a list of clients shows nothing of a window that is over, and changes nothing', () => {
  const {stream, table, clock} = server(5)
  stream().receive(request('connect', 'a') + request('auth', 'a'))
  clock.now = 6
  assert.deepEqual(
    [...table.clients()],
    [{ident: 'a', count: 1, rate: 0, mail: 0, rcpt: 0, newtls: 0, auth: 0, tlstr: 0}],
  )
})

test('the report is in the words of the original, and begins anew', () => {
  const {stream, peaks} = server(5)
  const one = stream()
  one.receive(request('connect') + request('message') + request('message') + request('auth'))
  stream().receive(request('connect'))
  assert.deepEqual(peaks.report(5), [
    'statistics: max connection rate 2/5s for (smtp:192.0.2.7) at Nov  2 15:10:39',
    'statistics: max connection count 2 for (smtp:192.0.2.7) at Nov  2 15:10:39',
    'statistics: max message rate 2/5s for (smtp:192.0.2.7) at Nov  2 15:10:39',
    'statistics: max auth rate 1/5s for (smtp:192.0.2.7) at Nov  2 15:10:39',
    'statistics: max cache size 1 at Nov  2 15:10:39',
  ])
  assert.deepEqual(peaks.report(5), [])
})
