import assert from 'node:assert/strict'
import {test} from 'node:test'
import {type LogEntry, parseEntry} from '../../../src/tui/log/entry.ts'
import {isMail, MailGrouping} from '../../../src/tui/log/messages.ts'
import {QueueLines} from '../../../src/tui/log/mta.ts'
import {mailJson, mailText} from '../../../src/tui/log/page.ts'

const NOW = Date.parse('2026-01-15T12:00:00Z')
const HEAD = 'Jan 15 10:00:00 host amavis'
const PASSED =
  'Passed CLEAN {RelayedInbound}, [203.0.113.9]:41234 <a@b> -> <c@d>, Queue-ID: 4XyZ12, Message-ID: <m@b>, mail_id: XlX-cVIFc2Nv, Hits: -, size: 452, queued_as: Q00005/Q00006, 70 ms'

function entry(line: string): LogEntry {
  const parsed = parseEntry(line, NOW)
  assert.ok(parsed, line)
  return parsed
}

function group(lines: readonly string[], grouping = new MailGrouping()) {
  const mails = lines.flatMap(line => grouping.add(entry(line)))
  return [...mails, ...grouping.rest()]
}

const FORMS: readonly (readonly [string, string, string | undefined, string])[] = [
  [`${HEAD}[77]: (77-01) text`, '77', '77-01', 'text'],
  ['Jan  5 10:00:00 host /usr/sbin/amavisd[77]: (77-01-2) (!)text', '77', '77-01-2', '(!)text'],
  ['2026-01-15T10:00:00.123456+00:00 host amavis[77]: (77-01) text', '77', '77-01', 'text'],
  ['Jan 15 10:00:00 host postfix/smtpd[8]: 4XyZ12: client=x', '8', undefined, '4XyZ12: client=x'],
  [
    '{"time":"2026-01-15T10:00:00.000Z","program":"amavis","pid":77,"log_id":"77-01","message":"text"}',
    '77',
    '77-01',
    'text',
  ],
]

for (const [line, pid, taskId, text] of FORMS)
  test(`a line is taken apart: ${line}`, () => {
    const parsed = entry(line)
    assert.deepEqual([parsed.pid, parsed.taskId, parsed.text], [pid, taskId, text])
    assert.ok(parsed.ms !== undefined && parsed.ms <= NOW)
  })

test('what is no line of a log is undefined', () => {
  for (const line of ['', 'text', '{', '{}', '{"message":1}', 'null', '{"time":1}'])
    assert.equal(parseEntry(line, NOW), undefined, line)
})

test('a stamp without a year is of the last year when it would be in the future', () => {
  assert.equal(new Date(entry('Dec 31 10:00:00 h amavis[1]: x').ms ?? 0).getFullYear(), 2025)
})

test('mails come in the order of their end, with what is said after the main entry', () => {
  const mails = group([
    `${HEAD}[1]: (1-01) Checking: abc <a> -> <b>`,
    `${HEAD}[2]: (2-01) Checking: def <a> -> <b>`,
    `${HEAD}[2]: (2-01) ${PASSED}`,
    `${HEAD}[2]: (2-01) TIMING`,
    `${HEAD}[2]: (2-02) next`,
    `${HEAD}[1]: (1-01) Blocked SPAM {}, <a> -> <b>`,
  ])
  assert.deepEqual(
    mails.map(mail => [mail.taskId, mail.entries.length, mail.complete]),
    [
      ['2-01', 3, true],
      ['2-02', 1, false],
      ['1-01', 2, true],
    ],
  )
})

test('mails that never end are given out when too many are open', () => {
  const grouping = new MailGrouping(2)
  const out = ['1', '2', '3', '4'].flatMap(pid => grouping.add(entry(`${HEAD}[${pid}]: (${pid}-01) x`)))
  assert.deepEqual(
    out.map(mail => mail.taskId),
    ['1-01', '2-01'],
  )
})

test('ids are found, also in an entry that came in pieces', () => {
  const cut = PASSED.indexOf('4XyZ') + 2
  for (const lines of [[PASSED], [`${PASSED.slice(0, cut)}...`, `...${PASSED.slice(cut)}`]]) {
    const [mail] = group(lines.map(text => `${HEAD}[1]: (1-01) ${text}`))
    assert.ok(mail)
    for (const id of ['1-01', 'XlX-cVIFc2Nv', '4XyZ12', 'Q00005', 'Q00006', '<m@b>', 'm@b'])
      assert.ok(isMail(mail, id), id)
    assert.ok(!isMail(mail, 'Q0000'))
  }
})

test("the MTA's lines stand where they were written", () => {
  const [mail] = group([`${HEAD}[1]: (1-01) ${PASSED}`])
  assert.ok(mail)
  const lines = new QueueLines(10)
  const postfix = (time: string, text: string) =>
    lines.add(entry(`Jan 15 ${time} host postfix/smtp[9]: ${text}`))
  postfix('09:59:59', '4XyZ12: client=x')
  postfix('10:00:00', 'Q00005: client=localhost')
  postfix('10:00:00', 'OTHER1: client=x')
  postfix('10:00:00', '4XyZ12: to=<c@d>, status=sent')
  postfix('10:00:01', 'Q00005: removed')
  assert.deepEqual(
    lines.merged(mail).map(({text}) => text.slice(0, 14)),
    ['4XyZ12: client', 'Q00005: client', 'Passed CLEAN {', '4XyZ12: to=<c@', 'Q00005: remove'],
  )
})

test('nothing in a line reaches a terminal as a control', () => {
  const [mail] = group([`${HEAD}[1]: (1-01) a\x1b[31m\u009bb`])
  assert.ok(mail)
  for (const text of [mailText(mail.entries), mailJson(mail, mail.entries)])
    assert.doesNotMatch(text, /[\x1b\x80-\x9f]/)
})
