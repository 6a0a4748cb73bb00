/**
 * Subs of a configuration: which are refused when it is read, and what the others do when mail is handled.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import v8 from 'node:v8'
import {readConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {subRunner} from '../../src/config/run-sub.ts'
import type {Snapshot} from '../../src/config/snapshot.ts'
import type {Code, Scalar} from '../../src/config/value.ts'
import {settingsOf} from '../../src/config/view.ts'

const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}

function read(text: string) {
  const {machine, snapshot} = readConfiguration(
    {files: ['a.conf'], host, env: {}},
    {readFile: () => Buffer.from(text), testFile: () => undefined, checkFile: () => undefined},
  )
  return {errors: machine.errors.map(problemText), snapshot}
}

/** What the sub in `$logfile` gives in another process. */
function result(text: string, args: readonly Scalar[] = []): readonly Scalar[] {
  const {errors, snapshot} = read(text)
  assert.deepEqual(errors, [])
  const handed = v8.deserialize(v8.serialize(snapshot)) as Snapshot
  const settings = settingsOf(handed, subRunner(handed))
  const code = settings.scalar('$logfile') as Code
  assert.equal(code.kind, 'code')
  return settings.runSub!(code, args, settings)
}

for (const [what, text, args, expected] of [
  ['its arguments', '$logfile = sub { my($key, $all) = @_; "$key!" };', ['x'], ['x!']],
  ['settings of the bank in force', "$log_level = 3; $logfile = sub { c('log_level') + 1 };", [], [4]],
  [
    'lists of the bank in force',
    "@debug_sender_maps = ('a','b'); $logfile = sub { join '', @{ca('debug_sender_maps')} };",
    [],
    ['ab'],
  ],
  ['settings by name', '$mydomain = "d.org"; $logfile = sub { "x\\@$mydomain" };', [], ['x@d.org']],
  ['variables around it', 'my %t = (a => 1); my $n = 5; $logfile = sub { $t{$_[0]} ? $n : 0 };', ['a'], [5]],
  [
    'other subs, and itself',
    'sub fact { my $n = shift; $n < 2 ? 1 : $n * fact($n-1) } $logfile = sub { fact($_[0]) };',
    [5],
    [120],
  ],
  ['a named one', 'sub pick { return $_[0] =~ /^a/ ? "A" : undef } $logfile = \\&pick;', ['abc'], ['A']],
  [
    'helpers',
    '$logfile = sub { my $m = shift; sprintf("%02d", iso8601_week($m->rx_time)) };',
    [message(86400 * 20)],
    ['04'],
  ],
  [
    'tables that it makes',
    '$logfile = sub { my $h = { a => [1,2] }; push @{$h->{a}}, 3; scalar @{$h->{a}} };',
    [],
    [3],
  ],
  ['a change of directory around a scanner', '$logfile = sub { chdir("/tmp") or die "no" };', [], [1]],
] as const) {
  test(`a sub has ${what}`, () => {
    assert.deepEqual(result(text, args as readonly Scalar[]), expected)
  })
}

function message(time: number): Scalar {
  return {
    kind: 'object',
    of: 'Message',
    items: [{kind: 'ref', to: {kind: 'hash', entries: new Map([['rx_time', time]])}}],
  }
}

for (const [what, text, expected] of [
  ['runs a command', '$logfile = sub {\n  `date` };', /^a\.conf:2:3: a sub cannot run a command/],
  ['looks at files', '$logfile = sub { -e "/x" };', /^a\.conf:1:18: a sub cannot look at files/],
  ['reads files', '$logfile = sub { read_hash("/x") };', /"read_hash" cannot be called by a sub/],
  [
    'calls what is not known',
    '$logfile = sub { Amavis::load_policy_bank("X") };',
    /"Amavis::load_policy_bank" cannot/,
  ],
  ['changes a setting', '$logfile = sub { $log_level = 5 };', /a sub cannot change \$log_level/],
  ['adds to a list', '$logfile = sub { push @mynetworks, 1 };', /a sub cannot change @mynetworks/],
  ['changes an entry', '$logfile = sub { $policy_bank{A}{x} = 5 };', /a sub cannot change %policy_bank/],
  [
    'does so in a sub that it calls',
    'sub f { $log_level++ } $logfile = sub { f() };',
    /a sub cannot change \$log_level/,
  ],
  [
    'does so in a bank',
    '$policy_bank{A} = {ACTION => sub { unlink "/x" }};',
    /"unlink" cannot be called by a sub/,
  ],
] as const) {
  test(`a sub that ${what} is an error when the file is read`, () => {
    assert.match(read(text).errors.join('\n'), expected)
  })
}

for (const [what, text, expected] of [
  ['does not end', '$logfile = sub { while (1) { } };', /does not come to an end/],
  ['calls itself without end', 'sub f { f() } $logfile = \\&f;', /more than 100 deep/],
  ['dies', '$logfile = sub { die "not this one\\n" };', /a\.conf:1:18: the configuration says: not this one/],
  ['makes too much text', '$logfile = sub { my $x = "a"; $x .= $x while 1 };', /longer than|does not come/],
  [
    'wants a setting that no bank can have',
    "$logfile = sub { c('max_servers') };",
    /no setting "max_servers"/,
  ],
] as const) {
  test(`a sub that ${what} fails in bounded time`, () => {
    const begin = performance.now()
    assert.throws(() => result(text), expected)
    assert.ok(performance.now() - begin < 1000)
  })
}

test('a configuration says whether it has subs that must be run', () => {
  assert.equal(read('$logfile = sub { 1 + 1 };').snapshot.hasSubs, true)
  assert.equal(read("$logfile = sub { c('x') };").snapshot.hasSubs, false)
  assert.equal(read("@av_scanners = (['x', 'x', '', 0, sub { chdir('/') }]);").snapshot.hasSubs, false)
})
