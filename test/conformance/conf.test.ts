/**
 * Real configuration files, and sets of files read together, against what amavisd-new 2.13.0 made of them.
 */
import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {runAmavis} from '../support/amavis.ts'
import {type Case, differences, differing, dump, loadCase, shownVariables} from './config-oracle.ts'
import {sharedPath} from './shared.ts'

const root = sharedPath('corpus', 'conf')

function cases(): Case[] {
  const read = (name: string): Case['expected'] =>
    JSON.parse(readFileSync(path.join(root, `${name}.expected.json`), 'utf8'))
  const named = (folder: string, ending: string) =>
    readdirSync(path.join(root, folder))
      .filter(name => name.endsWith(ending))
      .sort()
      .map(name => path.join(folder, name.slice(0, -ending.length)))
  const single = named('.', '.conf').map(name => ({
    name,
    files: [path.join(root, `${name}.conf`)],
    expected: read(name),
  }))
  const sets = named('sets', '.files').map(name => {
    const files = readFileSync(path.join(root, `${name}.files`), 'utf8')
      .trim()
      .split('\n')
    return {name, files: files.map(file => path.join(root, name, file)), expected: read(name)}
  })
  return [...single, ...sets]
}

const defaults = loadCase(root, undefined)
const unchanged = dump(defaults.snapshot)
const all = cases()

test('the corpus has its 117 files and 11 sets', () => {
  assert.equal(all.filter(one => !one.name.startsWith('sets')).length, 117)
  assert.equal(all.filter(one => one.name.startsWith('sets')).length, 11)
})

/** Cases by what they are, and how many of them agree with the original. */
const agreed = new Map(['files', 'sets', 'refused'].map(kind => [kind, {count: 0, of: 0}]))

for (const one of all) {
  const kind = one.name.startsWith('sets') ? 'sets' : one.expected.ok ? 'files' : 'refused'
  const tally = agreed.get(kind)!
  tally.of++
  test(`${one.name} ${one.expected.ok ? 'reads as the original reads it' : 'is refused, with its place'}`, () => {
    assert.deepEqual(differences(root, one, unchanged), [])
    tally.count++
  })
}
/** As a whole process: all sets, the refused files, and some of the others. */
const SAMPLE = all.filter((one, i) => one.name.startsWith('sets') || !one.expected.ok || i % 12 === 0)

for (const one of SAMPLE) {
  test(`amavis config show --json agrees about ${one.name}`, async () => {
    const files = one.files.flatMap(file => ['-c', file])
    const args = [
      'config',
      'show',
      '--json',
      '--secrets',
      '--stub-missing',
      '--hostname',
      'host.example.com',
      ...files,
    ]
    const {status, stdout} = await runAmavis(args, {env: {PATH: '/bin'}})
    const {ok, errors, files_read, vars} = JSON.parse(stdout)
    assert.equal(ok, one.expected.ok)
    assert.equal(status, ok ? 0 : 1)
    if (!ok) {
      assert.match(errors[0], /\.conf:\d+:\d+: \S/)
      return
    }
    assert.deepEqual(errors, [])
    assert.equal(files_read.length, one.expected.files_read.length)
    assert.deepEqual(differing(one, shownVariables(vars), unchanged), [])
  })
}

test('all files and sets agree, and all that the original refuses are refused', t => {
  for (const [kind, {count, of}] of agreed) t.diagnostic(`${kind}: ${count} of ${of}`)
  assert.deepEqual(Object.fromEntries(agreed), {
    files: {count: 113, of: 113},
    sets: {count: 11, of: 11},
    refused: {count: 4, of: 4},
  })
})

test('the defaults are those of the original, but for these', () => {
  const {vars} = JSON.parse(readFileSync(path.join(root, 'defaults.json'), 'utf8')) as Case['expected']
  const expected = {ok: true, error: null, files_read: [], stubbed_missing_files: [], vars}
  const found = differences(root, {name: 'defaults', files: [], expected}, new Map())
  assert.deepEqual(
    found.map(text => text.split(':')[0]),
    [
      '$enable_zmq',
      // our own expressions for the same rules
      '$map_full_type_to_short_type_re',
      '$max_requests',
      // the texts of our notices are our own
      '$notify_sender_templ',
      '$notify_spam_admin_templ',
      '$notify_spam_sender_templ',
      '$notify_virus_admin_templ',
      '$notify_virus_recips_templ',
      '$notify_virus_sender_templ',
      '$sql_select_policy',
      '$sql_select_white_black_list',
      '%sql_clause',
      '@virus_name_to_spam_score_maps',
    ],
  )
})
