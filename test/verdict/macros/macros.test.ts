import assert from 'node:assert/strict'
import test from 'node:test'
import {MAJOR} from '../../../src/config/category.ts'
import {mainLogLines, recipientLogLine} from '../../../src/log/main-entry.ts'
import {RECIPIENT_TEMPLATE, SHORT_TEMPLATE, VERBOSE_TEMPLATE} from '../../../src/log/template/built-in.ts'
import {compileTemplate} from '../../../src/log/template/expand.ts'
import {readOrigin} from '../../../src/message/origin.ts'
import {mainEntryOf, recipientEntryOf} from '../../../src/verdict/log-facts.ts'
import type {MacroMail} from '../../../src/verdict/macros/macro-mail.ts'
import {macrosFor, macrosForRecipient} from '../../../src/verdict/macros/macros.ts'
import {
  blocked,
  category,
  client,
  delivery,
  facts,
  header,
  outcome,
  recipient,
  TASK,
  verdict,
} from '../make.ts'
import {macroMail} from './make.ts'

const linesOf = (text: string) => text.split('\n').filter(line => line !== '')
const expand = (template: string, of: MacroMail) => compileTemplate(template).expand(macrosFor(of, 'log'))
const user = (n: number) => ({recipient: recipient(`u${n}@example.com`), index: n - 1})

const cases: Readonly<Record<string, MacroMail>> = {
  'a clean mail': macroMail([outcome(verdict({score: -0.001}), {delivery: delivery()})]),
  'a mail without its own names': macroMail([outcome(verdict(), {delivery: delivery()})], {
    header: header('From: a@out.test'),
    origin: readOrigin(header('From: a@out.test'), ''),
    client: {...client, socketAddress: undefined},
  }),
  'a virus in quarantine': macroMail([outcome(blocked('DISCARD', MAJOR.Virus))], {
    facts: facts({virusNames: ['V1', 'V2']}),
    quarantine: ['virus-Z7mjPTnrsiBW'],
  }),
  'a hostile name': macroMail([outcome(blocked('DISCARD', MAJOR.Banned))], {
    facts: facts({bannedReasons: ['[:uc|x] %s # "] ].exe']}),
  }),
  'several recipients, several outcomes': macroMail([
    outcome(verdict({...user(1), score: 3.5}), {delivery: delivery()}),
    outcome(verdict({...user(2), score: 4.5}), {delivery: delivery('550 5.1.1 no such user here')}),
    outcome(blocked('REJECT', MAJOR.Spam, {...user(3), score: 12})),
  ]),
  'a bad header': macroMail([
    outcome(
      verdict({categories: [category(MAJOR.BadHdr, 7), category(MAJOR.BadHdr), category(MAJOR.Clean)]}),
      {
        delivery: delivery(),
      },
    ),
  ]),
}

for (const [name, of] of Object.entries(cases)) {
  test(`the short template says what the quick way says: ${name}`, () => {
    const {envelope, origin, mailId, size, quarantine, elapsedMs} = of
    const entry = mainEntryOf({
      ...of,
      bankPath: '',
      originating: false,
      sender: envelope.sender,
      oldestAddress: origin.oldestPublicIp,
      messageId: origin.messageId,
      resentMessageId: origin.resentMessageId,
      mailId,
      size,
      quarantine,
      elapsedMs,
      archived: false,
    })
    assert.deepEqual(linesOf(expand(SHORT_TEMPLATE, of)), mainLogLines(entry))
  })

  test(`the recipient's template says what the quick way says: ${name}`, () => {
    for (const [index, outcome] of of.outcomes.entries()) {
      const text = compileTemplate(RECIPIENT_TEMPLATE).expand(macrosForRecipient(of, outcome, index + 1))
      assert.equal(text, recipientLogLine(recipientEntryOf(outcome, of.envelope.sender)))
    }
  })
}

test('the verbose template says more', () => {
  const of = macroMail(
    [
      outcome(
        verdict({
          score: 1,
          tests: [
            {name: 'B', score: 2},
            {name: 'A', score: -1},
          ],
        }),
        {delivery: delivery()},
      ),
    ],
    {tls: 'TLS_AES_256_GCM_SHA384', client: {...client, forwarded: new Map([['HELO', 'mx.out.test']])}},
  )
  const [line, ...more] = linesOf(expand(VERBOSE_TEMPLATE, of))
  assert.deepEqual(more, [])
  assert.match(
    line!,
    /^Passed CLEAN \{RelayedInbound\}, \[127\.0\.0\.1\] \[198\.51\.100\.7\] <sender@remote\.test> -> <user@example\.com>, \(ESMTPS:\/\/198\.51\.100\.7\), tls: TLS_AES_256_GCM_SHA384, Message-ID: <m1@out\.test>, mail_id: g8b6GiznPrGP, b: 1B2M2Y8As, Hits: 1, size: 150, queued_as: Q7ABC0001, Subject: "café ""quoted"" \(raw: =\?UTF-8\?Q\?caf=C3=A9\?= ""quoted""\)", From: <a@out\.test>, User-Agent: Mutt\/2\.2, helo=mx\.out\.test, Tests: \[A=-1,B=2\], rss=\d+, 124 ms$/,
  )
})

const macroCases: readonly (readonly [template: string, expected: string])[] = [
  ['%n %i %h', `${TASK} g8b6GiznPrGP ${'host'}`],
  ['%U %u [:weekday] [:week_iso8601]', '20261122T150741Z 1795360061 7 47'],
  ['%s|%R|%D|%O', '<sender@remote.test>|u1@example.com, x@far.test|<u1@example.com>|<x@far.test>'],
  ['[:log_domains]', 'EXT,example.com'],
  [
    '[:header_field|Subject|10] [:header_field|received||-1]',
    '=?UTF[...] from out.test (out.test [198.51.100.7]) by mx with ESMTPS id 1',
  ],
  ['[:useragent] [:useragent|name] [:useragent|body]', 'User-Agent: Mutt/2.2 User-Agent Mutt/2.2'],
  ['[:ip_trace_all] [:ip_trace_public]', '127.0.0.1, 10.0.0.1, 198.51.100.7 198.51.100.7'],
  ['[:ccat] [:ccat|name] [:ccat|name|main] [:ccat|is_blocking]', '(6,0) Spam Spam 1'],
  ['%c [:SCORE|000] [:STARS|x] [:REQD]', '3..12.5 003..012.5 xxx 5'],
  ['[:TESTS|+] [:TESTSSCORES|+]', 'A+B A=-1+B=2'],
  ['[? %2 |no|spammy] %k', 'no Y'],
  ['[:YESNO] [:YESNO|ja|nein]', 'No nein'],
  ['[:N]', ''],
]

for (const [template, expected] of macroCases) {
  test(`macro: ${template}`, () => {
    const scored = {
      tests: [
        {name: 'B', score: 2},
        {name: 'A', score: -1},
      ],
    }
    const levels = {tag: 1, tag2: 5, tag3: undefined, kill: 8}
    const of = macroMail([
      outcome(verdict({...user(1), ...scored, levels, score: 3}), {delivery: delivery()}),
      outcome(blocked('REJECT', MAJOR.Spam, {recipient: recipient('x@far.test'), levels, score: 12.5})),
    ])
    const host = of.settings.string('$myhostname') ?? ''
    if (template === '[:N]') assert.match(expand(template, of), /^<x@far\.test>: 554 5\.7\.0 Reject/)
    else assert.equal(expand(template, of), expected.replace('host', host))
  })
}
