import assert from 'node:assert/strict'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterEach, test} from 'node:test'
import type {Delivery} from '../../../src/actions/forward/delivery.ts'
import {octetsOf} from '../../../src/message/octets.ts'
import {FULL, type NextHop, PLAIN, type Script, startNextHop} from './next-hop.ts'
import {recipient, type Sender, shown, startSender} from './sending.ts'

let hop: NextHop | undefined
let sender: Sender | undefined
afterEach(async () => {
  await sender?.close()
  await hop?.close()
  hop = sender = undefined
})

async function start(script: Script = {}): Promise<{hop: NextHop; sender: Sender; mta: string}> {
  hop = await startNextHop(script)
  sender = startSender()
  return {hop, sender, mta: `MTA(smtp:[127.0.0.1]:${hop.port})`}
}

test('a mail is accepted when the next hop has answered the final dot', async () => {
  const {hop, sender, mta} = await start()
  const [result] = await sender.send({port: hop.port})
  assert.deepEqual(result, {
    reply: {code: 250, enhanced: '2.0.0', text: `from ${mta}: 250 2.0.0 Ok: queued as Q7ABC0001`},
    remote: {
      name: '127.0.0.1',
      place: `[127.0.0.1]:${hop.port}`,
      text: '250 2.0.0 Ok: queued as Q7ABC0001',
    },
    queuedAs: 'Q7ABC0001',
    dsnPassedOn: false,
  })
  assert.deepEqual(hop.commands, [
    'EHLO localhost',
    'MAIL FROM:<s@example.org>',
    'RCPT TO:<r@example.com>',
    'DATA',
    '(31 octets)',
  ])
  assert.equal(hop.contents[0]?.toString(), 'X-Head: 1\r\nSubject: x\r\n\r\nbody\r\n')
  assert.deepEqual(sender.logged, [
    [1, `g8b6GiznPrGP FWD from <s@example.org> -> <r@example.com>, ${shown([result!])[0]}`],
  ])
  assert.deepEqual(sender.sections, [
    'fwd-connect',
    'fwd-mail-pip',
    'fwd-rcpt-pip',
    'fwd-data-chkpnt',
    'fwd-data-contents',
    'fwd-end-chkpnt',
  ])
})

test('with pipelining the envelope goes in one write, and everything that belongs to it', async () => {
  const {hop, sender} = await start({ehlo: FULL})
  const [result] = await sender.send({
    port: hop.port,
    sender: 'sender@remote.test',
    recipients: [recipient('user@example.com', {orcpt: 'rfc822;u+A@x.test', notify: ['SUCCESS', 'FAILURE']})],
    body: '7BIT',
    ret: 'HDRS',
    envid: 'abc+',
    xforward: new Map([
      ['IDENT', '4ABCD'],
      ['NAME', 'mail.remote\r\ntest'],
      ['ADDR', '2001:db8::1'],
      ['HELO', 'a=b c'],
    ]),
  })
  assert.equal(result?.dsnPassedOn, true)
  assert.equal(
    hop.groups[1],
    'XFORWARD ADDR=IPv6:2001:db8::1 NAME=mail.remote??test HELO=a+3Db+20c IDENT=4ABCD\r\n' +
      'MAIL FROM:<sender@remote.test> RET=HDRS BODY=7BIT ENVID=abc+2B\r\n' +
      'RCPT TO:<user@example.com> ORCPT=rfc822;u+2BA@x.test NOTIFY=SUCCESS,FAILURE\r\nDATA\r\n',
  )
  assert.match(
    sender.logged[0]![1],
    /<user@example\.com>, ENVID=abc\+2B RET=HDRS BODY=7BIT 250 2\.0\.0 from /,
  )
  assert.equal(sender.sections[1], 'fwd-xforward')
})

test('what the next hop has not announced is not said', async () => {
  const {hop, sender} = await start()
  await sender.send({
    port: hop.port,
    recipients: [recipient('u@x', {orcpt: 'rfc822;v@x', notify: ['NEVER']})],
    body: '7BIT',
    ret: 'FULL',
    envid: 'e',
    smtputf8: true,
    xforward: new Map([['NAME', 'x']]),
  })
  assert.equal(hop.groups[1], 'MAIL FROM:<s@example.org>\r\nRCPT TO:<u@x>\r\nDATA\r\n')
})

test('DSN options stay here when they are not to be passed on', async () => {
  const {hop, sender} = await start({ehlo: FULL})
  const [result] = await sender.send({port: hop.port, ret: 'FULL', envid: 'e', propagateDsn: false})
  assert.equal(hop.commands[1], 'MAIL FROM:<s@example.org>')
  assert.equal(result?.dsnPassedOn, false)
})

test('without pipelining each command waits for its answer', async () => {
  const {hop, sender} = await start({ehlo: PLAIN})
  const results = await sender.send({port: hop.port, recipients: [recipient('a@x'), recipient('b@x')]})
  assert.deepEqual(
    results.map(({reply}) => reply.code),
    [250, 250],
  )
  assert.deepEqual(hop.groups.slice(1, 5), [
    'MAIL FROM:<s@example.org>\r\n',
    'RCPT TO:<a@x>\r\n',
    'RCPT TO:<b@x>\r\n',
    'DATA\r\n',
  ])
})

test('a next hop that does not know EHLO is greeted with HELO', async () => {
  const {hop, sender} = await start({ehlo: '500 what?'})
  const [result] = await sender.send({port: hop.port})
  assert.equal(result?.reply.code, 250)
  assert.deepEqual(hop.commands.slice(0, 2), ['EHLO localhost', 'HELO localhost'])
})

test('addresses go out octet for octet, as UTF-8 or as they came', async () => {
  const {hop, sender} = await start({ehlo: FULL})
  await sender.send({port: hop.port, sender: '\xfc@x'})
  await sender.send({port: hop.port, sender: 'ü@x', recipients: [recipient('ø@x')], smtputf8: true})
  const mails = hop.commands.filter(line => /^(?:MAIL|RCPT)/.test(line))
  assert.deepEqual(mails, [
    'MAIL FROM:<\xfc@x>',
    'RCPT TO:<r@example.com>',
    'MAIL FROM:<\xc3\xbc@x> SMTPUTF8',
    'RCPT TO:<\xc3\xb8@x>',
  ])
})

const REFUSED: [title: string, given: Partial<Delivery>, replies: string[]][] = [
  [
    '8BITMIME content where only 7 bits pass',
    {body: '8BITMIME'},
    ['550 5.6.3 Next hop does not support 8BITMIME'],
  ],
  [
    'a UTF-8 sender where there is no SMTPUTF8',
    {sender: 'ü@x', smtputf8: true},
    ['550 5.6.7 Next hop does not support SMTPUTF8'],
  ],
  [
    'a UTF-8 recipient where there is no SMTPUTF8',
    {recipients: [recipient('ø@x')], smtputf8: true},
    ['553 5.6.7 Next hop does not support SMTPUTF8'],
  ],
  [
    'an address that holds a line end',
    {recipients: [recipient('a@x>\r\nRCPT TO:<b@x')]},
    ['553 5.1.3 Improper character in address'],
  ],
  [
    'a sender whose letters end in the octets of a line end, without SMTPUTF8',
    {sender: 'a\u010d\u010aRSET@x'},
    ['553 5.1.3 Improper character in address'],
  ],
  [
    'such a recipient',
    {recipients: [recipient('a\u010d\u010aRSET@x')]},
    ['553 5.1.3 Improper character in address'],
  ],
]

for (const [title, given, replies] of REFUSED) {
  test(`${title} is refused without a word to the next hop`, async () => {
    const {hop, sender} = await start()
    assert.deepEqual(shown(await sender.send({port: hop.port, ...given})), replies)
    assert.deepEqual(hop.commands, ['EHLO localhost'])
    await sender.send({port: hop.port})
    assert.equal(hop.connections(), 1)
  })
}

/** Fields of the mail, and the same as on the wire. */
const CONTENTS: [title: string, content: Buffer, wire?: string][] = [
  [
    'all octets',
    Buffer.from(
      Array.from({length: 512}, (_, i) => i % 256)
        .filter((_, i) => i !== 10)
        .concat(13, 10),
    ),
  ],
  ['NUL and bare CR', Buffer.from('a\0b\r\0\rc\r\n')],
  ['dot lines', Buffer.from('.\r\n..\r\n.a\r\n\r\n.\r\n'), '..\r\n...\r\n..a\r\n\r\n..\r\n'],
  [
    'long lines',
    Buffer.from(`${'x'.repeat(100_000)}\r\n${'.'.repeat(5000)}\r\n`),
    `${'x'.repeat(100_000)}\r\n.${'.'.repeat(5000)}\r\n`,
  ],
  ['no final line end', Buffer.from('a\r\nb'), 'a\r\nb\r\n'],
  ['a final CR', Buffer.from('a\r\nb\r'), 'a\r\nb\r\r\n'],
  ['a dot after a bare LF', Buffer.from('a\n.\r\nb\r\n'), 'a\n..\r\nb\r\n'],
  ['nothing but dot lines', Buffer.from('.\r\n'.repeat(1000)), '..\r\n'.repeat(1000)],
  ['nothing', Buffer.alloc(0), ''],
]

for (const [title, content, wire = content.toString('latin1')] of CONTENTS) {
  test(`content is sent octet for octet, from memory and from a file: ${title}`, async () => {
    const {hop, sender} = await start()
    const folder = await mkdtemp(path.join(os.tmpdir(), 'amavis-forward-'))
    try {
      const file = path.join(folder, 'email.txt')
      const cut = Buffer.from('gone\r\n')
      await writeFile(file, Buffer.concat([cut, content]))
      const head = Buffer.alloc(0)
      await sender.send({port: hop.port, head, octets: octetsOf(Buffer.concat([cut, content])), from: 6})
      const octets = {size: content.length + 6, memory: undefined, path: file}
      await sender.send({port: hop.port, head, octets, from: 6})
      assert.deepEqual(
        hop.contents.map(octets => octets.toString('latin1')),
        [wire, wire],
      )
    } finally {
      await rm(folder, {recursive: true})
    }
  })
}

test('a large file arrives whole, dots between chunks too', async () => {
  const {hop, sender} = await start()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'amavis-forward-'))
  const lines = Buffer.from('\r\n.'.repeat(1_000_003))
  await writeFile(path.join(folder, 'email.txt'), lines)
  const octets = {size: lines.length, memory: undefined, path: path.join(folder, 'email.txt')}
  const [result] = await sender.send({port: hop.port, octets})
  assert.equal(result?.reply.code, 250)
  assert.equal(
    hop.contents[0]?.toString('latin1').replaceAll('\r\n.', '\r\n'),
    `X-Head: 1\r\n${lines.toString('latin1')}\r\n`,
  )
  await rm(folder, {recursive: true})
})

test('a file that cannot be read makes the client keep the mail, and the next hop gets none', async () => {
  const {hop, sender} = await start()
  const octets = {size: 5, memory: undefined, path: '/nonexistent/email.txt'}
  assert.deepEqual(shown(await sender.send({port: hop.port, octets})), [
    '451 4.3.0 Error in processing, id=04711-01',
  ])
  assert.deepEqual(hop.contents, [])
})

test('a delivery over a Unix socket names no path in the reply', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'amavis-forward-'))
  hop = await startNextHop({}, path.join(folder, 's'))
  sender = startSender()
  assert.deepEqual(shown(await sender.send({method: `smtp:${folder}/s`})), [
    '250 2.0.0 from MTA(smtp:[localhost]): 250 2.0.0 Ok: queued as Q7ABC0001',
  ])
  await rm(folder, {recursive: true})
})

test('asterisks stand for the client and the port after the one it came to', async () => {
  const {hop, sender} = await start()
  const client = {address: '127.0.0.1', receivingPort: hop.port - 1}
  assert.equal((await sender.send({method: 'smtp:*:*', client}))[0]?.reply.code, 250)
  const [result] = await sender.send({method: 'smtp:*:*'})
  assert.deepEqual(shown([result!]), ['451 4.3.5 No usable delivery method, id=04711-01'])
})

test('counters tell connections, transactions and octets', async () => {
  const {hop, sender} = await start()
  await sender.send({port: hop.port})
  await sender.send({port: hop.port, purpose: 'SubmitDsn'})
  assert.deepEqual(Object.fromEntries(sender.counts), {
    OutConnNew: 1,
    OutConnReuseRecent: 1,
    OutConnTransact: 2,
    OutMsgs: 2,
    OutMsgsRelay: 1,
    OutMsgsProtoSMTP: 2,
    OutMsgsProtoSMTPRelay: 1,
    OutMsgsSubmit: 1,
    OutMsgsSubmitDsn: 1,
    OutMsgsProtoSMTPSubmit: 1,
    OutMsgsDelivers: 2,
    OutMsgsSize: 62,
    OutMsgsSizeRelay: 31,
    OutMsgsSizeProtoSMTP: 62,
    OutMsgsSizeProtoSMTPRelay: 31,
    OutMsgsSizeSubmit: 31,
    OutMsgsSizeSubmitDsn: 31,
    OutMsgsSizeProtoSMTPSubmit: 31,
  })
})
