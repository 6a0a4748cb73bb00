import assert from 'node:assert/strict'
import test from 'node:test'
import {applyEdits} from '../../../src/actions/edits/apply.ts'
import {repairedFields, repairField} from '../../../src/actions/edits/repair.ts'
import {parseHeader} from '../../../src/message/header.ts'
import {settingsFrom} from '../../lookup/settings.ts'

const ALL = {blankLines: true, longLines: true}
const long = 'x'.repeat(990)

const cases: readonly [what: string, raw: string, repaired: string][] = [
  ['nothing', 'A: b\r\n c\r\n', 'A: b\r\n c\r\n'],
  ['a line of blanks', 'A: b\r\n \t \r\n c\r\n', 'A: b\r\n c\r\n'],
  ['several of them, the last one too', 'A: b\r\n \r\n\t\r\n', 'A: b\r\n'],
  ['a line of blanks that ends in LF', 'A: b\n \n c\n', 'A: b\n c\n'],
  ['a line of 998 octets', `A: 34567${long}\r\n`, `A: 34567${long}\r\n`],
  ['a line of 999 octets', `A: 345678${long}\r\n`, `A: 345678${'x'.repeat(986)}...\r\n`],
  ['only the long line of several', `A: b\r\n ${long}${long}\r\n c\r\n`, `A: b\r\n ${long}xxxx...\r\n c\r\n`],
  ['a long last line without an end', `A:${long}${long}`, `A:${long}xxx...`],
  ['a bare CR, which stays', 'A: b\rc\r\n', 'A: b\rc\r\n'],
]
for (const [what, raw, repaired] of cases) {
  test(`repair of ${what}`, () => {
    assert.equal(repairField(Buffer.from(raw, 'latin1'), ALL).toString('latin1'), repaired)
  })
}

test('a field that needs no repair is not copied', () => {
  const raw = Buffer.from('A: b\r\n c\r\n')
  assert.equal(repairField(raw, ALL), raw)
})

const crooked = Buffer.from(`A: b\r\n \r\nLong: ${long}${long}\r\nC: d\r\n\r\nbody`)

const switches: readonly [settings: string, blank: boolean, cut: boolean][] = [
  ['', false, true],
  ['$allow_fixing_improper_header = 0;', true, false],
  ['$allow_fixing_improper_header_folding = 0;', true, true],
  ['$allow_fixing_long_header_lines = 0;', false, false],
]
for (const [conf, blankStays, isCut] of switches) {
  test(`by default both are mended; with "${conf}" blanks stay: ${blankStays}, long lines are cut: ${isCut}`, () => {
    const header = parseHeader(crooked)
    const none = {prepend: '', remove: new Set<string>(), drop: new Set<never>(), subject: undefined}
    const {head, from} = applyEdits(header, none, repairedFields(header, settingsFrom(`${conf}\n1;`)))
    const sent = Buffer.concat([head, crooked.subarray(from)]).toString()
    assert.equal(sent.includes('\r\n \r\n'), blankStays)
    assert.equal(sent.includes('...\r\n'), isCut)
    assert.match(sent, /C: d\r\n\r\nbody$/)
  })
}

test('an ordinary header is sent from where it lies', () => {
  const header = parseHeader(Buffer.from('A: b\r\nC: d\r\n\r\n'))
  assert.equal(repairedFields(header, settingsFrom('1;')), undefined)
})
