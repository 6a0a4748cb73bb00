/**
 * What a configuration cannot do, whoever wrote it: reach out, reach in, or keep its reader.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import v8 from 'node:v8'
import {loadConfiguration, readConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import type {Snapshot} from '../../src/config/snapshot.ts'
import {settingsOf} from '../../src/config/view.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}

function read(text: string, files: Record<string, string> = {}) {
  const known = new Map(Object.entries({...files, 'a.conf': text}))
  const {machine, snapshot} = readConfiguration(
    {files: ['a.conf'], host, env: {}},
    {
      readFile: name => Buffer.from(known.get(name) ?? ''),
      testFile: (_, name) => (known.has(name) ? 1 : undefined),
      checkFile: name => (known.has(name) ? undefined : 'does not exist'),
    },
  )
  return {errors: machine.errors.map(problemText), snapshot}
}

const LOOPS = /does not come to an end/
const TEXT = /text is too long|longer than|does not come/
const LIST = /list is too long|range is too long|does not come/
const DEEP = /nested (?:more than 150 deep|too deeply)/

for (const [what, text, expected] of [
  ['an endless while', 'while (1) { }', LOOPS],
  ['an endless for', 'for (;;) { $x++ }', LOOPS],
  ['an endless sort', '@x = sort { while (1) { } } 1, 2;', LOOPS],
  ['a hash that grows', '$h{$i++} = 1 while 1;', LOOPS],
  ['a list that grows', 'while (1) { push @x, (1) x 1000 }', LOOPS],
  ['a list of lists', '@x = map { (1) x 1000 } 1..1000; @y = map { @x } 1..1000;', LOOPS],
  ['a text that doubles', '$x = "a"; while (1) { $x .= $x }', TEXT],
  ['long texts again and again', '$x = "A" x 15_000_000; $x = lc $x while 1;', TEXT],
  ['repetition', '$x = "a" x 1e9;', TEXT],
  ['repetition of a list', '@x = (1) x 1e9;', LIST],
  ['join', '@x = ("a" x 1e6) x 1000; $y = join ",", @x;', TEXT],
  ['interpolation', '@x = ("a" x 1e6) x 1000; $y = "@x";', TEXT],
  ['substitution', '$x = "a" x 1e6; $x =~ s/a/$x/g;', TEXT],
  ['a wide field', '$x = sprintf("%1000000000d", 1);', /field is too wide/],
  ['a range', '@x = (1..1e9);', LIST],
  ['a range of words', '@x = ("a".."zzzzzzzz");', LIST],
  ['a range without an end', '@x = (1..9**9**9);', LIST],
  ['an index', '$x[1e9] = 1;', /out of range/],
  ['a last index', '$#x = 1e9;', /out of range/],
  ['recursion', 'sub f { f() } f();', /more than 100 deep/],
  ['wide recursion', 'sub f { my $n = shift; $n < 1 ? 1 : f($n-1) + f($n-1) } f(60);', LOOPS],
  ['a closure that calls itself', 'my $f; $f = sub { $f->() }; $f->();', /more than 100 deep/],
  ['a loop within eval', 'eval { while (1) { } }; $logfile = 1;', LOOPS],
  ['a file that includes itself', 'include_config_files("a.conf");', /more than 100 deep/],
  [
    'a file that includes itself within eval',
    'eval { include_config_files("a.conf") } for 1..3;',
    /more than 100 deep|does not come/,
  ],
  ['a file that includes another often', 'include_config_files("b.conf") for 1..1e6;', LOOPS],
  [
    'a file that includes itself often',
    'include_config_files("a.conf", "a.conf", "a.conf");',
    /more than 100 deep/,
  ],
  ['parentheses', `$x = ${'('.repeat(100_000)}`, DEEP],
  ['blocks', '{'.repeat(100_000), DEEP],
  ['signs', `$x = ${'!'.repeat(100_000)}1;`, DEEP],
  ['references', `$x = ${'\\'.repeat(100_000)}1;`, DEEP],
  ['dereferences', `$x = ${'$'.repeat(100_000)}x;`, DEEP],
  ['subs', 'sub a {'.repeat(100_000), DEEP],
  ['sums', `$x = ${'1+'.repeat(100_000)}1;`, DEEP],
  ['data', '$x = []; $x = [$x] for 1..100000; $logfile = $x;', DEEP],
  ['texts within texts', `$x = "${'@{["'.repeat(50_000)}`, /expected a value|nested/],
  ['a regexp', `$x = qr/${'('.repeat(50_000)}/;`, /malformed/],
  ['a regexp that runs away', `"${'a'.repeat(50)}!" =~ /^(?=a)(a+)+$/;`, /took longer than 250 ms/],
] as const) {
  test(`without bounds, ${what}: an error with its place, soon`, () => {
    const before = process.cpuUsage()
    const {errors} = read(text, {'b.conf': '1;'})
    const {user, system} = process.cpuUsage(before)
    assert.match(errors.join('\n'), expected)
    assert.match(errors[0]!, /^a\.conf:1:\d+: /)
    assert.ok(user + system < 3_000_000)
  })
}

test('names of JavaScript are names like others, as variables, keys, banks and categories', () => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'hasOwnProperty',
    'toString',
    'valueOf',
    '__defineGetter__',
  ]
  for (const name of names) {
    const {errors, snapshot} = read(`
      $${name} = 'scalar'; @${name} = (1, 2); %${name} = (a => 1);
      my %h = (${name} => 'x', __proto__ => {polluted => 1});
      $h{${name}}{polluted} = 1 if 0;
      $quarantine_method_by_ccat{${name}} = 'q';
      $policy_bank{${name}} = {${name} => 1, log_level => 5, ${name}_maps => [1]};
      $interface_policy{${name}} = '${name}';
      $logfile = join ',', ref(\\$h{nothing}), exists $h{isPrototypeOf} ? 1 : 0, $h{${name}}, "@${name}", $${name};`)
    assert.deepEqual(errors, [])
    const settings = settingsOf(v8.deserialize(v8.serialize(snapshot)) as Snapshot)
    assert.equal(
      settings.string('$logfile'),
      `SCALAR,0,${name === '__proto__' ? '' : 'x'},1 2,scalar`.replace(/0,,/, '0,HASH(0x0),'),
    )
    assert.equal(settings.withBanks([name], () => {}).number('$log_level'), 5)
    assert.equal(settings.withBanks(['toLocaleString'], () => {}).bankPath, '')
    assert.equal(settings.hash('%quarantine_method_by_ccat').get(name), 'q')
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
  assert.equal(({} as {polluted?: number}).polluted, undefined)
})

for (const text of [
  'constructor("return process");',
  '__proto__->constructor("x");',
  '$x = {}; $x->constructor->constructor("return process")->();',
  'toString(1);',
  'Function->new("return 1");',
  'process->exit(1);',
  'hasOwnProperty();',
]) {
  test(`no way to JavaScript: ${text}`, () => {
    assert.match(read(text).errors.join('\n'), /cannot be (?:called|made)|not a CODE/)
  })
}

for (const [text, expected] of [
  ['system("touch /tmp/x");', /"system" cannot be called.*write what/],
  ['exec "id";', /"exec" cannot/],
  ['$x = `id`;', /commands are not run.*write the value itself/],
  ['$x = qx{id};', /commands are not run/],
  ['$x = `cat /etc/domains`;', /read_array\('\/etc\/domains'\)/],
  ['eval { system("id") };', /"system" cannot/],
  ['eval { $x = `id` };', /commands are not run/],
  ['eval "system(1)";', /"eval" cannot.*not run/],
  ['open(F, "| mail");', /"open" cannot.*read_array/],
  ['open F, ">/tmp/x" or die;', /"open" cannot/],
  ['@x = <F>;', /read_array/],
  ['@x = glob("*");', /"glob" cannot/],
  ['unlink "/etc/passwd";', /"unlink" cannot/],
  ['socket(S, 2, 1, 6);', /"socket" cannot/],
  ['fork;', /"fork" cannot/],
  ['exit 0;', /"exit" cannot.*return/],
  ['use DBI;', /Perl modules cannot be loaded: "use DBI"/],
  ['require Net::LDAP;', /Can't locate Net::LDAP/],
  ['IO::Socket->new("x");', /"IO::Socket->new" cannot be made/],
  ['*x = \\$y;', /typeglob/],
  ['@mynetworks = (127.0.0.1);', /write '127\.0\.0\.1'/],
  ['$x = pack("A", 1);', /"pack" cannot/],
  ['$x = c("max_servers");', /no setting "max_servers" that a policy bank can have/],
  ['$banned_admin = undef\n$log_level = 1;', /^a\.conf:2:12: "=" has no variable in front of it \(is a ";"/],
  ["%local_domains = (a => undef\n'b' => 1);", /^a\.conf:2:1: expected "," or "\)"/],
  ["$mydomain = 'a' .\n$log_level = 1;", /"=" has no variable in front of it/],
  ["('a', $x) = (1, 2);", /"=" has no variable/],
  ['BEGIN { $x = 1 }', /"BEGIN" cannot be used/],
] as const) {
  test(`refused with what to write instead: ${text}`, () => {
    const {errors} = read(text)
    assert.match(errors.join('\n'), expected)
    assert.match(errors[0]!, /^a\.conf:\d:\d+: /)
  })
}

test('a device and a folder are no tables', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'amavis-safety-'))
  try {
    const file = path.join(folder, 'a.conf')
    for (const [name, expected] of [
      ['/dev/zero', /cannot read "\/dev\/zero": is no file/],
      [folder, /cannot read ".*": is a directory/],
      ['/none', /cannot read "\/none"/],
    ] as const) {
      writeFileSync(file, `read_hash(\\%local_domains, '${name}');`)
      const result = loadConfiguration({files: [file], host, env: {}})
      assert.match(result.kind === 'failed' ? result.problems.map(problemText).join('\n') : '', expected)
    }
  } finally {
    rmSync(folder, {recursive: true})
  }
})

test('mutated configurations neither crash nor hold up the reader', () => {
  const samples = path.join(root, 'test/config/forms.txt')
  const script = path.join(root, 'bench/fuzz-config.mjs')
  const args = [script, '--seconds', '4', '--samples', samples, '--seed', '7']
  assert.match(
    execFileSync(process.execPath, args, {encoding: 'utf8'}),
    /^\d{3,} inputs of seed 7: .* 0 failures$/m,
  )
})
