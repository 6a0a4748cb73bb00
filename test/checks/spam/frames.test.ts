import assert from 'node:assert/strict'
import test from 'node:test'
import {FrameReader, frame, packed, unpacked} from '../../../src/checks/spam/frames.ts'

test('frames come out of a stream as they went in, wherever it is cut', () => {
  const all = Buffer.concat([frame(['a', Buffer.from([0, 255])]), frame([]), frame(['', 'ü'])])
  for (const size of [1, 3, 7, all.length]) {
    const reader = new FrameReader(100)
    const frames: string[][] = []
    for (let at = 0; at < all.length; at += size) {
      for (const strings of reader.push(all.subarray(at, at + size)))
        frames.push(strings.map(octets => octets.toString('hex')))
    }
    assert.deepEqual(frames, [['61', '00ff'], [], ['', 'c3bc']], `pieces of ${size}`)
  }
})

test('a frame over the limit, or with a string longer than itself, is refused', () => {
  assert.throws(() => new FrameReader(10).push(frame(['more than ten'])), /a frame of \d+ octets/)
  assert.throws(() => unpacked(packed(['abc']).subarray(0, 5)), RangeError)
})
