import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseHeader} from '../../../src/message/header.ts'
import type {Part} from '../../../src/message/message.ts'
import {readMime} from '../../../src/message/mime/read.ts'

const LIMITS = {maxParts: 1000, maxLevels: 10}

function read(text: string): readonly Part[] {
  const octets = Buffer.from(text.replace(/(?<!\r)\n/g, '\r\n'), 'latin1')
  const tree = readMime(octets, parseHeader(octets), LIMITS, /\r(?!\n)/.test(octets.toString('latin1')))
  assert.equal(tree.limit, undefined)
  return tree.parts
}

/** A multipart whose Content-Type is as given; its two parts stand between `--foo`. */
const multipart = (type: string, start = '--foo', end = '--foo--') =>
  `Content-Type: ${type}\n\n${start}\n\none\n${start}\nContent-Type: application/octet-stream; name=a.exe\n\nMZ\n${end}\n`

/** Mails in which a client finds a program that the first reading does not show. */
const hidden: [title: string, mail: string, label: string][] = [
  [
    'behind the first of two boundaries',
    multipart('multipart/mixed; boundary=foo; boundary=bar'),
    'boundary: foo',
  ],
  [
    'in the second of two Content-Type fields',
    `Content-Type: text/plain\n${multipart('multipart/mixed; boundary=foo')}`,
    'Content-Type: field 2',
  ],
  ['in a type that is misspelt', multipart('ultipart/mixed; boundary=foo'), 'Content-Type: multipart'],
  ['behind a boundary that a backslash hides', multipart('multipart/mixed; bou\\ndary=foo'), 'boundary: foo'],
  ['behind a boundary after a comment', multipart('multipart/mixed; boundary=()foo'), 'boundary: foo'],
  ['behind a boundary in single quotes', multipart("multipart/mixed; boundary='foo'"), 'boundary: foo'],
  ['behind a boundary with a NUL', multipart('multipart/mixed; boundary="foo\0x"'), 'boundary: foo'],
  [
    'behind a boundary in wide characters',
    multipart("multipart/mixed; boundary*=utf-16''%00f%00o%00o"),
    'boundary: foo',
  ],
  ['behind no boundary at all', multipart('multipart/mixed'), 'boundary: guessed'],
  [
    'behind lines that only begin with the boundary',
    multipart('multipart/mixed; boundary=foo', '--foobar'),
    'boundary: any line that begins with it',
  ],
  [
    'behind a boundary in another case',
    multipart('multipart/mixed; boundary=foo', '--FOO', '--FOO--'),
    'boundary: any line that begins with it',
  ],
  [
    'after the closing delimiter',
    'Content-Type: multipart/mixed; boundary=foo\n\n--foo\n\none\n--foo--\n--foo\nContent-Type: application/octet-stream; name=a.exe\n\nMZ\n--foo--\n',
    'boundary: goes on after the closing delimiter',
  ],
  [
    'in a multipart that is encoded as a whole',
    `Content-Type: multipart/mixed; boundary=foo\nContent-Transfer-Encoding: base64\n\n${Buffer.from(
      '--foo\r\nContent-Type: application/octet-stream; name=a.exe\r\n\r\nMZ\r\n--foo--\r\n',
    ).toString('base64')}\n`,
    'Content-Transfer-Encoding: base64, of a multipart',
  ],
  [
    'in the second of two encodings',
    'Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nTVo=\n',
    'Content-Transfer-Encoding: base64',
  ],
  [
    'in an encoding that is misspelt',
    'Content-Transfer-Encoding: quoted-printabl\n\n=4D=5A=\n',
    'Content-Transfer-Encoding: quoted-printable',
  ],
  [
    'before padding within base64',
    'Content-Transfer-Encoding: base64\n\nTVo=\nQUJD\n',
    'base64: ends at the padding',
  ],
  [
    'before what is no base64',
    'Content-Transfer-Encoding: base64\n\nTVo!QUJD\n',
    'base64: ends at a foreign octet',
  ],
  ['after a line that is no field', 'Subject: x\nMZ\n\nhello\n', 'header: ends at a line that is no field'],
  ['after a line of blanks', 'Subject: x\n  \nMZ\n\nhello\n', 'header: ends at a line that is no field'],
  [
    'between line ends of CR alone',
    'Content-Type: multipart/mixed; boundary=foo\n\n--foo\r\rhello\r--foo\r\rMZ\r--foo--\r\n',
    'line ends: CR alone',
  ],
]

for (const [title, mail, label] of hidden) {
  test(`a program is found ${title}, and the mail is ambiguous`, () => {
    const parts = read(mail)
    const program = parts.find(
      ({reading, content}) => reading === label && /^\s*MZ/.test(content.toString('latin1')),
    )
    assert.ok(
      program,
      JSON.stringify(parts.map(({reading, content}) => [reading, content.toString('latin1')])),
    )
    const doubtful = parts.find(({problems}) => problems.some(({kind}) => kind === 'ambiguous'))
    assert.ok(doubtful?.attributes.includes('B'))
    assert.equal(doubtful?.reading, undefined)
    assert.deepEqual(
      parts.map(({number}) => number),
      parts.map((_, index) => index + 1),
    )
    for (const {parent} of parts) assert.ok(parent === 0 || parts.some(({number}) => number === parent))
  })
}

/** Mails that only look unusual: every client sees the same. */
const agreed: [title: string, mail: string][] = [
  [
    'two encodings that come to the same',
    'Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit\n\nx\n',
  ],
  ['padding at the end', 'Content-Transfer-Encoding: base64\n\neA==\n\n'],
  ['a boundary in quotes', multipart('multipart/mixed; boundary="foo"')],
  [
    'inner boundaries that begin with the outer one',
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\nx\n--bb--\n--b--\n',
  ],
  ['a line of a mailbox file', 'From x@example.com Mon Jan  1 00:00:00 2024\nSubject: x\n\nhello\n'],
  [
    'two names that open alike',
    'Content-Type: x/y; name="=?utf-8?q?a.txt?="\nContent-Disposition: attachment; filename=b.TXT\n\nx\n',
  ],
]

for (const [title, mail] of agreed) {
  test(`nothing is ambiguous about ${title}`, () => {
    for (const {reading, attributes} of read(mail)) {
      assert.equal(reading, undefined)
      assert.equal(attributes, '')
    }
  })
}

test('names of one part that open with different programs make it ambiguous', () => {
  const [part] = read('Content-Type: x/y; name=a.txt\nContent-Disposition: attachment; filename=a.exe\n\nx\n')
  assert.equal(part?.attributes, 'B')
  assert.deepEqual(part.names, ['a.exe', 'a.txt'])
})

test('a text in UTF-7 or UTF-16 is there as its readers see it, which is no matter of doubt', () => {
  const utf7 = read('Content-Type: text/html; charset=utf-7\n\n+ADw-b+AD4-\n')
  assert.deepEqual(
    utf7.map(({content, attributes}) => [content.toString(), attributes]),
    [
      ['+ADw-b+AD4-\n', ''],
      ['<b>\n', ''],
    ],
  )
  const wide = Buffer.from('hello', 'utf16le').toString('base64')
  const utf16 = read(
    `Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n${wide}\n`,
  )
  assert.equal(utf16[1]?.content.toString(), 'hello')
})

test('readings of readings are bounded, and the rest is a limit', () => {
  const body = '--a\n\n'.repeat(20)
  const types = Array.from({length: 30}, (_, i) => `Content-Type: multipart/mixed; boundary=a; x=${i}`).join(
    '\n',
  )
  const octets = Buffer.from(`${types}\n\n${body}`.replaceAll('\n', '\r\n'))
  const started = performance.now()
  const tree = readMime(octets, parseHeader(octets), LIMITS)
  assert.ok(tree.parts.length < 1000)
  assert.ok(performance.now() - started < 2000)
})
