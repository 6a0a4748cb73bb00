import assert from 'node:assert/strict'
import {test} from 'node:test'
import {silentPublisher} from '../../src/bus/publisher.ts'
import {Voice} from '../../src/milter/voice.ts'

test('of several mails in hand the first is told of, and then the one after it, from where it is', () => {
  const said: string[] = []
  const voice = new Voice({
    ...silentPublisher,
    state: (state, taskId) => void said.push(`${state}${taskId ?? ''}`),
  })
  const [a, b] = [voice.speaker(), voice.speaker()]
  a.state('m', '1')
  b.state('m', '2')
  a.state('V', '1')
  b.state('S', '2')
  a.state('.', '1')
  b.state('F', '2')
  b.state('.', '2')
  b.state('-')
  assert.deepEqual(said, ['m1', 'V1', 'm2', 'S2', 'F2', '.2', '-'])
})
