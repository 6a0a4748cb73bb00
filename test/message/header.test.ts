import assert from 'node:assert/strict'
import {test} from 'node:test'
import {fieldValues, firstValue, parseHeader} from '../../src/message/header.ts'

const octets = (...lines: string[]) => Buffer.from(lines.map(line => `${line}\r\n`).join(''), 'latin1')

test('a header ends at its first empty line, and its fields and that line are all of its octets', () => {
  const mail = octets('From: a@example.com', 'Subject: folded', '\tonce', '', 'Not: a field')
  const header = parseHeader(mail)
  assert.deepEqual(
    header.fields.map(field => field.name),
    ['From', 'Subject'],
  )
  assert.equal(header.fields[1]?.raw.toString(), 'Subject: folded\r\n\tonce\r\n')
  assert.equal(mail.subarray(header.size).toString(), 'Not: a field\r\n')
  const raw = Buffer.concat([...header.fields.map(field => field.raw), Buffer.from('\r\n')])
  assert.deepEqual(raw, mail.subarray(0, header.size))
})

const odd: [string, string, string[], number][] = [
  ['an empty mail has an empty header', '', [], 0],
  ['a mail that begins with its empty line has no fields', '\r\nbody\r\n', [], 2],
  ['a header may end where the mail ends', 'A: 1\r\nB: 2', ['A', 'B'], 10],
  ['a line without a colon is a field without a name', 'A: 1\r\njunk\r\nB: 2\r\n\r\n', ['A', '', 'B'], 20],
  ['a continuation at the top is a field without a name', ' x: y\r\nA: 1\r\n\r\n', ['', 'A'], 15],
  ['a name ends at the first colon', 'A:b: c\r\n\r\n', ['A'], 10],
  ['LF ends a line as CRLF does', 'A: 1\nB: 2\n\nbody', ['A', 'B'], 11],
  ['a bare CR ends nothing', 'A: 1\rB: 2\r\n\r\n', ['A'], 13],
  ['a line of blanks continues its field', 'A: 1\r\n  \r\nB: 2\r\n\r\n', ['A', 'B'], 18],
]

for (const [title, text, names, size] of odd) {
  test(title, () => {
    const header = parseHeader(Buffer.from(text, 'latin1'))
    assert.deepEqual(
      header.fields.map(field => field.name),
      names,
    )
    assert.equal(header.size, size)
    const raw = Buffer.concat(header.fields.map(field => field.raw)).toString('latin1')
    assert.ok(text.startsWith(raw))
  })
}

test('values are unfolded, found by name in any case, and UTF-8 where they are valid UTF-8', () => {
  const header = parseHeader(
    Buffer.concat([
      octets('SUBJECT:  two', '  lines', 'X-Text : blank before the colon'),
      Buffer.from('X-Text: gr\u00fc\u00df\r\n'),
      octets('x-text: caf\u00e9', ''),
    ]),
  )
  assert.equal(firstValue(header, 'Subject'), 'two  lines')
  assert.deepEqual(fieldValues(header, 'X-Text'), ['blank before the colon', 'gr\u00fc\u00df', 'caf\u00e9'])
  assert.equal(firstValue(header, 'To'), undefined)
})

test('a million lines without a colon take time in proportion, and are not all told apart', () => {
  const started = performance.now()
  const header = parseHeader(Buffer.from('x\n'.repeat(1_000_000)))
  assert.ok(header.isCut)
  assert.equal(header.fields.length, 20_001)
  assert.equal(
    header.fields.reduce((sum, {raw}) => sum + raw.length, 0),
    2_000_000,
  )
  assert.ok(performance.now() - started < 5000)
})
