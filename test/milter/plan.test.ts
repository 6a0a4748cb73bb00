import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {milterPlans} from '../../src/milter/plan.ts'
import {MANNERS} from '../../src/session/milter/manners.ts'
import {settingsFrom} from '../lookup/settings.ts'

test('milters come in the order of @milters, the rest after them by name', () => {
  const plans = milterPlans(
    settingsFrom(`
$max_servers = 7;
@milters = qw( policy outbound );
$milter{'zeta'} = { port => '/tmp/z.sock' };
$milter{'outbound'} = { port => 'local:/tmp/o.sock', max_procs => 0, conns_per_proc => 1, socket_mode => 0660 };
$milter{'policy'} = { port => 'inet:10031@127.0.0.1', policy_bank => 'MILTER', proc_idle_limit => 60 };
$milter{'archive'} = { port => 'inet6:10033@[::1]', enabled => 0 };`),
  )
  assert.deepEqual(
    plans.map(({name, enabled, maxProcs, connsPerProc}) => [name, enabled, maxProcs, connsPerProc]),
    [
      ['policy', true, 7, 8],
      ['outbound', true, 0, 1],
      ['archive', false, 7, 8],
      ['zeta', true, 7, 8],
    ],
  )
  assert.deepEqual(
    plans.map(({socket}) => socket),
    [
      {kind: 'inet', host: '127.0.0.1', port: 10031},
      {kind: 'unix', path: '/tmp/o.sock'},
      {kind: 'inet', host: '::1', port: 10033},
      {kind: 'unix', path: '/tmp/z.sock'},
    ],
  )
  assert.deepEqual([plans[0]?.banks, plans[0]?.idleLimitMs, plans[1]?.socketMode], ['MILTER', 60_000, 0o660])
})

test('how an MTA is treated is settled by its milter, in seconds and flags', () => {
  const [usual, own] = milterPlans(
    settingsFrom(`
$milter{'a'} = { port => '10031' };
$milter{'b'} = { port => '10032', overload_action => 'tempfail', on_failure => 'accept', timeout => 600,
  write_timeout => 5, content_timeout => 120, progress_interval => 7, max_data_size => 200000,
  no_reply => 0, leadspc => 0, symlist => 0, rcpt_rej => 1 };`),
  )
  assert.deepEqual([usual?.overload, usual?.manners], ['wait', MANNERS])
  assert.deepEqual(
    [own?.overload, own?.manners],
    [
      'tempfail',
      {
        idleMs: 600_000,
        writeMs: 5000,
        contentMs: 120_000,
        progressMs: 7000,
        largestFrame: 200_000,
        noReply: false,
        leadingSpace: false,
        macroLists: false,
        rejectedRecipients: true,
        onFailure: 'accept',
      },
    ],
  )
})

const MISTAKES: readonly (readonly [text: string, problem: RegExp])[] = [
  ["@milters = ('nobody');", /@milters names "nobody", and there is no \$milter\{'nobody'\}/],
  ["@milters = ('-x'); $milter{'-x'} = {port => '10031'};", /"-x" is no name/],
  ["$milter{'a'} = {};", /\$milter\{'a'\}: it has no port, such as/],
  ["$milter{'a'} = {port => 'nowhere'};", /\$milter\{'a'\}: cannot listen on "nowhere"/],
  ["$milter{'a'} = {port => '10031', max_proc => 3};", /there is no key "max_proc"; known: port, enabled/],
  [
    "$milter{'a'} = {port => '10031'}; $milter{'b'} = {port => 'inet:10031@127.0.0.1'};",
    /\$milter\{'b'\}: its port .* is that of "a"/,
  ],
  ["@milters = ('a', 'a'); $milter{'a'} = {port => '10031'};", /twice/],
  [
    "$milter{'a'} = {port => '10031', overload_action => 'drop'};",
    /overload_action is "drop", expected wait/,
  ],
  ["$milter{'a'} = {port => '10031', on_failure => 'reject'};", /on_failure is "reject", expected tempfail/],
  ["$milter{'a'} = {port => '10031', chroot => '/x'};", /"chroot" is no key: there is no chroot here/],
  ["$milter{'a'} = {port => '10031', user => 'x'};", /"user" is no key: .* run as \$daemon_user/],
  ["$milter{'a'} = 'inet:10031';", /expected a hash in braces/],
  [
    "$milter{'a'} = {port => '10031',\n max_procs => 'many',\n timeout => 0};",
    /conf:2:1: \$milter\{'a'\}: max_procs is "many", expected a number of at least 0\n.*conf:3:1: .*timeout is "0"/,
  ],
  ["$milter{'a'} = {port => '10031', max_data_size => 4096};", /max_data_size is "4096", .* at least 65536/],
  [
    "$milter{'a'} = {port => '10031', max_procs => 2, min_procs => 3};",
    /min_procs is 3, expected max_procs, 2/,
  ],
  [
    "$milter{'a'} = {port => '10031', socket_mode => '0440'};",
    /socket_mode is "0440", expected an octal number without quotes/,
  ],
  ["$milter{'-x'} = {port => '10031'};", /"-x" is no name/],
]
for (const [text, problem] of MISTAKES) {
  test(`a mistake is named: ${text}`, () => {
    assert.throws(() => milterPlans(settingsFrom(text)), problem)
  })
}

const COPIES: readonly (readonly [title: string, text: string, isWarned: boolean])[] = [
  ['nowhere to send them', "$forward_method = undef; $milter{'a'} = {port => '10031'};", true],
  ['a next hop', "$forward_method = 'smtp:[127.0.0.1]:10025'; $milter{'a'} = {port => '10031'};", false],
  [
    'a next hop of the bank',
    "$forward_method = undef; $policy_bank{'B'} = {forward_method => 'smtp:[127.0.0.1]:10025'};\n" +
      "$milter{'a'} = {port => '10031', policy_bank => 'A, B'};",
    false,
  ],
]
for (const [title, text, isWarned] of COPIES) {
  test(`copies of their own: ${title}`, () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'amavis-plan-'))
    try {
      const file = path.join(folder, 'amavisd.conf')
      writeFileSync(file, `$reinject_different_copies = 1;\n${text}\n1;\n`)
      const {warnings} = loadConfiguration({files: [file]})
      const texts = warnings.map(problemText).filter(said => said.includes('different copies'))
      assert.equal(texts.length, isWarned ? 1 : 0)
      if (isWarned) assert.match(texts[0]!, /conf:2:1: \$milter\{'a'\}: \$forward_method is empty/)
    } finally {
      rmSync(folder, {recursive: true})
    }
  })
}
