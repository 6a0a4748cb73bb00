import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {Directory, DirectoryRecord} from '../../src/config/settings.ts'
import {AmavisError} from '../../src/errors.ts'
import {lookup, lookupAll} from '../../src/lookup/lookup.ts'
import {fieldOf} from '../../src/lookup/record-table.ts'
import {settingsFrom} from './settings.ts'

const record = (fields: Record<string, string | number | undefined>): DirectoryRecord =>
  new Map(Object.entries(fields))
const sql = {trim: false, strictTruth: false}

for (const [value, truth] of [
  ['Y', 1],
  ['N', 0],
  ['n  ', 0],
  ['F', 0],
  ['0', 0],
  ['000', 0],
  [0, 0],
  [1, 1],
  [' ', 0],
  ['\0\0', 0],
  ['', ''],
  ['No', 1],
  ['false', 1],
] as const) {
  test(`the truth of the column ${JSON.stringify(value)} is ${JSON.stringify(truth)}`, () => {
    assert.equal(fieldOf([record({local: value})], 'local', 'B-', sql), truth)
  })
}

test('the first record with a value that is not NULL decides', () => {
  const records = [
    record({other: 1}),
    record({level: undefined}),
    record({level: '6.2'}),
    record({level: '9'}),
  ]
  assert.equal(fieldOf(records, 'level', 'N-', sql), 6.2)
  assert.equal(fieldOf(records, 'tag', 'S-', sql), undefined)
})

test('a missing field of a record that exists means what the type says', () => {
  assert.equal(fieldOf([record({})], 'local', 'B1', sql), 1)
  assert.equal(fieldOf([record({})], 'local', 'B0', sql), 0)
  assert.equal(fieldOf([], 'local', 'B1', sql), undefined)
})

test('blanks at the end of a text stay unless they are to be trimmed; LDAP knows only TRUE', () => {
  assert.equal(fieldOf([record({tag: 'x  '})], 'tag', 'S-', sql), 'x  ')
  assert.equal(fieldOf([record({tag: 'x  '})], 'tag', 'S-', {...sql, trim: true}), 'x')
  assert.equal(fieldOf([record({a: 'TRUE'})], 'a', 'B-', {...sql, strictTruth: true}), 1)
  assert.equal(fieldOf([record({a: 'yes'})], 'a', 'B-', {...sql, strictTruth: true}), 0)
})

const conf = `@spam_kill_level_maps = (q_sql_n('kill'), q_ldap_n('amavisKill'), {'b.test' => 3}, 9);`

function directory(known: Record<string, DirectoryRecord[]>): Directory {
  return {records: (server, address) => known[`${server} ${address}`]}
}

test('fields are asked in the order of the map, then the static tables', () => {
  const settings = settingsFrom(conf).withDirectory(
    directory({
      'sql u@b.test': [record({kill: undefined})],
      'ldap u@b.test': [record({amavisKill: '5'})],
      'sql v@b.test': [],
      'ldap v@b.test': [],
    }),
  )
  const maps = settings.list('@spam_kill_level_maps')
  assert.deepEqual(lookup(maps, 'u@b.test', settings), {value: 5, matchedKey: 'amavisKill'})
  assert.equal(lookup(maps, 'v@b.test', settings)?.value, 3)
  assert.deepEqual(
    lookupAll(maps, 'u@b.test', settings).map(({value}) => value),
    [5, 3, 9],
  )
})

test('an address that no server was asked about is an error, never "no match"', () => {
  const settings = settingsFrom(conf)
  const ask = (view: typeof settings) => lookup(view.list('@spam_kill_level_maps'), 'u@b.test', view)
  assert.throws(() => ask(settings), AmavisError)
  assert.throws(() => ask(settings.withDirectory(directory({'sql u@b.test': []}))), AmavisError)
})

test('what servers know stays when a bank is loaded on top', () => {
  const settings = settingsFrom(`${conf} $policy_bank{B} = {log_level => 2};`).withDirectory(
    directory({'sql u@b.test': [record({kill: 8})]}),
  )
  const view = settings.withBanks(['B'], () => {})
  assert.equal(lookup(view.list('@spam_kill_level_maps'), 'u@b.test', view)?.value, 8)
})
