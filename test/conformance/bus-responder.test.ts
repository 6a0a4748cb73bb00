import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {VariableStore} from '../../src/bus/variable-store.ts'
import {type Captured, readJsonLines} from './shared.ts'

interface Asked {
  readonly t_query: number
  readonly query: readonly string[]
  readonly t_reply: number
  readonly frames: readonly string[]
}

test('the frames of the capture add up to every answer that the real snmp-responder gave', () => {
  const capture = readJsonLines<Captured>('zmq-capture.jsonl')
  const asked = readJsonLines<Asked>('zmq-snmp-query.jsonl')
  assert.ok(asked.length >= 8)
  const start = asked[0]?.frames.find(frame => frame.startsWith('am.snmp sysUpTime ')) ?? ''
  const store = new VariableStore(Number(start.split(' ').at(-1)) * 1000)
  let next = 0
  for (const {t_query, query, frames} of asked) {
    for (; next < capture.length; next++) {
      const message = capture[next]
      if (message === undefined || message.t > t_query) break
      for (const frame of message.frames) store.hear(parseFrame(frame), message.t * 1000)
    }
    assert.deepEqual([...store.answer(query[0] ?? '')].sort(), [...frames].sort())
  }
})
