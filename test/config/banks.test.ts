/**
 * Policy banks laid over settings: what is merged, replaced, remembered and run.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {RunSub, Settings} from '../../src/config/settings.ts'
import {settingsOf} from '../../src/config/view.ts'
import {lookup} from '../../src/lookup/lookup.ts'
import {settingsFrom, snapshotFrom} from '../lookup/settings.ts'

const quiet = () => {}
const hashOf = (settings: Settings, name: `%${string}`) => Object.fromEntries(settings.hash(name))

test('hashes are merged, and replaced whole with REPLACE', () => {
  const settings = settingsFrom(`
    %quarantine_method_by_ccat = (9 => 'V', 8 => 'B');
    $policy_bank{MERGE} = {quarantine_method_by_ccat => {CC_SPAM, 'sql:'}};
    $policy_bank{ALONE} = {quarantine_method_by_ccat => {CC_SPAM, 'sql:', REPLACE => 1}};
    $policy_bank{FALSE} = {quarantine_method_by_ccat => {CC_SPAM, 'sql:', REPLACE => 0}};`)
  const loaded = (...names: string[]) =>
    hashOf(settings.withBanks(names, quiet), '%quarantine_method_by_ccat')
  assert.deepEqual(loaded('MERGE'), {9: 'V', 8: 'B', 6: 'sql:'})
  assert.deepEqual(loaded('ALONE'), {6: 'sql:'})
  assert.equal(loaded('FALSE')['9'], 'V')
  assert.deepEqual(loaded('MERGE', 'ALONE'), {6: 'sql:'})
  assert.deepEqual(hashOf(settings, '%quarantine_method_by_ccat'), {9: 'V', 8: 'B'})
})

test('a list setting may be given as a plain value, undef, or a reference', () => {
  const settings = settingsFrom(`
    @spam_kill_level_maps = (5);
    $policy_bank{PLAIN} = {spam_kill_level_maps => 7};
    $policy_bank{NONE} = {spam_kill_level_maps => undef};
    $policy_bank{LIST} = {spam_kill_level_maps => [{'a.test' => 1}, 9]};
    @other = (11);
    $policy_bank{REFERENCE} = {spam_kill_level_maps => \\@other};`)
  const level = (name: string) => {
    const view = settings.withBanks([name], quiet)
    return lookup(view.list('@spam_kill_level_maps'), 'x@y.test', view)?.value
  }
  assert.deepEqual(['PLAIN', 'NONE', 'LIST', 'REFERENCE'].map(level), [7, undefined, 9, 11])
})

test('loading is logged in order: what is loaded over what, what is missing, what is no setting', () => {
  const settings = settingsFrom(`
    $policy_bank{A} = {nonsense => 1};
    $policy_bank{B} = {};`)
  const lines: string[] = []
  const view = settings.withBanks(['A', 'NONE', 'B', 'B'], (line, level) => lines.push(`${level} ${line}`))
  assert.equal(view.bankPath, 'A/B')
  assert.deepEqual(lines, [
    '3 loaded policy bank "A"',
    '-1 loading policy bank "A": unknown field "nonsense"',
    '5 policy bank "NONE" does not exist, ignored',
    '3 loaded policy bank "B" over "A"',
  ])
})

test('a bank may come again after another, and is told again each time', () => {
  const settings = settingsFrom(`$policy_bank{A} = {log_level => 1}; $policy_bank{B} = {log_level => 2};`)
  const view = settings.withBanks(['A', 'B', 'A'], quiet)
  assert.equal(view.bankPath, 'A/B/A')
  assert.equal(view.number('$log_level'), 1)
  assert.equal(view.withBanks(['', 'B'], quiet).bankPath, 'B')
})

test('the same banks give the same view; those of a mail leave the session as it was', () => {
  const settings = settingsFrom(`$policy_bank{A} = {log_level => 1}; $policy_bank{B} = {log_level => 2};`)
  const session = settings.withBanks(['A'], quiet)
  assert.equal(session.withBanks(['B'], quiet), session.withBanks(['B'], quiet))
  assert.equal(session.number('$log_level'), 1)
  assert.equal(session.bankPath, 'A')
})

test('more sets of banks than are remembered are loaded all the same', () => {
  const names = Array.from({length: 100}, (_, i) => `B${i}`)
  const settings = settingsFrom(
    names.map((name, i) => `$policy_bank{${name}} = {log_level => ${i}};`).join('\n'),
  )
  for (const round of [1, 2]) {
    for (const [i, name] of names.entries())
      assert.equal(settings.withBanks([name], quiet).number('$log_level'), i, `${name}, round ${round}`)
  }
})

test('names of prototypes are banks like others, and keys like others', () => {
  const settings = settingsFrom(`
    $policy_bank{'__proto__'} = {log_level => 3, 'constructor' => 1};
    %spam_lovers = ('__proto__' => 1, 'constructor@a.test' => 2);`)
  const lines: string[] = []
  const view = settings.withBanks(['__proto__', 'toString', 'constructor'], line => lines.push(line))
  assert.equal(view.number('$log_level'), 3)
  assert.equal(view.bankPath, '__proto__')
  assert.ok(lines.includes('loading policy bank "__proto__": unknown field "constructor"'))
  const ask = (key: string) => lookup(view.list('@spam_lovers_maps'), key, view)?.value
  assert.deepEqual(['x@__proto__', 'constructor@a.test', 'toString@a.test', 'x@hasOwnProperty'].map(ask), [
    1,
    2,
    undefined,
    undefined,
  ])
})

test('an ACTION is run at each load, after the other keys, with the bank in force', () => {
  const calls: unknown[] = []
  const runSub: RunSub = (_, args, settings) => {
    calls.push([args, settings.bankPath, settings.number('$log_level')])
    return []
  }
  const settings = settingsOf(
    snapshotFrom(`$policy_bank{A} = {ACTION => sub { my($m, $b) = @_; lc($b) }, log_level => 4};`),
    runSub,
  )
  settings.withBanks(['A'], quiet)
  settings.withBanks(['A'], quiet)
  assert.deepEqual(calls, Array(2).fill([[undefined, 'A'], 'A', 4]))
})

test('an ACTION that fails is logged, and the bank stays loaded', () => {
  const runSub: RunSub = () => {
    throw new Error('no such thing')
  }
  const conf = `$policy_bank{A} = {ACTION => sub { my($m, $b) = @_; lc($b) }, log_level => 4};`
  const lines: string[] = []
  const view = settingsOf(snapshotFrom(conf), runSub).withBanks(['A'], (line, level) =>
    lines.push(`${level} ${line}`),
  )
  assert.equal(view.number('$log_level'), 4)
  assert.deepEqual(lines.slice(1), ['-1 loading policy bank "A": ACTION failed: no such thing'])
})
