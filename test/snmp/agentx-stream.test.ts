import assert from 'node:assert/strict'
import {test} from 'node:test'
import {AmavisError} from '../../src/errors.ts'
import {AgentXStream, type MasterPdu} from '../../src/snmp/agentx-stream.ts'
import {masterPdu, searchRange} from './master-pdu.ts'

test('PDUs are read however the stream is cut, also several from one chunk', () => {
  const octets = Buffer.concat([
    masterPdu(5, searchRange([1, 3, 6, 1, 4, 1, 7], [])),
    masterPdu(6, searchRange([1, 3, 6, 1, 4], [1, 3, 6, 1, 4, 9], true), searchRange([2, 5], [])),
    masterPdu(7, Buffer.from([0, 1, 0, 20]), searchRange([1, 3, 6, 1, 4], [])),
    masterPdu(18, Buffer.from([0, 0, 0, 9, 1, 1, 0, 0])),
    masterPdu(11),
    masterPdu(2, Buffer.from([1, 0, 0, 0])),
    masterPdu(99),
  ])
  const whole = [...new AgentXStream().read(octets)]
  assert.deepEqual(
    whole.map(({kind}) => kind),
    ['get', 'get-next', 'get-bulk', 'response', 'cleanup-set', 'close', 'other'],
  )
  const [get, next, bulk, response] = whole
  assert.ok(get?.kind === 'get' && next?.kind === 'get-next' && bulk?.kind === 'get-bulk')
  assert.deepEqual([get.sessionId, get.transactionId, get.packetId], [3, 4, 5])
  assert.deepEqual(get.ranges, [{start: [1, 3, 6, 1, 4, 1, 7], include: false, end: undefined}])
  assert.deepEqual(next.ranges, [
    {start: [1, 3, 6, 1, 4], include: true, end: [1, 3, 6, 1, 4, 9]},
    {start: [2, 5], include: false, end: undefined},
  ])
  assert.deepEqual([bulk.nonRepeaters, bulk.maxRepetitions], [1, 20])
  assert.ok(response?.kind === 'response' && response.error === 257)
  for (const size of [1, 7, 19, 21, 64]) {
    const stream = new AgentXStream()
    const pdus: MasterPdu[] = []
    for (let at = 0; at < octets.length; at += size) pdus.push(...stream.read(octets.subarray(at, at + size)))
    assert.deepEqual(pdus, whole, `chunks of ${size}`)
  }
})

test('what is none of AgentX is an error, never a crash or a wait for endless octets', () => {
  const good = masterPdu(5, searchRange([1, 3, 6, 1, 4, 1, 7], []))
  const changed = (at: number, ...octets: readonly number[]) => {
    const copy = Buffer.from(good)
    copy.set(octets, at)
    return copy
  }
  const wrong = [
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    changed(0, 2),
    changed(2, 0),
    changed(16, 0xff, 0xff, 0xff, 0xff),
    changed(20, 250),
    changed(16, 0, 0, 0, 3),
  ]
  for (const octets of wrong) {
    assert.throws(
      () => [...new AgentXStream().read(octets)],
      (error: unknown) => error instanceof AmavisError && error.code === 'AM_PROTOCOL',
      octets.toString('hex'),
    )
  }
})
