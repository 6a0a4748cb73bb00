/**
 * The configuration language: each line is a program and the value of `$logfile` after it.
 */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {loadConfiguration} from '../../src/config/load.ts'
import {problemText} from '../../src/config/problem.ts'
import {settingsOf} from '../../src/config/view.ts'

const host = {hostname: 'host.example.com', fqdn: 'host.example.com', mailname: 'example.com'}

function run(text: string, files: Record<string, string> = {}) {
  const known: Record<string, string> = {...files, 'a.conf': text}
  return loadConfiguration(
    {files: ['a.conf'], host, env: {DOMAIN: 'env.test'}},
    {
      readFile(name) {
        const content = known[name]
        if (content === undefined) throw new Error('no such file')
        return Buffer.from(content)
      },
      testFile: (_, name) => (name in known ? 1 : undefined),
      checkFile: name => (name in known ? undefined : 'does not exist'),
    },
  )
}

function valueAfter(text: string, files: Record<string, string> = {}): unknown {
  const result = run(text, files)
  if (result.kind === 'failed') assert.fail(result.problems.map(problemText).join('\n'))
  return settingsOf(result.snapshot).scalar('$logfile')
}

function problemsOf(text: string, files: Record<string, string> = {}): string[] {
  const result = run(text, files)
  assert.equal(result.kind, 'failed', 'it should not load')
  return result.kind === 'failed' ? result.problems.map(problemText) : []
}

const PROGRAMS: readonly (readonly [what: string, program: string, value: unknown])[] = [
  // quoting
  [
    'only \\\\ and the delimiter are escapes between apostrophes',
    `$logfile = '50\\% of \\'$x\\' \\\\';`,
    `50\\% of '$x' \\`,
  ],
  ['strings may span lines', `$logfile = 'a\nb';`, 'a\nb'],
  [
    'q and qq take any delimiter, brackets nest',
    `$logfile = q{a{b}c} . qq<d<$MYHOME>e> . q!f!;`,
    'a{b}cd</var/amavis>ef',
  ],
  [
    'qw splits at white space',
    `@auth_mech_avail = qw[127.0.0.1 [::1]\n x]; $logfile = "@auth_mech_avail";`,
    '127.0.0.1 [::1] x',
  ],
  [
    'escapes of interpolating strings',
    String.raw`$logfile = "\t\x41\x{42}\103\$\@\"\e\cA\N{U+44}";`,
    '\tABC$@"\x1b\x01D',
  ],
  [
    'case modes',
    String.raw`$mydomain='a.b'; $logfile = "\U$mydomain\E \uxy \LABC\E \Q$mydomain\E";`,
    'A.B Xy abc a\\.b',
  ],
  [
    'here-documents with and without interpolation',
    `$mydomain = 'x'; $logfile = <<'A' . <<"B" . <<C;\n$mydomain\\n\nA\n$mydomain\nB\n$mydomain\nC\n`,
    '$mydomain\\n\nx\nx\n',
  ],
  ['an indented here-document', `$logfile = <<~E;\n    a\n      b\n    E\n`, 'a\n  b\n'],
  [
    'a here-document inside a list goes on in the same line',
    `@auth_mech_avail = (<<A, 'y');\nx\nA\n$logfile = join('|', @auth_mech_avail);`,
    'x\n|y',
  ],
  // numbers
  [
    'numbers: separators, octal, hexadecimal, binary',
    '$logfile = join(",", 1_000, 0660, 0x10, 0b11, 6.31, 1e3, .5);',
    '1000,432,16,3,6.31,1000,0.5',
  ],
  ['a number is what its text begins with', `$logfile = "10 apples" + 5;`, 15],
  ['. and + bind alike, to the left', `$logfile = "a" . 1+2;`, 2],
  ['division keeps the fraction', '$logfile = 7/2;', 3.5],
  ['% takes the sign of its right side', '$logfile = join(",", -7 % 3, 7 % -3);', '2,-2'],
  ['** binds to the right and tighter than minus', '$logfile = -2**2 . "," . 2**3**2;', '-4,512'],
  ['fifteen digits are printed', '$logfile = (0.1 + 0.2) . "";', '0.3'],
  // interpolation
  [
    'a name ends at punctuation',
    '$mydomain = "d"; $logfile = "$mydomain-x $mydomain:25 $mydomain.z $mydomain/p ${mydomain}y";',
    'd-x d:25 d.z d/p dy',
  ],
  ['"${v}[0]" is a scalar and text', '$mydomain = "d"; $logfile = "${mydomain}[0]";', 'd[0]'],
  [
    'elements and chains in texts',
    '@listen_sockets=(7); %spam_admin=(a=>{b=>[1,2]}); $logfile = "$listen_sockets[0] $spam_admin{a}{b}[1] $spam_admin{a}->{b}->[0]";',
    '7 2 1',
  ],
  [
    'lists in texts are joined with a space',
    '@auth_mech_avail=(1,2); $logfile = "@auth_mech_avail|@{[3+4]}|${\\ lc(\'X\')}|@auth_mech_avail[0,1]";',
    '1 2|7|x|1 2',
  ],
  ['an @ before a blank is itself', '$logfile = "a @ b";', 'a @ b'],
  ['undef is empty in a text', '$logfile = "<$final_virus_destiny$daemon_user>";', '<0>'],
  ['the environment', '$logfile = "$ENV{DOMAIN} $ENV{PATH}";', 'env.test /bin:/usr/bin'],
  ['the configuration package may be written in full', '$Amavis::Conf::logfile = "x";', 'x'],
  // words
  [
    'a word before => is a string, even a constant',
    '%spam_admin = (CC_SPAM => 1, +CC_MTA => 2, -x => 3); $logfile = join ",", sort keys %spam_admin;',
    '-x,CC_MTA,CC_SPAM',
  ],
  [
    'a word as a subscript is a string',
    '$spam_admin{CC_SPAM} = 1; $logfile = join ",", keys %spam_admin;',
    'CC_SPAM',
  ],
  [
    'ways to write a constant as a key',
    '$spam_admin{+CC_SPAM}=1; $spam_admin{&CC_BADH}=1; $spam_admin{(CC_MTA)}=1; $spam_admin{CC_VIRUS()}=1; $spam_admin{CC_BADH.",3"}=1; $logfile = join " ", sort keys %spam_admin;',
    '2 4 4,3 6 9',
  ],
  [
    'a constant with text before =>',
    '%spam_admin = (CC_BADH.",6" => 1); $logfile = join " ", keys %spam_admin;',
    '4,6',
  ],
  [
    'a number and its text are one key',
    `$interface_policy{10026} = 'A'; $logfile = $interface_policy{'10026'};`,
    'A',
  ],
  ['without strict an unknown word is a string', '$logfile = D_FOO;', 'D_FOO'],
  // data
  ['chained assignment', '$ENV{PATH} = $path = "/x"; $logfile = "$path $ENV{PATH}";', '/x /x'],
  [
    'levels are made on the way',
    `$policy_bank{B}{inet_acl}[1] = 'x'; $logfile = ref($policy_bank{B}) . scalar(@{$policy_bank{B}{inet_acl}});`,
    'HASH2',
  ],
  [
    'references are live',
    '$spam_admin{r} = \\$mydomain; $mydomain = "late"; $logfile = ${$spam_admin{r}};',
    'late',
  ],
  [
    'assigning a list keeps its identity',
    '@spam_lovers_maps = (\\@listen_sockets); @listen_sockets = (5); $logfile = $spam_lovers_maps[0][0];',
    5,
  ],
  [
    'copies are shallow',
    '@lookup_sql_dsn = (["a"]); @storage_sql_dsn = @lookup_sql_dsn; $storage_sql_dsn[0][0] = "b"; $logfile = $lookup_sql_dsn[0][0];',
    'b',
  ],
  ['later keys win', '%spam_admin = (a => 1, a => 2); $logfile = $spam_admin{a};', 2],
  [
    'hashes and lists flatten',
    '%spam_admin = (a => 1); @listen_sockets = (%spam_admin, (2, (3))); $logfile = "@listen_sockets";',
    'a 1 2 3',
  ],
  [
    'spread of references',
    '%spam_admin = (x => {a => 1}); %virus_admin = (%{$spam_admin{x}}, b => 2); $logfile = join ",", sort %virus_admin;',
    '1,2,a,b',
  ],
  [
    'slices',
    '@spam_admin{qw(a b)} = (1, 2); @{$policy_bank{A}}{qw(x y)} = (3, 4); @listen_sockets = (5,6,7); $logfile = join ",", @spam_admin{"a","b"}, $policy_bank{A}{y}, @listen_sockets[0,-1], (8,9)[1];',
    '1,2,4,5,7,9',
  ],
  [
    'a list assigned to names',
    '($mydomain, $daemon_user) = ("a", "b"); $logfile = "$mydomain$daemon_user";',
    'ab',
  ],
  [
    '$#x and negative subscripts',
    '@listen_sockets = (5,6,7); $logfile = "$#listen_sockets $listen_sockets[-1]";',
    '2 7',
  ],
  ['ranges and repetition', '$logfile = join("", 1..3, "a".."c") . "-" x 3;', '123abc---'],
  ['trailing and doubled commas', '@listen_sockets = (1,,2,,); $logfile = @listen_sockets;', 2],
  [
    'undef empties',
    '@listen_sockets = (1); undef @listen_sockets; $mydomain = undef; $logfile = @listen_sockets . (defined $mydomain ? 1 : 0);',
    '00',
  ],
  // statements
  ['modifiers', '$logfile = 1; $logfile = 2 if 0; $logfile .= 3 unless 0; $logfile .= $_ for 4, 5;', '1345'],
  [
    'if, elsif, else',
    '$logfile = ""; if (0) {} elsif ("0.0") { $logfile = "elsif" } else { $logfile = "else" }',
    'elsif',
  ],
  ['unless and else', 'unless (1) { $logfile = 1 } else { $logfile = 2 }', 2],
  [
    'foreach changes the elements',
    '@listen_sockets = (1,2); foreach my $s (@listen_sockets) { $s = $s * 2 } $logfile = "@listen_sockets";',
    '2 4',
  ],
  [
    'loops with a counter, next and last',
    'my $i; for ($i = 0; $i < 9; $i++) { next if $i == 1; last if $i == 4; $logfile .= $i }',
    '023',
  ],
  ['while', 'my $i = 3; while ($i--) { $logfile .= $i }', '210'],
  ['my variables end with their block', 'my $x = "out"; { my $x = "in"; } $logfile = $x;', 'out'],
  ['do blocks have a value', '$logfile = do { 1; "v" };', 'v'],
  ['return ends the file', '$logfile = "a"; return 1; $logfile = "b";', 'a'],
  ['__END__ ends the source', '$logfile = "a";\n__END__\nthis is ( no Perl', 'a'],
  ['POD is passed over', '$logfile = "a";\n\n=pod\n\n$logfile = "b";\n\n=cut\n\n1;', 'a'],
  ['CRLF and a byte order mark are tolerated', '\ufeff$logfile = "a";\r\n1;\r\n', 'a'],
  ['comments end with the line, but not in strings', '$logfile = "a#b"; # c; $logfile = 1;', 'a#b'],
  [
    'operators that assign',
    '$logfile = 2; $logfile += 3; $logfile *= 2; $logfile -= 1; $logfile /= 3; $logfile .= "x"; $mydomain = undef; $mydomain ||= "d"; $daemon_user //= "u"; $logfile .= "$mydomain$daemon_user";',
    '3xdu',
  ],
  [
    'logic gives its operand',
    '$logfile = (0 || "a") . ("b" && "c") . (undef // "d") . (not 1) . (1 == 1);',
    'acd1',
  ],
  [
    'comparisons of texts and numbers',
    '$logfile = join ",", "10" == 10.0, "a" lt "b", 2 <=> 1, "a" cmp "b", "1.0" eq 1 ? 1 : 0;',
    '1,1,1,-1,0',
  ],
  [
    'local ends with the file',
    'include_config_files("b.conf"); $logfile = $mydomain;',
    '!change-mydomain-variable!.example.com',
  ],
  // functions
  [
    'functions of texts',
    '$logfile = lc("A") . uc("b") . ucfirst("cd") . length("abc") . substr("abcd", 1, 2) . index("abc", "c") . sprintf("%03d|%-3s|%.1f|%s", 7, "x", 1.25, "y");',
    'aBCd3bc2007|x  |1.3|y',
  ],
  [
    'functions of lists',
    '$logfile = join(",", map { $_ * 2 } grep { $_ > 1 } 1..3) . join("", reverse sort split(/,/, "b,a,c")) . scalar(@{[1,2]});',
    '4,6cba2',
  ],
  ['map with an expression', '$logfile = join ",", map lc, qw(A B);', 'a,b'],
  [
    'push, unshift, shift, pop',
    '@listen_sockets = (2); push @listen_sockets, 3, 4; unshift(@listen_sockets, 1); $logfile = shift(@listen_sockets) . pop @listen_sockets; $logfile .= "@listen_sockets";',
    '142 3',
  ],
  [
    'exists and delete',
    '%spam_admin = (a => 1); $logfile = (exists $spam_admin{a}) . delete($spam_admin{a}) . (exists $spam_admin{a} ? 1 : 0);',
    '110',
  ],
  ['chomp on an assignment', 'chomp($logfile = "x\\n");', 'x'],
  [
    'matching and replacing',
    'if ("mx1.example" =~ /^mx(\\d)\\.(.*)/i) { $logfile = "$1 $2" } (my $t = $logfile) =~ s/ex/EX/g; $logfile = $t;',
    '1 EXample',
  ],
  ['use utf8 makes characters of octets', 'use utf8; $logfile = length("é");', 1],
  ['without it strings are octets', '$logfile = length("é");', 2],
  ['regexps print as in Perl and nest', 'my $r = qr/a/i; $logfile = qr/^$r|b$/m;', undefined],
]

for (const [what, program, expected] of PROGRAMS) {
  if (expected === undefined) continue
  test(what, () => {
    assert.deepEqual(valueAfter(program, {'b.conf': 'local $mydomain = "inner";'}), expected)
  })
}

test('a regexp made of another holds its text', () => {
  assert.deepEqual(valueAfter('my $r = qr/a/i; $logfile = qr/^$r|b$/m;'), {
    kind: 're',
    pattern: '^(?^i:a)|b$',
    flags: 'm',
  })
  assert.deepEqual(valueAfter("$logfile = qr'\\.(exe|$x)$'xmi;"), {
    kind: 're',
    pattern: '\\.(exe|$x)$',
    flags: 'mix',
  })
  assert.deepEqual(valueAfter('$mydomain = "d"; $logfile = qr{^[^/]{2,3}\\Q$mydomain.x\\E$};'), {
    kind: 're',
    pattern: '^[^/]{2,3}d\\.x$',
    flags: '',
  })
})

test('subs that read settings become data, others keep their program', () => {
  const body = (text: string) => {
    const value = valueAfter(`$logfile = ${text};`)
    return typeof value === 'object' && value !== null && 'body' in value ? value.body : undefined
  }
  assert.deepEqual(body("sub { ca('x_maps') }"), {
    kind: 'setting',
    accessor: 'ca',
    name: 'x_maps',
    wrap: undefined,
  })
  assert.deepEqual(body("sub { Opaque(c('x')) }"), {
    kind: 'setting',
    accessor: 'c',
    name: 'x',
    wrap: 'opaque',
  })
  assert.deepEqual(body("sub { [ c('x') ] }"), {kind: 'setting', accessor: 'c', name: 'x', wrap: 'list'})
  assert.deepEqual(body('sub {0}'), {kind: 'constant', values: [0]})
  assert.deepEqual(body('sub {}'), {kind: 'constant', values: []})
  const program = body("sub { chdir('/d') or die 'no' }")
  assert.ok(
    typeof program === 'object' && program !== null && 'kind' in program && program.kind === 'program',
  )
})

test('tables in files of their own', () => {
  const files = {
    hash: '# comment\nA@B.test  one two  # rest\n<c@D.Test>\n"x y"@e.test 5\n.f.test  0\n   lead 7\n\\g\\h@I.test 8\n',
    array: 'One # c\n<two>\n\n  three\n',
    cidr: '10.0.0.0/8 OK\n# no\n192.0.2.0/24\n  REJECT now\n',
  }
  const text = (program: string) => valueAfter(program, files)
  assert.equal(
    text(
      `read_hash(\\%spam_admin, 'hash'); $logfile = join '|', map { "$_=$spam_admin{$_}" } sort keys %spam_admin;`,
    ),
    '.f.test=0|a@b.test=one two|c@d.test=1|gh@i.test=8|lead=7|x y@e.test=5',
  )
  assert.equal(text(`$logfile = join '|', @{read_array('array')};`), 'One|two|  three')
  assert.equal(text(`my @a; read_cidr('cidr', \\@a); $logfile = "@a";`), '10.0.0.0/8 192.0.2.0/24')
  assert.equal(
    text(`my %h; read_cidr('cidr', \\%h); $logfile = join ',', map {"$_:$h{$_}"} sort keys %h;`),
    '10.0.0.0/8:OK,192.0.2.0/24:REJECT now',
  )
  assert.equal(text(`$logfile = read_text('array');`), files.array)
})

test('files may include each other, but not without end', () => {
  assert.equal(
    valueAfter(`include_config_files('b'); include_optional_config_files('none');`, {b: '$logfile = 1;'}),
    1,
  )
  assert.match(
    problemsOf(`include_config_files('none');`)[0]!,
    /^a\.conf:1:1: Config file "none" does not exist$/,
  )
  assert.match(problemsOf(`include_config_files('a.conf');`)[0]!, /more than 100 deep$/)
})

for (const [what, text, expected] of [
  [
    'all unknown variables of a file at once',
    'use strict;\n$maxservers = 1 if 0;\nif (0) { $x = 1 }\n@mynetwork = ();',
    [
      /^a\.conf:2:1: .*\$maxservers.*\$max_servers\?\)$/,
      /^a\.conf:3:10: .*\$x \(declare/,
      /^a\.conf:4:1: .*@mynetworks\?\)$/,
    ],
  ],
  [
    'a mail address in a text',
    'use strict;\n$virus_admin = "root@example.com";',
    [/^a\.conf:2:21: .*@example/],
  ],
  [
    'a list where a scalar is',
    `$mydomain = 'd'; $virus_admin = "va@$mydomain";`,
    [/^a\.conf:1:3\d: Can't use string \("d"\) as .*\\@/],
  ],
  ['die', 'die "no good\\n";', [/^a\.conf:1:1: the configuration says: no good$/]],
  ['an endless loop', 'while (1) { }', [/does not come to an end/]],
  ['a package', 'package Amavis::Custom;', [/a package of Perl code cannot be used/]],
  ['an unknown function', 'new_ER(qr/x/);', [/"new_ER" cannot be called.*new_RE\?\)$/]],
  ['system', "system('rm -rf /');", [/"system" cannot be called/]],
  [
    'a malformed regexp',
    '$banned_filename_re = new_RE(qr/(a/);',
    [/^a\.conf:1:30: the regular expression "\(a" is malformed/],
  ],
  [
    'an open block',
    'if (1) {\n$logfile = 1;\n',
    [/^a\.conf:3:1: expected "}" for the "{" of line 1, found the end of the file$/],
  ],
  ['an open list', '@mynetworks = (1,\n2;\n', [/^a\.conf:2:2: expected "," or "\)", found ";"$/]],
  ['an open here-document', '$logfile = <<X;\nabc\n', [/no line "X" that ends it$/]],
] as const) {
  test(`${what}: an error with its place`, () => {
    const problems = problemsOf(text)
    assert.equal(problems.length, expected.length, problems.join('\n'))
    for (const [i, pattern] of expected.entries()) assert.match(problems[i]!, pattern)
  })
}

test('an unknown variable without strict is a warning', () => {
  const result = run('$log_levle = 2;')
  assert.equal(result.kind, 'ok')
  if (result.kind === 'ok') {
    assert.deepEqual(result.warnings.map(problemText), [
      'a.conf:1:1: there is no setting $log_levle, so it has no effect (did you mean $log_level?)',
    ])
  }
})

test('changing a retired setting is a warning, giving it its own value is not', () => {
  const result = run('$sa_timeout = 30; $insert_received_line = 0;')
  assert.equal(result.kind, 'ok')
  if (result.kind === 'ok') {
    assert.deepEqual(result.warnings.map(problemText), [
      'a.conf:1:19: $insert_received_line is retired and has no effect (a Received field is always added)',
    ])
  }
})
