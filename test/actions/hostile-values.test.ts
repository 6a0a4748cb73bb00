/** Whatever a mail and its client say: fields of ours are the known ones, programs get it as one argument or not at all. */
import assert from 'node:assert/strict'
import {chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import {applyEdits} from '../../src/actions/edits/apply.ts'
import {planEdits} from '../../src/actions/edits/plan.ts'
import {altermimeArguments} from '../../src/actions/mangle/altermime.ts'
import {buildDsn} from '../../src/actions/notify/dsn.ts'
import {quarantineHead} from '../../src/actions/quarantine/header.ts'
import {storeLocally} from '../../src/actions/quarantine/local.ts'
import {MAJOR} from '../../src/config/category.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {HOSTILE} from '../support/hostile.ts'
import {temporaryFolder} from '../support/wait.ts'
import {
  blocked,
  CLEAN,
  category,
  client,
  delivery,
  envelope,
  facts,
  header,
  outcome,
  recipient,
  reply,
  verdict,
} from '../verdict/make.ts'
import {recipient as addressee, shown, startSender} from './forward/sending.ts'

/** Lines of at most 998 octets that end with `end` and have no other controls: fields of these names and what folds them. */
function assertFields(text: string, names: RegExp, end = '\r\n'): void {
  assert.ok(text.endsWith(end))
  for (const line of text.slice(0, -end.length).split(end)) {
    if (!line.startsWith(' ')) assert.match(line.split(':')[0]!, names)
    assert.doesNotMatch(line, /[\x00-\x1f\x7f]/)
    assert.notEqual(line.trim(), '')
    assert.ok(Buffer.byteLength(line) <= 998)
  }
}

const ADDED =
  /^(?:Received|Subject|X-Virus-Scanned|X-Quarantine-ID|X-Amavis-(?:Alert|Modified|OS-Fingerprint|PolicyBank)|X-Spam-\w+|X-House|X-Own)$/

for (const [name, value] of HOSTILE) {
  const address = `${value}@remote.test`
  const every = facts({
    virusNames: [value],
    bannedReasons: [value],
    headerComplaint: value,
    autolearn: value,
    osFingerprint: value,
    scannerFields: [['X-Spam-Report', value]],
  })
  const bad = [
    ...[MAJOR.Virus, MAJOR.Banned, MAJOR.BadHdr, MAJOR.Spam, MAJOR.Spammy].map(major => category(major)),
    CLEAN,
  ]
  const levels = {tag: -999, tag2: 4, tag3: undefined, kill: 6.9}
  const reached = {tag: true, tag2: true, tag3: false, kill: false}
  const marked = {categories: bad, score: 5, tests: [{name: value, score: 5}], levels, reached}

  for (const subject of ['hello', value.replace(/\r?\n/g, '\r\n ')]) {
    test(`the fields of a mail that passes, with a Subject of ${subject === 'hello' ? 'its own' : 'that'}: ${name}`, () => {
      const original = header(`Subject: ${subject}`)
      const [cluster] = planEdits({
        header: original,
        verdicts: [verdict({...marked, recipient: recipient(address)})],
        recipientCount: 1,
        facts: every,
        quarantined: true,
        modified: value,
        customFields: [{name: 'X-House', body: value}],
        client: {...client, helo: value},
        listener: {address: '127.0.0.1', port: 20010, path: undefined},
        protocol: 'ESMTP',
        taskId: '09769-12',
        mailId: 'g8b6GiznPrGP',
        at: 0,
        settings: settingsFrom(
          `use strict; $mydomain = 'example.com'; $myhostname = 'filter.example.com';
@local_domains_maps = (1); $sa_spam_subject_tag = '***SPAM*** '; $allowed_added_header_fields{lc('X-Spam-Report')} = 1;
1;`,
        ),
      })
      const {head} = applyEdits(original, cluster!.edits)
      const text = head.toString('latin1')
      assert.match(text, /^X-Spam-Status: Yes, /m)
      assert.match(text, /^X-Amavis-Alert: (?:INFECTED|=\?UTF-8\?Q\?INFECTED)/m)
      // A Subject in no known encoding stays as the client wrote it, behind the tag.
      assert.ok(text.endsWith('\r\n\r\n'))
      const ours = text.slice(0, -2).replace(/^Subject:.*\r\n(?:[ \t].*\r\n)*/m, '')
      assertFields(ours, ADDED)
      // An address beyond ASCII is one of a mail that is allowed to have it.
      assert.doesNotMatch(ours.replace(/ for <.*>;/, ''), /[^\x00-\x7f]/)
      assert.equal(text.match(/^Subject: /gm)?.length, 1)
      assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n|^(?:Bcc|\()/m)
    })
  }

  test(`the fields and the names of files in quarantine: ${name}`, async t => {
    const home = temporaryFolder(t)
    const dir = path.join(home, 'quarantine')
    mkdirSync(dir)
    const head = quarantineHead({
      sender: address,
      mailId: '4pcTnxPLunf4',
      verdicts: [blocked('DISCARD', MAJOR.Virus, {...marked, recipient: recipient(address)})],
      facts: every,
      hasEnvelope: false,
      authserv: 'filter.example.com',
      levelCharacter: '*',
      received: '',
    })
    const copy = {
      template: 'virus-%m',
      targets: ['virus-quarantine', 'sender-quarantine', 'archive-mbox'],
      head,
      octets: octetsOf(Buffer.from('Subject: a\r\n\r\nbody\r\n')),
      headerSize: 14,
      sender: address,
      mailId: '4pcTnxPLunf4',
      taskId: '09768-17',
      partition: '',
      at: 0,
    }
    const stored = await storeLocally(copy, {quarantineDir: dir, subdirLevels: 0, aliases: new Map()})
    assert.equal(stored.kind, 'stored')
    assert.deepEqual(readdirSync(home), ['quarantine'])
    const files = readdirSync(dir).toSorted()
    assert.equal(files.length, 3)
    for (const file of files) assert.match(file, /^[\w@.+=-]{1,255}$/)
    const [own = '', rest] = readFileSync(path.join(dir, 'virus-4pcTnxPLunf4'), 'utf8').split('Subject: a\n')
    assert.equal(rest, '\nbody\n')
    const fields =
      /^(?:Return-Path|Delivered-To|X-Envelope-(?:From|To|To-Blocked)|X-Quarantine-ID|X-Amavis-(?:Alert|OS-Fingerprint)|X-Spam-\w+)$/
    assertFields(own, fields, '\n')
    const [from = '', ...entry] = readFileSync(path.join(dir, 'archive.mbox'), 'utf8').split('\n')
    assert.match(from, /^From [^ ]+ Thu Jan {2}1 00:00:00 1970$/)
    assert.equal(
      entry.join('\n'),
      `${own.replace('To: virus-quarantine', 'To: archive-mbox')}Subject: a\n\nbody\n\n`,
    )
  })

  test(`the report of a DSN: ${name}`, () => {
    const {octets} = buildDsn({
      envelope: envelope({sender: address, envid: value}),
      client: {...client, helo: value, forwarded: new Map([['HELO', value] as const])},
      header: header('From: me <sender@remote.test>'),
      notice: {fields: [['Subject', value]], body: value},
      charsets: {words: {charset: 'UTF-8', encoding: 'Q'}, body: 'UTF-8'},
      outcomes: [
        outcome(
          blocked('BOUNCE', MAJOR.Banned, {
            recipient: recipient(address, {orcpt: `rfc822;${value}`}),
            response: {...reply('554 5.7.0 Bounce'), text: value},
          }),
        ),
        outcome(verdict({recipient: recipient(address)}), {
          delivery: {
            ...delivery(),
            reply: {code: 550, enhanced: '5.1.1', text: value},
            remote: {place: '', name: value, text: value},
          },
        }),
      ],
      hostname: 'filter.example.com',
      from: '<postmaster@filter.example.com>',
      taskId: '24331-01',
      mailId: 'RcTI40VcJVAv',
      dsnMailId: 'S96hEpOS18Im',
      receivedAt: 0,
      at: 0,
    })
    const text = octets.toString('latin1')
    const [, boundary = ''] = /boundary="([^"]+)"/.exec(text) ?? []
    const [top = '', , status = '', original = '', ...others] = text.split(`\r\n--${boundary}`)
    assert.deepEqual(others, ['--\r\n'])
    const known = /^(?:From|To|Subject|Date|Message-ID|Auto-Submitted|MIME-Version|Content-[\w-]+)$/
    assertFields(top.slice(0, top.indexOf('\r\n\r\n') + 2), known)
    const groups = status.split('\r\n\r\n').slice(1)
    assert.equal(groups.length, 3)
    const reported =
      /^(?:Reporting-MTA|Received-From-MTA|Arrival-Date|Original-Envelope-Id|Original-Recipient|Final-Recipient|Action|Status|Remote-MTA|Diagnostic-Code|Last-Attempt-Date|Final-Log-ID)$/
    for (const group of groups) assertFields(`${group.trimEnd()}\r\n`, reported)
    assert.doesNotMatch(original, /^Bcc/m)
  })

  test(`arguments of programs: ${name}`, async t => {
    const home = temporaryFolder(t)
    const said = path.join(home, 'said')
    const program = path.join(home, 'program')
    writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" > ${said}\ncat > /dev/null\n`)
    chmodSync(program, 0o755)
    const options = altermimeArguments(['--disclaimer=/etc/_OPTION_.txt'], value)
    if (typeof options !== 'string') assert.match(options.join(), /^--disclaimer=\/etc\/\w+\.txt$/)
    const sender = startSender()
    t.after(() => sender.close())
    const [answer = ''] = shown(
      await sender.send({
        method: `pipe:argv=${program} -f \${sender} -- \${recipient}`,
        sender: address,
        recipients: [addressee(address)],
      }),
    )
    if (/[\x00-\x1f\x7f]/.test(value)) return assert.match(answer, /^553 5\.1\.3 /)
    assert.match(answer, /^250 2\.6\.0 /)
    assert.equal(readFileSync(said, 'utf8'), ['-f', address, '--', address, ''].join('\0'))
  })
}
