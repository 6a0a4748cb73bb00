import assert from 'node:assert/strict'
import {test} from 'node:test'
import {frame} from '../../../src/session/milter/frames.ts'
import {MANNERS, type Manners} from '../../../src/session/milter/manners.ts'
import {serveMilter} from '../../../src/session/milter/session.ts'
import type {ClientEdits, Outcome} from '../../../src/session/transaction.ts'
import {startServer} from '../smtp/harness.ts'
import {converse, startMilter} from './conversation.ts'

const OFFER_ALL = offer(6, 0x1ff, 0x1fffff)
const CONNECT = frame(
  'C',
  Buffer.concat([
    Buffer.from('mx.remote.test\0' + '4'),
    Buffer.from([0x00, 0x19]),
    Buffer.from('192.0.2.7\0'),
  ]),
)
const HELLO = [CONNECT, frame('H', 'mail.remote.test\0')]
const MAIL = [
  frame('M', '<a@remote.test>\0SIZE=100\0BODY=8BITMIME\0RET=HDRS\0'),
  frame('D', 'Ri\0QID7\0'),
  frame('R', '<U1@example.com>\0NOTIFY=FAILURE\0ORCPT=rfc822;x+2By@example.com\0'),
  frame('R', '<u2@example.com>\0'),
]
const CONTENT = [
  frame('L', 'From\0 a@remote.test\0'),
  frame('L', 'Subject\0no blank\n\tfolded  \0'),
  frame('N'),
  frame('B', 'one\r\ntw'),
  frame('B', 'o\r\n'),
]

function offer(version: number, actions: number, protocol: number): Buffer {
  const data = Buffer.alloc(12)
  data.writeUInt32BE(version, 0)
  data.writeUInt32BE(actions, 4)
  data.writeUInt32BE(protocol, 8)
  return frame('O', data)
}

const passing = (edits: Partial<ClientEdits> = {}): Outcome => ({
  reply: {code: 250, enhanced: '2.5.0', text: 'Ok'},
  perRecipient: [],
  edits: {changes: [], removedRecipients: [], addedRecipients: [], ...edits},
})

test('a mail is put together as its client sent it, with who sent it above; one round trip a mail', async t => {
  const server = await startMilter({filter: async () => passing(), clock: () => Date.UTC(2026, 10, 22, 12)})
  t.after(() => server.close())
  const {replies} = await converse(server.port, [
    OFFER_ALL,
    ...HELLO,
    ...MAIL,
    ...CONTENT,
    frame('E'),
    frame('Q'),
  ])
  assert.equal(replies, 'Oc')
  const [mail] = server.mails
  const text = mail!.content.toString('latin1')
  assert.match(
    text,
    /^Received: from mail\.remote\.test \(mx\.remote\.test \[192\.0\.2\.7\]\)\r\n by localhost with ESMTP id QID7; Sun, 22 Nov 2026 /,
  )
  assert.equal(
    text.slice(text.indexOf('From:')),
    'From: a@remote.test\r\nSubject:no blank\r\n\tfolded  \r\n\r\none\r\ntwo\r\n',
  )
  assert.deepEqual(mail!.envelope, {
    sender: 'a@remote.test',
    recipients: [
      {address: 'U1@example.com', orcpt: 'rfc822;x+y@example.com', notify: ['FAILURE']},
      {address: 'u2@example.com', orcpt: undefined, notify: undefined},
    ],
    declaredSize: 100,
    body: '8BITMIME',
    smtputf8: false,
    ret: 'HDRS',
    envid: undefined,
  })
  assert.deepEqual(
    [...mail!.client.forwarded],
    [
      ['NAME', 'mx.remote.test'],
      ['ADDR', '192.0.2.7'],
      ['PORT', '25'],
      ['HELO', 'mail.remote.test'],
      ['PROTO', 'ESMTP'],
      ['IDENT', 'QID7'],
    ],
  )
})

test('changes go out before the verdict: recipients as the MTA named them, places without our Received', async t => {
  const edits: Partial<ClientEdits> = {
    removedRecipients: ['U1@example.com'],
    addedRecipients: ['other@example.com'],
    changes: [
      {kind: 'delete', name: 'Received', index: 2},
      {kind: 'delete', name: 'X-Spam-Flag', index: 1},
      {kind: 'change', name: 'Subject', index: 1, body: 'SPAM x'},
      {kind: 'insert', name: 'X-One', body: '1'},
      {kind: 'insert', name: 'X-Two', body: '2\n more'},
    ],
  }
  const server = await startMilter({filter: async () => passing(edits)})
  t.after(() => server.close())
  const {replies, data} = await converse(server.port, [OFFER_ALL, ...HELLO, ...MAIL, ...CONTENT, frame('E')])
  assert.equal(replies, 'O-+mmmiic')
  assert.deepEqual(
    data.slice(1, -1).map(octets => octets.toString('latin1')),
    [
      '<U1@example.com>\0',
      '<other@example.com>\0',
      '\0\0\0\x01Received\0\0',
      '\0\0\0\x01X-Spam-Flag\0\0',
      '\0\0\0\x01Subject\0 SPAM x\0',
      '\0\0\0\0X-Two\0 2\n more\0',
      '\0\0\0\0X-One\0 1\0',
    ],
  )
  const poor = await converse(server.port, [offer(2, 0x01, 0x7f), ...HELLO, ...MAIL, ...CONTENT, frame('E')])
  assert.equal(poor.replies, `O${'c'.repeat(10)}iic`)
  assert.ok(
    server.logged.some(([, text]) => text.includes('the MTA takes no recipients, changes of the header')),
  )
})

test('another body goes out in pieces, where the MTA takes one', async t => {
  const taken: (boolean | undefined)[] = []
  const body = Buffer.alloc(70_000, 'x\r\n')
  const server = await startMilter({
    filter: async mail => {
      taken.push(mail.takesBody)
      return passing({body})
    },
  })
  t.after(() => server.close())
  const {replies, data} = await converse(server.port, [OFFER_ALL, ...HELLO, ...MAIL, ...CONTENT, frame('E')])
  assert.equal(replies, 'Obbc')
  assert.deepEqual(Buffer.concat(data.slice(1, 3)), body)
  const poor = await converse(server.port, [
    offer(6, 0x01, 0x1fffff),
    ...HELLO,
    ...MAIL,
    ...CONTENT,
    frame('E'),
  ])
  assert.equal(poor.replies, 'Oc')
  assert.deepEqual(taken, [true, false])
})

const VERDICTS: readonly (readonly [title: string, outcome: Outcome, command: string, data: string])[] = [
  [
    'a refusal in our words, with its per cent signs doubled',
    {reply: {code: 554, enhanced: '5.7.0', text: 'Reject 100%\r\nx\x00\u00e9'}, perRecipient: []},
    'y',
    '554 5.7.0 Reject 100%% x ?\0',
  ],
  [
    'a temporary failure is one',
    {reply: {code: 451, enhanced: '4.5.0', text: 'Later'}, perRecipient: []},
    'y',
    '451 4.5.0 Later\0',
  ],
  [
    'nobody is left to have it',
    {reply: {code: 250, enhanced: '2.7.0', text: 'Ok'}, perRecipient: []},
    'd',
    '',
  ],
]

for (const [title, outcome, command, expected] of VERDICTS) {
  test(`the end of a mail: ${title}`, async t => {
    const server = await startMilter({filter: async () => outcome})
    t.after(() => server.close())
    const {replies, data} = await converse(server.port, [
      OFFER_ALL,
      ...HELLO,
      ...MAIL,
      ...CONTENT,
      frame('E'),
    ])
    assert.equal(replies, `O${command}`)
    assert.equal(data.at(-1)!.toString('latin1'), expected)
  })
}

test('a filter that fails defers the mail, and tells the MTA nothing of us', async t => {
  const server = await startMilter({filter: () => Promise.reject(new Error('/secret/path'))})
  t.after(() => server.close())
  const {data} = await converse(server.port, [OFFER_ALL, ...HELLO, ...MAIL, ...CONTENT, frame('E')])
  assert.match(data.at(-1)!.toString(), /^451 4\.5\.0 Error in processing, id=/)
})

test('mails follow each other in a connection, with aborts between and within them; nothing of one is in the next', async t => {
  const server = await startMilter({filter: async () => passing()})
  t.after(() => server.close())
  const other = [frame('M', '<>\0'), frame('R', 'plain@example.com\0'), frame('L', 'X\0 y\0'), frame('E')]
  const {replies} = await converse(server.port, [
    OFFER_ALL,
    ...HELLO,
    ...MAIL,
    ...CONTENT,
    frame('A'),
    frame('A'),
    ...other,
    frame('A'),
    ...MAIL,
    ...other,
    frame('K'),
    ...HELLO,
    ...other,
    frame('Q'),
  ])
  assert.equal(replies, 'Occc')
  assert.deepEqual(
    server.mails.map(({envelope, content}) => [
      envelope.sender,
      envelope.recipients.map(({address}) => address).join(),
      content.toString().split('\r\n').slice(-3).join('|'),
    ]),
    Array.from({length: 3}, () => ['', 'plain@example.com', 'X: y||']),
  )
})

test('what is larger than we take is refused at its end, and not kept meanwhile', async t => {
  const server = await startMilter({
    filter: async () => passing(),
    settings: {$smtpd_message_size_limit: 70_000},
  })
  t.after(() => server.close())
  const body = Array.from({length: 10}, () => frame('B', 'x'.repeat(65_535)))
  const {data} = await converse(server.port, [OFFER_ALL, ...HELLO, ...MAIL, ...CONTENT, ...body, frame('E')])
  assert.match(data.at(-1)!.toString(), /^552 5\.3\.4 /)
  assert.equal(server.mails.length, 0)
})

test('recipients that the MTA has refused itself are none of ours', async t => {
  const server = await startMilter({filter: async () => passing()})
  t.after(() => server.close())
  const refused = [
    frame('D', 'R{rcpt_mailer}\0error\0{rcpt_host}\x005.1.1\0'),
    frame('R', '<gone@example.com>\0'),
  ]
  const next = [frame('D', 'R{rcpt_mailer}\0smtp\0'), frame('R', '<here@example.com>\0')]
  await converse(server.port, [OFFER_ALL, ...HELLO, MAIL[0]!, ...refused, ...next, ...CONTENT, frame('E')])
  assert.deepEqual(
    server.mails[0]?.envelope.recipients.map(({address}) => address),
    ['here@example.com'],
  )
})

const failing: Outcome = {
  reply: {code: 451, enhanced: '4.5.0', text: 'Error in processing'},
  perRecipient: [],
  isFailure: true,
}
const deferring: Outcome = {reply: {code: 451, enhanced: '4.7.1', text: 'later'}, perRecipient: []}

const FAILURES: readonly (readonly [
  title: string,
  Outcome,
  onFailure: Manners['onFailure'],
  replies: string,
])[] = [
  ['a failure of the checks is a 451', failing, 'tempfail', 'Oy'],
  ['a failure of the checks lets the mail pass where that is set', failing, 'accept', 'Oa'],
  ['a tempfail that is policy stays one, whatever is set for failures', deferring, 'accept', 'Oy'],
]
for (const [title, outcome, onFailure, expected] of FAILURES) {
  test(title, async t => {
    const server = await startWith({onFailure}, async () => outcome)
    t.after(() => server.close())
    const {replies} = await converse(server.port, [
      OFFER_ALL,
      ...HELLO,
      ...MAIL,
      ...CONTENT,
      frame('E'),
      frame('Q'),
    ])
    assert.equal(replies, expected)
    assert.equal(
      server.logged.some(([, text]) => text.includes('passes UNCHECKED')),
      expected === 'Oa',
    )
  })
}

test('mail that is to be held is accepted and held, by MTAs that can', async t => {
  const server = await startMilter({filter: async () => passing({hold: 'spammy\n'})})
  t.after(() => server.close())
  const mail = [...HELLO, ...MAIL, ...CONTENT, frame('E'), frame('Q')]
  const held = await converse(server.port, [OFFER_ALL, ...mail])
  assert.deepEqual([held.replies, held.data[1]?.toString()], ['Oqc', 'spammy \0'])
  const passed = await converse(server.port, [offer(6, 0x1f, 0x1fffff), ...mail])
  assert.equal(passed.replies, 'Oc')
  assert.ok(server.logged.some(([, text]) => text.includes('the MTA takes no mail on hold')))
})

const WISHES: readonly (readonly [Partial<Manners>, actions: number, protocol: number])[] = [
  [{}, 0x13f, 0x1ff380],
  [{noReply: false}, 0x13f, 0x100300],
  [{leadingSpace: false}, 0x13f, 0x0ff380],
  [{macroLists: false}, 0x3f, 0x1ff380],
  [{rejectedRecipients: true}, 0x13f, 0x1ffb80],
]
for (const [wish, actions, protocol] of WISHES) {
  test(`of all that is offered, with ${JSON.stringify(wish)} we want ${protocol.toString(16)}`, async t => {
    const server = await startWith(wish, async () => passing())
    t.after(() => server.close())
    const {data} = await converse(server.port, [OFFER_ALL])
    assert.deepEqual([data[0]?.readUInt32BE(4), data[0]?.readUInt32BE(8)], [actions, protocol])
  })
}

test('while a mail is looked at the MTA hears of us, and the mail knows how long it waits', async t => {
  const server = await startWith({progressMs: 10, contentMs: 7000}, async () => {
    await new Promise(resolve => setTimeout(resolve, 60))
    return passing()
  })
  t.after(() => server.close())
  const {replies} = await converse(server.port, [
    OFFER_ALL,
    ...HELLO,
    ...MAIL,
    ...CONTENT,
    frame('E'),
    frame('Q'),
  ])
  assert.match(replies, /^Op+c$/)
  assert.equal(server.mails[0]?.answerWithinMs, 7000)
})

test('a frame above the limit ends the conversation', async t => {
  const server = await startWith({largestFrame: 70_000}, async () => passing())
  t.after(() => server.close())
  const {closed, replies} = await converse(server.port, [OFFER_ALL, frame('B', 'x'.repeat(70_000))])
  assert.deepEqual([closed, replies], [true, 'O'])
})

function startWith(manners: Partial<Manners>, filter: () => Promise<Outcome>) {
  return startServer({
    filter,
    converse: (socket, deps) => serveMilter(socket, {...deps, manners: {...MANNERS, ...manners}}),
  })
}
