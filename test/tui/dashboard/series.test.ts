import assert from 'node:assert/strict'
import test from 'node:test'
import {drawable, roundMaximum, timeLabel} from '../../../src/tui/dashboard/scale.ts'
import {RANGES, Series} from '../../../src/tui/dashboard/series.ts'

const [TWO_MINUTES, TEN_MINUTES, HOUR] = RANGES

test('the last seconds come back as they were put', () => {
  const series = new Series()
  for (let second = 1000; second < 1010; second++) series.put(second, second - 1000)
  assert.equal(series.last, 9)
  assert.deepEqual(series.points(1009, TWO_MINUTES, 120).slice(-11), [
    undefined,
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ])
  assert.equal(series.mean(10), 4.5)
  assert.equal(series.mean(2), 8.5)
})

test('points are means of their share of the time', () => {
  const series = new Series()
  for (let second = 0; second < 600; second++) series.put(second, second < 300 ? 10 : 20)
  assert.deepEqual(series.points(599, TEN_MINUTES, 4), [10, 10, 20, 20])
})

test('an hour is kept in tens of seconds, in little room', () => {
  const series = new Series()
  for (let second = 0; second < 4000; second++) series.put(second, second < 2000 ? 1 : 3)
  const points = series.points(3999, HOUR, 36)
  assert.equal(points.length, 36)
  assert.equal(points[0], 1)
  assert.equal(points.at(-1), 3)
})

test('seconds in which nothing was known are holes, not zeros', () => {
  const series = new Series()
  series.put(100, 5)
  series.put(105, 7)
  series.put(106, Number.NaN)
  assert.deepEqual(series.points(106, TWO_MINUTES, 120).slice(-7), [
    5,
    undefined,
    undefined,
    undefined,
    undefined,
    7,
    undefined,
  ])
  assert.equal(series.last, 7)
  assert.equal(series.mean(60), 6)
})

test('what is older than the rings is forgotten, and a long silence too', () => {
  const series = new Series()
  series.put(10, 1)
  series.put(10 + 7200, 2)
  assert.equal(series.points(7210, TEN_MINUTES, 600).filter(value => value !== undefined).length, 1)
  assert.equal(series.mean(600), 2)
})

test('the scale of a chart ends at a round number', () => {
  const cases = [
    [0, 1],
    [0.03, 0.1],
    [0.4, 0.5],
    [1, 1],
    [1.2, 2],
    [4.9, 5],
    [51, 100],
    [1234, 2000],
  ]
  for (const [value, expected] of cases) assert.equal(roundMaximum(value!), expected)
})

test('lines begin where anything is known, and go on where nothing is', () => {
  const {from, lines} = drawable([
    [undefined, undefined, 1, undefined, 3],
    [undefined, undefined, undefined, 2, undefined],
  ])
  assert.equal(from, 2)
  assert.deepEqual(lines, [
    [1, 1, 3],
    [0, 2, 2],
  ])
  assert.deepEqual(drawable([]), {from: 0, lines: []})
})

test('labels are local times', () => {
  const second = new Date(2026, 10, 22, 9, 5, 7).getTime() / 1000
  assert.equal(timeLabel(second, true), '09:05:07')
  assert.equal(timeLabel(second, false), '09:05')
})
