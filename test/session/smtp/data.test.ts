import assert from 'node:assert/strict'
import {test} from 'node:test'
import {DataReceiver} from '../../../src/session/smtp/data.ts'

interface Read {
  readonly content: string
  /** octets after the end of data; undefined: the data have not ended */
  readonly rest: string | undefined
  readonly facts: readonly [bareLf: number, bareCr: number, nul: number]
}

function read(wire: string, sizes: () => number, limit?: number): Read {
  const receiver = new DataReceiver(limit)
  const octets = Buffer.from(wire, 'latin1')
  const pieces: Buffer[] = []
  for (let at = 0; at < octets.length; ) {
    const chunk = octets.subarray(at, at + sizes())
    const end = receiver.push(chunk)
    pieces.push(...receiver.take())
    if (end >= 0) return done(octets.toString('latin1', at + end))
    at += chunk.length
  }
  return done(undefined)

  function done(rest: string | undefined): Read {
    const {bareCr, bareLf, nul} = receiver
    return {content: Buffer.concat(pieces).toString('latin1'), rest, facts: [bareLf, bareCr, nul]}
  }
}

const CASES: readonly [title: string, wire: string, Read][] = [
  ['an empty mail', '.\r\n', {content: '', rest: '', facts: [0, 0, 0]}],
  ['lines', 'a\r\nb\r\n.\r\nQUIT', {content: 'a\r\nb\r\n', rest: 'QUIT', facts: [0, 0, 0]}],
  [
    'dots are un-stuffed after CRLF',
    '..\r\n.a\r\n...\r\n.\r\n',
    {content: '.\r\na\r\n..\r\n', rest: '', facts: [0, 0, 0]},
  ],
  ['dots elsewhere stay', 'a.\r\nb..c\r\n.\r\n', {content: 'a.\r\nb..c\r\n', rest: '', facts: [0, 0, 0]}],
  ['LF.CRLF is no end', 'a\n.\r\nb\r\n.\r\n', {content: 'a\r\n.\r\nb\r\n', rest: '', facts: [1, 0, 0]}],
  ['LF.LF is no end', 'a\n.\nb\r\n.\r\n', {content: 'a\r\n.\r\nb\r\n', rest: '', facts: [2, 0, 0]}],
  ['CRLF.LF is no end', 'a\r\n.\nb\r\n.\r\n', {content: 'a\r\n\r\nb\r\n', rest: '', facts: [1, 0, 0]}],
  ['CRLF.CR is no end', 'a\r\n.\rb\r\n.\r\n', {content: 'a\r\n\rb\r\n', rest: '', facts: [0, 1, 0]}],
  ['CR.CRLF is no end', 'a\r.\r\nb\r\n.\r\n', {content: 'a\r.\r\nb\r\n', rest: '', facts: [0, 1, 0]}],
  ['CR.CR is no end', 'a\r.\rb\r\n.\r\n', {content: 'a\r.\rb\r\n', rest: '', facts: [0, 2, 0]}],
  [
    'CRLF.CRCRLF is no end',
    'a\r\n.\r\r\nb\r\n.\r\n',
    {content: 'a\r\n\r\r\nb\r\n', rest: '', facts: [0, 1, 0]},
  ],
  ['CRCRLF.CRLF is one', 'a\r\r\n.\r\nb', {content: 'a\r\r\n', rest: 'b', facts: [0, 1, 0]}],
  [
    'a dot after a bare LF is not un-stuffed',
    'a\n..\r\n.\r\n',
    {content: 'a\r\n..\r\n', rest: '', facts: [1, 0, 0]},
  ],
  [
    '8-bit octets, NUL and bare CR stay',
    '\xff\0\r\0\x80\r\n.\r\n',
    {content: '\xff\0\r\0\x80\r\n', rest: '', facts: [0, 1, 2]},
  ],
  ['only line ends', '\n\n\r\r\r\n\r\n.\r\n', {content: '\r\n\r\n\r\r\r\n\r\n', rest: '', facts: [2, 2, 0]}],
  ['NULs after the end are not counted', 'a\r\n.\r\n\0', {content: 'a\r\n', rest: '\0', facts: [0, 0, 0]}],
]

for (const [title, wire, expected] of CASES) {
  test(`${title}, however it is cut`, () => {
    for (const size of [1, 2, 3, 4, 5, 7, 1000])
      assert.deepEqual(
        read(wire, () => size),
        expected,
        `${size}`,
      )
  })
}

test('content that is nothing but odd lines is read like any other', () => {
  const lines = ['..\r\n', 'a\rb\r\n', 'a\n', '\n.\n', '\r', '\r\n..', '\0']
  for (const line of lines) {
    const wire = `${line.repeat(200)}\r\n.\r\nrest`
    const expected = reference(wire)
    for (const size of [1, 3, 64, 10_000]) {
      const {content, rest} = read(wire, () => size)
      assert.deepEqual({content, rest}, expected, `${JSON.stringify(line)} in pieces of ${size}`)
    }
  }
  assert.deepEqual(
    read(`${'\r'.repeat(100)}x\n${'\0'.repeat(100)}\r\n.\r\n`, () => 1000).facts,
    [1, 100, 100],
  )
})

test('data without an end give all that is certain', () => {
  assert.deepEqual(
    read('a\r\nb', () => 3),
    {content: 'a\r\nb', rest: undefined, facts: [0, 0, 0]},
  )
  assert.deepEqual(
    read('a\r\n.\r', () => 1),
    {content: 'a\r\n', rest: undefined, facts: [0, 0, 0]},
  )
})

test('a mail that is too long is counted and not kept', () => {
  const receiver = new DataReceiver(10)
  assert.equal(receiver.push(Buffer.from('12345678\r\n')), -1)
  assert.equal(receiver.tooLong, false)
  assert.equal(receiver.push(Buffer.from('x\r\n.\r\n')), 6)
  assert.equal(receiver.tooLong, true)
  assert.equal(receiver.size, 13)
  assert.deepEqual(receiver.take(), [])
})

/** What the receiver must do, written for a whole string at once. */
function reference(wire: string): Pick<Read, 'content' | 'rest'> {
  const data = `\r\n${wire}`
  const end = data.indexOf('\r\n.\r\n')
  if (end < 0) throw new Error('no end')
  const content = data
    .slice(0, end + 2)
    .replace(/\r\n\./g, '\r\n')
    .slice(2)
    .replace(/(?<!\r)\n/g, '\r\n')
  return {content, rest: data.slice(end + 5)}
}

test('random line ends and dots are read as the rule says, however they are cut', () => {
  let seed = 20_010
  const random = (n: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (seed >>> 8) % n
  }
  const pieces = ['\r', '\n', '\r\n', '.', '\r\n.', 'a', '\0', '..', '\r\n.\r', '\xe9']
  for (let round = 0; round < 4000; round++) {
    let wire = ''
    for (let n = random(round % 10 ? 30 : 200); n > 0; n--) wire += pieces[random(pieces.length)]
    wire += '\r\n.\r\nrest'
    const {content, rest} = read(wire, () => 1 + random(round % 10 ? 6 : 300))
    assert.deepEqual({content, rest}, reference(wire), JSON.stringify(wire))
    assert.doesNotMatch(content, /(?<!\r)\n/)
  }
})
