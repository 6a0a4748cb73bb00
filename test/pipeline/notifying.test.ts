import assert from 'node:assert/strict'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import test from 'node:test'
import {addNames} from '../../src/actions/notify/seen-names.ts'
import {MAJOR} from '../../src/config/category.ts'
import {decideNotifications, notifyOthers, notifySender} from '../../src/pipeline/notifying.ts'
import {inUtc} from '../support/utc.ts'
import {blocked, category, delivery, envelope, facts, outcome, recipient, verdict} from '../verdict/make.ts'
import {recordedServices, reporting} from './make-report.ts'

inUtc()

const text = (octets: Buffer) =>
  octets
    .toString('latin1')
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
const head = (octets: Buffer) => octets.toString('latin1').split('\r\n\r\n')[0]!

const ADMINS =
  "$virus_admin = 'va@example.com'; $spam_admin = 'sa@example.com'; $banned_admin = 'ba@example.com';"
const infected = outcome(blocked('DISCARD', MAJOR.Virus))
const VIRUS = facts({virusNames: ['Eicar-Test'], scanners: ['clamd']})

test('an administrator is told what was found, where it came from and what became of it', async () => {
  const {services, sent, logged} = recordedServices()
  await notifyOthers(reporting({conf: ADMINS, outcomes: [infected], facts: VIRUS}), services)
  assert.deepEqual(logged, [])
  assert.equal(sent.length, 1)
  const [{sender, recipients, head: octets, purpose}] = sent as [(typeof sent)[0]]
  assert.equal(sender, 'postmaster@f.example.com')
  assert.equal(purpose, 'SubmitNotif')
  assert.deepEqual(
    recipients.map(({address}) => address),
    ['va@example.com'],
  )
  assert.match(head(octets), /^From: "Content-filter at f\.example\.com" <postmaster@f\.example\.com>\r\n/)
  assert.match(head(octets), /^To: <va@example\.com>\r$/m)
  assert.match(head(octets), /^Message-ID: <VAg8b6GiznPrGP@f\.example\.com>\r$/m)
  assert.match(
    head(octets),
    /^Subject: Content filter: infected mail \(Eicar-Test\) from \[203\.0\.113\.5\]:41234\r$/m,
  )
  assert.match(head(octets), /^Content-Type: multipart\/mixed;\r\n boundary=/m)
  for (const words of [
    'Malicious content: Eicar-Test\r\nFound by: clamd\r\n',
    'Our reference: 24331-01/g8b6GiznPrGP\r\nReceived from: [203.0.113.5]:41234, mail.remote.test\r\n',
    'Its way: ESMTP://[203.0.113.5]:41234 < ESMTPS://203.0.113.7 <\r\n  esmtpsa://192.0.2.33\r\n',
    'Return-Path: <sender@remote.test>\r\nFrom: "A. Sender" <alice@remote.test>\r\n',
    Buffer.from('Subject: café "quoted"\r\n').toString('latin1'),
    'It was not quarantined.',
    'It does not go to:\r\n  <user@example.com>:\r\n   250 2.7.0 Ok, discarded, id=24331-01 - spam\r\n',
    'Content-Type: text/rfc822-headers; name="header.hdr"',
  ]) {
    assert.ok(text(octets).includes(words), `${words}\n---\n${text(octets)}`)
  }
})

const tables: readonly [string, Parameters<typeof reporting>[0], readonly string[]][] = [
  ["clean mail is nobody's news", {conf: ADMINS, outcomes: [outcome(verdict(), {delivery: delivery()})]}, []],
  ['without an administrator nobody is told', {outcomes: [infected]}, []],
  [
    'banned contents are told to their own administrator',
    {conf: ADMINS, outcomes: [outcome(blocked('BOUNCE', MAJOR.Banned))]},
    ['ba@example.com'],
  ],
  [
    'several recipients have one notice, to all their administrators',
    {
      conf: "@virus_admin_maps = ({'u1@example.com' => 'a1@example.com', 'u2@example.com' => 'a2@example.com'});",
      outcomes: ['u1', 'u2', 'u3'].map((user, index) =>
        outcome(blocked('DISCARD', MAJOR.Virus, {recipient: recipient(`${user}@example.com`), index})),
      ),
    },
    ['a1@example.com a2@example.com'],
  ],
  [
    'an empty template means no notice',
    {conf: `${ADMINS} $notify_virus_admin_templ = '';`, outcomes: [infected]},
    [],
  ],
  [
    'spam beyond the cutoff is not told',
    {
      conf: `${ADMINS} @spam_notifyadmin_cutoff_level_maps = (20);`,
      outcomes: [outcome(blocked('DISCARD', MAJOR.Spam, {score: 21}))],
    },
    [],
  ],
  [
    'spam below the cutoff is told',
    {
      conf: `${ADMINS} @spam_notifyadmin_cutoff_level_maps = (20);`,
      outcomes: [outcome(blocked('DISCARD', MAJOR.Spam, {score: 19}))],
    },
    ['sa@example.com'],
  ],
  [
    'mail that the client tries again is told when it ends',
    {
      conf: ADMINS,
      outcomes: [infected, outcome(verdict({index: 1}), {delivery: delivery('450 4.2.0 mailbox busy')})],
    },
    [],
  ],
  [
    'recipients are told where they want to be, one by one',
    {
      conf: '$warnvirusrecip = 1;',
      outcomes: ['u1@example.com', 'u2@example.com'].map((address, index) =>
        outcome(blocked('DISCARD', MAJOR.Virus, {recipient: recipient(address), index})),
      ),
    },
    ['u1@example.com', 'u2@example.com'],
  ],
  [
    'recipients elsewhere are not told',
    {conf: '$warnvirusrecip = 1;', outcomes: [outcome(blocked('DISCARD', MAJOR.Virus, {local: false}))]},
    [],
  ],
  [
    'recipients elsewhere are told with $warn_offsite',
    {
      conf: '$warnvirusrecip = 1; $warn_offsite = 1;',
      outcomes: [outcome(blocked('DISCARD', MAJOR.Virus, {local: false}))],
    },
    ['user@example.com'],
  ],
  [
    'a bad header that passes is told too',
    {
      conf: "$warnbadhrecip = 1; $bad_header_admin = 'bh@example.com';",
      complaints: ['Improper use of control character'],
      outcomes: [
        outcome(
          verdict({categories: [category(MAJOR.BadHdr, 3), category(MAJOR.BadHdr), category(MAJOR.Clean)]}),
          {
            delivery: delivery(),
          },
        ),
      ],
    },
    ['bh@example.com', 'user@example.com'],
  ],
]
for (const [title, of, expected] of tables) {
  test(title, async () => {
    const {services, sent, logged} = recordedServices()
    await notifyOthers(reporting(of), services)
    assert.deepEqual(
      sent.map(({recipients}) => recipients.map(({address}) => address).join(' ')),
      expected,
    )
    assert.deepEqual(logged, [])
  })
}

test('a virus that was never seen is told once to who wants to know of new ones', async t => {
  const home = mkdtempSync(path.join(tmpdir(), 'amavis-notices-'))
  t.after(() => rmSync(home, {recursive: true}))
  const report = reporting({
    conf: "$newvirus_admin = 'nv@example.com';",
    outcomes: [infected],
    facts: VIRUS,
  })
  const told: number[] = []
  for (let n = 0; n < 3; n++) {
    const {services, sent} = recordedServices(undefined, names => addNames(path.join(home, 'seen'), names))
    await notifyOthers(report, services)
    told.push(sent.length)
  }
  assert.deepEqual(told, [1, 0, 0])
})

test('what goes wrong with a notice is in the log, and nowhere else', async () => {
  const refused = recordedServices({code: 450, enhanced: '4.2.0', text: 'not now'})
  await notifyOthers(reporting({conf: ADMINS, outcomes: [infected]}), refused.services)
  assert.deepEqual(refused.logged, ['-1 FAILED to notify admin: <va@example.com>: 450 4.2.0 not now'])
  const endless = recordedServices()
  const conf = `${ADMINS} $notify_virus_admin_templ = '[=f|["[@f]"]][@f]';`
  await notifyOthers(reporting({conf, outcomes: [infected]}), endless.services)
  assert.match(endless.logged.join(), /FAILED to notify admin: .*does not come to an end/)
  assert.deepEqual(endless.sent, [])
})

const bounced = (major: Parameters<typeof blocked>[1]) => outcome(blocked('BOUNCE', major))
const kinds = [
  [MAJOR.Banned, /attachment that is not accepted/, 'VS'],
  [MAJOR.Unchecked, /could not be checked/, 'DSN'],
  [MAJOR.Spam, /looks like spam/, 'SS'],
  [MAJOR.BadHdr, /malformed/, 'DSN'],
  [MAJOR.Oversized, /too large/, 'DSN'],
] as const
for (const [major, subject, prefix] of kinds) {
  test(`the DSN of category ${major} has a subject and a Message-ID of its own`, async () => {
    const {services, sent, logged} = recordedServices()
    const report = reporting({outcomes: [bounced(major)]})
    const [ended] = await notifySender(decideNotifications(report), report, services)
    assert.equal(ended?.dsn, 'sent', logged.join('\n'))
    const {head: octets, sender, recipients} = sent[0]!
    assert.equal(sender, '')
    assert.deepEqual(recipients[0]?.notify, ['NEVER'])
    assert.match(/^Subject: (.*(?:\r\n .*)*)/m.exec(head(octets))?.[1] ?? '', subject)
    assert.match(head(octets), new RegExp(`^Message-ID: <${prefix}g8b6GiznPrGP@f\\.example\\.com>\\r$`, 'm'))
    assert.match(head(octets), /^In-Reply-To: <m1@remote\.test>\r$/m)
    assert.match(head(octets), /^Auto-Submitted: auto-replied\r$/m)
    for (const words of [
      '<user@example.com>:\r\n   554 5.7.0 Bounce',
      '24331-01/g8b6GiznPrGP',
      'message/delivery-status',
    ]) {
      assert.ok(text(octets).includes(words), `${words}\n---\n${text(octets)}`)
    }
  })
}

test('a DSN tells of the recipients that it is for, and of no others', async () => {
  const {services, sent} = recordedServices()
  const outcomes = [
    bounced(MAJOR.Banned),
    outcome(blocked('DISCARD', MAJOR.Banned, {recipient: recipient('secret@example.com'), index: 1})),
  ]
  const report = reporting({outcomes})
  await notifySender(decideNotifications(report), report, services)
  assert.ok(!text(sent[0]!.head).includes('secret@example.com'))
})

test("a sender is told that his mail's header was bad although it was delivered", async () => {
  const outcomes = [
    outcome(verdict({warnSender: true, categories: [category(MAJOR.BadHdr, 3), category(MAJOR.Clean)]}), {
      delivery: delivery(),
    }),
  ]
  const report = reporting({outcomes})
  const {services, sent} = recordedServices()
  await notifySender(decideNotifications(report), report, services)
  assert.match(text(sent[0]!.head), /^Action: relayed\r$/m)
  const nullSender = reporting({outcomes})
  const mail = {...nullSender.mail, envelope: envelope({sender: ''})}
  assert.deepEqual(decideNotifications({...nullSender, mail}), [{kind: 'suppressed', reason: 'null sender'}])
})

test('a DSN is sent even where its template cannot be used, and $dsn_bcc gets a copy', async () => {
  const {services, sent, logged} = recordedServices()
  const conf = `$notify_virus_sender_templ = '[=f|["[@f]"]][@f]'; $dsn_bcc = 'bcc@example.com';`
  const report = reporting({conf, outcomes: [bounced(MAJOR.Banned)]})
  const [ended] = await notifySender(decideNotifications(report), report, services)
  assert.equal(ended?.dsn, 'sent')
  assert.match(logged.join('\n'), /the template of a DSN cannot be used/)
  assert.deepEqual(
    sent[0]!.recipients.map(({address}) => address),
    ['sender@remote.test', 'bcc@example.com'],
  )
})

test("an operator's template is taken as it is, in the charset that he names", async () => {
  const {services, sent} = recordedServices()
  const template =
    'Subject: Gr\u00fc\u00dfe f\u00fcr %s\nX-Kind: %V\n\nHallo, \u00fcber [? %#V|nichts|%V]: \u20ac\n'
  const conf = `${ADMINS} $hdr_encoding = 'iso-8859-15'; $bdy_encoding = 'iso-8859-15'; $hdr_encoding_qb = 'B';
$notify_virus_admin_templ = '${template}';`
  await notifyOthers(reporting({conf, outcomes: [infected], facts: VIRUS}), services)
  const octets = sent[0]!.head
  assert.match(head(octets), /^Subject: =\?iso-8859-15\?B\?R3L83\S+\?=\r$/m)
  assert.match(head(octets), /^X-Kind: Eicar-Test\r$/m)
  assert.ok(octets.includes('Content-Type: text/plain; charset="iso-8859-15"'))
  assert.ok(text(octets).includes('Hallo, \xfcber Eicar-Test: \xa4\r\n'))
})

test('a DSN that cannot be made is a failure of those it was for, and the mail of others stays delivered', async () => {
  const {services, logged} = recordedServices()
  const broken = {...services, mailIds: {make: () => assert.fail('no id')} as never}
  const outcomes = [
    bounced(MAJOR.Banned),
    outcome(verdict({recipient: recipient('b@example.com'), index: 1}), {delivery: delivery()}),
  ]
  const report = reporting({outcomes})
  const ended = await notifySender(decideNotifications(report), report, broken)
  assert.deepEqual(
    ended.map(({dsn}) => dsn),
    ['failed', 'none'],
  )
  assert.ok(logged.includes('-2 TROUBLE in check_mail, but must continue: prepare-dsn FAILED: no id'))
})
