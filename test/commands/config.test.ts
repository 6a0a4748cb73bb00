import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {amavis, runAmavis} from '../support/amavis.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-config-'))
after(() => rmSync(folder, {recursive: true}))

function write(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

const GOOD = write(
  'good.conf',
  `$mydomain = 'a.test'; @local_domains_maps = (['.a.test']); $myhostname = 'mx.a.test';
$inet_socket_port = 10024; $max_servers = 7;
$policy_bank{'MYNETS'} = {
  log_level => 3,
};
%spam_lovers = (
  'abuse@a.test' => 1,
);
`,
)
const BAD = write('bad.conf', 'use strict;\n$max_servrs = ten;\n$log_level = 1;\n')

test('config check says that a configuration is good, with status 0', async () => {
  const {status, stdout, stderr} = await amavis('config', 'check', GOOD)
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.match(stdout, /^good: 1 file, no errors/m)
})

test('config check prints all mistakes of all files, and the status is 1', async () => {
  const {status, stdout} = await amavis('config', 'check', GOOD, BAD)
  assert.equal(status, 1)
  assert.match(stdout, /^error: there is no setting \$max_servrs\n +--> \S+bad\.conf:2:1\n/)
  assert.match(stdout, /bare word "ten"/)
  assert.match(stdout, /2 errors.* in 2 files: the daemon would not start\n$/)
  assert.ok(!stdout.includes('\x1b'))
})

test('config check has colours where they are wanted, and none with NO_COLOR', async () => {
  const env = {...process.env, FORCE_COLOR: '1'}
  const coloured = await runAmavis(['config', 'check', BAD], {env})
  assert.match(coloured.stdout, /^\x1b\[31merror\x1b\[39m: /)
  const plain = await runAmavis(['config', 'check', BAD], {env: {...env, NO_COLOR: '1'}})
  assert.ok(!plain.stdout.includes('\x1b'))
})

test('config check --json is one object', async () => {
  const {status, stdout} = await amavis('config', 'check', '--json', '-c', BAD)
  assert.equal(status, 1)
  const {ok, files_read, problems} = JSON.parse(stdout)
  assert.equal(ok, false)
  assert.deepEqual(files_read, [BAD])
  assert.deepEqual(problems[0], {
    severity: 'error',
    file: BAD,
    line: 2,
    column: 1,
    message: 'there is no setting $max_servrs',
    help: 'did you mean $max_servers?',
  })
})

test('config show prints what is named, with its place', async () => {
  const {status, stdout} = await amavis('config', 'show', '-c', GOOD, 'max_servers', '$log_level')
  assert.equal(status, 0)
  assert.match(stdout, /\$max_servers = 7;/)
  assert.match(stdout, /good\.conf:2$/m)
  assert.match(stdout, /^\$log_level = 0; {2}# default$/m)
})

test('config show and explain cover passwords, unless they are asked for', async () => {
  const file = write(
    'secrets.conf',
    `$amavis_auth_pass = 'Hush1';
%smtpd_auth_users = (joe => 'Hush2');
@lookup_sql_dsn = (['DBI:mysql:database=mail;password=Hush3', 'joe', 'Hush4']);
@storage_redis_dsn = ({server => '127.0.0.1:6379', password => 'Hush5'});
$default_ldap = {hostname => 'ldap', bind_password => 'Hush6'};
$policy_bank{'OUT'} = {amavis_auth_pass => 'Hush7', smtpd_auth_users => {ann => 'Hush8'}};
1;
`,
  )
  const names = [
    'amavis_auth_pass',
    'smtpd_auth_users',
    'lookup_sql_dsn',
    'storage_redis_dsn',
    'default_ldap',
  ]
  const all = [...names, 'policy_bank']
  const text = await amavis('config', 'show', '-c', file, ...all)
  assert.match(text.stdout, /joe/)
  assert.match(text.stdout, /127\.0\.0\.1:6379/)
  assert.match(text.stdout, /\*{8}/)
  const outputs = [
    text,
    await amavis('config', 'show', '-c', file, '--json'),
    await amavis('config', 'show', '-c', file, '--json', '--bank', 'OUT'),
    ...(await Promise.all(names.map(name => amavis('config', 'explain', name, '-c', file)))),
  ]
  for (const {stdout} of outputs) assert.doesNotMatch(stdout, /Hush/)
  const asked = await amavis('config', 'show', '-c', file, '--secrets', ...all)
  assert.deepEqual(
    [...new Set(asked.stdout.match(/Hush\d/g))].toSorted(),
    [1, 2, 3, 4, 5, 6, 7, 8].map(n => `Hush${n}`),
  )
})

test('config show --json has all values, and with --changed those that differ from their defaults', async () => {
  const all = JSON.parse((await amavis('config', 'show', '-c', GOOD, '--json')).stdout)
  assert.equal(all.ok, true)
  assert.deepEqual(all.errors, [])
  assert.deepEqual(all.files_read, [GOOD])
  assert.equal(all.vars.$max_servers, 7)
  assert.deepEqual(all.vars['@mynetworks_maps'], [{$ref: '@mynetworks'}])
  const changed = JSON.parse(
    (await amavis('config', 'show', '-c', GOOD, '--json', '--changed', '--hostname', 'mx.a.test')).stdout,
  )
  assert.deepEqual(Object.keys(changed.vars).toSorted(), [
    '$X_HEADER_LINE',
    '$inet_socket_port',
    '$max_servers',
    '$mydomain',
    '%policy_bank',
    '%spam_lovers',
    '@local_domains_maps',
  ])
  assert.deepEqual(changed.vars['%policy_bank'], {MYNETS: {log_level: 3}})
})

test('config show of a configuration with mistakes says which, and the status is 1', async () => {
  const text = await amavis('config', 'show', '-c', BAD)
  assert.deepEqual([text.status, text.stdout], [1, ''])
  assert.match(
    text.stderr,
    /bad\.conf:2:1: there is no setting \$max_servrs \(did you mean \$max_servers\?\)/,
  )
  const {ok, errors} = JSON.parse((await amavis('config', 'show', '-c', BAD, '--json')).stdout)
  assert.equal(ok, false)
  assert.match(errors[0], /bad\.conf:2:1: /)
})

test('config show --stub-missing reads on where tables and included files are missing', async () => {
  const file = write(
    'stubs.conf',
    `include_config_files('/nowhere/more.conf'); read_hash(\\%spam_lovers, '/nowhere/map');
dkim_key('a.test', 's', '/nowhere/key'); $max_servers = 3;`,
  )
  assert.equal((await amavis('config', 'show', '-c', file, '--json')).status, 1)
  const {ok, files_read, vars} = JSON.parse(
    (await amavis('config', 'show', '-c', file, '--json', '--stub-missing', '--changed')).stdout,
  )
  assert.equal(ok, true)
  assert.deepEqual(files_read, [file])
  assert.equal(vars.$max_servers, 3)
  assert.deepEqual(vars['@dkim_signing_keys_storage'], [{file: '/nowhere/key', empty: true}])
})

test('config default prints a file that config check reads', async () => {
  const {status, stdout} = await amavis('config', 'default')
  assert.equal(status, 0)
  assert.match(stdout, /^#\$max_servers = 2;$/m)
  const {stdout: checked} = await amavis(
    'config',
    'show',
    '-c',
    write('default.conf', stdout),
    '--json',
    '--changed',
  )
  assert.deepEqual(JSON.parse(checked).vars, {})
})

test('config explain tells what a setting is for, its value, and who set it', async () => {
  const {status, stdout} = await amavis('config', 'explain', '-c', GOOD, 'log_level')
  assert.equal(status, 0)
  assert.match(stdout, /^\$log_level {2}Logging/)
  assert.match(stdout, /^ {2}default +0$/m)
  assert.match(stdout, /^ {2}in bank +MYNETS: 3 {2}\S+good\.conf:4$/m)
  assert.match(
    (await amavis('config', 'explain', '-c', GOOD, 'max_servers')).stdout,
    /^ {2}set by +\S+good\.conf:2$/m,
  )
})

test('config explain follows a look-up to the line that answers', async () => {
  const {status, stdout} = await amavis('config', 'explain', '-c', GOOD, 'spam_lovers_maps', 'Abuse@a.test')
  assert.equal(status, 0)
  assert.match(stdout, /%spam_lovers/)
  assert.match(stdout, /found +abuse@a\.test => 1 {2}\S+good\.conf:7$/m)
  assert.match(stdout, /^answer: 1 {2}\S+good\.conf:7\n$/m)
})

test('a setting that does not exist is said, with the nearest name', async () => {
  for (const command of ['show', 'explain']) {
    const {status, stderr} = await amavis('config', command, '-c', GOOD, 'max_server')
    assert.deepEqual([status, stderr], [1, 'there is no setting max_server (did you mean max_servers?)\n'])
  }
})

test('test-config and config check refuse the same things', async () => {
  const file = write(
    'jail.conf',
    "$daemon_chroot_dir = '/jail'; $inet_socket_port = 10024; $protocol = 'COURIER';",
  )
  const tested = await amavis('test-config', '-c', file)
  const checked = await amavis('config', 'check', '--json', file)
  assert.deepEqual([tested.status, checked.status], [1, 1])
  const {problems} = JSON.parse(checked.stdout)
  const errors = problems.filter((one: {severity: string}) => one.severity === 'error')
  assert.deepEqual(
    tested.stderr.trimEnd().split('\n'),
    errors.map(
      (one: {file: string; line: number; column: number; message: string; help: string}) =>
        `${one.file}:${one.line}:${one.column}: ${one.message} (${one.help})`,
    ),
  )
  assert.match(tested.stderr, /RootDirectory=\/jail/)
  const option = await amavis('test-config', '-c', GOOD, '-R', '/jail')
  assert.equal(option.status, 1)
  assert.match(option.stderr, /option -R.*RootDirectory=\/jail/)
})
