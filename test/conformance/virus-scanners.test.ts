/**
 * The virus scanners of real configurations: each entry can be asked, and its regular expressions read output.
 */
import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {type ScannerEntry, scannerEntry} from '../../src/checks/virus/entries.ts'
import {readOutput} from '../../src/checks/virus/reading.ts'
import {settingsOf} from '../../src/config/view.ts'
import {regexpOf} from '../../src/lookup/regexp-table.ts'
import {type Case, loadCase} from './config-oracle.ts'
import {sharedPath} from './shared.ts'

const root = sharedPath('corpus', 'conf')
const expected: Case['expected'] = {
  ok: true,
  error: null,
  files_read: [],
  stubbed_missing_files: [],
  vars: {},
}

/** All entries of both lists of a file, as if every program were installed. */
function entriesOf(file: string): ScannerEntry[] {
  const {machine, snapshot} = loadCase(root, {name: file, files: [path.join(root, file)], expected})
  if (machine.errors.length > 0) return []
  const settings = settingsOf(snapshot)
  return (['@av_scanners', '@av_scanners_backup'] as const)
    .flatMap(name => settings.list(name))
    .flatMap(entry => scannerEntry(entry, ['/usr/bin'], () => true) ?? [])
}

const files = readdirSync(root).filter(name => name.endsWith('.conf'))
const entries = files.flatMap(entriesOf)

test('every entry of the corpus can be asked', () => {
  const kinds = new Map<string, number>()
  for (const {kind} of entries) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  console.log('entries by kind:', Object.fromEntries(kinds))
  const refused = entries.flatMap(entry =>
    entry.kind === 'unsupported' ? [`${entry.name}: ${entry.reason}`] : [],
  )
  assert.deepEqual(refused, [])
  assert.ok(entries.length > 800)
})

test('clamd of every site is asked by its protocol', () => {
  const wrong = entries.filter(
    entry => entry.kind === 'daemon' && /clam/i.test(entry.name) && entry.protocol !== 'clamd',
  )
  assert.deepEqual(wrong, [])
  assert.ok(entries.filter(entry => entry.kind === 'daemon').length > 30)
})

test('all regular expressions of scanners read output', () => {
  const settings = settingsOf(loadCase(root, undefined).snapshot)
  for (const entry of entries) {
    if (entry.kind !== 'daemon' && entry.kind !== 'program') continue
    const answer = readOutput({status: 77, output: 'no such output\n'}, entry.rules, settings)
    assert.match(answer.kind === 'failed' ? answer.reason : answer.kind, /^unexpected exit 77/, entry.name)
    if (entry.rules.names?.kind === 're')
      assert.equal(regexpOf(entry.rules.names).matchFrom('', 1), undefined)
  }
})
