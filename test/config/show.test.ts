import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {type Reading, readConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {defaultText} from '../../src/config/show/default-text.ts'
import {type Json, jsonForm, namesOf} from '../../src/config/show/json-form.ts'
import {quoted} from '../../src/config/show/perl-text.ts'
import {showText} from '../../src/config/show/show-text.ts'
import {settingsNamed, shownSettings} from '../../src/config/show/shown.ts'
import {readSources} from '../../src/config/show/sources.ts'
import {SETTINGS} from '../../src/config/table/table.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-show-'))
after(() => rmSync(folder, {recursive: true}))
const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}
const file = path.join(folder, 'a.conf')

function read(text: string): Reading {
  writeFileSync(file, text)
  return readConfiguration({files: [file], host, env: {}})
}

function values({snapshot}: Reading): Record<string, Json> {
  const names = namesOf(snapshot.variables)
  return Object.fromEntries(
    SETTINGS.map(({name}) => [name, jsonForm(name, snapshot.variables.get(name)!, names)]),
  )
}

function show(text: string, banks: readonly string[] = [], columns = 100): string {
  writeFileSync(file, text)
  const sources = readSources({files: [file], host, env: {}}, banks)
  const changed = shownSettings(sources).filter(one => one.changed)
  return showText(changed, sources.reading.snapshot.variables, columns).replaceAll(`${folder}/`, '')
}

const defaults = readConfiguration({files: [], host, env: {}})

test('the file of defaults describes every setting and changes nothing when it is loaded', () => {
  const text = defaultText(defaults)
  const reading = read(text)
  assert.deepEqual(reading.machine.errors.map(problemText), [])
  assert.deepEqual(values(reading), values(defaults))
  for (const {name} of SETTINGS) assert.ok(text.includes(`\n#${name} = `), name)
})

test('the file of defaults without its marks sets every setting to its default', () => {
  const reading = read(`use strict;\n${defaultText(defaults).replace(/^#/gm, '')}`)
  assert.deepEqual(reading.machine.errors.map(problemText), [])
  assert.deepEqual(reading.machine.warnings.map(problemText), [])
  assert.deepEqual(values(reading), values(defaults))
  // a later default is filled in again where the value is undef
  const unset = SETTINGS.filter(
    ({name, afterDefault}) =>
      afterDefault === undefined && !reading.machine.assigned.has(reading.snapshot.variables.get(name)!),
  )
  assert.deepEqual(
    unset.map(({name}) => name),
    [],
  )
})

test('a value stands with the line that it comes from', () => {
  assert.equal(
    show(`$max_servers = 4;\n\n$final_spam_destiny = D_DISCARD;\n@mynetworks = qw(10.0.0.0/8 [::1]);`),
    `$max_servers = 4;  # a.conf:1\n@mynetworks = ('10.0.0.0/8', '[::1]');  # a.conf:4\n$final_spam_destiny = D_DISCARD;  # a.conf:3\n`,
  )
})

test('a line that would be too long has its origin above it', () => {
  assert.equal(show(`$mydomain = 'a-long-name.example.com';`, [], 40).split('\n')[0], '# a.conf:1')
})

function withoutOrigins(text: string): string {
  return text.replaceAll(/(?: {2}|^)# (?:a\.conf:\d+|derived.*)$/gm, '').replaceAll(/^\n/gm, '')
}

/** Everything that can be shown, loaded again. */
const ROUND_TRIPS: readonly (readonly [string, string])[] = [
  ['quotes and backslashes', `$mydomain = 'it\\'s \\\\ "x" \\\\\\\\';`],
  ['variables in single quotes', `$mydomain = '$x @y \\n';`],
  ['octets and characters beyond ASCII', '$mydomain = "\\xe9\\x{263a}\\x00\\t\\r";'],
  [
    'texts of several lines',
    '$log_templ = "first line of a template\\nsecond $x line\\n\\n  third @y line";',
  ],
  ['nested data', "@av_scanners = (['a', \\&ask_daemon, ['b', {'c d' => [1, undef, -2.5]}], qr/x'y/im]);"],
  [
    'references to settings',
    '@virus_lovers_maps = (\\%virus_lovers, \\@spam_lovers_acl, \\$virus_lovers_re);',
  ],
  ['references to other values', "$partition_tag = \\'x'; @spam_lovers_maps = (\\\\'y');"],
  [
    'regular expressions',
    `$banned_filename_re = new_RE(qr'\\.(exe|vbs)$'i, [qr/a'b$/m => 0], qr{^/x!,~|%"\\$y}, [qr'(?#c)q'x => 'v']);`,
  ],
  [
    'look-up objects',
    "@spam_lovers_maps = (Opaque([1]), OpaqueRef(\\@spam_lovers_acl), q_sql_s('f'), q_ldap_b('g'), q_dns_a('z', '127.0.0.2'));",
  ],
  [
    'subs',
    `@spam_lovers_maps = (sub { c('virus_lovers_maps') }, sub { Opaque(ca('x')) }, sub { [ cr('y') ] }, sub { (1, undef, 'z') }, sub { my($m)=@_; iso8601_week($m->rx_time) });`,
  ],
  [
    'policy banks',
    "$policy_bank{'A B'} = {log_level => 3, allowed_header_tests => {long => 0}}; $policy_bank{'C'}{'originating'} = 1;",
  ],
  ['an entry of the built-in bank', "$policy_bank{''}{'own_field'} = [1];"],
  ['hashes with odd keys', "%virus_lovers = ('\\$a' => 1, '' => 2, 'b-c' => 3, \"\\n\" => 4);"],
  [
    'sockets, which are gathered only when the daemon starts',
    "$inet_socket_port = [10024, 10026]; @listen_sockets = ('/x.sock');",
  ],
]

for (const [what, text] of ROUND_TRIPS) {
  test(`${what} are shown so that they can be loaded`, () => {
    const first = read(text)
    assert.deepEqual(first.machine.errors.map(problemText), [])
    const shown = show(text)
    const second = read(shown)
    assert.deepEqual(second.machine.errors.map(problemText), [], shown)
    assert.deepEqual(values(second), values(first), shown)
    assert.equal(withoutOrigins(show(shown)), withoutOrigins(shown))
  })
}

test('a signing key is shown by its file, and never itself', () => {
  const key = path.join(folder, 'key.pem')
  writeFileSync(key, '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n')
  const text = `dkim_key('a.test', 's1', '${key}', h => 'sha256'); dkim_key('b.test', 's2', "-----BEGIN\\nsecret\\n");`
  assert.equal(
    show(text, [], 300),
    `dkim_key('a.test', 's1', 'key.pem', 'h' => 'sha256');  # a.conf:1\n# dkim_key('b.test', 's2', a key that is not shown);  # a.conf:1\n`,
  )
  const reading = read(text)
  assert.ok(!JSON.stringify(values(reading)['@dkim_signing_keys_storage']).includes('secret'))
})

test('with a bank loaded its values are shown, and that they are its own', () => {
  const text = show(`$log_level = 1; $policy_bank{'B'} = {log_level => 3};`, ['B'])
  assert.match(text, /^\$log_level = 3; {2}# policy bank B$/m)
  assert.throws(() => show('1;', ['NONE']), /policy bank "NONE" does not exist/)
})

test('a setting is found by its name without sigil, by another name, and by a pattern', () => {
  const names = (wanted: string) => settingsNamed(wanted).map(({name}) => name)
  assert.deepEqual(names('max_servers'), ['$max_servers'])
  assert.deepEqual(names('$max_servers'), ['$max_servers'])
  assert.deepEqual(names('virus_admin').toSorted(), ['$virus_admin', '%virus_admin'])
  assert.deepEqual(names('$DO_SYSLOG'), ['$do_syslog'])
  assert.deepEqual(names('LOGFILE'), ['$logfile'])
  assert.ok(names('*_destiny').includes('$final_spam_destiny'))
  assert.throws(() => names('max_server'), /there is no setting max_server \(did you mean max_servers\?\)/)
})

for (const [text, expected] of [
  ["it's", "'it\\'s'"],
  ['a\\', "'a\\\\'"],
  ['a\\b', "'a\\b'"],
  ['$x@y', "'$x@y'"],
  ['tab\there', '"tab\\there"'],
  ['\u263a$x', '"\\x{263a}\\$x"'],
] as const) {
  test(`the text ${JSON.stringify(text)} is written ${expected}`, () => assert.equal(quoted(text), expected))
}

test('a regular expression that no delimiter suits has its quotes escaped', () => {
  const shown = show(`$virus_lovers_re = new_RE(qr{^/x!,~|%"'\\$y});`)
  assert.ok(shown.includes(`new_RE(qr'^/x!,~|%"\\x27\\$y')`), shown)
})
