import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseFrame} from '../../src/bus/grammar.ts'
import {emptyStateOctets, readStateOctets} from '../../src/tui/children/state-octets.ts'

const USUAL = [
  'am.st 28039 1700000000.047 m 28039-01',
  'am.st 7 120 S 00007-01-2',
  'am.st 7 0 -',
  'am.st 4194304 999999999 .',
]

test('usual state frames read from their octets say what the grammar says', () => {
  for (const text of USUAL) {
    const octets = emptyStateOctets()
    assert.equal(readStateOctets(Buffer.from(text), octets), true, text)
    const {pid, ms, absolute, state, idStart, idEnd} = octets
    const taskId = idStart === idEnd ? undefined : text.slice(idStart, idEnd)
    const time = {kind: absolute ? 'abs' : 'delta', ms}
    assert.deepEqual({kind: 'state', pid, time, state, taskId}, parseFrame(text))
  }
})

test('all other frames are left to the grammar', () => {
  const others = [
    '',
    'am.st ',
    'am.st 7 1700000000.000 exiting',
    'am.st 7 1700000000.000 FLUSH',
    'am.st 7  120 S',
    'am.st 7 120 S ',
    'am.st 0 120 S x',
    'am.st 12345678 120 S x',
    'am.st 7 1700000000.04 S x',
    'am.st 7 1700000000.0471 S x',
    'am.st 7 1234567890 S x',
    'am.st 7 120 S a b',
    'am.st 7 120 S \u001b[2J',
    `am.st 7 120 S ${'x'.repeat(41)}`,
    'am.proc.busy 7 8 9',
  ]
  for (const text of others) assert.equal(readStateOctets(Buffer.from(text), emptyStateOctets()), false, text)
})
