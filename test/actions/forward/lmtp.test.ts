import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import {type NextHop, startNextHop} from './next-hop.ts'
import {recipient, type Sender, shown, startSender} from './sending.ts'

let hop: NextHop | undefined
let sender: Sender | undefined
afterEach(async () => {
  await sender?.close()
  await hop?.close()
  hop = sender = undefined
})

const THREE = ['a@x.test', 'b@x.test', 'c@x.test'].map(address => recipient(address))
const codes = (results: readonly string[]) => results.map(text => text.slice(0, 9))

interface Case {
  readonly title: string
  readonly dot: string
  readonly rcpt?: (line: string) => string | undefined
  readonly expected: readonly string[]
}

const cases: readonly Case[] = [
  {
    title: 'an answer for each recipient',
    dot: '250 2.0.0 a\r\n452 4.2.2 b\r\n550 5.1.1 c',
    expected: ['250 2.0.0', '452 4.2.2', '550 5.1.1'],
  },
  {
    title: 'refused recipients have no answer after the dot',
    rcpt: line => (line.includes('<b@') ? '550 5.1.1 who' : undefined),
    dot: '250 2.0.0 a\r\n451 4.3.0 c',
    expected: ['250 2.0.0', '550 5.1.1', '451 4.3.0'],
  },
  {
    title: 'what was said before it went away counts',
    dot: '250 2.0.0 a\r\n421 4.3.2 good night',
    expected: ['250 2.0.0', '421 4.3.2', '451 4.5.0'],
  },
]

for (const {title, dot, rcpt, expected} of cases) {
  test(`lmtp: ${title}`, async () => {
    hop = await startNextHop({ehlo: '250-sink\r\n250 PIPELINING', dot, ...(rcpt && {rcpt})})
    sender = startSender()
    const results = shown(await sender.send({method: `lmtp:[127.0.0.1]:${hop.port}`, recipients: THREE}))
    assert.equal(hop.commands[0], 'LHLO localhost')
    assert.deepEqual(codes(results), expected)
    assert.match(results[0]!, /from MTA\(lmtp:\[127\.0\.0\.1\]:\d+\): /)
  })
}

test('lmtp: there is no HELO', async () => {
  hop = await startNextHop({ehlo: '500 5.5.1 what'})
  sender = startSender()
  const [result] = shown(await sender.send({method: `lmtp:[127.0.0.1]:${hop.port}`}))
  assert.match(result!, /^451 |^500 5\.5\.1/)
  assert.deepEqual(hop.commands, ['LHLO localhost'])
})

test('lmtp: who says nothing after the first answers has not taken the mail for the others', async () => {
  hop = await startNextHop({ehlo: '250-sink\r\n250 PIPELINING', dot: '250 2.0.0 a'})
  sender = startSender()
  const method = `lmtp:[127.0.0.1]:${hop.port}`
  const results = shown(await sender.send({method, recipients: THREE, deadlineMs: 300}))
  assert.deepEqual(codes(results), ['250 2.0.0', '451 4.5.0', '451 4.5.0'])
})
