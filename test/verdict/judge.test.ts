import assert from 'node:assert/strict'
import test from 'node:test'
import type {Finding} from '../../src/checks/finding.ts'
import type {Category} from '../../src/config/category.ts'
import {factsOf, weighVirusNames} from '../../src/verdict/facts.ts'
import {judge, levelsReached} from '../../src/verdict/judge.ts'
import {Bypasses} from '../../src/verdict/policy.ts'
import type {JudgeInput, LevelsReached, RecipientVerdict, SpamLevels} from '../../src/verdict/verdict.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope, recipient, replyText, TASK} from './make.ts'

const eicar: Finding = {kind: 'virus', scanner: 'clamd', names: ['Test.Eicar']}
const down: Finding = {kind: 'scanner-failed', scanner: 'clamd', reason: 'connect'}
const spam = (score: number): Finding => ({
  kind: 'spam',
  report: {scanner: 'SA', score, tests: [{name: 'T', score}], autolearn: 'no'},
})
const badHeader = (minor: 1 | 2 | 4 | 7): Finding => ({
  kind: 'bad-header',
  complaint: {minor, message: `complaint ${minor}`},
})
const unchecked = (minor: 0 | 1 | 2 | 3): Finding => ({kind: 'unchecked', minor, part: 'p001', reason: 'r'})
const exe = (...recipients: number[]): Finding => ({
  kind: 'banned',
  hit: {recipients, path: 'P=p001', reason: '.exe,setup.exe', rule: 'r', value: '1', discard: false},
})

const LEVELS = '$sa_tag_level_deflt = 2; $sa_tag2_level_deflt = 5; $sa_kill_level_deflt = 8;\n'
const LOCAL = "@local_domains_maps = (['.example.com']);\n"
const REJECTING =
  '$final_virus_destiny = $final_banned_destiny = $final_spam_destiny = $final_bad_header_destiny =' +
  ' $final_unchecked_destiny = D_REJECT;\n'

function input(conf: string, findings: readonly Finding[], more: Partial<JudgeInput> = {}): JudgeInput {
  const settings = settingsFrom(`use strict;\n${LOCAL}${LEVELS}${conf}\n1;`)
  const weighed = weighVirusNames(findings, settings)
  const of = more.envelope ?? envelope()
  return {
    bypasses: new Bypasses(of.recipients).under(settings),
    taskId: TASK,
    findings: weighed,
    facts: factsOf(weighed),
    scannersAnswered: 1,
    envelope: of,
    size: 1000,
    originating: false,
    isBulk: false,
    settings,
    ...more,
  }
}

function judgeOne(
  conf: string,
  findings: readonly Finding[],
  more: Partial<JudgeInput> = {},
): RecipientVerdict {
  return judge(input(conf, findings, more))[0]!
}

const keys = (categories: readonly Category[]) =>
  categories.map(({major, minor}) => `${major},${minor}`).join(' ')

/** What matters of a verdict in one line: `PASS`, or destiny, blocking category and answer. */
function summary({destiny, blocking, response}: RecipientVerdict): string {
  if (!blocking || !response) return destiny
  return `${destiny} ${blocking.major},${blocking.minor} ${replyText(response)}`
}

type Row = readonly [
  title: string,
  conf: string,
  findings: readonly Finding[],
  categories: string,
  summary: string,
  more?: Partial<JudgeInput>,
]

const ID = `id=${TASK} -`
const rows: readonly Row[] = [
  ['nothing found', '', [], '1,0', 'PASS'],
  [
    'virus by default',
    '',
    [eicar],
    '9,0 1,0',
    `DISCARD 9,0 250 2.7.0 Ok, discarded, ${ID} INFECTED: Test.Eicar`,
  ],
  [
    'banned by default',
    '',
    [exe(0)],
    '8,0 1,0',
    `DISCARD 8,0 250 2.7.0 Ok, discarded, ${ID} BANNED: .exe,setup.exe`,
  ],
  ['spam by default', '', [spam(9)], '6,0 5,0 1,1 1,0', 'PASS'],
  ['spammy is never blocked by default', REJECTING, [spam(5)], '5,0 1,1 1,0', 'PASS'],
  ['below tag2', REJECTING, [spam(4.99)], '1,1 1,0', 'PASS'],
  ['below tag', REJECTING, [spam(1)], '1,0', 'PASS'],
  ['spam, REJECT', REJECTING, [spam(8)], '6,0 5,0 1,1 1,0', `REJECT 6,0 554 5.7.0 Reject, ${ID} spam`],
  [
    'spam, BOUNCE',
    '$final_spam_destiny = D_BOUNCE;',
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `BOUNCE 6,0 554 5.7.0 Bounce, ${ID} spam`,
  ],
  [
    'spam, TEMPFAIL',
    '$final_spam_destiny = D_TEMPFAIL;',
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `TEMPFAIL 6,0 450 4.7.0 Temporary failure, ${ID} spam`,
  ],
  [
    'two scanners add up',
    REJECTING,
    [spam(4), spam(4)],
    '6,0 5,0 1,1 1,0',
    `REJECT 6,0 554 5.7.0 Reject, ${ID} spam`,
  ],
  [
    'soft_bounce',
    `${REJECTING}$soft_bounce = 1;`,
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `REJECT 6,0 450 4.7.0 Reject (soft_bounce), ${ID} spam`,
  ],
  [
    'soft_bounce of a discard',
    '$soft_bounce = 1;',
    [eicar],
    '9,0 1,0',
    `DISCARD 9,0 450 4.7.0 Ok, discarded (soft_bounce), ${ID} INFECTED: Test.Eicar`,
  ],
  [
    'bad header keeps its minor',
    REJECTING,
    [badHeader(7)],
    '4,7 4,0 1,0',
    `REJECT 4,7 554 5.6.0 Reject, ${ID} BAD HEADER: missing required header field`,
  ],
  [
    '8-bit header has a status of its own',
    REJECTING,
    [badHeader(2)],
    '4,2 4,0 1,0',
    `REJECT 4,2 554 5.6.3 Reject, ${ID} BAD HEADER: nonencoded 8-bit character`,
  ],
  [
    'the worst header complaint counts, a MIME error is added',
    '',
    [badHeader(4), badHeader(1), badHeader(7)],
    '4,7 4,1 4,0 1,0',
    'PASS',
  ],
  [
    'a destiny for one minor only',
    "$final_destiny_by_ccat{+CC_BADH.',7'} = D_REJECT;",
    [badHeader(7)],
    '4,7 4,0 1,0',
    `REJECT 4,7 554 5.6.0 Reject, ${ID} BAD HEADER: missing required header field`,
  ],
  [
    'a destiny for another minor',
    "$final_destiny_by_ccat{+CC_BADH.',8'} = D_REJECT;",
    [badHeader(7)],
    '4,7 4,0 1,0',
    'PASS',
  ],
  [
    'bad header, BOUNCE, null sender',
    '$final_bad_header_destiny = D_BOUNCE;',
    [badHeader(7)],
    '4,7 4,0 1,0',
    'PASS',
    {envelope: envelope({sender: ''})},
  ],
  [
    'bad header, BOUNCE, bulk mail',
    '$final_bad_header_destiny = D_BOUNCE;',
    [badHeader(7)],
    '4,7 4,0 1,0',
    'PASS',
    {isBulk: true},
  ],
  [
    'bad header, REJECT, bulk mail',
    REJECTING,
    [badHeader(4)],
    '4,4 4,0 1,0',
    `REJECT 4,4 554 5.6.0 Reject, ${ID} BAD HEADER: line made up entirely of whitespace`,
    {isBulk: true},
  ],
  ['encrypted by default', '', [unchecked(1)], '7,1 7,0 1,0', 'PASS'],
  [
    'encrypted, REJECT',
    REJECTING,
    [unchecked(1)],
    '7,1 7,0 1,0',
    `REJECT 7,1 554 5.7.0 Reject, ${ID} UNCHECKED: encrypted`,
  ],
  [
    'over limits, REJECT',
    REJECTING,
    [unchecked(2)],
    '7,2 7,0 1,0',
    `REJECT 7,2 554 5.7.0 Reject, ${ID} UNCHECKED: over limits`,
  ],
  [
    'the highest category blocks',
    REJECTING,
    [spam(8), badHeader(7), eicar, exe(0)],
    '9,0 8,0 6,0 5,0 4,7 4,0 1,1 1,0',
    `REJECT 9,0 554 5.7.0 Reject, ${ID} INFECTED: Test.Eicar`,
  ],
  [
    'a lower category blocks for a virus lover',
    `${REJECTING}@virus_lovers_maps = (['user@example.com']);`,
    [eicar, exe(0)],
    '9,0 8,0 1,0',
    `REJECT 8,0 554 5.7.0 Reject, ${ID} BANNED: .exe,setup.exe`,
  ],
  [
    'a spam lover',
    `${REJECTING}@spam_lovers_maps = ({'user@example.com' => 1});`,
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    'PASS',
  ],
  [
    'spam of a lover of bad headers',
    `${REJECTING}@bad_header_lovers_maps = (1);`,
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `REJECT 6,0 554 5.7.0 Reject, ${ID} spam`,
  ],
  [
    'a lover of bad headers, whatever the minor',
    `${REJECTING}@bad_header_lovers_maps = (1);`,
    [badHeader(7)],
    '4,7 4,0 1,0',
    'PASS',
  ],
  [
    'a destiny by recipient',
    "$final_destiny_by_ccat{+CC_SPAM} = [{'user@example.com' => D_DISCARD}];",
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `DISCARD 6,0 250 2.7.0 Ok, discarded, ${ID} spam`,
  ],
  [
    'no destiny for this recipient',
    "$final_destiny_by_ccat{+CC_SPAM} = [{'other@example.com' => D_DISCARD}];",
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    'PASS',
  ],
  [
    'a destiny that means nothing makes mail wait',
    '$final_destiny_maps_by_ccat{+CC_SPAM} = 7;',
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `TEMPFAIL 6,0 450 4.7.0 Temporary failure, ${ID} spam`,
  ],
  ['virus checks bypassed', '@bypass_virus_checks_maps = (1);', [eicar, unchecked(1)], '1,0', 'PASS'],
  [
    'ambiguous structure counts in spite of a bypass',
    '@bypass_virus_checks_maps = (1);',
    [unchecked(3)],
    '7,3 7,0 1,0',
    'PASS',
  ],
  ['banned checks bypassed', '@bypass_banned_checks_maps = (1);', [exe(0)], '1,0', 'PASS'],
  ['header checks bypassed', `${REJECTING}@bypass_header_checks_maps = (1);`, [badHeader(7)], '1,0', 'PASS'],
  ['spam checks bypassed', `${REJECTING}@bypass_spam_checks_maps = (1);`, [spam(8)], '1,0', 'PASS'],
  ['banned for another recipient', '', [exe(1)], '1,0', 'PASS'],
  [
    'too large',
    '@message_size_limit_maps = (70000);',
    [],
    '3,0 1,0',
    `BOUNCE 3,0 552 5.3.4 Bounce, ${ID} Message size exceeds recipient's size limit`,
    {size: 70001},
  ],
  ['not too large', '@message_size_limit_maps = (70000);', [], '1,0', 'PASS', {size: 70000}],
  [
    'limits below 64 KiB are raised to it',
    '@message_size_limit_maps = (1000);',
    [],
    '1,0',
    'PASS',
    {size: 65536},
  ],
  [
    'a discard of which the sender is warned is a bounce',
    '$final_banned_destiny = D_DISCARD; $warnbannedsender = 1;',
    [exe(0)],
    '8,0 1,0',
    `BOUNCE 8,0 554 5.7.0 Bounce, ${ID} BANNED: .exe,setup.exe`,
  ],
  [
    'a reason of our own',
    "$final_spam_destiny = D_REJECT; $smtp_reason_by_ccat{+CC_SPAM} = 'go 100%% away, %n';",
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    `REJECT 6,0 554 5.7.0 Reject, go 100% away, ${TASK}`,
  ],
  [
    'an empty reason',
    "$final_spam_destiny = D_REJECT; $smtp_reason_by_ccat{+CC_SPAM} = '';",
    [spam(8)],
    '6,0 5,0 1,1 1,0',
    'REJECT 6,0 554 5.7.0 Reject',
  ],
  [
    'the last resort',
    '$final_destiny_by_ccat{+CC_CATCHALL} = D_REJECT;',
    [],
    '1,0',
    `REJECT 0,0 554 5.7.0 Reject, ${ID} OTHER`,
  ],
]
for (const [title, conf, findings, categories, expected, more] of rows) {
  test(`${title}: ${expected}`, () => {
    const verdict = judgeOne(conf, findings, more)
    assert.equal(keys(verdict.categories), categories)
    assert.equal(summary(verdict), expected)
  })
}

const WAIT = `TEMPFAIL 7,0 451 4.5.0 Error in processing, id=${TASK}, virus_scan FAILED: ALL VIRUS SCANNERS FAILED`
const failing: readonly (readonly [
  title: string,
  conf: string,
  Finding[],
  answered: number,
  string,
  string,
])[] = [
  ['all failed: mail waits', '', [down], 0, '7,0 1,0', WAIT],
  ['all failed, fatal', '$virus_scanners_failure_is_fatal = 1;', [down], 0, '7,0 1,0', WAIT],
  [
    'all failed, not fatal: unchecked, never clean',
    '$virus_scanners_failure_is_fatal = 0;',
    [down],
    0,
    '7,0 1,0',
    'PASS',
  ],
  [
    'all failed, not fatal, destiny of unchecked mail',
    `${REJECTING}$virus_scanners_failure_is_fatal = 0;`,
    [down],
    0,
    '7,0 1,0',
    `REJECT 7,0 554 5.7.0 Reject, ${ID} UNCHECKED`,
  ],
  ['one failed, another answered', '', [down], 1, '1,0', 'PASS'],
  ['all failed, banned too: mail waits', '', [down, exe(0)], 0, '8,0 7,0 1,0', WAIT],
  [
    'all failed, a test string found',
    '',
    [down, eicar],
    0,
    '9,0 7,0 1,0',
    `DISCARD 9,0 250 2.7.0 Ok, discarded, ${ID} INFECTED: Test.Eicar`,
  ],
  ['all failed, recipient bypasses them', '@bypass_virus_checks_maps = (1);', [down], 0, '1,0', 'PASS'],
]
for (const [title, conf, findings, scannersAnswered, categories, expected] of failing) {
  test(`virus scanners, ${title}`, () => {
    const verdict = judgeOne(conf, findings, {scannersAnswered})
    assert.equal(keys(verdict.categories), categories)
    assert.equal(summary(verdict), expected)
  })
}

test('each recipient is judged by itself', () => {
  const recipients = ['user@example.com', 'lover@example.com', 'x@far.test'].map(address =>
    recipient(address),
  )
  const verdicts = judge(
    input(
      `${REJECTING}@spam_lovers_maps = (['lover@example.com']);` +
        "@spam_kill_level_maps = ({'x@far.test' => 20, '.' => 8});",
      [spam(9), exe(2)],
      {envelope: envelope({recipients})},
    ),
  )
  assert.deepEqual(verdicts.map(summary), [
    `REJECT 6,0 554 5.7.0 Reject, ${ID} spam`,
    'PASS',
    `REJECT 8,0 554 5.7.0 Reject, ${ID} BANNED: .exe,setup.exe`,
  ])
  assert.deepEqual(
    verdicts.map(({local}) => local),
    [true, true, false],
  )
  assert.deepEqual(
    verdicts.map(({levels}) => levels.kill),
    [8, 8, 20],
  )
  assert.deepEqual(
    verdicts.map(({index}) => index),
    [0, 1, 2],
  )
})

test('an address in quotes is looked up without them', () => {
  const quoted = envelope({recipients: [recipient('"odd user"@example.com')]})
  const verdict = judgeOne(`${REJECTING}@spam_lovers_maps = ({'odd user@example.com' => 1});`, [spam(9)], {
    envelope: quoted,
  })
  assert.equal(summary(verdict), 'PASS')
})

test('a reason is cut at 450 characters and holds nothing that a reply must not', () => {
  const names = [`a\r\nb\0${'x'.repeat(600)}`]
  const {response} = judgeOne(REJECTING, [{kind: 'virus', scanner: 's', names}])
  assert.match(response!.text, /^Reject, id=24331-01 - INFECTED: a\?\?b\?x+\.\.\.$/)
  assert.equal(response!.text.length, 'Reject, '.length + 450 + 3)
})

const NAMED = "@virus_name_to_spam_score_maps = (new_RE([qr'^Phishing\\.' => 3], [qr'^Junk\\.' => 9]));\n"
const named = (...names: string[]): Finding => ({kind: 'virus', scanner: 'clamd', names})
const nameRows: readonly (readonly [
  findings: readonly Finding[],
  categories: string,
  score: number | undefined,
])[] = [
  [[named('Phishing.X')], '1,1 1,0', 3],
  [[named('Phishing.X'), named('Junk.Y')], '6,0 5,0 1,1 1,0', 9],
  [[named('Phishing.X'), spam(2)], '5,0 1,1 1,0', 5],
  [[named('Phishing.X', 'Real.Virus')], '9,0 1,0', undefined],
  [[named('Phishing.X'), named('Real.Virus')], '9,0 1,0', undefined],
  [[named()], '9,0 1,0', undefined],
]
for (const [findings, categories, score] of nameRows) {
  test(`virus names that stand for points: ${JSON.stringify(findings)}`, () => {
    const verdict = judgeOne(NAMED, findings)
    assert.equal(keys(verdict.categories), categories)
    assert.equal(verdict.score, score)
  })
}

const none: SpamLevels = {tag: undefined, tag2: undefined, tag3: undefined, kill: undefined}
const all: SpamLevels = {tag: 2, tag2: 5, tag3: 7, kill: 8}
const reached = (flags: string): LevelsReached => ({
  tag: flags.includes('t'),
  tag2: flags.includes('2'),
  tag3: flags.includes('3'),
  kill: flags.includes('k'),
})
const levelRows: readonly (readonly [number | undefined, SpamLevels, lists: string, flags: string])[] = [
  [undefined, none, '', 't'],
  [undefined, all, '', ''],
  [undefined, {...all, tag: 0}, '', 't'],
  [2, all, '', 't'],
  [5, all, '', 't2'],
  [7, all, '', 't23'],
  [8, all, '', 't23k'],
  [100, none, '', 't'],
  [9, {...none, kill: 8}, '', 'tk'],
  [7, {...all, tag2: 50}, '', 't23'],
  [0, none, 'b', 't23k'],
  [0, all, 'b', 't23k'],
  [11.9, all, 'w', ''],
  [12, all, 'w', 't'],
  [100, all, 'w', 't'],
  [0, all, 'bw', 't'],
]
for (const [score, levels, lists, flags] of levelRows) {
  test(`score ${score}, levels ${Object.values(levels)}, lists "${lists}" reach "${flags}"`, () => {
    assert.deepEqual(levelsReached(score, levels, lists.includes('b'), lists.includes('w')), reached(flags))
  })
}
