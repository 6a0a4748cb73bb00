import assert from 'node:assert/strict'
import test from 'node:test'
import {applyEdits} from '../../../src/actions/edits/apply.ts'
import {type EditInput, planEdits} from '../../../src/actions/edits/plan.ts'
import {MAJOR} from '../../../src/config/category.ts'
import type {RecipientVerdict} from '../../../src/verdict/verdict.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {inUtc} from '../../support/utc.ts'
import {CLEAN, category, client, facts, header, recipient, verdict} from '../../verdict/make.ts'

const BASE = `use strict;
$mydomain = 'example.com'; $myhostname = 'filter.example.com';
$sa_spam_subject_tag = '***SPAM*** ';
`
const settingsOf = (conf: string) => settingsFrom(`${BASE}${conf}\n1;`)
const standard = settingsOf('')

const original = header('Date: Sun, 22 Nov 2026 12:00:00 +0000', 'X-Spam-Flag: YES', 'Subject: hi')

const input = (more: Partial<EditInput> = {}): EditInput => ({
  header: original,
  verdicts: [verdict()],
  recipientCount: 1,
  facts: facts(),
  quarantined: false,
  client,
  listener: {address: '127.0.0.1', port: 20010, path: undefined},
  protocol: 'ESMTP',
  taskId: '09769-12',
  mailId: 'g8b6GiznPrGP',
  at: Date.UTC(2026, 10, 22, 15, 7, 41),
  settings: standard,
  ...more,
})

/** The header as it is sent, field by field and unfolded, to the first cluster. */
function sent(of: EditInput, cluster = 0): string[] {
  const {edits} = planEdits(of)[cluster]!
  const {head, from} = applyEdits(of.header, edits)
  const rest = Buffer.concat(of.header.fields.map(({raw}) => raw))
  const text = Buffer.concat([head, from === 0 ? rest : Buffer.alloc(0)]).toString()
  return text
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .filter(Boolean)
}
const names = (of: EditInput, cluster = 0) => sent(of, cluster).map(line => line.split(':')[0])

const LEVELS = {tag: -999, tag2: 4, tag3: undefined, kill: 6.9}
const tagged = (more: Partial<RecipientVerdict> = {}) =>
  verdict({
    score: -0.001,
    levels: LEVELS,
    reached: {tag: true, tag2: false, tag3: false, kill: false},
    ...more,
  })
const spam = (more: Partial<RecipientVerdict> = {}) =>
  verdict({
    score: 12.345,
    levels: LEVELS,
    reached: {tag: true, tag2: true, tag3: false, kill: true},
    categories: [category(MAJOR.Spam), category(MAJOR.Spammy), category(MAJOR.Clean, 1), CLEAN],
    ...more,
  })

inUtc()

test('a clean mail that was scanned gets the fields of amavisd in its order, octet for octet', () => {
  const tests = [
    {name: 'MSGID_SHORT', score: 0.001},
    {name: 'NO_RECEIVED', score: -0.001},
    {name: 'NO_RELAYS', score: -0.001},
  ]
  const of = input({
    verdicts: [tagged({tests})],
    facts: facts({autolearn: 'unavailable autolearn_force=no'}),
    header: header('Date: Sun, 22 Nov 2026 12:00:00 +0000'),
  })
  const [cluster] = planEdits(of)
  assert.equal(
    cluster!.edits.prepend,
    [
      'X-Virus-Scanned: amavis at example.com',
      'X-Spam-Flag: NO',
      'X-Spam-Score: -0.001',
      'X-Spam-Level:',
      'X-Spam-Status: No, score=-0.001 tagged_above=-999 required=4',
      ' tests=[MSGID_SHORT=0.001, NO_RECEIVED=-0.001, NO_RELAYS=-0.001]',
      ' autolearn=unavailable autolearn_force=no',
      'Received: from mx.remote.test ([127.0.0.1])',
      ' by localhost (filter.example.com [127.0.0.1]) (amavis, port 20010) with ESMTP',
      ' id g8b6GiznPrGP for <user@example.com>; Sun, 22 Nov 2026 15:07:41 +0000 (UTC)',
      '',
    ].join('\r\n'),
  )
  assert.equal(cluster!.tagged, false)
  assert.equal(applyEdits(of.header, cluster!.edits).from, 0)
})

test('everything at once, top to bottom', () => {
  const bad = [category(MAJOR.Virus), category(MAJOR.Banned), category(MAJOR.BadHdr, 7)]
  const of = input({
    settings: settingsOf('$allowed_added_header_fields{"x-amavis-category"} = 1;'),
    verdicts: [spam({categories: [...bad, category(MAJOR.Spam), CLEAN]})],
    facts: facts({virusNames: ['V'], bannedReasons: ['.exe'], headerComplaint: 'no Date'}),
    quarantined: true,
    header: header('From: a@b.test'),
  })
  assert.deepEqual(sent(of).slice(0, -1), [
    'X-Quarantine-ID: <g8b6GiznPrGP>',
    'X-Virus-Scanned: amavis at example.com',
    'X-Amavis-Alert: INFECTED, message contains virus: V',
    'X-Amavis-Alert: BANNED, message contains .exe',
    'X-Amavis-Alert: BAD HEADER SECTION, no Date',
    'X-Spam-Flag: YES',
    'X-Spam-Score: 12.345',
    'X-Spam-Level: ************',
    'X-Spam-Status: Yes, score=12.345 tagged_above=-999 required=4 tests=[] autolearn=unavailable',
    'Subject: ***INFECTED***',
    'Received: from mx.remote.test ([127.0.0.1]) by localhost (filter.example.com [127.0.0.1]) (amavis, port 20010) with ESMTP id g8b6GiznPrGP for <user@example.com>; Sun, 22 Nov 2026 15:07:41 +0000 (UTC)',
    'X-Amavis-Category: filter.example.com; category=Virus',
  ])
})

test("others' X-Spam fields go, unless the recipient keeps them", () => {
  assert.ok(!names(input()).includes('X-Spam-Flag'))
  assert.ok(
    names(input({settings: settingsOf('$remove_existing_spam_headers = 0;')})).includes('X-Spam-Flag'),
  )
  const theirs = header('X-Virus-Scanned: them', 'X-Amavis-Hold: them', 'X-Amavis-Alert: them')
  const mine = 'X-Virus-Scanned: amavis at example.com'
  const kept = sent(input({header: theirs}))
  assert.deepEqual(
    kept.filter(line => !line.startsWith('Received')),
    [mine, 'X-Virus-Scanned: them', 'X-Amavis-Alert: them'],
  )
  const settings = settingsOf('$remove_existing_x_scanned_headers = 1;')
  const removed = sent(input({header: theirs, settings}))
  assert.deepEqual(
    removed.filter(line => !line.startsWith('Received')),
    [mine, 'X-Amavis-Alert: them'],
  )
})

test('an X-Amavis-Category of our own name is replaced, others stay', () => {
  const settings = settingsOf('$allowed_added_header_fields{"x-amavis-category"} = 1;')
  const theirs = header(
    'X-Amavis-Category: FILTER.example.com; category=Spam',
    'X-Amavis-Category: mx.test; category=Spam',
  )
  const lines = sent(input({header: theirs, settings})).filter(line => /category/i.test(line))
  assert.deepEqual(lines, [
    'X-Amavis-Category: filter.example.com; category=Clean',
    'X-Amavis-Category: mx.test; category=Spam',
  ])
})

test('spam for a local recipient is tagged in the Subject, in its place', () => {
  const of = input({verdicts: [spam()]})
  assert.deepEqual(sent(of).slice(-2), ['Date: Sun, 22 Nov 2026 12:00:00 +0000', 'Subject: ***SPAM*** hi'])
  assert.equal(planEdits(of)[0]!.tagged, true)
})

test('a foreign recipient gets no X-Spam fields, no Subject tag, no X-Quarantine-ID', () => {
  const of = input({verdicts: [spam({local: false})], quarantined: true})
  assert.deepEqual(names(of), ['X-Virus-Scanned', 'Received', 'Date', 'Subject'])
  assert.equal(sent(of).at(-1), 'Subject: hi')
  assert.equal(planEdits(of)[0]!.tagged, false)
})

test('a recipient that bypasses virus checks is not told that mail was scanned', () => {
  const bypass = {virus: true, banned: false, spam: false, header: false}
  assert.ok(!names(input({verdicts: [verdict({bypass})]})).includes('X-Virus-Scanned'))
})

test('recipients with equal edits share a copy, others get their own, in order', () => {
  const of = input({
    recipientCount: 4,
    verdicts: [
      spam({recipient: recipient('a@example.com')}),
      spam({recipient: recipient('b@far.test'), local: false}),
      spam({recipient: recipient('c@example.com')}),
      spam({recipient: recipient('d@example.com'), score: 13}),
    ],
  })
  const clusters = planEdits(of)
  assert.deepEqual(
    clusters.map(({recipients}) => recipients.map(each => each.recipient.address)),
    [['a@example.com', 'c@example.com'], ['b@far.test'], ['d@example.com']],
  )
  for (const cluster of [0, 1, 2]) assert.doesNotMatch(sent(of, cluster).join('\n'), / for </)
})

test('unchecked mail is tagged, bad headers are not', () => {
  const unchecked = input({
    verdicts: [verdict({categories: [category(MAJOR.Unchecked, 1), category(MAJOR.Unchecked), CLEAN]})],
  })
  assert.equal(sent(unchecked).at(-1), 'Subject: ***UNCHECKED*** hi')
  const badHeader = planEdits(input({verdicts: [verdict({categories: [category(MAJOR.BadHdr, 7), CLEAN]})]}))
  assert.equal(badHeader[0]!.tagged, false)
})

test('a tag for a category without one is that of the next lower, CatchAll comes last', () => {
  const settings = settingsOf("$subject_tag_maps_by_ccat{+CC_CATCHALL} = ['*ALL* '];")
  assert.equal(sent(input({settings, verdicts: [spam()]})).at(-1), 'Subject: ***SPAM*** hi')
  assert.equal(sent(input({settings})).at(-1), 'Subject: *ALL* hi')
})

test('tokens of a tag are filled in', () => {
  const settings = settingsOf("$sa_spam_subject_tag = '[_SCORE_/_REQD_ _MAILID_] ';")
  assert.equal(sent(input({settings, verdicts: [spam()]})).at(-1), 'Subject: [12.345/4 g8b6GiznPrGP] hi')
})

const switches: readonly (readonly [conf: string, gone: string])[] = [
  ['$allowed_added_header_fields{"received"} = 0;', 'Received'],
  ['$allowed_added_header_fields{"x-spam-flag"} = 0;', 'X-Spam-Flag'],
  ['$prefer_our_added_header_fields{"x-spam-status"} = 0;', 'X-Spam-Status'],
  ['undef $sa_spam_level_char;', 'X-Spam-Level'],
  ["$X_HEADER_LINE = '';", 'X-Virus-Scanned'],
]
for (const [conf, gone] of switches) {
  test(`${conf} leaves ${gone} out`, () => {
    const of = input({verdicts: [tagged()]})
    assert.ok(names(of).includes(gone))
    assert.ok(!names({...of, settings: settingsOf(conf)}).includes(gone))
  })
}

test('fields of classifying programs stand below the points, in their order, whosever are preferred', () => {
  const scanned = facts({
    scannerFields: [
      ['X-Bogosity', 'Ham, tests=bogofilter'],
      ['X-CRM114-Version', '1'],
      ['X-CRM114-Status', 'GOOD ( 28.75 )'],
      ['X-CRM114-CacheID', 'sfid-1'],
      ['X-DSPAM-Class', 'Spam'],
      ['X-DSPAM-Result', 'Spam'],
      ['X-DSPAM-Signature', '4a1b'],
    ],
  })
  const added = names(input({verdicts: [spam()], facts: scanned})).filter(name =>
    /^X-(?:Spam-Status|Bog|CRM|DSPAM)/.test(name ?? ''),
  )
  assert.deepEqual(added, [
    'X-Spam-Status',
    'X-Bogosity',
    'X-DSPAM-Class',
    'X-DSPAM-Result',
    'X-DSPAM-Signature',
    'X-CRM114-Status',
    'X-CRM114-CacheID',
  ])
})

test('fields that a scanner wants out of the mail go for local recipients', () => {
  const scanned = facts({removedFields: ['X-Old']})
  const removed = (local: boolean) =>
    planEdits(input({verdicts: [spam({local})], facts: scanned}))[0]?.edits.remove.has('x-old')
  assert.deepEqual([removed(true), removed(false)], [true, false])
})

test("a scanner's own fields are added where they are allowed and ours are not preferred", () => {
  const scanned = facts({
    scannerFields: [
      ['X-Spam-Checker-Version', 'SpamAssassin 4.0.1\n\ton sa.example.com'],
      ['X-Spam-Status', 'No, theirs'],
      ['X-Spam-Report', '\n\t*  1.2 A text\n\t*      [more]'],
      ['X-Spam-Relay', 'DE'],
      ['X-Spam-Other', 'x'],
    ],
    spamReport: 'theirs as text',
    supplementary: new Map([
      ['SAVERSION', '4.0.1'],
      ['SASUBVERSION', '2024-03-26'],
    ]),
  })
  const allowed = `for (qw(x-spam-checker-version x-spam-report x-spam-relay)) { $allowed_added_header_fields{$_} = 1 }`
  const added = (conf: string) =>
    sent(
      input({
        settings: settingsOf(conf),
        verdicts: [spam({reached: {tag: true, tag2: true, tag3: false, kill: false}})],
        facts: scanned,
      }),
    ).filter(line => /^X-Spam-(?:Checker|Report|Relay|Other)/.test(line))
  assert.deepEqual(added(''), [])
  assert.deepEqual(added(allowed), [
    'X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-26) on filter.example.com',
    'X-Spam-Report: theirs as text',
    'X-Spam-Relay: DE',
  ])
  const theirs = `${allowed} for (qw(x-spam-checker-version x-spam-report)) { $prefer_our_added_header_fields{$_} = 0 }`
  assert.deepEqual(added(theirs), [
    'X-Spam-Checker-Version: SpamAssassin 4.0.1 on sa.example.com',
    'X-Spam-Report: *  1.2 A text *      [more]',
    'X-Spam-Relay: DE',
  ])
})

test('what ended the taking apart stands on top for every recipient, and in the place of what a sender claims', () => {
  const of = input({
    header: header('X-Amavis-Hold: nothing wrong', 'Subject: hi'),
    verdicts: [verdict({local: false, bypass: {virus: true, banned: false, spam: false, header: false}})],
    facts: facts({hold: 'Exceeded storage quota'}),
    modified: 'defanged',
  })
  assert.deepEqual(sent(of).slice(0, 2), [
    'X-Amavis-Hold: Exceeded storage quota',
    'X-Amavis-Modified: Mail body modified (defanged) - filter.example.com',
  ])
  assert.equal(sent(of).filter(line => line.startsWith('X-Amavis-Hold')).length, 1)
})

test('a mail without a Subject gets one that is the tag, and it is known', () => {
  const of = input({verdicts: [spam()], header: header('Date: x')})
  assert.deepEqual(
    planEdits(of).map(({addsSubject}) => addsSubject),
    [true],
  )
  assert.ok(sent(of).includes('Subject: ***SPAM***'))
})
