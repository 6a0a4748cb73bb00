import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {settingsOf} from '../../src/config/view.ts'
import {AmavisError} from '../../src/errors.ts'
import {type Trace, traceLookup} from '../../src/lookup/trace.ts'

/** The traces of keys in a configuration; places are lines of it, or `name:line` of the other files. */
function traced(text: string, map: string, key: string, {bank = '', files = {}} = {}): Trace {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-trace-'))
  try {
    for (const [name, content] of Object.entries(files))
      writeFileSync(path.join(folder, name), String(content))
    const file = path.join(folder, 'conf')
    writeFileSync(file, text.replaceAll('DIR', folder))
    const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}
    const result = loadConfiguration({files: [file], host, env: {}})
    if (result.kind === 'failed') assert.fail(result.problems.map(problemText).join('\n'))
    const {snapshot, origins} = result
    const settings = settingsOf(snapshot).withBanks(bank === '' ? [] : [bank], () => {})
    return traceLookup(map, key, {settings, variables: snapshot.variables, origins})
  } finally {
    rmSync(folder, {recursive: true})
  }
}

const answerOf = ({answer}: Trace) =>
  answer && {
    key: answer.key,
    value: answer.value,
    at: `${path.basename(answer.at?.file ?? '-')}:${answer.at?.line}`,
  }

test('an entry of a hash is told with its line and the keys tried before it', () => {
  const trace = traced(
    `$recipient_delimiter = '+';
     %spam_lovers = (
       'a@dom.test' => 0,
       'user@dom.test' => 1,
     );`,
    '@spam_lovers_maps',
    'User+x@Dom.test',
  )
  assert.deepEqual(answerOf(trace), {key: 'user@dom.test', value: 1, at: 'conf:4'})
  const [table] = trace.tables
  assert.equal(table?.name, '%spam_lovers')
  assert.equal(table?.kind, 'hash')
  assert.deepEqual(table?.tried, ['User+x@Dom.test', 'user+x@dom.test', 'user@dom.test'])
})

test('tables that had no answer come before the one that has it', () => {
  const trace = traced(
    `@spam_lovers_acl = ('!not.b.test',
       '.b.test');
     $spam_lovers_re = new_RE(
       qr'^abuse@'i,
       [qr'^(post)master@'i => '$1']);`,
    '@spam_lovers_maps',
    'Postmaster@c.test',
  )
  assert.deepEqual(
    trace.tables.map(({name, tried}) => [name, tried.length > 0 ? tried.at(-1) : undefined]),
    [
      ['%spam_lovers', '.'],
      ['@spam_lovers_acl', '.b.test'],
      ['$spam_lovers_re', '(?^i:^(post)master@)'],
    ],
  )
  assert.deepEqual(answerOf(trace), {key: '(?^i:^(post)master@)', value: 'Post', at: 'conf:5'})
})

test('lines of files that read_hash and read_array read are told', () => {
  const files = {hash: '# lovers\n\nx.test 1\n.y.test two words\n', list: 'a.test\n!b.test # not\n'}
  const conf = `read_hash(\\%spam_lovers, 'DIR/hash');\n@spam_lovers_acl = @{read_array('DIR/list')};`
  const ask = (key: string) => answerOf(traced(conf, '@spam_lovers_maps', key, {files}))
  assert.deepEqual(ask('a@deep.y.test'), {key: '.y.test', value: 'two words', at: 'hash:4'})
  assert.deepEqual(ask('a@b.test'), {key: '!b.test', value: 0, at: 'list:2'})
})

test('elements set later, pushed and in front have their own lines', () => {
  const conf = `%spam_lovers = ('a.test' => 1, 'b.test' => 1);
    $spam_lovers{'a.test'} = 5;
    @spam_lovers_acl = qw(
      x.test
      y.test );
    push(@spam_lovers_acl, 'z.test');
    unshift(@spam_lovers_acl,
      'w.test');`
  const line = (key: string) => traced(conf, '@spam_lovers_maps', key).answer?.at?.line
  assert.deepEqual(
    ['a@a.test', 'a@b.test', 'a@x.test', 'a@y.test', 'a@z.test', 'a@w.test'].map(line),
    [2, 1, 4, 5, 6, 8],
  )
})

test("a bank's own tables are told as such", () => {
  const conf = `$policy_bank{OUT} = {
      spam_lovers_maps => [
        {'a.test' => 1},
        'other'],
    };`
  const trace = traced(conf, '@spam_lovers_maps', 'x@y.test', {bank: 'OUT'})
  assert.equal(trace.bankPath, 'OUT')
  assert.deepEqual(
    trace.tables.map(({name, kind, at}) => [name, kind, at?.line]),
    [
      ['@spam_lovers_maps[0]', 'hash', 3],
      ['@spam_lovers_maps[1]', 'constant', 4],
    ],
  )
  assert.deepEqual(answerOf(trace), {key: 'other', value: 'other', at: 'conf:4'})
})

test('a client in networks: the entry, its line, and the banks of its pair', () => {
  const conf = `@mynetworks = ('!10.0.0.5',
      '10/8');
    @client_ipaddr_policy = ([qw(192.0.2.0/24)] => 'LAB', \\@mynetworks => 'MYNETS,INSIDE');`
  assert.deepEqual(answerOf(traced(conf, '@mynetworks_maps', '10.0.0.5')), {
    key: '!10.0.0.5',
    value: 0,
    at: 'conf:1',
  })
  const trace = traced(conf, '@client_ipaddr_policy', '10.1.2.3')
  assert.deepEqual(answerOf(trace), {key: '10/8', value: 'MYNETS,INSIDE', at: 'conf:2'})
  assert.deepEqual(
    trace.tables.map(({name}) => name),
    ['@client_ipaddr_policy[0]', '@mynetworks'],
  )
})

test('a setting by category: the categories tried, then its tables', () => {
  const conf = `%spam_admins = ('a.test' => 'boss@a.test');
    $admin_maps_by_ccat{+CC_BANNED} = [\\%spam_admins,
      'root@b.test'];
    $policy_bank{B} = {admin_maps_by_ccat => {
      CC_VIRUS, 'v@b.test'}};`
  const trace = traced(conf, '%admin_maps_by_ccat', 'CC_BANNED,3 x@c.test')
  assert.deepEqual(trace.tables[0]?.tried, ['8,3', '8'])
  assert.equal(trace.tables[0]?.answer?.at?.line, 2)
  assert.deepEqual(answerOf(trace), {key: 'root@b.test', value: 'root@b.test', at: 'conf:3'})
  const merged = traced(conf, '%admin_maps_by_ccat', 'Virus', {bank: 'B'})
  assert.deepEqual(answerOf(merged), {key: '9', value: 'v@b.test', at: 'conf:5'})
})

test('a table that cannot be asked says why', () => {
  const {tables, answer} = traced(
    `@spam_lovers_maps = (q_sql_b('spam_lover'), 1);`,
    '@spam_lovers_maps',
    'a@b.c',
  )
  assert.match(tables[0]?.problem ?? '', /server/)
  assert.equal(answer, undefined)
})

test('an unknown setting and a key that is no category are errors', () => {
  assert.throws(() => traced('', '@no_such_maps', 'a@b.c'), AmavisError)
  assert.throws(() => traced('', '%admin_maps_by_ccat', 'a@b.c'), AmavisError)
})
