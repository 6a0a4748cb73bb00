import assert from 'node:assert/strict'
import {chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, test} from 'node:test'
import {checkFiles} from '../../src/config/check-files.ts'
import {checkConfigFile} from '../../src/config/file-check.ts'
import {loadConfiguration} from '../../src/config/load.ts'
import {type Problem, problemText} from '../../src/config/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-check-'))
after(() => rmSync(folder, {recursive: true}))
const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: undefined}

/** Enough for a daemon without any remark. */
const GOOD = `$daemon_user = 'amavis'; $mydomain = 'a.test'; @local_domains_maps = (['.a.test']);
$inet_socket_port = 10024; $forward_method = 'smtp:[127.0.0.1]:10025';
`

function check(text: string, base = GOOD) {
  const good = path.join(folder, 'good.conf')
  const file = path.join(folder, 'a.conf')
  writeFileSync(good, base)
  writeFileSync(file, text)
  const result = loadConfiguration({files: [good, file], host, env: {}, daemon: true})
  const texts = (problems: readonly Problem[]) =>
    problems.map(problem => problemText(problem).replaceAll(`${folder}/`, ''))
  return {
    errors: texts(result.kind === 'failed' ? result.problems : []),
    warnings: texts(result.warnings),
    hints: texts(result.hints),
  }
}

test('a plain configuration has nothing to be said about it', () => {
  assert.deepEqual(check('1;'), {errors: [], warnings: [], hints: []})
})

/** What it is, the text, and all that is said. */
const ERRORS: readonly (readonly [string, string, ...RegExp[]])[] = [
  [
    'a store of the counting server that there is not',
    "\n$anvil_store = 'redis';",
    /^a\.conf:2:1: \$anvil_store: expected 'memory', found "redis"$/,
  ],
  [
    'a misspelt setting under strict, and the nearest name',
    'use strict;\n$max_servrs = 4;',
    /^a\.conf:2:1: there is no setting \$max_servrs \(did you mean \$max_servers\?\)$/,
  ],
  [
    'every misspelt setting, once',
    'use strict;\n$max_servrs = 4;\n@local_domains_map = (1);\n$max_servrs = 5;',
    /^a\.conf:2:1: .*\$max_servers\?/,
    /^a\.conf:3:1: .*@local_domains_maps\?/,
  ],
  [
    'a bare word under strict',
    'use strict;\n$mydomain = example;',
    /^a\.conf:2:13: bare word "example": .* \(write 'example' if a text is meant\)$/,
  ],
  [
    'a bare word where a number belongs',
    '$max_servers = ten;',
    /^a\.conf:1:1: \$max_servers: expected a number, found "ten"$/,
  ],
  ['a size with a unit', "$smtpd_message_size_limit = '10M';", /found "10M" \(write 10\*1024\*1024\)$/],
  ['a time with a unit', "$child_timeout = '8h';", /found "8h" \(write 8\*3600\)$/],
  ['a destiny that is none', '$final_spam_destiny = 7;', /expected D_PASS, .*, found "7"$/],
  [
    'two mistakes of grammar, each at its place, and what is between them still counts',
    '@mynetworks = (\n"a"\n"b");\n$max_servers = \'x\';\n$log_level = (1;\n$child_timeout = "soon";',
    /^a\.conf:3:1: expected "," or "\)"/,
    /^a\.conf:4:1: \$max_servers: expected a number/,
    /^a\.conf:5:16: expected "," or "\)", found ";"/,
    /^a\.conf:6:1: \$child_timeout: expected a number/,
  ],
  [
    'a forgotten semicolon, and the mistake in the next line',
    '$max_servers = 3\n$log_level = "x";',
    /^a\.conf:2:1: expected ";" or an operator/,
    /^a\.conf:2:1: \$log_level: expected a number/,
  ],
  [
    'a text without an end costs its own line',
    '$mydomain = \'x;\n$max_servers = "y";',
    /^a\.conf:1:13: the string has no end/,
    /^a\.conf:2:1: \$max_servers/,
  ],
  [
    'a mistake behind a here-document',
    "$log_templ = <<'E' . ;\n$x = (;\nE\n$max_servers = 'z';",
    /^a\.conf:1:22: expected a value/,
    /^a\.conf:4:1: \$max_servers/,
  ],
  [
    'an included file that does not exist, and what follows',
    "include_config_files('/nowhere/x.conf');\n$max_servers = 'y';",
    /^a\.conf:1:1: Config file "\/nowhere\/x\.conf" does not exist$/,
    /^a\.conf:2:1: \$max_servers/,
  ],
  [
    'a table file that cannot be read',
    "read_hash(\\%virus_lovers, '/nowhere/t');",
    /^a\.conf:1:1: cannot read "\/nowhere\/t"/,
  ],
  [
    'a change of the root folder',
    "$daemon_chroot_dir = '/jail';",
    /^a\.conf:1:1: \$daemon_chroot_dir .*cannot change its root directory.*RootDirectory=\/jail/,
  ],
  ...[
    ['AM.CL', 'AM\\.PDP'],
    ['COURIER', 'SMTP'],
    ['QMQPqq', 'SMTP'],
  ].map(([protocol, successor]): [string, string, RegExp] => [
    `the protocol ${protocol}`,
    `$protocol = '${protocol}';`,
    new RegExp(
      `^a\\.conf:1:1: \\$protocol: the protocol ${protocol} is not spoken any more .*'${successor}'`,
    ),
  ]),
  [
    'such a protocol in a policy bank',
    "$interface_policy{10024} = 'X'; $policy_bank{'X'} = {protocol => 'COURIER'};",
    /policy bank "X", protocol: the protocol COURIER/,
  ],
  ['a protocol that is not known', "$protocol = 'SMPT';", /is not known \(did you mean 'SMTP'\?\)$/],
  [
    'a Perl package of custom hooks, at its first line alone',
    'package Amavis::Custom;\nsub new { my $class = shift; bless {}, $class }\n1;',
    /^a\.conf:1:1: a package of Perl code .*\(custom hooks are a module of JavaScript, named by \$custom_hooks\)$/,
  ],
  ['a Perl module', 'use DBI;', /^a\.conf:1:1: Perl modules cannot be loaded/],
  [
    'a regular expression that cannot be said in JavaScript',
    '$virus_lovers_re = new_RE(qr/(?(1)a|b)/);',
    /^a\.conf:1:\d+: the regular expression .* has the condition "\(\?\(…\)"/,
  ],
  ['a command', '$mydomain = `date`;', /^a\.conf:1:13: commands are not run/],
  [
    'a port that cannot be',
    '$inet_socket_port = [10024, 70000];',
    /^a\.conf:1:1: cannot listen on "127\.0\.0\.1:70000"/,
    /70000/,
  ],
  ['no socket', '$inet_socket_port = undef;', /^no socket to listen on/],
  ['no children', '$max_servers = 0;', /^a\.conf:1:1: \$max_servers: expected a number from 1 up/],
  [
    'a mail_id of an odd size',
    '$mail_id_size_bits = 70;',
    /^a\.conf:1:1: \$mail_id_size_bits: expected a multiple of 24/,
  ],
  [
    'an address list with something else in it',
    '@inet_acl = qw(10.0.0/33);',
    /@inet_acl: expected an address or a network/,
  ],
  [
    'a value of the wrong kind in a policy bank',
    "$policy_bank{'MYNETS'} = {log_level => 'high'};",
    /policy bank "MYNETS", log_level: expected a number/,
  ],
]

for (const [what, text, ...expected] of ERRORS) {
  test(`an error: ${what}`, () => {
    const {errors} = check(text)
    assert.equal(errors.length, expected.length, errors.join('\n'))
    for (const [i, error] of errors.entries()) assert.match(error, expected[i]!)
  })
}

const REMARKS: readonly (readonly ['warnings' | 'hints', string, string, RegExp])[] = [
  [
    'warnings',
    'a misspelt setting without strict',
    '$max_servrs = 4;',
    /^a\.conf:1:1: there is no setting \$max_servrs, .*\$max_servers\?/,
  ],
  [
    'warnings',
    'a bare word without strict',
    '$mydomain = example;',
    /^a\.conf:1:13: bare word "example": taken as a text/,
  ],
  [
    'warnings',
    'a setting that does nothing yet',
    "$always_bcc = 'archive@example.com';",
    /\$always_bcc has no effect yet \(no copy is sent: the MTA's own/,
  ],
  [
    'warnings',
    'a retired setting',
    '$sa_timeout = 60;',
    /\$sa_timeout is retired and has no effect \(\$child_timeout bounds/,
  ],
  ['hints', 'a retired setting whose work is gone with it', '$enable_db = 1;', /\$enable_db is retired/],
  [
    'warnings',
    'a host name without a dot',
    "$myhostname = 'mx1';",
    /^a\.conf:1:1: \$myhostname is "mx1", .* going on as "mx1\.a\.test"/,
  ],
  [
    'warnings',
    'a word that counts as true',
    "$soft_bounce = 'no';",
    /\$soft_bounce: "no" counts as true \(write 0/,
  ],
  ['warnings', 'a whole number that is none', '$max_servers = 2.5;', /expected a whole number, found 2\.5/],
  ['warnings', 'a time below zero', '$child_timeout = -1;', /expected a number from 0 up/],
  [
    'warnings',
    'a reference where a text belongs',
    "$mydomain = ['a.test'];",
    /\$mydomain: expected a text, found a reference to a list/,
  ],
  [
    'warnings',
    'a relative path',
    "$QUARANTINEDIR = 'quarantine';",
    /\$QUARANTINEDIR: expected a path from the root/,
  ],
  [
    'warnings',
    'a word that is none of the choices',
    "$release_format = 'zip';",
    /\$release_format: expected 'resend', .* found "zip"/,
  ],
  [
    'warnings',
    'a method without its protocol',
    "$notify_method = '127.0.0.1:10025';",
    /\$notify_method: expected a method .*\(write 'smtp:127\.0\.0\.1:10025'\)/,
  ],
  [
    'warnings',
    'a text for a table of regular expressions',
    "$virus_lovers_re = 'a';",
    /\$virus_lovers_re: expected new_RE/,
  ],
  [
    'warnings',
    'a hash written as a reference',
    "%virus_lovers = {'a' => 1};",
    /%virus_lovers: holds a reference .*write %virus_lovers = \( … \)/,
  ],
  [
    'warnings',
    'a list written as a reference',
    "@local_domains_acl = ['.a'];",
    /@local_domains_acl: holds a reference to a list instead of texts/,
  ],
  [
    'warnings',
    'a text that is meant as a table',
    "@spam_lovers_maps = ('b.test');",
    /"b\.test" is no table, it means yes for everybody/,
  ],
  [
    'warnings',
    'a category written as a text',
    '%admin_maps_by_ccat = (CC_SPAM => "a");',
    /"CC_SPAM" is no contents category/,
  ],
  [
    'warnings',
    'an unknown field of a policy bank',
    "$policy_bank{'MYNETS'} = {spam_kill_level_map => 1};",
    /unknown field "spam_kill_level_map" \(did you mean "spam_kill_level_maps"\?\)/,
  ],
  [
    'warnings',
    'a field with its sigil',
    "$policy_bank{'MYNETS'} = {'$log_level' => 1};",
    /unknown field "\$log_level" \(write log_level without "\$"\)/,
  ],
  [
    'warnings',
    'a setting that no bank can have',
    "$policy_bank{'MYNETS'} = {max_servers => 1};",
    /\$max_servers holds for all mail, a bank cannot change it/,
  ],
  [
    'warnings',
    'a setting that a bank has by its maps',
    "$policy_bank{'MYNETS'} = {sa_kill_level_deflt => 1};",
    /a bank cannot change it \(set spam_kill_level_maps/,
  ],
  [
    'warnings',
    'a bank for a port that does not exist',
    "$interface_policy{10024} = 'ORIG';",
    /\$interface_policy\{'10024'\} names the policy bank "ORIG", which does not exist/,
  ],
  [
    'warnings',
    'a bank for clients that does not exist',
    "@client_ipaddr_policy = ([qw(10.0.0.0/8)], 'INSIDE');",
    /@client_ipaddr_policy names the policy bank "INSIDE"/,
  ],
  [
    'hints',
    'a bank that nothing loads',
    "$policy_bank{'ORIG'} = {originating => 1};",
    /nothing loads the policy bank "ORIG"/,
  ],
  [
    'hints',
    'a bank for a port that nobody listens on',
    "$interface_policy{10026} = 'MYNETS';",
    /\$interface_policy\{'10026'\} has no effect: nothing listens there/,
  ],
  [
    'warnings',
    'mail that has nowhere to go',
    '$forward_method = undef;',
    /\$forward_method is empty: .* go nowhere/,
  ],
  [
    'warnings',
    'mail that comes back',
    "$forward_method = 'smtp:[127.0.0.1]:10024';",
    /a socket that we listen on ourselves/,
  ],
  [
    'warnings',
    'spam that is bounced',
    '$final_spam_destiny = D_BOUNCE;',
    /\$final_spam_destiny is D_BOUNCE: .*backscatter/,
  ],
  [
    'hints',
    'banned mail that is bounced',
    '$final_banned_destiny = D_BOUNCE;',
    /\$final_banned_destiny is D_BOUNCE: .*backscatter/,
  ],
  [
    'warnings',
    'spam that a bank bounces',
    "$interface_policy{10024} = 'X'; $policy_bank{'X'} = {final_spam_destiny => D_BOUNCE};",
    /policy bank "X", final_spam_destiny is D_BOUNCE/,
  ],
  [
    'hints',
    'networks of our own without a bank',
    '@mynetworks = qw(10.0.0.0/8);',
    /no policy bank MYNETS: mail from there does not count as originating/,
  ],
  [
    'warnings',
    'scanners that are started for each mail only',
    "@av_scanners = (['clamscan', 'clamscan', '{}', [0], [1]]);",
    /only scanners that are started for each mail \(clamscan\)/,
  ],
  [
    'warnings',
    'a scanner that is code of the original',
    "@av_scanners = (['ClamAV', \\&ask_clamav, '*', [0], [1]]);",
    /virus scanner "ClamAV" of @av_scanners always fails: &ask_clamav is code/,
  ],
  [
    'warnings',
    'a scanner that is a library of Perl',
    "@av_scanners_backup = (['SAVI', \\&ask_daemon, ['{}', 'savi-perl:']]);",
    /virus scanner "SAVI" of @av_scanners_backup always fails: "savi-perl:" is a library/,
  ],
  [
    'hints',
    'a quarantine without a folder',
    "$spam_quarantine_method = 'local:spam-%m';",
    /no \$QUARANTINEDIR: nothing is kept/,
  ],
  [
    'warnings',
    'permissions that are not octal',
    '$unix_socket_mode = 660;',
    /660 is a decimal number, .* \(write 0660\)/,
  ],
  [
    'hints',
    'a socket twice',
    "@listen_sockets = ('127.0.0.1:10024');",
    /127\.0\.0\.1:10024 is listened on twice/,
  ],
  [
    'hints',
    'a setting given twice',
    '$log_level = 1;\n$log_level = 2;',
    /^a\.conf:1:1: \$log_level is set again in line 2: this value is lost$/,
  ],
  [
    'hints',
    'a key given twice',
    "%virus_lovers = (\n'a' => 1,\n'b' => 1,\n'a' => 2);",
    /^a\.conf:4:1: the key "a" stood in line 2 already/,
  ],
  ['warnings', 'an empty mail domain', "$mydomain = '';", /\$mydomain is empty/],
]

for (const [level, what, text, expected] of REMARKS) {
  test(`one of the ${level}: ${what}`, () => {
    const result = check(text)
    assert.deepEqual(result.errors, [])
    assert.ok(
      result[level].some(remark => expected.test(remark)),
      JSON.stringify(result, undefined, 2),
    )
  })
}

for (const [what, text] of [
  [
    'a scalar that is looked at before it is set again',
    '$log_level = 1; $logline_maxlen = $log_level; $log_level = 2;',
  ],
  ['a scalar made of its own value', '$log_level = 1; $log_level = $log_level + 1;'],
  ['a setting assigned under a condition', '$log_level = 1; if (-e "/x") { $log_level = 2 }'],
  ['a constant of a list of tables', '@spam_lovers_maps = (1); @virus_lovers_maps = (0);'],
  [
    'a bounce to our own users',
    "$policy_bank{'MYNETS'} = {originating => 1, final_spam_destiny => D_BOUNCE};",
  ],
  [
    'a bank of which a bank speaks',
    "$policy_bank{'MYNETS'} = {client_ipaddr_policy => [[qw(10.0.0.0/8)], 'B']}; $policy_bank{'B'} = {};",
  ],
  [
    'mail of a milter, which delivers itself',
    "$unix_socketname = '/x.sock'; $inet_socket_port = undef; $forward_method = undef; $protocol = 'AM.PDP';",
  ],
] as const) {
  test(`nothing is said of ${what}`, () => {
    assert.deepEqual(check(text), {errors: [], warnings: [], hints: []})
  })
}

test('what would be missing is not complained of when the statement that sets it is a mistake', () => {
  const {errors, warnings, hints} = check('$inet_socket_port = (;\n$forward_method = );', '')
  assert.equal(errors.length, 2, errors.join('\n'))
  assert.ok(![...warnings, ...hints].some(text => /forward_method|socket/.test(text)))
})

test('a loop without an end is one error, and the check ends', () => {
  const {errors} = check('while (1) { $log_level++ }\nwhile (1) { $log_level++ }')
  assert.equal(errors.length, 1)
  assert.match(errors[0]!, /^a\.conf:1:\d+: this configuration does not come to an end/)
})

test('something that is no configuration at all is given up after a hundred mistakes', () => {
  const {errors} = check('%%% )))\n$x = ;\n'.repeat(500))
  assert.ok(errors.length > 10 && errors.length <= 102, `${errors.length}`)
})

test('folders that are missing on this machine are told, each once, with how to make them', () => {
  const file = path.join(folder, 'folders.conf')
  const home = path.join(folder, 'no-such-home')
  writeFileSync(
    file,
    `${GOOD}\n$daemon_user = 'nobody'; $MYHOME = '${home}'; $QUARANTINEDIR = '${home}/q';\n`,
  )
  const told = () => checkFiles({files: [file], host, env: {}}, false).warnings.map(problemText)
  const [first, second, ...others] = told().filter(text => text.includes(home))
  assert.match(
    first!,
    /^\$MYHOME: there is no folder .*would not start here \(install -d -m 0750 -o nobody .*-home\)$/,
  )
  assert.match(second!, /^\$QUARANTINEDIR: there is no folder .*one mailbox file/)
  assert.deepEqual(others, [])
  mkdirSync(path.join(home, 'q'), {recursive: true})
  assert.ok(!told().some(text => text.includes(home)))
})

test('a file that the daemon could change is an error for root, and the others are not', t => {
  if (process.getuid?.() !== 0) return t.skip('needs root')
  const file = path.join(folder, 'owned.conf')
  writeFileSync(file, `${GOOD.replace("'amavis'", "'nobody'")}`)
  const found = () => checkFiles({files: [file], host, env: {}}, true).errors.map(problemText)
  assert.deepEqual(found(), [])
  chmodSync(file, 0o666)
  assert.match(found()[0]!, /can be written by everybody: the daemon's user "nobody" .*chown root/)
  chmodSync(file, 0o644)
  chownSync(file, 65_534, 0)
  assert.match(found()[0]!, /is owned by the user of the daemon/)
  assert.deepEqual(checkFiles({files: [file], host, env: {}}, false).errors, [])
  chownSync(file, 0, 4242)
  chmodSync(file, 0o664)
  assert.match(checkConfigFile(file, {effectiveUid: 77, effectiveGid: 4242})!, /by the group of the daemon/)
  assert.equal(checkConfigFile(file, {effectiveUid: 77, effectiveGid: 4243}), undefined)
})

test('an entry of a policy bank, a hash or a list is told by its own line', () => {
  const {errors, warnings} = check(`$policy_bank{'MYNETS'} = {
  originating => 1,
  log_level => 'high',
};
%admin_maps_by_ccat = (
  CC_VIRUS, 'a',
  CC_SPAM => 'b');
@inet_acl = (
  '10.0.0.0/8',
  '10.0.0/33');
$interface_policy{'10024'} = 'NONE';
`)
  assert.deepEqual(
    [...errors, ...warnings].map(text => text.split(': ')[0]),
    ['a.conf:3:1', 'a.conf:10:1', 'a.conf:7:1', 'a.conf:11:1'],
  )
})

/** Towards clients: what is set, and what is said of it. */
const CLIENTS: readonly (readonly [string, ...RegExp[]])[] = [
  [`$tls_security_level_in = 'may';`, /\$tls_security_level_in: TLS is offered, and there is no certificate/],
  [
    `$policy_bank{B} = {tls_security_level_in => 'encrypt'}; $interface_policy{10024} = 'B';`,
    /policy bank "B".*no certificate/,
  ],
  [`$tls_security_level_in = 'may'; $smtpd_tls_server_options{SSL_cert_file} = '/etc/c.pem';`],
  [`@auth_mech_avail = ('PLAIN');`, /@auth_mech_avail: nobody could authenticate/],
  [
    `$smtpd_client_message_rate_limit = 10;`,
    /a\.conf:1:1: \$smtpd_client_message_rate_limit holds for nobody: all sockets are for this machine/,
  ],
  [
    `$max_servers = 5; $smtpd_client_connection_count_limit = 5; @smtpd_client_event_limit_exceptions = ();`,
    /\$smtpd_client_connection_count_limit is never reached: there are 5 children/,
  ],
  [
    `$inet_socket_bind = '192.0.2.1'; $smtpd_anvil_socket = '';
$policy_bank{'S'} = {smtpd_client_message_rate_limit => 3}; $interface_policy{'10024'} = 'S';`,
    /policy bank "S", smtpd_client_message_rate_limit has no effect: \$smtpd_anvil_socket names nobody/,
  ],
  [
    `@auth_mech_avail = ('PLAIN', 'GSSAPI'); %smtpd_auth_users = (a => 'b');`,
    /the mechanism GSSAPI is not offered/,
  ],
]
for (const [text, ...said] of CLIENTS) {
  test(`remarks about clients: ${text}`, () => {
    const {errors, warnings} = check(text)
    assert.deepEqual(errors, [])
    assert.equal(warnings.length, said.length, warnings.join('\n'))
    for (const [i, pattern] of said.entries()) assert.match(warnings[i]!, pattern)
  })
}
