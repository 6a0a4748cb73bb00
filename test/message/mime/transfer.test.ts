import assert from 'node:assert/strict'
import {test} from 'node:test'
import {decodeBase64} from '../../../src/message/mime/base64.ts'
import {decodeEncodedWords} from '../../../src/message/mime/encoded-word.ts'
import {decodeQuotedPrintable, toLf} from '../../../src/message/mime/transfer.ts'
import {readUuencoded} from '../../../src/message/mime/uuencode.ts'

const octets = (text: string) => Buffer.from(text, 'latin1')

test('CRLF becomes LF, a bare CR stays, and octets without CR are not copied', () => {
  assert.equal(toLf(octets('a\r\nb\rc\r\r\n\r\n')).toString(), 'a\nb\rc\r\n\n')
  const plain = octets('a\nb')
  assert.equal(toLf(plain), plain)
})

const base64: [string, string, string][] = [
  ['plain', 'aGVsbG8gd29ybGQ=', 'hello world'],
  ['with line ends', 'aGVs\r\nbG8g\r\nd29ybGQ=\r\n', 'hello world'],
  ['without padding', 'aGVsbG8gd29ybGQ', 'hello world'],
  ['with padding between its digits', 'aGVs=bG8g==d29ybGQ=', 'hello world'],
  ['with garbage between its digits', 'a-G_V*s bG8!gd29ybGQ=', 'hello world'],
  ['of nothing', '', ''],
  ['of one digit', 'a', ''],
]

for (const [title, encoded, decoded] of base64) {
  test(`base64 ${title} is decoded as far as it goes`, () => {
    assert.equal(decodeBase64(octets(encoded)).toString('latin1'), decoded)
  })
}

test('base64 of a megabyte is decoded across the inner chunks', () => {
  const content = Buffer.alloc(1_000_003, 'amavis')
  const lines = content.toString('base64').replace(/.{76}/g, '$&\r\n')
  assert.deepEqual(decodeBase64(octets(lines)), content)
})

const quotedPrintable: [string, string, string][] = [
  ['escapes in either case', 'caf=E9 =e9', 'caf\u00e9 \u00e9'],
  ['soft line ends', 'one =\r\ntwo=  \r\nthree\r\n', 'one twothree\n'],
  ['blanks before a line end', 'a \t\r\nb\r\n', 'a\nb\n'],
  ['escapes that are none', '=XY=4 =', '=XY=4 '],
  ['an escape across a line end', 'a=4\r\n1', 'a=4\n1'],
]

for (const [title, encoded, decoded] of quotedPrintable) {
  test(`quoted-printable with ${title}`, () => {
    assert.equal(decodeQuotedPrintable(octets(encoded)).toString('latin1'), decoded)
  })
}

test('uuencoded files are found in a text, and the text around them', () => {
  const text = 'before\nbegin 644 a.txt\n#86)C\n`\nend\nbetween\nbegin 755 b c.exe\n"34D\n`\nend\nafter\n'
  const {files, rest} = readUuencoded(octets(text), 10)
  assert.deepEqual(
    files.map(({name, content}) => [name, content.toString()]),
    [
      ['a.txt', 'abc'],
      ['b c.exe', 'MI'],
    ],
  )
  assert.equal(rest?.toString(), 'before\nbetween\nafter\n')
})

test('a uuencoded file with lines that no uuencode writes leaves the text as it is, too', () => {
  const {files, rest} = readUuencoded(octets('begin 644 a\nthis is lower case text\n#86)C\n'), 10)
  assert.equal(files[0]?.content.toString(), 'abc')
  assert.equal(rest, undefined)
})

const words: [string, string][] = [
  ['=?utf-8?Q?gr=C3=BC=C3=9Fe?=', 'gr\u00fc\u00dfe'],
  [
    '=?iso-8859-1?q?Gr=FC=DFe?= an =?koi8-r?B?89DJ08/L?=',
    'Gr\u00fc\u00dfe an \u0421\u043f\u0438\u0441\u043e\u043a',
  ],
  ['=?utf-8?B?w7w=?= =?utf-8?B?w58=?=', '\u00fc\u00df'],
  ['=?utf-8?B?4oI=?=\t=?utf-8?B?rA==?=', '\u20ac'],
  ['=?iso-8859-1*de?Q?a_b?=', 'a b'],
  ['a =?no word', 'a =?no word'],
  ['=?utf-8?X?abc?=', '=?utf-8?X?abc?='],
  ['=?x-unknown?Q?abc?=', 'abc'],
  ['=?utf-8?Q?glued?=word', 'gluedword'],
  ['plain', 'plain'],
]

for (const [encoded, decoded] of words) {
  test(`the words ${encoded} say ${decoded}`, () => {
    assert.equal(decodeEncodedWords(encoded), decoded)
  })
}
