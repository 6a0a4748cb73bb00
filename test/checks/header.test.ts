import assert from 'node:assert/strict'
import {test} from 'node:test'
import {checkHeader} from '../../src/checks/header.ts'
import {parseHeader} from '../../src/message/header.ts'

const ALL = ['other', 'mime', 'syntax', 'empty', 'long', 'control', '8bit', 'missing', 'multiple']
const DEFAULT = new Map<string, number>([...ALL.map(name => [name, 1] as const), ['utf8', 0]])
const NONE = {bareLf: 0, bareCr: 0, nul: 0}
const GOOD = 'Date: Sun, 22 Nov 2026 15:00:00 +0000\r\nFrom: a@example.com\r\n'

function check(text: string, tests = DEFAULT, mimeError?: string, data = NONE): string[] {
  const header = parseHeader(Buffer.from(text, 'latin1'))
  return checkHeader(header, {mimeError, tests, data}).map(({minor, message}) => `${minor} ${message}`)
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1')

const fields: [what: string, text: string, complaints: string[]][] = [
  ['a plain field', 'Subject: hello\r\n', []],
  ['a folded field', 'Subject: hello\r\n world\r\n\tagain\r\n', []],
  [
    'an octet that is not UTF-8',
    'Subject: caf\xe9 test\r\n',
    ['2 Non-encoded non-ASCII data (and not UTF-8) (char E9 hex): Subject: caf\\x{E9} test'],
  ],
  [
    'a long run of such octets',
    'Subject: \xe9\xe9\xe9\xe9\xe9 and what stands after it\r\n',
    [
      '2 Non-encoded non-ASCII data (and not UTF-8) (char E9 hex): Subject: \\x{E9}\\x{E9}\\x{E9}\\x{E9}\\x{E9} and what s[...]',
    ],
  ],
  [
    'such an octet after much text',
    `Subject: ${'word '.repeat(20)}\xe9\r\n`,
    [
      `2 Non-encoded non-ASCII data (and not UTF-8) (char E9 hex): Subject: ...ord ${'word '.repeat(8)}\\x{E9}`,
    ],
  ],
  ['UTF-8', `Subject: ${utf8('caf\u00e9')}\r\n`, []],
  ['UTF-8 with a control character', `Subject: ${utf8('caf\u00e9')} \x07\r\n`, []],
  [
    'UTF-8 with a C1 control character',
    `Subject: ${utf8('\u0085')}\r\n`,
    ['2 UTF-8 string contains C1 Controls (char C2 85 hex): Subject: \\x{C2}\\x{85}'],
  ],
  ['a NUL', 'Subject: a\0b\r\n', ['3 Improper use of control character (char 00 hex): Subject: a\\x{00}b']],
  ['a bare CR', 'Subject: a\rb\r\n', ['3 Improper use of control character (char 0D hex): Subject: a\\rb']],
  [
    'a continuation of blanks',
    'Subject: a\r\n   \r\n b\r\n',
    ['4 Improper folded header field made up entirely of whitespace (char 20 20 20 hex): Subject: a    b'],
  ],
  ['a line of 998 octets', `Subject: ${'x'.repeat(989)}\r\n`, []],
  [
    'a line of 999 octets',
    `Subject: ${'x'.repeat(990)}\r\n`,
    [`5 Header line longer than 998 characters: Subject: ${'x'.repeat(41)}[...]`],
  ],
  ['a long field of short lines', `Subject: ${'word\r\n '.repeat(500)}end\r\n`, []],
  ['a line without a colon', 'this is junk\r\n', ['6 Invalid header field syntax: this is junk']],
  ['blanks within a name', 'Foo bar: x\r\n', ['6 Invalid header field syntax: Foo bar: x']],
  ['blanks before the colon', 'Foo \t: x\r\n', []],
  ['a control character in a name', 'Fo\x01o: x\r\n', ['6 Invalid header field syntax: Fo\\x{01}o: x']],
  ['a blank in a name that is not ASCII', 'S\xfc b: x\r\n', ['6 Invalid header field syntax: S\\x{FC} b: x']],
  [
    'the line of a mailbox',
    '>From a@b Mon 00:00\r\n',
    ['6 Invalid header field syntax: >From a@b Mon 00:00'],
  ],
  [
    'what stands after an octet, whole up to 20',
    `X: \xe9${'x'.repeat(20)}\r\n`,
    [`2 Non-encoded non-ASCII data (and not UTF-8) (char E9 hex): X: \\x{E9}${'x'.repeat(20)}`],
  ],
  [
    'what stands after it, else 15 of it',
    `X: \xe9${'x'.repeat(21)}\r\n`,
    [`2 Non-encoded non-ASCII data (and not UTF-8) (char E9 hex): X: \\x{E9}${'x'.repeat(15)}[...]`],
  ],
  [
    'what stands before it, whole up to 49',
    `X: ${'x'.repeat(49)}\0\0\r\n`,
    [`3 Improper use of control character (char 00 hex): X: ${'x'.repeat(49)}\\x{00}\\x{00}`],
  ],
  [
    'what stands before it, else 44 of it',
    `X: ${'x'.repeat(50)}\0\r\n`,
    [`3 Improper use of control character (char 00 hex): X: ...${'x'.repeat(44)}\\x{00}`],
  ],
  [
    'a long line without a colon',
    `${'junk '.repeat(30)}\r\n`,
    [`6 Invalid header field syntax: ${'junk '.repeat(30).trimEnd()}`],
  ],
  ['a boundary', '--boundary: x\r\n', ['6 Invalid header field syntax: --boundary: x']],
  [
    'a name that is not ASCII',
    'S\xfcbject: x\r\n',
    ['6 Invalid header field name, contains non-ASCII char: S\\x{FC}bject: x'],
  ],
  ['a field given twice', 'Subject: a\r\nSubject: b\r\n', ['8 Duplicate header field: "Subject"']],
  [
    'a field given three times',
    'MIME-Version: 1.0\r\nmime-version: 1.0\r\nMIME-VERSION: 1.0\r\n',
    ['8 Header field occurs more than once: "MIME-Version" occurs 3 times'],
  ],
  ['a field that may be repeated', 'Received: a\r\nReceived: b\r\n', []],
]

for (const [what, text, complaints] of fields) {
  test(`${what}: ${complaints.length === 0 ? 'nothing is wrong' : `minor ${complaints[0]![0]}`}`, () => {
    assert.deepEqual(check(`${GOOD}${text}\r\nbody`), complaints)
  })
}

test('a mail without Date and From misses both', () => {
  assert.deepEqual(check('Subject: x\r\n\r\n'), [
    '7 Missing required header field: "Date"',
    '7 Missing required header field: "From"',
  ])
})

test('trouble of the MIME reader comes first', () => {
  assert.deepEqual(check(`${GOOD}junk\r\n\r\n`, DEFAULT, 'unexpected end'), [
    '1 MIME error: unexpected end',
    '6 Invalid header field syntax: junk',
  ])
})

test('tests without a true value are not made', () => {
  const text = 'junk\r\nSubject: \xe9\r\nSubject: \0\r\nX: a\r\n \r\n'
  assert.deepEqual(check(text, new Map(), 'unexpected end', {bareLf: 0, bareCr: 3, nul: 9}), [])
  assert.deepEqual(check(text, new Map([['missing', 1]])).length, 2)
})

test('UTF-8 in mail that did not announce it is a complaint where the test is on', () => {
  const tests = new Map([['utf8', 1]])
  const text = `${GOOD}Subject: ${utf8('\u00e9')}\r\n\r\n`
  assert.deepEqual(check(text, tests), [
    '2 Non-encoded UTF-8 string in non-EAI mail (char C3 A9 hex): Subject: \\x{C3}\\x{A9}',
  ])
})

test('what the body has of NUL and bare CR is a complaint of its own', () => {
  assert.deepEqual(
    check(`${GOOD}Subject: a\0b\r\n\r\n`, DEFAULT, undefined, {bareLf: 5, bareCr: 3, nul: 2}),
    [
      '3 Improper use of control character (char 00 hex): Subject: a\\x{00}b',
      '3 Improper use of control character (char 00 hex): message body, once',
      '3 Improper use of control character (char 0D hex): message body, 3 times',
    ],
  )
})

test('no more than a hundred complaints are made', () => {
  assert.equal(check('junk\r\n'.repeat(500)).length, 100)
})

test('UTF-8 in the header of a mail that came with SMTPUTF8 is no complaint', () => {
  const header = parseHeader(Buffer.from(`${GOOD}Subject: \u00e9\r\n\r\n`))
  const tests = new Map([['utf8', 1]])
  assert.deepEqual(checkHeader(header, {mimeError: undefined, tests, data: NONE, smtputf8: true}), [])
  assert.equal(checkHeader(header, {mimeError: undefined, tests, data: NONE, smtputf8: false}).length, 1)
})
