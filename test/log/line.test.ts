import assert from 'node:assert/strict'
import {test} from 'node:test'
import {entryPieces, entryText, escapeControls, mark, severity, timestamp} from '../../src/log/line.ts'

test('levels have the priorities and marks of the original', () => {
  const table = [
    [5, 7, ''],
    [3, 7, ''],
    [2, 6, ''],
    [1, 6, ''],
    [0, 5, ''],
    [-1, 4, '(!)'],
    [-2, 3, '(!!)'],
    [-3, 2, '(!!)'],
    [-5, 2, '(!!)'],
  ] as const
  for (const [level, priority, text] of table) {
    assert.equal(severity(level), priority, `level ${level}`)
    assert.equal(mark(level), text, `level ${level}`)
  }
})

test('an entry has its task before its mark', () => {
  assert.equal(entryText(-1, '09768-01', 'all is lost'), '(09768-01) (!)all is lost')
  assert.equal(entryText(0, undefined, 'started'), 'started')
})

test('control characters cannot break a line or steer a terminal; other text is as it was', () => {
  assert.equal(escapeControls('a\r\nb\tc\x07\x1b[1m\x7fä€😀'), 'a\\r\\nb\\tc\\x07\\x1b[1m\\x7fä€😀')
})

test('a long entry is split into pieces that say that they go on, each with task and mark', () => {
  const text = 'x'.repeat(200)
  const pieces = entryPieces(-1, '09768-01', text, 80)
  assert.ok(pieces.every(piece => piece.length <= 80))
  assert.match(pieces[0] ?? '', /^\(09768-01\) \(!\)x+\.\.\.$/)
  assert.match(pieces[1] ?? '', /^\(09768-01\) \(!\)\.\.\.x+\.\.\.$/)
  assert.match(pieces.at(-1) ?? '', /^\(09768-01\) \(!\)\.\.\.x+$/)
  assert.equal(pieces.map(piece => piece.replace(/^\S+ \(!\)/, '').replaceAll('.', '')).join(''), text)
})

test('an entry that just fits is one piece, and a silly limit does not loop', () => {
  assert.deepEqual(entryPieces(0, undefined, 'y'.repeat(60), 60), ['y'.repeat(60)])
  assert.equal(entryPieces(0, 'z'.repeat(100), 'y'.repeat(30), 1).length, 6)
})

test('a character outside the basic plane is not cut in two', () => {
  for (const piece of entryPieces(0, undefined, '😀'.repeat(100), 60))
    assert.equal(piece.isWellFormed(), true)
})

test('a time stamp is as syslog writes it, the day padded with a space', () => {
  assert.equal(timestamp(new Date(2026, 10, 2, 5, 7, 1)), 'Nov  2 05:07:01')
  assert.equal(timestamp(new Date(2026, 0, 22, 15, 17, 41)), 'Jan 22 15:17:41')
})
