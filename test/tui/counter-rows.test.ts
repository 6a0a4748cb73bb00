import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Variable} from '../../src/tui/agent/classic.ts'
import {CounterTable, counterLine, selectCounters} from '../../src/tui/agent/counter-rows.ts'
import {AgentCsv} from '../../src/tui/agent/csv.ts'
import {sparkline} from '../../src/tui/agent/sparkline.ts'

const START = 1_700_000_000
const T0 = (START + 3600) * 1000

function variables(inMsgs: number, more: Record<string, Variable> = {}) {
  return new Map<string, Variable>([
    ['sysUpTime', {type: 'INT', value: String(START)}],
    ['sysDescr', {type: 'STR', value: 'amavis, "2.13"'}],
    ['InMsgs', {type: 'C32', value: String(inMsgs)}],
    ...Object.entries(more),
  ])
}

test('a sparkline has the highest value as its highest bar', () => {
  assert.equal(sparkline([0, 1, 4, 8]), ' ▁▄█')
  assert.equal(sparkline([0, 0]), '  ')
})

test('a counter has its rates, its share, and its growth over the last ten minutes', () => {
  const table = new CounterTable()
  for (let s = 0; s <= 600; s += 10) table.rows(T0 + s * 1000, variables(100 + s))
  const viruses = {ContentVirusMsgs: {type: 'C32', value: '71'}}
  const row = table.rows(T0 + 610_000, variables(710, viruses)).find(({name}) => name === 'ContentVirusMsgs')!
  assert.equal(row.percent, 10)
  const inMsgs = table.rows(T0 + 620_000, variables(720)).find(({name}) => name === 'InMsgs')!
  assert.equal(inMsgs.lastMinute, 60)
  assert.equal(Math.round(inMsgs.perHour), 3600)
  assert.deepEqual(
    inMsgs.growth,
    Array.from({length: 20}, () => 30),
  )
  assert.match(counterLine(inMsgs, 120), /^InMsgs +720 +3600 +60 +100\.0 {2}█{20} InMsgs$/)
})

test('a new run of the daemon counts from zero, and shows no fall', () => {
  const table = new CounterTable()
  table.rows(T0, variables(1000))
  const again = new Map(variables(5)).set('sysUpTime', {type: 'INT', value: String(START + 3600)})
  assert.deepEqual(
    table.rows(T0 + 10_000, again).map(({value, lastMinute}) => [value, lastMinute]),
    [[5, undefined]],
  )
})

test('virus names come after the counters, most frequent first, and never reach the terminal raw', () => {
  const more = {
    'virus.byname.A': {type: 'C32', value: '1'},
    'virus.byname.\u001B[2JB': {type: 'C32', value: '9'},
    ContentVirusMsgs: {type: 'C32', value: '10'},
  }
  const rows = selectCounters(new CounterTable().rows(T0, variables(10, more)), undefined, 'name', false)
  assert.deepEqual(
    rows.map(row => counterLine(row, 80).split(' ')[0]),
    ['ContentVirusMsgs', 'InMsgs', 'virus.byname.?[2JB', 'virus.byname.A'],
  )
  assert.equal(rows[2]?.percent, 90)
  assert.deepEqual(
    selectCounters(rows, /^in/i, 'value', false).map(({name}) => name),
    ['InMsgs'],
  )
})

test('CSV quotes what needs it, and begins no field like a formula', () => {
  const lines = new AgentCsv().display(T0, variables(10, {'=cmd|x': {type: 'C32', value: '1'}}))
  assert.deepEqual(lines, [
    "2023-11-14T23:13:20.000Z,'=cmd|x,C32,1,1.000,,",
    '2023-11-14T23:13:20.000Z,InMsgs,C32,10,10.000,InMsgs,100.000',
    '2023-11-14T23:13:20.000Z,sysDescr,STR,"amavis, ""2.13""",,,',
    `2023-11-14T23:13:20.000Z,sysUpTime,INT,${START},,,`,
  ])
})
