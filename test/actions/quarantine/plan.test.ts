import assert from 'node:assert/strict'
import test from 'node:test'
import {planQuarantine} from '../../../src/actions/quarantine/plan.ts'
import {MAJOR} from '../../../src/config/category.ts'
import type {RecipientVerdict} from '../../../src/verdict/verdict.ts'
import {settingsFrom} from '../../lookup/settings.ts'
import {blocked, CLEAN, category, recipient, verdict} from '../../verdict/make.ts'

const SENDER = 'sender@remote.test'
const user = (n: number) => ({recipient: recipient(`u${n}@example.com`), index: n})
const passedSpam = verdict({categories: [category(MAJOR.Spam), category(MAJOR.Spammy), CLEAN], score: 9})

/** Each copy in one line: method, targets, recipients, categories. */
function plan(conf: string, verdicts: readonly RecipientVerdict[]): string[] {
  return planQuarantine(verdicts, SENDER, settingsFrom(`use strict;\n${conf}\n1;`)).map(
    ({method, targets, recipients, archive, categories}) =>
      `${method} -> ${targets.join(' ')} [${recipients.join(' ')}] ${categories.join(' ')}${archive ? ' archive' : ''}`,
  )
}

const ARCHIVE = "$archive_quarantine_method = 'local:arch-%m';"
const rows: readonly (readonly [
  title: string,
  conf: string,
  readonly RecipientVerdict[],
  readonly string[],
])[] = [
  ['clean mail', '', [verdict()], []],
  ['a virus', '', [blocked('DISCARD', MAJOR.Virus)], ['local:virus-%m -> virus-quarantine [0] Virus']],
  [
    'a banned part',
    '',
    [blocked('BOUNCE', MAJOR.Banned)],
    ['local:banned-%m -> banned-quarantine [0] Banned'],
  ],
  ['passed spam too', '', [passedSpam], ['local:spam-%m.gz -> spam-quarantine [0] Spam']],
  [
    'a bad header by its minor',
    '',
    [blocked('REJECT', MAJOR.BadHdr, {blocking: category(MAJOR.BadHdr, 8)})],
    ['local:badh-%m -> bad-header-quarantine [0] BadHdr'],
  ],
  ['unchecked mail has no method by default', '', [blocked('REJECT', MAJOR.Unchecked)], []],
  [
    'unchecked mail with a method',
    "$unchecked_quarantine_method = 'local:un-%m';",
    [blocked('REJECT', MAJOR.Unchecked)],
    ['local:un-%m -> unchecked-quarantine [0] Unchecked'],
  ],
  ['no method', 'undef $virus_quarantine_method;', [blocked('DISCARD', MAJOR.Virus)], []],
  ['no location', "$virus_quarantine_to = '';", [blocked('DISCARD', MAJOR.Virus)], []],
  [
    'tempfailed mail too',
    '',
    [blocked('TEMPFAIL', MAJOR.Spam)],
    ['local:spam-%m.gz -> spam-quarantine [0] Spam'],
  ],
  [
    'a virus that passes for one and is blocked by banned for another',
    '',
    [
      verdict({...user(0), categories: [category(MAJOR.Virus), CLEAN]}),
      blocked('REJECT', MAJOR.Banned, {
        ...user(1),
        categories: [category(MAJOR.Virus), category(MAJOR.Banned), CLEAN],
      }),
    ],
    ['local:virus-%m -> virus-quarantine [0] Virus', 'local:banned-%m -> banned-quarantine [1] Banned'],
  ],
  [
    'equal methods are one copy with several places',
    "@spam_quarantine_to_maps = ({'u1@example.com' => 'other'}, 'spam-quarantine');",
    [0, 1, 2].map(n => blocked('REJECT', MAJOR.Spam, user(n))),
    ['local:spam-%m.gz -> spam-quarantine other [0 1 2] Spam'],
  ],
  ['spam at the cutoff is not kept', '@spam_quarantine_cutoff_level_maps = (9);', [passedSpam], []],
  [
    'spam below the cutoff is kept',
    '@spam_quarantine_cutoff_level_maps = (9.1);',
    [passedSpam],
    ['local:spam-%m.gz -> spam-quarantine [0] Spam'],
  ],
  [
    'the cutoff is for spam alone',
    '@spam_quarantine_cutoff_level_maps = (0);',
    [blocked('DISCARD', MAJOR.Virus)],
    ['local:virus-%m -> virus-quarantine [0] Virus'],
  ],
  [
    'spam by its sender',
    "$spam_quarantine_bysender_to = 'sender-quarantine';",
    [passedSpam],
    ['local:spam-%m.gz -> spam-quarantine sender-quarantine [0] Spam'],
  ],
  [
    'a mail address is sent to',
    "$virus_quarantine_to = 'virus@example.com'; $notify_method = 'smtp:[127.0.0.1]:21701';",
    [blocked('DISCARD', MAJOR.Virus)],
    ['smtp:[127.0.0.1]:21701 -> virus@example.com [0] Virus'],
  ],
  [
    '%a keeps the recipients',
    "$virus_quarantine_to = '%a'; $virus_quarantine_method = 'smtp:[127.0.0.1]:21701';",
    [blocked('DISCARD', MAJOR.Virus, user(1))],
    ['smtp:[127.0.0.1]:21701 -> u1@example.com [1] Virus'],
  ],
  [
    'an archive copy of clean mail',
    ARCHIVE,
    [verdict(user(0)), verdict(user(1))],
    ['local:arch-%m -> archive-quarantine [0 1] Arch archive'],
  ],
  [
    'an archive copy besides the other',
    ARCHIVE,
    [blocked('DISCARD', MAJOR.Virus)],
    ['local:virus-%m -> virus-quarantine [0] Virus', 'local:arch-%m -> archive-quarantine [0] Arch archive'],
  ],
]
for (const [title, conf, verdicts, expected] of rows) {
  test(`quarantine: ${title}`, () => assert.deepEqual(plan(conf, verdicts), expected))
}
