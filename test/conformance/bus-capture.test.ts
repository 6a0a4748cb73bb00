import assert from 'node:assert/strict'
import {test} from 'node:test'
import {formatFrame, parseFrame} from '../../src/bus/grammar.ts'
import {type Captured, readJsonLines} from './shared.ts'

test('every frame of a real amavisd and its services is understood and printed back byte for byte', () => {
  const frames = readJsonLines<Captured>('zmq-capture.jsonl').flatMap(message => message.frames)
  assert.ok(frames.length > 5000, `only ${frames.length} frames`)
  const unknown = frames.filter(text => parseFrame(text).kind === 'unknown')
  assert.deepEqual(unknown, [])
  const changed = frames.filter(text => formatFrame(parseFrame(text)) !== text)
  assert.deepEqual(changed, [])
})

test('every message of the capture carries frames of one kind', () => {
  for (const {frames} of readJsonLines<Captured>('zmq-capture.jsonl')) {
    assert.equal(new Set(frames.map(text => text.split(' ')[0])).size, 1)
  }
})
