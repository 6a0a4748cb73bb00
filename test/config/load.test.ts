import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import v8 from 'node:v8'
import {loadConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {compileRegexp} from '../../src/config/regexp.ts'
import type {LoadRequest} from '../../src/config/request.ts'
import type {Settings} from '../../src/config/settings.ts'
import type {Regexp} from '../../src/config/value.ts'
import {settingsOf} from '../../src/config/view.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-config-'))
after(() => rmSync(folder, {recursive: true}))
const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: 'mail.example.com'}

function write(text: string, name = 'amavisd.conf'): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

function load(text: string, request: Partial<LoadRequest> = {}): {settings: Settings; warnings: string[]} {
  const result = loadConfiguration({files: [write(text)], host, env: {}, ...request})
  if (result.kind === 'failed') assert.fail(result.problems.map(problemText).join('\n'))
  const snapshot = v8.deserialize(v8.serialize(result.snapshot))
  return {settings: settingsOf(snapshot), warnings: result.warnings.map(problemText)}
}

function failure(text: string, request: Partial<LoadRequest> = {}): string[] {
  const result = loadConfiguration({files: [write(text)], host, env: {}, ...request})
  assert.equal(result.kind, 'failed')
  return result.kind === 'failed' ? result.problems.map(p => problemText(p).replace(`${folder}/`, '')) : []
}

test('without files the embedded defaults are in force', () => {
  const result = loadConfiguration({files: [], host, env: {}})
  assert.equal(result.kind, 'ok')
  if (result.kind !== 'ok') return
  const settings = settingsOf(result.snapshot)
  assert.equal(settings.string('$MYHOME'), '/var/amavis')
  assert.equal(settings.number('$max_servers'), 2)
  assert.equal(settings.number('$max_requests'), 0)
  assert.equal(settings.flag('$enable_zmq'), true)
  assert.equal(settings.string('$control_socket'), '/var/amavis/amavisd.ctl')
  assert.deepEqual(settings.list('@zmq_sockets'), ['ipc:///var/amavis/amavisd-zmq.sock'])
  assert.equal(settings.string('$X_HEADER_LINE'), 'amavis at !change-mydomain-variable!.example.com')
})

/** All regexps that data holds, wherever they are in it. */
function regexpsIn(data: unknown, seen = new Set<unknown>()): readonly Regexp[] {
  if (typeof data !== 'object' || data === null || seen.has(data)) return []
  seen.add(data)
  if ('kind' in data && data.kind === 're') return [data as Regexp]
  const inner = data instanceof Map ? [...data.values()] : Object.values(data)
  return inner.flatMap(one => regexpsIn(one, seen))
}

test('every regexp of the defaults can be made ready: reading does not try them', () => {
  const result = loadConfiguration({files: [write('1;')], host, env: {}})
  assert.ok(result.kind === 'ok')
  const regexps = regexpsIn(result.snapshot.variables)
  assert.ok(regexps.length > 100, `${regexps.length} regexps`)
  for (const regexp of regexps) assert.doesNotThrow(() => compileRegexp(regexp), regexp.pattern)
})

test('assigned values are seen through references taken before, after the snapshot has travelled', () => {
  const {settings} = load(`use strict;\n$mydomain = 'a.test';\n@local_domains_acl = ( ".$mydomain" );\n1;\n`)
  const [, acl] = settings.list('@local_domains_maps')
  assert.ok(typeof acl === 'object' && acl.kind === 'ref' && acl.to.kind === 'array')
  assert.deepEqual(acl.to.items, ['.a.test'])
})

test('settings of the command line win over the files, and defaults derive from the early ones', () => {
  const {settings} = load(`$max_servers = 7; $log_level = 3;`, {
    overrides: [
      {name: '$MYHOME', value: '/tmp/home'},
      {name: '$max_servers', value: 1},
    ],
  })
  assert.equal(settings.number('$max_servers'), 1)
  assert.equal(settings.number('$log_level'), 3)
  assert.equal(settings.string('$pid_file'), '/tmp/home/amavisd.pid')
  assert.equal(settings.string('$TEMPBASE'), '/tmp/home')
})

test('the commands of shipped configurations are answered without a shell, others are refused', () => {
  const {settings} = load(
    'chomp($mydomain = `head -n 1 /etc/mailname`);\nchomp($myhostname = `hostname --fqdn`);',
  )
  assert.equal(settings.string('$mydomain'), 'mail.example.com')
  assert.equal(settings.string('$myhostname'), 'host.example.com')
  assert.match(failure('$mydomain = `cat /etc/passwd`;')[0]!, /^amavisd.conf:1:13: commands are not run/)
})

for (const [what, text, message] of [
  [
    'an unknown variable under strict',
    'use strict;\n$max_server = 3;',
    /^amavisd\.conf:2:1: there is no setting \$max_server \(did you mean \$max_servers\?\)$/,
  ],
  [
    'an unknown constant under strict',
    'use strict;\n$final_spam_destiny = D_DISCRAD;',
    /^amavisd\.conf:2:23: bare word "D_DISCRAD": .*\(did you mean D_DISCARD\?\)$/,
  ],
  ['a missing comma', '@mynetworks = (\n"a"\n"b");', /^amavisd\.conf:3:1: expected "," or "\)", found """$/],
  [
    'a missing semicolon',
    '$max_servers = 3\n$log_level = 1;',
    /^amavisd\.conf:2:1: expected ";" or an operator, found "\$log_level"$/,
  ],
  [
    'a string without an end',
    "$mydomain = 'x;\n1;\n",
    /^amavisd\.conf:1:13: the string has no end, expected "'"$/,
  ],
  [
    'a number that is none',
    "$max_servers = 'ten';",
    /^amavisd\.conf:1:1: \$max_servers: expected a number, found "ten"$/,
  ],
  ['a Perl module', 'use DBI;', /^amavisd\.conf:1:1: Perl modules cannot be loaded: "use DBI" \(remove it/],
  [
    'an address with a bare @ and a variable',
    'use strict;\n$virus_admin = "virus\\@x.$mydomain va@$mydomain";',
    /literal "@".*written/,
  ],
] as const) {
  test(`${what} is reported with its place`, () => {
    assert.match(failure(text)[0]!, message)
  })
}

test('a missing file is named', () => {
  const result = loadConfiguration({files: ['/nowhere/amavisd.conf'], host, env: {}})
  assert.equal(result.kind, 'failed')
  if (result.kind === 'failed') {
    assert.equal(problemText(result.problems[0]!), 'Config file "/nowhere/amavisd.conf" does not exist')
  }
})

test('a policy bank is laid over the settings, hashes merged, and MYNETS means originating', () => {
  const {settings} = load(`
    $policy_bank{'MYNETS'} = { log_level => 2, spam_kill_level_maps => 7.5 };
    $policy_bank{'B'} = {
      allowed_header_tests => { long => 0 },
      quarantine_method_by_ccat => { REPLACE => 1, CC_SPAM, 'sql:' },
      nonsense => 1,
    };`)
  const problems: string[] = []
  const view = settings.withBanks(['MYNETS', 'NONE', 'B'], (problem, level) =>
    problems.push(`${level} ${problem}`),
  )
  assert.equal(view.bankPath, 'MYNETS/B')
  assert.equal(view.flag('$originating'), true)
  assert.equal(view.number('$log_level'), 2)
  assert.deepEqual(view.list('@spam_kill_level_maps'), [7.5])
  assert.equal(view.hash('%allowed_header_tests').get('long'), 0)
  assert.equal(view.hash('%allowed_header_tests').get('mime'), 1)
  assert.deepEqual([...view.hash('%quarantine_method_by_ccat')], [['6', 'sql:']])
  assert.deepEqual(problems, [
    '3 loaded policy bank "MYNETS"',
    '5 policy bank "NONE" does not exist, ignored',
    '3 loaded policy bank "B" over "MYNETS"',
    '-1 loading policy bank "B": unknown field "nonsense"',
  ])
  assert.equal(settings.flag('$originating'), false)
  assert.equal(view.withBanks([''], () => {}).bankPath, '')
})

test('an address list with something else in it is an error of the configuration', () => {
  assert.match(
    failure('@mynetworks = qw(10.0.0.0/8 10.0.0/33);')[0]!,
    /^amavisd\.conf:1:1: @mynetworks: expected an address or a network, found "10\.0\.0\/33"$/,
  )
})

test('a category written as a text is a warning', () => {
  const {warnings} = load('%admin_maps_by_ccat = (CC_SPAM => "a", CC_VIRUS, "b");')
  assert.equal(warnings.length, 1)
  assert.match(
    warnings[0]!,
    /%admin_maps_by_ccat: "CC_SPAM" is no contents category \(a constant needs a comma/,
  )
})

test('a machine without IPv6 listens on IPv4 alone', () => {
  const {settings} = load('$inet_socket_port = 10024;', {host: {...host, inet6: false}})
  assert.deepEqual(settings.list('@listen_sockets'), ['127.0.0.1:10024'])
  assert.equal(settings.flag('$have_inet6'), false)
})

test('listening sockets are gathered from the older settings', () => {
  const {settings} = load(`$unix_socketname = '/run/a.sock'; $inet_socket_port = [10024, '[::1]:10026'];
    $inet_socket_bind = '192.0.2.1'; @listen_sockets = ('127.0.0.1:2525');`)
  assert.deepEqual(settings.list('@listen_sockets'), [
    '127.0.0.1:2525',
    '/run/a.sock',
    '192.0.2.1:10024',
    '[::1]:10026',
  ])
})

test('banks: the last one again changes nothing, a scalar reference is seen live, an own entry wins', () => {
  const {settings} = load(`
    $policy_bank{'A'} = { log_level => \\$logline_maxlen, policy_bank_name => 'own' };
    $policy_bank{'MYNETS'} = { originating => 0 };
    $policy_bank{''}{'new_field'} = 5;
    $policy_bank{'C'} = { new_field => 6 };`)
  const none = (line: string, level: number) => assert.equal(level, 3, line)
  const view = settings.withBanks(['A', 'A', 'MYNETS'], none)
  assert.equal(view.bankPath, 'A/MYNETS')
  assert.equal(view.number('$log_level'), 980)
  assert.equal(view.flag('$originating'), false)
  assert.equal(settings.withBanks(['A'], none).string('$policy_bank_name'), 'own')
  assert.equal(settings.entry('new_field'), 5)
  assert.equal(settings.withBanks(['C'], none).entry('new_field'), 6)
  assert.throws(() => settings.entry('max_servers'), /no setting "max_servers" that a policy bank can have/)
})
