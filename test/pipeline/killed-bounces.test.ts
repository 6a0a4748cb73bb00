import assert from 'node:assert/strict'
import {test} from 'node:test'
import type {SpamScanner} from '../../src/checks/spam/scanner.ts'
import {createDecoders} from '../../src/decode/decoders.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {recordingQuarantine} from '../../src/pipeline/rehearsal/ports.ts'
import {Run} from '../../src/pipeline/run.ts'
import type {MailServices} from '../../src/pipeline/services.ts'
import {check} from '../../src/pipeline/stages.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {envelope, recipient} from '../verdict/make.ts'
import {recordedServices, reporting} from './make-report.ts'

const bounce = (messageId: string) =>
  Buffer.from(
    [
      ...['From: <MAILER-DAEMON@mx.remote.test>', 'MIME-Version: 1.0'],
      ...['Content-Type: multipart/report; report-type=delivery-status; boundary=b', '', '--b'],
      ...['Content-Type: text/plain', '', 'Sorry.', '--b'],
      ...['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.remote.test', '--b'],
      ...['Content-Type: text/rfc822-headers', '', 'From: <user@example.com>', messageId, '--b--', ''],
    ].join('\r\n'),
  )

/** What comes of a bounce where a store remembers mail of our users, all of it or none. */
async function checked(content: Buffer, conf: string, {isKnown = false, isThorough = false} = {}) {
  let scans = 0
  let questions = 0
  const scanner: SpamScanner = {
    name: 'SA',
    description: 'SA',
    scan: async () => {
      scans++
      return {kind: 'failed', reason: 'a test'}
    },
    close() {},
  }
  const settings = settingsFrom(
    `use strict; $myhostname = 'f.example.com'; @local_domains_maps = (['.example.com']); $final_spam_destiny = D_DISCARD;
$penpals_bonus_score = 8; $sa_kill_level_deflt = 6; ${conf}\n1;`,
  )
  const {services, logged} = recordedServices()
  const all: MailServices = {
    ...services,
    scanners: {for: () => ({primary: [], backup: [], isWanted: false})},
    spamScanners: {for: () => [scanner]},
    quarantine: recordingQuarantine([]),
    decoders: createDecoders({base: '/nowhere', folder: async () => '/nowhere'}),
    partsFolder: async () => '/nowhere',
    penPals: {
      latest: async () => {
        questions++
        return isKnown ? {mailId: 'abc', sentAtMs: Date.now() - 1000, subject: 'x'} : undefined
      },
    },
    reportScanner() {},
    takeLogCounts: () => ({byLevel: new Map(), lines: 0}),
    publishing: false,
    publish() {},
    counted: new Map(),
    shareMs: () => 10_000,
    isThorough,
  }
  const mail = {
    ...reporting().mail,
    octets: octetsOf(content),
    envelope: envelope({sender: '', recipients: [recipient('user@example.com')]}),
    settings,
  }
  const run = new Run({state() {}, mark() {}, remainingMs: () => 10_000})
  const {outcomes} = await check(mail, run, all)
  return {
    scans,
    questions,
    isBlocked: outcomes[0]?.verdict.blocking !== undefined,
    lines: logged.filter(line => / bounce /.test(line)),
  }
}

const FOREIGN = bounce('Message-ID: <m@remote.test>')

test('a bounce that is killed outright is not scanned for spam, and pen pals are asked once', async () => {
  const {scans, questions, isBlocked, lines} = await checked(FOREIGN, '$bounce_killer_score = 100;')
  assert.deepEqual([scans, questions, isBlocked], [0, 1, true])
  assert.match(lines.join(), /bounce killed \(DSN\)/)
})

const SCANNED: readonly (readonly [why: string, ...Parameters<typeof checked>, isBlocked: boolean])[] = [
  ['one that is killed with few points', FOREIGN, '$bounce_killer_score = 10;', {}, true],
  ['one that pen pals know', FOREIGN, '$bounce_killer_score = 100;', {isKnown: true}, false],
  ['one of our own domain', bounce('Message-ID: <m@example.com>'), '$bounce_killer_score = 100;', {}, false],
  [
    'one that somebody wants to know all about',
    FOREIGN,
    '$bounce_killer_score = 100;',
    {isThorough: true},
    true,
  ],
]
for (const [why, content, conf, more, expected] of SCANNED) {
  test(`a bounce is scanned for spam: ${why}`, async () => {
    const {scans, questions, isBlocked} = await checked(content, conf, more)
    assert.deepEqual([scans, questions, isBlocked], [1, 1, expected])
  })
}
