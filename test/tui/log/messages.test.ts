import assert from 'node:assert/strict'
import {test} from 'node:test'
import {type LogEntry, parseEntry} from '../../../src/tui/log/entry.ts'
import {isMail, MailGrouping} from '../../../src/tui/log/messages.ts'
import {keysOf, QueueLines} from '../../../src/tui/log/mta.ts'
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

test('what is behind us stands right before our line that names it, what is in front before all of ours', () => {
  const [mail] = group([
    `${HEAD}[1]: (1-01) Checking: XlX-cVIFc2Nv <a> -> <b>`,
    `${HEAD}[1]: (1-01) XlX-cVIFc2Nv FWD from <a> -> <b>, 250 2.0.0 from MTA(x): 250 Ok: queued as Q00005`,
    `${HEAD}[1]: (1-01) ${PASSED}`,
  ])
  assert.ok(mail)
  const lines = new QueueLines(10, keysOf(mail))
  for (const text of [
    '4XyZ12: client=x',
    'Q00005: client=y',
    'Q00005: to=<z>',
    '4XyZ12: to=<b>',
    'Q00006: client=z',
  ])
    lines.add(entry(`Jan 15 10:00:00 host postfix/smtp[9]: ${text}`))
  assert.deepEqual(
    lines.merged(mail).map(({text}) => text.slice(0, 14)),
    [
      '4XyZ12: client',
      'Checking: XlX-',
      'Q00005: client',
      'XlX-cVIFc2Nv F',
      'Passed CLEAN {',
      'Q00005: to=<z>',
      '4XyZ12: to=<b>',
      'Q00006: client',
    ],
  )
})

test('stamps with fractions decide where both have them', () => {
  const at = (ms: string, rest: string) => entry(`2026-01-15T10:00:00.${ms}+00:00 host ${rest}`)
  const own = at('500000', `amavis[1]: (1-01) ${PASSED}`)
  const grouping = new MailGrouping()
  const [mail] = [...grouping.add(own), ...grouping.rest()]
  assert.ok(mail)
  const lines = new QueueLines(10, keysOf(mail))
  lines.add(at('300000', 'postfix/smtp[9]: Q00005: to=<z>'))
  lines.add(at('700000', 'postfix/smtp[9]: 4XyZ12: client=x'))
  assert.deepEqual(
    lines.merged(mail).map(({text}) => text.slice(0, 6)),
    ['Q00005', 'Passed', '4XyZ12'],
  )
})

test('a release is a mail of its own, found by the mail_id and by what the MTA called it', () => {
  const release = [
    'Quarantined message release (miscategorized): XlX-cVIFc2Nv <a@b> -> <c@d>',
    'AAAAAAAAAAAA(XlX-cVIFc2Nv) FWD from <a@b> -> <c@d>, 250 2.0.0 from MTA(x): 250 Ok: queued as Q00007',
  ]
  const mails = group([
    ...release.map(text => `${HEAD}[1]: (rel-AAAAAAAAAAAA) ${text}`),
    `${HEAD}[1]: (1-02) Checking: next <a> -> <b>`,
  ])
  assert.deepEqual(
    mails.map(({taskId, complete, queuedAs}) => [taskId, complete, queuedAs]),
    [
      ['rel-AAAAAAAAAAAA', true, ['Q00007']],
      ['1-02', false, []],
    ],
  )
  assert.ok(mails[0] && isMail(mails[0], 'XlX-cVIFc2Nv') && isMail(mails[0], 'Q00007'))
})

/** Lines of Postfix, and which of them belong to the mail of PASSED. */
const belonging: readonly (readonly [title: string, lines: readonly string[], belong: number])[] = [
  [
    'a bounce, whose first line comes before it is named',
    ['B00001: message-id=<1@mta>', 'Q00005: sender non-delivery notification: B00001', 'B00001: removed'],
    3,
  ],
  [
    'a bounce of another mail',
    ['B00001: message-id=<1@mta>', 'O00001: sender non-delivery notification: B00001'],
    0,
  ],
  ['a notice of ours', ['N00001: client=x', 'N00001: message-id=<VSXlX-cVIFc2Nv@h>', 'N00001: removed'], 3],
  ['a mail of a stranger with the same Message-ID', ['S00001: message-id=<m@b>', 'S00001: removed'], 0],
  [
    'an answer before the queue',
    ['proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=1-01 - spam; from=<a> to=<b>'],
    1,
  ],
  [
    'an answer for another mail',
    ['proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=1-011 - spam; from=<a> to=<b>'],
    0,
  ],
  ['what has no queue file', ['NOQUEUE: reject: RCPT from x: 554 5.7.1 <q>: no; from=<a@b> to=<c@d>'], 0],
]

for (const [title, texts, belong] of belonging)
  test(`of the MTA's lines, ${title}: ${belong} of ${texts.length}`, () => {
    const [mail] = group([`${HEAD}[1]: (1-01) ${PASSED}`])
    assert.ok(mail)
    const lines = new QueueLines(10, keysOf(mail))
    for (const text of texts) lines.add(entry(`Jan 15 10:00:00 host postfix/x[9]: ${text}`))
    assert.equal(lines.merged(mail).length, 1 + belong)
  })

test('an answer of another day is about another mail with the same am_id', () => {
  const [mail] = group([`${HEAD}[1]: (1-01) ${PASSED}`])
  assert.ok(mail)
  const lines = new QueueLines(10, keysOf(mail))
  lines.add(
    entry(
      'Jan 14 10:00:00 host postfix/smtpd[9]: proxy-accept: END-OF-MESSAGE: 250 2.5.0 Ok, id=1-01, DISCARD; from=<a>',
    ),
  )
  assert.equal(lines.merged(mail).length, 1)
})

test('of strangers that write a Message-ID as ours are not all are taken for notices', () => {
  const [mail] = group([`${HEAD}[1]: (1-01) ${PASSED}`])
  assert.ok(mail)
  const lines = new QueueLines(10, keysOf(mail))
  for (let n = 10_000; n < 11_000; n++)
    lines.add(entry(`Jan 15 10:00:00 host postfix/cleanup[9]: F${n}: message-id=<VSXlX-cVIFc2Nv@evil.test>`))
  assert.equal(lines.merged(mail).length, 101)
})

test('of ids that nobody asked for only the last are kept', () => {
  const [mail] = group([`${HEAD}[1]: (1-01) ${PASSED}`])
  assert.ok(mail)
  const lines = new QueueLines(2)
  for (const id of ['4XyZ12', 'Q00005', 'Q00006'])
    lines.add(entry(`Jan 15 10:00:00 h postfix/x[9]: ${id}: x`))
  assert.equal(lines.merged(mail).length, 3)
})

test('nothing in a line reaches a terminal as a control', () => {
  const [mail] = group([`${HEAD}[1]: (1-01) a\x1b[31m\u009bb`])
  assert.ok(mail)
  for (const text of [mailText(mail.entries), mailJson(mail, mail.entries)])
    assert.doesNotMatch(text, /[\x1b\x80-\x9f]/)
})
