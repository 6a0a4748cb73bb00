import assert from 'node:assert/strict'
import {test} from 'node:test'
import {parseHeader} from '../../../src/message/header.ts'
import type {MimeTree} from '../../../src/message/message.ts'
import {readMime} from '../../../src/message/mime/read.ts'

const LIMITS = {maxParts: 1000, maxLevels: 10}

function read(text: string, limits = LIMITS): MimeTree {
  const octets = Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1')
  return readMime(octets, parseHeader(octets), limits)
}

/** A tree on paper: number, parent, kind, place, types, content. */
function outline({parts}: MimeTree): string[] {
  return parts.map(part => {
    const {number, parent, kind, placement, declaredTypes, content, attributes} = part
    const text = kind === 'container' ? '' : ` ${JSON.stringify(content.toString('latin1'))}`
    return `${number}<${parent} ${kind} ${placement} ${declaredTypes.join('+')}${text}${attributes && ` ${attributes}`}`
  })
}

test('a mail without MIME fields is one plain text', () => {
  assert.deepEqual(outline(read('Subject: x\n\nhello\n')), ['1<0 leaf 1 text/plain "hello\\n"'])
})

test('leaves are numbered as they come, then multiparts from the outside in', () => {
  const tree = read(`Content-Type: multipart/mixed; boundary=o

hint for old clients
--o
Content-Type: multipart/alternative; boundary="i"

--i

one
--i
Content-Type: text/html

<p>
--i--
--o
Content-Disposition: attachment; filename="a.exe"
Content-Transfer-Encoding: base64
Content-Type: application/octet-stream; name="b.txt"

TVo=
--o--
`)
  assert.deepEqual(outline(tree), [
    '1<5 leaf 1/1/1 text/plain "one"',
    '2<5 leaf 1/1/2 text/html "<p>"',
    '3<4 leaf 1/2 application/octet-stream "MZ" B',
    '4<0 container 1 multipart/mixed',
    '5<4 container 1/1 multipart/alternative',
  ])
  assert.deepEqual(tree.parts[2]?.names, ['a.exe', 'b.txt'])
  assert.equal(tree.error, undefined)
  assert.equal(tree.limit, undefined)
})

test('text around the parts that may be more than a hint is kept', () => {
  const tree = read('Content-Type: multipart/mixed; boundary=b\n\n<before>\n--b\n\nx\n--b--\n$after$\n')
  assert.deepEqual(outline(tree), [
    '1<3 leaf 1/1 text/plain "x"',
    '2<0 preamble 1  "<before>"',
    '3<0 container 1 multipart/mixed',
    '4<0 epilogue 1  "$after$\\n"',
  ])
})

test('a file in a forwarded message is found below the message, which stays a part', () => {
  const inner =
    'Content-Type: multipart/mixed; boundary=i\n\n--i\nContent-Disposition: attachment; filename=a.exe\n\nMZ\n--i--\n'
  const plain = read(`Content-Type: message/rfc822\n\n${inner}`)
  const encoded = Buffer.from(inner).toString('base64')
  const wrapped = read(`Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n${encoded}\n`)
  for (const tree of [plain, wrapped]) {
    assert.deepEqual(
      tree.parts.map(({number, parent, kind, placement}) => [number, parent, kind, placement]),
      [
        [1, 0, 'leaf', '1'],
        [2, 3, 'leaf', '1/1/1'],
        [3, 1, 'container', '1/1'],
      ],
    )
    assert.deepEqual(tree.parts[1]?.names, ['a.exe'])
  }
})

test('parts of a digest are messages where they do not say otherwise', () => {
  const tree = read('Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: inner\n\nhi\n--d--\n')
  assert.deepEqual(
    tree.parts.map(part => part.declaredTypes[0]),
    ['message/rfc822', 'multipart/digest', 'text/plain'],
  )
})

const PART = 'error: part did not end with expected boundary'
const PARTS = 'error: unexpected end of parts before epilogue'

const broken: [string, string, string[], string | undefined][] = [
  [
    'a multipart that does not end holds what came',
    'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html\n\n<p>\n',
    ['1<3 leaf 1/1 text/plain "x"', '2<3 leaf 1/2 text/html "<p>\\n"', '3<0 container 1 multipart/mixed'],
    `${PART}; ; ${PARTS}`,
  ],
  [
    'an inner multipart that does not end does so at the boundary of the outer one',
    'Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n--o\n\ny\n--o--\n',
    [
      '1<4 leaf 1/1/1 text/plain "x"',
      '2<3 leaf 1/2 text/plain "y"',
      '3<0 container 1 multipart/mixed',
      '4<3 container 1/1 multipart/mixed',
    ],
    `${PART}; ; ${PARTS}`,
  ],
  [
    'a multipart without a boundary is one part, and what its lines look like',
    'Content-Type: multipart/mixed\n\n--b\n\nx\n',
    [
      '1<0 leaf 1 multipart/mixed+application/x-unparseable-multipart "--b\\n\\nx\\n" B',
      '2<3 leaf 1/1 text/plain "x\\n"',
      '3<0 container 1 multipart/mixed',
    ],
    'error: multipart boundary is missing, or contains CR or LF',
  ],
  [
    'a boundary that never comes leaves a text before the parts',
    'Content-Type: multipart/mixed; boundary=b\n\n--c\n\n<x>\n',
    ['1<0 preamble 1  "--c\\n\\n<x>"', '2<0 container 1 multipart/mixed'],
    'error: unexpected end of preamble',
  ],
  [
    'a boundary within the header of a part ends it',
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n',
    ['1<3 leaf 1/1 text/html ""', '2<3 leaf 1/2 text/plain "x"', '3<0 container 1 multipart/mixed'],
    undefined,
  ],
  [
    'a boundary that is not closed by its quote still counts',
    'Content-Type: multipart/mixed; boundary="b\n\n--b\n\nx\n--b--\n',
    ['1<2 leaf 1/1 text/plain "x"', '2<0 container 1 multipart/mixed'],
    'error: multipart boundary is missing, or contains CR or LF',
  ],
  [
    'of two boundaries the last one counts and the multipart is ambiguous',
    'Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--b\n\nx\n--b--\n',
    ['1<2 leaf 1/1 text/plain "x"', '2<0 container 1 multipart/mixed B'],
    undefined,
  ],
  [
    'two Content-Type fields make a part ambiguous',
    'Content-Type: text/html\nContent-Type: text/plain\n\nx\n',
    ['1<0 leaf 1 text/html "x\\n" B', '2<0 leaf 1 text/plain "x\\n"'],
    undefined,
  ],
  [
    'an unknown transfer encoding makes the effective type octets',
    'Content-Type: text/html\nContent-Transfer-Encoding: rot13\n\nx\n',
    ['1<0 leaf 1 text/html+application/octet-stream "x\\n"'],
    undefined,
  ],
  [
    'a transfer encoding in quotes is what it says, or none',
    'Content-Transfer-Encoding: "base64"\n\neA==\n',
    ['1<0 leaf 1 text/plain "x" B', '2<0 leaf 1 text/plain "eA==\\n"'],
    undefined,
  ],
  [
    'what is declared to be encrypted cannot be looked into',
    'Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n',
    ['1<2 leaf 1/1 application/pgp-encrypted "Version: 1" UC', '2<0 container 1 multipart/encrypted UC'],
    undefined,
  ],
  ['an empty mail is an empty text', '', ['1<0 leaf 1 text/plain ""'], undefined],
  [
    'a header that does not end is an error',
    'Subject: x\n',
    ['1<0 leaf 1 text/plain ""'],
    'error: unexpected end of header',
  ],
  [
    'an inner boundary may begin with the outer one',
    'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b-2\n\n--b-2\n\nx\n--b-2--\n--b--\n',
    ['1<3 leaf 1/1/1 text/plain "x"', '2<0 container 1 multipart/mixed', '3<2 container 1/1 multipart/mixed'],
    undefined,
  ],
]

for (const [title, text, parts, error] of broken) {
  test(title, () => {
    const tree = read(text)
    assert.deepEqual(outline(tree), parts)
    assert.equal(tree.error, error)
  })
}

test('text with uuencoded files is a multipart of the text and the files', () => {
  const tree = read('Subject: x\n\nlook:\nbegin 644 a.exe\n"34D\n`\nend\n')
  assert.deepEqual(outline(tree), [
    '1<3 leaf 1/1 text/plain "look:\\n"',
    '2<3 leaf 1/2 application/octet-stream "MI"',
    '3<0 container 1 multipart/mixed',
  ])
  assert.deepEqual(tree.parts[1]?.names, ['a.exe'])
})

test('more parts than allowed end the reading and say so', () => {
  const tree = read(`Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\nx\n'.repeat(50)}--b--\n`, {
    maxParts: 20,
    maxLevels: 10,
  })
  assert.equal(tree.limit, 'Maximum number of files (20) exceeded')
  assert.equal(tree.parts.length, 20)
})

test('where the quota ends the reading all parts keep their places, those that were not read without content', () => {
  const tree = read(`Subject: x\n\nbegin 644 x\n${'M\n'.repeat(30_000)}`)
  assert.match(tree.limit ?? '', /^Exceeded storage quota 1048576 bytes/)
  assert.deepEqual(
    tree.parts.map(({number, parent, placement, content}) => [number, parent, placement, content.length]),
    [
      [1, 3, '1/1', 60_012],
      [2, 3, '1/2', 1_350_000],
      [3, 0, '1', 0],
    ],
  )
})

test('messages within messages beyond the limit end the reading and say so', () => {
  const tree = read(`${'Content-Type: message/rfc822\n\n'.repeat(30)}Subject: innermost\n\nx\n`)
  assert.equal(tree.limit, 'Maximum decoding depth (10) exceeded')
})

test('multiparts nested without end are read to a depth and no further', () => {
  const nested = Array.from(
    {length: 5000},
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`,
  )
  const tree = read(nested.join(''), {maxParts: 100_000, maxLevels: 10})
  assert.equal(tree.limit, 'Maximum decoding depth (200) exceeded')
})

const costly: [string, string][] = [
  [
    'parts without a header end',
    `Content-Type: multipart/mixed; boundary=b\n\n${'--b\nx: y\n'.repeat(100_000)}`,
  ],
  [
    'lines that look like delimiters',
    `Content-Type: multipart/mixed; boundary=b\n\n${'--c\n'.repeat(500_000)}`,
  ],
  [
    'a delimiter with a megabyte of blanks',
    `Content-Type: multipart/mixed; boundary=b\n\n--b${' '.repeat(1_000_000)}\n\nx`,
  ],
  ['a Content-Type of a megabyte', `Content-Type: multipart/mixed; ${'a=b; '.repeat(200_000)}\n\nx`],
  ['a boundary of a megabyte', `Content-Type: multipart/mixed; boundary=${'b'.repeat(1_000_000)}\n\n--b\n`],
  [
    'a name in a hundred thousand encoded words',
    `Content-Disposition: x; filename="${'=?utf-8?q?a?= '.repeat(100_000)}"\n\nx`,
  ],
  [
    'a name in a hundred thousand pieces',
    `Content-Disposition: x; ${Array.from({length: 100_000}, (_, i) => `filename*${i}=a`).join('; ')}\n\nx`,
  ],
  ['lines that begin like uuencoded files', `Subject: x\n\n${'begin 644 a\n'.repeat(100_000)}`],
  ['open comments', `Content-Type: text/plain; ${'('.repeat(1_000_000)}\n\nx`],
]

for (const [title, text] of costly) {
  test(`${title} are read in time proportional to their size`, () => {
    const started = performance.now()
    read(text, {maxParts: 3000, maxLevels: 10})
    assert.ok(performance.now() - started < 5000)
  })
}
