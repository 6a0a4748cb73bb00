import assert from 'node:assert/strict'
import {test} from 'node:test'
import {AmavisError} from '../../src/errors.ts'
import {lookup, lookupAll, lookupValue} from '../../src/lookup/lookup.ts'
import {observed} from '../../src/lookup/observed.ts'
import {settingsFrom} from './settings.ts'

function value(tables: string, key: string, more = ''): unknown {
  const settings = settingsFrom(`${more}\n@spam_lovers_maps = ${tables};`)
  return lookup(settings.list('@spam_lovers_maps'), key, settings)?.value
}

test('the first defined value ends the search, 0 and the empty string too', () => {
  assert.equal(value(`({'a@b.c' => 0}, 1)`, 'a@b.c'), 0)
  assert.equal(value(`({'a@b.c' => ''}, 1)`, 'a@b.c'), '')
})

test('an undefined value of a hash ends that table only', () => {
  assert.equal(value(`({'e.com' => undef, '.' => 'never'}, 'const')`, 'x@e.com'), 'const')
})

test('an undefined value of a regexp table ends that table only', () => {
  assert.equal(value(`(new_RE([qr/@e\\.com$/ => undef], [qr/./ => 'never']), 'const')`, 'x@e.com'), 'const')
})

test('an observer is told of a look-up once', () => {
  const asked: string[] = []
  const observer = {
    asked: (_: unknown, key: string) => void asked.push(key),
    chose() {},
    read() {},
  }
  const settings = observed(settingsFrom('@spam_lovers_maps = (1);'), observer)
  const tables = settings.list('@spam_lovers_maps')
  lookup(tables, 'one@b.c', settings)
  lookupAll(tables, 'all@b.c', settings)
  assert.deepEqual(asked, ['one@b.c', 'all@b.c'])
})

test('nothing found is undefined', () => {
  const settings = settingsFrom('@spam_lovers_maps = ({}, [], undef);')
  assert.equal(lookup(settings.list('@spam_lovers_maps'), 'a@b.c', settings), undefined)
})

test('the default maps see what is put into their legacy tables', () => {
  const settings = settingsFrom(`
    $recipient_delimiter = '+';
    %spam_lovers = ('boss@a.test' => 1);
    @spam_lovers_acl = ('!not.b.test', '.b.test');
    $spam_lovers_re = new_RE(qr'^abuse@'i);`)
  const lovers = (key: string) => lookup(settings.list('@spam_lovers_maps'), key, settings)?.value
  assert.equal(lovers('Boss+x@A.test'), 1)
  assert.equal(lovers('x@not.b.test'), 0)
  assert.equal(lovers('x@deep.b.test'), 1)
  assert.equal(lovers('Abuse@c.test'), 1)
  assert.equal(lovers('x@c.test'), undefined)
})

test('texts of a hash may name parts of the address', () => {
  const text = `({'.' => 'w=$1 l=\${2} u=$(3) e=$4 d=$5 n=$6'})`
  assert.equal(
    value(text, 'User+Ext@Dom.test', `$recipient_delimiter = '+';`),
    'w=User+Ext@Dom.test l=User+Ext u=user e=+ext d=dom.test n=',
  )
})

test('texts of a regexp table may name captures', () => {
  assert.equal(value(`(new_RE([qr/^(.*)@(.*)$/ => 'at $2 $1']))`, 'A@b.C'), 'at b.C A')
})

test('subs that read a setting follow the bank in force', () => {
  const settings = settingsFrom(`
    $forward_method = 'smtp:[127.0.0.1]:10025';
    $policy_bank{OUT} = {forward_method => 'smtp:[127.0.0.1]:10027'};`)
  const forward = (view: typeof settings) => lookup(view.list('@forward_method_maps'), 'a@b.c', view)?.value
  assert.equal(forward(settings), 'smtp:[127.0.0.1]:10025')
  assert.equal(forward(settings.withBanks(['OUT'], () => {})), 'smtp:[127.0.0.1]:10027')
})

test('an opaque list is a constant', () => {
  const found = value(`(Opaque([1, 2]))`, 'a@b.c')
  assert.ok(typeof found === 'object' && found !== null && 'to' in found)
})

test('all matches come from every table, undefined values included', () => {
  const settings = settingsFrom(`@spam_lovers_maps = (
    {'a@b.c' => 'one', 'b.c' => undef, '.' => 'two'}, [qw(x.c .c)], new_RE([qr/a/ => 'three'], qr/nothing/), 'four');`)
  const all = lookupAll(settings.list('@spam_lovers_maps'), 'a@b.c', settings)
  assert.deepEqual(
    all.map(match => match.value),
    ['one', undefined, 'two', 1, 'three', 'four'],
  )
  assert.deepEqual(all.map(match => match.matchedKey).slice(0, 4), ['a@b.c', 'b.c', '.', '.c'])
})

test('a setting by recipient may be a constant or tables', () => {
  const settings = settingsFrom(`@spam_lovers_maps = (\\'plain', [{'a@b.c' => 5}]);`)
  const [, tables] = settings.list('@spam_lovers_maps')
  assert.equal(lookupValue('x', 'a@b.c', settings), 'x')
  assert.equal(lookupValue(tables, 'a@b.c', settings), 5)
})

test('a table of no known kind is an error', () => {
  assert.throws(() => value('(\\\\1)', 'a@b.c'), AmavisError)
  assert.throws(() => value('(qr/x/)', 'a@b.c'), AmavisError)
})

for (const [list, address, expected] of [
  [['User@Dom.test'], 'uSER@dOM.TEST', 1],
  [['user@dom.test'], 'user+x@dom.test', undefined],
  [['dom.test'], 'a@sub.dom.test', undefined],
  [['.dom.test'], 'a@dom.test', 1],
  [['.dom.test'], 'a@notdom.test', undefined],
  [['!!.dom.test'], 'a@dom.test', 1],
  [['!.dom.test', '.'], 'a@dom.test', 0],
  [['@'], '', 1],
  [['.'], '', 1],
  [['dom.test'], '', undefined],
  [['user@'], 'user@dom.test', undefined],
] as const) {
  test(`the list ${JSON.stringify(list)} gives ${expected} for <${address}>`, () => {
    assert.equal(
      value(`([${list.map(item => `'${item}'`).join(',')}])`, address, `$recipient_delimiter = '+';`),
      expected,
    )
  })
}
