import assert from 'node:assert/strict'
import {test} from 'node:test'
import {LineSplitter} from '../../../src/tui/log/lines.ts'

const TEXT = Buffer.from('a\n\nl\u00e9\u20ac\u{1f4e7}\r\nlast')

for (const size of [1, 2, 3, 5, 100])
  test(`lines come whole from blocks of ${size}`, () => {
    const splitter = new LineSplitter()
    const lines: string[] = []
    for (let at = 0; at < TEXT.length; at += size) lines.push(...splitter.push(TEXT.subarray(at, at + size)))
    assert.deepEqual([...lines, ...splitter.end()], ['a', '', 'l\u00e9\u20ac\u{1f4e7}\r', 'last'])
    assert.deepEqual(splitter.end(), [])
  })

test('a block may be used again, and a line without an end takes no memory without end', () => {
  const splitter = new LineSplitter()
  const block = Buffer.alloc(100_000, 'x')
  for (let n = 0; n < 100; n++) assert.deepEqual(splitter.push(block), [])
  block.fill('y')
  assert.match(splitter.end()[0] ?? '', /^x{60000,70000}$/)
})
