import assert from 'node:assert/strict'
import {test} from 'node:test'
import {BINDINGS, bindingOf, visibleBindings} from '../../src/tui/keys.ts'
import {helpLines} from '../../src/tui/nanny/help.ts'
import {cursorIn, firstVisible, INITIAL_VIEW, reduceView} from '../../src/tui/nanny/view-state.ts'

const KEYS = ['a', 'b', 'c', 'd']

test('the cursor goes with its child when rows move, or stays in its line', () => {
  const onB = reduceView(INITIAL_VIEW, {type: 'move', by: 1, keys: KEYS})
  assert.equal(cursorIn(onB, ['c', 'a', 'b']), 2)
  const still = reduceView(onB, {type: 'follow', keys: KEYS})
  assert.equal(cursorIn(still, ['c', 'a', 'b']), 1)
})

test('a cursor whose child has gone stays in its line, and within the rows there are', () => {
  const onD = reduceView(INITIAL_VIEW, {type: 'move', by: Infinity, keys: KEYS})
  assert.equal(cursorIn(onD, ['a', 'b', 'c']), 2)
  assert.equal(cursorIn(onD, []), 0)
  assert.equal(reduceView(onD, {type: 'move', by: 1, keys: []}).cursorRow, 0)
})

test('sorting goes round the columns both ways', () => {
  const back = reduceView(INITIAL_VIEW, {type: 'sort', by: -1})
  assert.equal(back.sort, 'memory')
  assert.equal(reduceView(back, {type: 'sort', by: 1}).sort, 'pid')
})

test('the window keeps the cursor in sight and leaves no line empty without need', () => {
  assert.equal(firstVisible(0, 100, 10, 5), 0)
  assert.equal(firstVisible(20, 100, 10, 5), 11)
  assert.equal(firstVisible(8, 100, 10, 5), 5)
  assert.equal(firstVisible(3, 12, 10, 5), 2)
  assert.equal(firstVisible(0, 3, 10, 5), 0)
})

test('no key has two meanings, and a read-only view has none that changes anything', () => {
  const keys = BINDINGS.flatMap(binding => binding.keys)
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(bindingOf('q')?.action, 'quit')
  assert.ok(visibleBindings(false).some(({keys}) => keys.includes('K')))
  assert.ok(!visibleBindings(true).some(({keys}) => keys.includes('K')))
})

test('the help page names every key and letter and fits into 80x24', () => {
  const lines = helpLines(false, 80)
  assert.ok(lines.length <= 20, `${lines.length} lines`)
  for (const line of lines) assert.ok(line.length <= 80, line)
  for (const {keys} of BINDINGS) assert.ok(lines.some(line => line.includes(keys.join(' '))))
  assert.ok(!helpLines(true, 80).some(line => /child; asks first/.test(line)))
})
