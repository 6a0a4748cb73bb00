import assert from 'node:assert/strict'
import {test} from 'node:test'
import {busyBar, elapsedText, extendHistory, idleBar} from '../../src/tui/children/bar.ts'
import {decayPeak, loadBar} from '../../src/tui/children/load-bar.ts'

test('elapsed time is hours, minutes, seconds, and days where there are some', () => {
  const table: [number, string][] = [
    [0, '  0:00:00'],
    [999, '  0:00:00'],
    [12_000, '  0:00:12'],
    [10_799_999, '  2:59:59'],
    [93_784_000, '1d2:03:04'],
    [999_999_999, '11d13:46:39'],
    [-2500, '  0:00:00'],
  ]
  for (const [ms, text] of table) assert.equal(elapsedText(ms), text)
})

test('an idle bar has a dot a whole second, colons at 10, 20, 30, and never more than 35 characters', () => {
  assert.equal(idleBar(999), '')
  assert.equal(idleBar(10_000), '.........:')
  assert.equal(idleBar(3_600_000), '.........:.........:.........:.....')
  assert.equal(idleBar(-1), '')
})

test('a history grows to the age rounded half up, filled with its last letter', () => {
  assert.equal(extendHistory('', 0, 'S'), 'S')
  assert.equal(extendHistory('', 2500, 'S'), '==S')
  assert.equal(extendHistory('dD', 5000, 'V'), 'dDDDV')
  assert.equal(extendHistory('dDV', 1000, 'S'), 'SDV')
})

test('a busy bar keeps its marks, shows = for no letter, and ends long histories in the newest and >', () => {
  assert.equal(busyBar('VVVVVVVVVVVV'), 'VVVVVVVVV:VV')
  assert.equal(busyBar('V V'), 'V=V')
  assert.equal(busyBar(`${'V'.repeat(39)}Q`), 'VVVVVVVVV:VVVVVVVVV:VVVVVVVVV:VVVQ>')
})

test('the load bar marks the peak over the idle dots and past them', () => {
  assert.equal(loadBar(2, 1, 2), '**.')
  assert.equal(loadBar(0, 3, 1.5), '::.')
  assert.equal(loadBar(1, 0, 4.2), '*:::')
})

test('a peak jumps up, sinks with a half-life of 8 s, and not below what is busy', () => {
  assert.equal(decayPeak(2, 5, 1000), 5)
  assert.equal(decayPeak(8, 0, 8000), 4)
  assert.equal(decayPeak(8, 6, 8000), 6)
  assert.equal(decayPeak(0.05, 0, 8000), 0.05)
})
