import assert from 'node:assert/strict'
import {test} from 'node:test'
import {stripVTControlCharacters} from 'node:util'
import {parseFrame} from '../../src/bus/grammar.ts'
import {EMPTY_TABLE} from '../../src/tui/children/table.ts'
import {knownUntilMs, silenceNotice, summaryLine, titleLine} from '../../src/tui/nanny/header.ts'
import {createTheme} from '../../src/tui/theme.ts'
import {applyMessages} from './apply-messages.ts'

const T0 = 1_700_000_000_000
const MX1 = 'tcp://mx1:23232'
const MX2 = 'tcp://mx2:23232'

/** What is known so many seconds after each of these buses said something. */
function snapshotOf(heard: readonly (readonly [string, number])[], seconds: number) {
  const nowMs = T0 + seconds * 1000
  const table = heard.reduce((before, [endpoint, at]) => {
    const frames = [parseFrame('am.st 28039 1700000000.000 S 28039-01')]
    return applyMessages(before, [{endpoint, frames, nowMs: T0 + at * 1000}], T0 + at * 1000)
  }, EMPTY_TABLE)
  return {table: applyMessages(table, [], nowMs), nowMs}
}

const titleOf = (title: string, columns: number, paused = false) =>
  stripVTControlCharacters(titleLine(title, snapshotOf([[MX1, 0]], 0.5), paused, columns, createTheme({})))

test('the title line is as wide as the screen and tells the age of the data', () => {
  for (const columns of [60, 80, 160]) assert.equal(titleOf(MX1, columns).length, columns)
  assert.match(titleOf(MX1, 80), /^amavis nanny {2}tcp:\/\/mx1:23232 .* \d\d:\d\d:\d\d {2}data 0\.5 s old$/)
  assert.match(titleOf(MX1, 80, true), / PAUSED {2}/)
})

test("the program's name makes room for a title that would not fit", () => {
  const title = 'demo: send mail to 127.0.0.1:41037'
  assert.ok(titleOf(title, 80).startsWith(`amavis nanny  ${title} `))
  assert.ok(titleOf(title, 80, true).startsWith(`${title} `))
  assert.ok(titleOf(title, 70).startsWith(`${title} `))
  assert.match(titleOf(title, 50), /^demo: send mail to 127\S*…\s/, 'what is cut says so')
})

test('the summary has counts, rate and a load bar that is cut where the screen ends', () => {
  const {table, nowMs} = snapshotOf([[MX1, 0]], 0)
  assert.equal(summaryLine({table, nowMs}, 1, '', 80), '1 busy, 0 idle of 1   0.0 mails/min   *')
  assert.match(summaryLine({table, nowMs}, 1, 'spam', 80), /filter "spam": 1 shown/)
  const frames = Array.from({length: 90}, (_, i) => parseFrame(`am.st ${i + 1} 1700000000.000 S ${i}-01`))
  const many = applyMessages(EMPTY_TABLE, [{endpoint: MX1, frames, nowMs}], nowMs)
  const line = summaryLine({table: many, nowMs}, 90, '', 80)
  assert.equal(line.length, 80)
  assert.ok(line.endsWith('*>'))
})

test('of several buses those are named that went silent or were never heard', () => {
  assert.equal(silenceNotice(snapshotOf([], 60), [MX1]), undefined)
  assert.equal(silenceNotice(snapshotOf([[MX1, 0]], 3), [MX1, MX2]), undefined)
  assert.equal(
    silenceNotice(
      snapshotOf(
        [
          [MX1, 0],
          [MX1, 9],
        ],
        10,
      ),
      [MX1, MX2],
    ),
    'nothing heard from mx2:23232 yet',
  )
  const both = snapshotOf(
    [
      [MX2, 0],
      [MX1, 9],
    ],
    10,
  )
  assert.match(silenceNotice(both, [MX1, MX2]) ?? '', /^no data from mx2:23232 since \d\d:\d\d:\d\d$/)
  assert.match(silenceNotice(snapshotOf([[MX1, 0]], 10), [MX1]) ?? '', /^no data since \d\d:\d\d:\d\d$/)
  assert.equal(knownUntilMs(both, MX1), T0 + 10_000)
  assert.equal(knownUntilMs(both, MX2), T0)
})
