import assert from 'node:assert/strict'
import {test} from 'node:test'
import {xforwardLines} from '../../../src/actions/forward/commands.ts'
import {parseMethod} from '../../../src/actions/forward/method.ts'
import {type RemoteReply, ReplyReader} from '../../../src/actions/forward/reply-reader.ts'

const CLIENT = {address: '192.0.2.7', receivingPort: 10_024}

const METHODS: [method: string, expected: string | RegExp][] = [
  ['smtp:[127.0.0.1]:10025', '127.0.0.1 10025 as smtp:[127.0.0.1]:10025'],
  ['SMTP:[::1]:10025', '::1 10025 as smtp:[::1]:10025'],
  ['smtp:[IPv6:::1]:25', '::1 25 as smtp:[::1]:25'],
  ['smtp:mx.example.com:25', 'mx.example.com 25 as smtp:[mx.example.com]:25'],
  ['smtp:/var/run/x.sock', '/var/run/x.sock as smtp:[localhost]'],
  ['lmtp:/var/run/x.sock', '/var/run/x.sock as lmtp:[localhost]'],
  ['lmtp:[::1]:24', '::1 24 as lmtp:[::1]:24'],
  ['smtp:*:10025', '192.0.2.7 10025 as smtp:[192.0.2.7]:10025'],
  ['smtp:[*]:*', '192.0.2.7 10025 as smtp:[192.0.2.7]:10025'],
  ['smtp:[127.0.0.1]:0', /is no host and port/],
  ['smtp:[127.0.0.1]:65536', /is no host and port/],
  ['smtp:[]:25', /is no host and port/],
  ['smtp:host', /is no host and port/],
  ['pipe:argv=/bin/true', /is not available/],
  ['', /is not available/],
]

for (const [method, expected] of METHODS) {
  test(`the method "${method}"`, () => {
    const target = parseMethod(method, CLIENT)
    if ('problem' in target) assert.match(target.problem, expected as RegExp)
    else {
      const {host, port, path, shown} = target
      assert.equal([host, port, path, 'as', shown].filter(Boolean).join(' '), expected)
    }
  })
}

test('an asterisk needs somebody to stand for', () => {
  const nobody = {address: undefined, receivingPort: undefined}
  assert.ok('problem' in parseMethod('smtp:*:25', nobody))
  assert.ok('problem' in parseMethod('smtp:[127.0.0.1]:*', nobody))
})

test('XFORWARD says only what was announced, on lines that are not too long', () => {
  const long = `${'x'.repeat(200)} ${'ü'.repeat(200)}`
  const attributes = new Map([
    ['NAME', long],
    ['HELO', long],
    ['ADDR', '192.0.2.1'],
    ['PROTO', 'ESMTP'],
  ] as const)
  const lines = xforwardLines(attributes, new Map([['XFORWARD', ['NAME', 'ADDR', 'HELO']]]))
  assert.deepEqual(
    lines.map(line => line.replace(/=\S+/g, '')),
    ['XFORWARD ADDR NAME', 'XFORWARD HELO'],
  )
  for (const line of lines) {
    assert.ok(line.length <= 510)
    for (const [, value] of line.matchAll(/=(\S+)/g)) assert.ok(value!.length <= 255)
  }
  assert.deepEqual(xforwardLines(attributes, new Map()), [])
})

function readReplies(text: string, size: number): RemoteReply[] {
  const reader = new ReplyReader()
  const replies: RemoteReply[] = []
  const octets = Buffer.from(text, 'latin1')
  for (let at = 0; at < octets.length; at += size) reader.push(octets.subarray(at, at + size), replies)
  return replies
}

test('replies are read however they are cut', () => {
  const text =
    '220 hi\r\n250-2.1.0 one\r\n250-2.1.0 two\r\n250 2.1.0\r\n550\r\n354 go\n451-a\x00b\r\n451 4.3.0 c\xe9\r\n'
  for (const size of [1, 2, 7, 1000]) {
    assert.deepEqual(
      readReplies(text, size).map(({code, enhanced, text}) => [code, enhanced, text]),
      [
        [220, undefined, '220 hi'],
        [250, '2.1.0', '250 2.1.0 one two '.trimEnd()],
        [550, undefined, '550'],
        [354, undefined, '354 go'],
        [451, undefined, '451 a b c\xe9'],
      ],
    )
  }
})

test('an enhanced code of another class is none', () => {
  assert.equal(readReplies('550 4.1.1 x\r\n', 100)[0]?.enhanced, undefined)
})

test('what is no reply is a fault of the peer', () => {
  for (const bad of ['hello\r\n', '2500 x\r\n', '25\r\n', '650 x\r\n', '\r\n', '250x\r\n']) {
    assert.throws(() => readReplies(bad, 100), {code: 'AM_PROTOCOL'}, bad)
  }
  assert.throws(() => readReplies('250-x\r\n'.repeat(300), 10_000), {code: 'AM_PROTOCOL'})
  assert.throws(() => readReplies('250 '.padEnd(10_000, 'x'), 1000), {code: 'AM_PROTOCOL'})
})
