import assert from 'node:assert/strict'
import {test} from 'node:test'
import {addDirectoryFields} from '../../src/config/directory-fields.ts'
import {settingsOf} from '../../src/config/view.ts'
import {AmavisError} from '../../src/errors.ts'
import {askDirectory, type DirectoryServer, directoryQuery} from '../../src/lookup/directory.ts'
import {lookup} from '../../src/lookup/lookup.ts'
import {settingsFrom, snapshotFrom} from './settings.ts'

const RULES = `$recipient_delimiter = '+'; @local_domains_maps = (['.our.test']);`

for (const [address, keys] of [
  [
    'User+Foo@Sub.our.test',
    'User+Foo@Sub.our.test user+foo@sub.our.test user@sub.our.test user+foo user @sub.our.test @.sub.our.test @.our.test @.test @.',
  ],
  ['user@far.test', 'user@far.test @far.test @.far.test @.test @.'],
  ['user@[192.0.2.1]', 'user@[192.0.2.1] @[192.0.2.1] @.'],
  ['', ' @ @.'],
] as const) {
  test(`a server is asked about <${address}> by ${keys}`, () => {
    assert.deepEqual(directoryQuery('sql', address, settingsFrom(RULES)).keys, keys.split(' '))
  })
}

test('with $sql_lookups_no_at_means_domain the keys are those of a hash', () => {
  const settings = settingsFrom(`${RULES} $sql_lookups_no_at_means_domain = 1;`)
  assert.deepEqual(directoryQuery('sql', 'u@a.test', settings).keys, [
    'u@a.test',
    'u@',
    'a.test',
    '.a.test',
    '.test',
    '.',
  ])
  assert.equal(directoryQuery('ldap', 'u@a.test', settings).keys[1], '@a.test')
})

const server = (kind: 'sql' | 'ldap', fields: Record<string, string>): DirectoryServer => ({
  kind,
  lookup: async ({address}) => (address.domain === 'known.test' ? [new Map(Object.entries(fields))] : []),
})

test('configured servers stand in front of the static tables, SQL before LDAP', async () => {
  const snapshot = snapshotFrom(`
    @lookup_sql_dsn = (['DBI:SQLite:x']); $enable_ldap = 1;
    @spam_kill_level_maps = (9); @spam_subject_tag2_maps = ('static');
    @spam_tag_level_maps = (q_sql_n('spam_tag_level'), 2);
    $policy_bank{OWN} = {spam_kill_level_maps => 7};`)
  addDirectoryFields(snapshot)
  addDirectoryFields(snapshot)
  const settings = settingsOf(snapshot)
  assert.equal(settings.list('@spam_kill_level_maps').length, 3)
  const servers = [
    server('sql', {spam_kill_level: '5', local: 'Y'}),
    server('ldap', {amavisSpamKillLevel: '6', amavisSpamSubjectTag2: 'from LDAP'}),
  ]
  const mail = settings.withDirectory(await askDirectory(servers, ['u@known.test', 'v@far.test'], settings))
  const ask = (maps: `@${string}`, address: string, view = mail) =>
    lookup(view.list(maps), address, view)?.value
  assert.equal(ask('@spam_kill_level_maps', 'u@known.test'), 5)
  assert.equal(ask('@spam_kill_level_maps', 'v@far.test'), 9)
  assert.equal(ask('@spam_subject_tag2_maps', 'u@known.test'), 'from LDAP')
  assert.equal(ask('@local_domains_maps', 'u@known.test'), 1)
  assert.equal(
    ask(
      '@spam_kill_level_maps',
      'u@known.test',
      mail.withBanks(['OWN'], () => {}),
    ),
    7,
  )
  assert.throws(() => ask('@spam_kill_level_maps', 'u@known.test', settings), AmavisError)
})

test('nothing is put in front with $lookup_maps_imply_sql_and_ldap off, or without servers', () => {
  for (const conf of [`@lookup_sql_dsn = (['x']); $lookup_maps_imply_sql_and_ldap = 0;`, '']) {
    const snapshot = snapshotFrom(`${conf} @spam_kill_level_maps = (9);`)
    addDirectoryFields(snapshot)
    assert.deepEqual(settingsOf(snapshot).list('@spam_kill_level_maps'), [9])
  }
})

test('every list that a server feeds is a setting', () => {
  const plain = snapshotFrom('')
  const fed = snapshotFrom(`@lookup_sql_dsn = (['x']);`)
  addDirectoryFields(fed)
  const size = ({variables}: typeof plain) =>
    [...variables.values()].reduce((sum, box) => sum + (box.kind === 'array' ? box.items.length : 0), 0)
  assert.equal(size(fed) - size(plain) - 1, 44)
})

test('a server that fails fails the mail', async () => {
  const broken: DirectoryServer = {
    kind: 'sql',
    lookup: () => Promise.reject(new AmavisError('AM_PROTOCOL', 'gone')),
  }
  await assert.rejects(askDirectory([broken], ['a@b.test'], settingsFrom('')), AmavisError)
})
