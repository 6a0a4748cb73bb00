import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Child} from '../../src/tui/children/table.ts'
import {formatRow, headingLine, layoutFor, type Row, selectChildren} from '../../src/tui/nanny/rows.ts'

const NOW = 1_700_000_000_000

function child(pid: number, state: string, ageSec: number, taskId?: string): Child {
  const baseMs = NOW - ageSec * 1000
  const steps = [{state, atMs: baseMs}]
  return {
    endpoint: 'tcp://mx1:23232',
    pid,
    state,
    taskId,
    baseMs,
    steps,
    heardMs: NOW,
    goneMs: undefined,
    end: undefined,
  }
}

const CHILDREN = [
  child(30, '-', 50),
  child(28, 'S', 4, '00028-01'),
  child(29, 'V', 9, '00029-01'),
  child(27, '-', 70),
]
const textOf = ({start, state, bar, trail}: Row) => start + state + bar + trail
const pids = (children: readonly Child[]) => children.map(({pid}) => pid)

test('a row is as wide as the screen, in all widths', () => {
  for (const columns of [60, 80, 100, 120, 160, 200]) {
    for (const endpoints of [['tcp://mx1:23232'], ['tcp://mx1:23232', 'tcp://mx2:23232']]) {
      const layout = layoutFor(columns, endpoints)
      assert.equal(textOf(formatRow(CHILDREN[1]!, NOW, layout)).length, columns)
      assert.equal(headingLine(layout, 'pid', false).length, columns)
    }
  }
})

test('a row has pid, task, elapsed time, state, letters, and the seconds of each state where there is room', () => {
  const {steps, ...rest} = CHILDREN[1]!
  const working = {
    ...rest,
    steps: [
      {state: 'V', atMs: NOW - 4000},
      {state: 'S', atMs: NOW - 2500},
    ],
  }
  const wide = formatRow(working, NOW, layoutFor(160, [rest.endpoint]))
  assert.equal(
    textOf(wide).trimEnd(),
    '     28 00028-01        0:00:04  S spam       VVSSS                                 V1.5 S',
  )
  const narrow = formatRow(working, NOW, layoutFor(80, [rest.endpoint]))
  assert.equal(textOf(narrow).trimEnd(), '     28 00028-01        0:00:04  S spam       VVSSS')
  assert.equal(steps.length, 1)
})

test('a child that went away says so', () => {
  const row = formatRow({...CHILDREN[1]!, goneMs: NOW}, NOW + 5000, layoutFor(80, ['tcp://mx1:23232']))
  assert.equal(row.state.trimEnd(), 'went away')
  assert.equal(row.start.trim(), '28 00028-01        0:00:04')
})

test('rows are in the order of the chosen column, busy ones first where it is about work', () => {
  const by = (sort: Parameters<typeof selectChildren>[3], reversed = false) =>
    pids(selectChildren(CHILDREN, NOW, '', sort, reversed))
  assert.deepEqual(by('pid'), [27, 28, 29, 30])
  assert.deepEqual(by('pid', true), [30, 29, 28, 27])
  assert.deepEqual(by('elapsed'), [29, 28, 27, 30])
  assert.deepEqual(by('task'), [28, 29, 27, 30])
  assert.deepEqual(by('state'), [28, 29, 27, 30])
})

test('a filter is a text in any column, in either case', () => {
  const having = (filter: string) => pids(selectChildren(CHILDREN, NOW, filter, 'pid', false))
  assert.deepEqual(having('SPAM'), [28])
  assert.deepEqual(having('00029'), [29])
  assert.deepEqual(having('idle'), [27, 30])
  assert.deepEqual(having('mx1'), [27, 28, 29, 30])
  assert.deepEqual(having('nothing'), [])
})
