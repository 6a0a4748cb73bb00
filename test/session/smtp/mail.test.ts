import assert from 'node:assert/strict'
import {existsSync, readdirSync, readFileSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import path from 'node:path'
import {afterEach, test} from 'node:test'
import {MEMORY_LIMIT_BYTES} from '../../../src/message/octets.ts'
import type {Outcome} from '../../../src/session/transaction.ts'
import {Client, OK, type Server, type ServerOptions, startServer, until} from './harness.ts'

let server: Server
let client: Client
afterEach(async () => {
  client?.close()
  await server?.close()
})

async function start(options: ServerOptions = {}): Promise<void> {
  server = await startServer(options)
  client = await Client.connect(server.port)
}

test('a mail reaches the filter with all that was said about it', async () => {
  await start({clock: () => 1_790_000_000_000})
  await client.ask('EHLO client.test')
  await client.ask('XFORWARD NAME=mx.test ADDR=203.0.113.5 HELO=a+20b SOURCE=REMOTE IDENT=[UNAVAILABLE]')
  client.send(
    'MAIL FROM:<s@x> SIZE=99 BODY=8BITMIME RET=FULL ENVID=a+2Bb\r\n' +
      'RCPT TO:<r@x> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;o+2Bo@x\r\nRCPT TO:<"q"@x>\r\nDATA\r\n',
  )
  await client.replies(4)
  assert.equal(
    await client.ask('Subject: x\r\n\r\n..dot\r\n\xff\0\r.\r\n.'),
    '250 2.0.0 from MTA(smtp:[127.0.0.1]:20020): 250 2.0.0 Ok: queued as Q7',
  )
  const [mail] = server.mails
  assert.ok(mail)
  const {sender, recipients, declaredSize, body, smtputf8, ret, envid} = mail.envelope
  assert.deepEqual(
    {sender, recipients, declaredSize, body, smtputf8, ret, envid},
    {
      sender: 's@x',
      recipients: [
        {address: 'r@x', orcpt: 'rfc822;o+o@x', notify: ['SUCCESS', 'DELAY']},
        {address: 'q@x', orcpt: 'rfc822;"q"@x', notify: undefined},
      ],
      declaredSize: 99,
      body: '8BITMIME',
      smtputf8: false,
      ret: 'FULL',
      envid: 'a+b',
    },
  )
  assert.equal(mail.content.toString('latin1'), 'Subject: x\r\n\r\n.dot\r\n\xff\0\r.\r\n')
  assert.deepEqual(mail.data, {bareLf: 0, bareCr: 1, nul: 1})
  assert.deepEqual(
    [...mail.client.forwarded],
    [
      ['NAME', 'mx.test'],
      ['ADDR', '203.0.113.5'],
      ['HELO', 'a b'],
      ['SOURCE', 'REMOTE'],
    ],
  )
  assert.equal(mail.client.helo, 'client.test')
  assert.equal(mail.client.socketAddress, '127.0.0.1')
  assert.equal(mail.protocol, 'ESMTP')
  assert.equal(mail.taskId, '04711-01')
  assert.equal(mail.receivedAt, 1_790_000_000_000)
  assert.deepEqual(
    server.states.map(([state, id]) => (id ? `${state} ${id}` : state)),
    ['b', 'm 04711-01', 'd 04711-01'],
  )
})

test('what belongs to one mail does not stick to the next', async () => {
  await start()
  await client.ask('EHLO x')
  await client.ask('XFORWARD NAME=mx.test')
  await client.openData()
  await client.ask('1\r\n.')
  await client.openData()
  await client.ask('2\r\n.')
  assert.equal(await client.ask('MAIL nonsense'), '501 5.5.2 Syntax: MAIL FROM:<address>')
  await client.openData()
  await client.ask('3\r\n.')
  assert.deepEqual(
    server.mails.map(mail => [mail.taskId, mail.client.forwarded.size, mail.content.toString()]),
    [
      ['04711-01', 1, '1\r\n'],
      ['04711-01-2', 0, '2\r\n'],
      ['04711-01-4', 0, '3\r\n'],
    ],
  )
})

test('RSET and a new EHLO forget the transaction and XFORWARD', async () => {
  await start()
  for (const forget of ['RSET', 'EHLO again']) {
    await client.ask('XFORWARD NAME=mx.test')
    await client.ask('MAIL FROM:<old@x> RET=FULL')
    await client.ask('RCPT TO:<old@x>')
    await client.ask(forget)
    await client.openData()
    await client.ask('.')
    const mail = server.mails.at(-1)!
    assert.equal(mail.envelope.sender, 's@example.org')
    assert.equal(mail.envelope.recipients.length, 1)
    assert.equal(mail.client.forwarded.size, 0)
  }
})

for (const [greeting, parameters, protocol] of [
  ['', '', 'SMTP'],
  ['HELO x', '', 'SMTP'],
  ['EHLO x', '', 'ESMTP'],
  ['EHLO x', ' SMTPUTF8', 'UTF8SMTP'],
] as const) {
  test(`the protocol after "${greeting}"${parameters} is ${protocol}`, async () => {
    await start()
    if (greeting) await client.ask(greeting)
    client.send(`MAIL FROM:<\xc3\xbc@x>${parameters}\r\nRCPT TO:<r@x>\r\nDATA\r\n`)
    await client.replies(3)
    await client.ask('.')
    assert.equal(server.mails[0]?.protocol, protocol)
    assert.equal(server.mails[0]?.envelope.sender, parameters ? 'ü@x' : '\xc3\xbc@x')
  })
}

test('the filter says how the mail is answered', async () => {
  const outcomes: [Outcome['reply'], string | RegExp][] = [
    [
      {code: 554, enhanced: '5.7.0', text: 'Reject, id=x - INFECTED: a'},
      '554 5.7.0 Reject, id=x - INFECTED: a',
    ],
    [{code: 250, enhanced: '2.0.0', text: 'line\r\nend \x00 ü'}, '250 2.0.0 line end   ?'],
  ]
  let n = 0
  await start({filter: async () => ({perRecipient: [], reply: outcomes[n++]![0]})})
  for (const [, expected] of outcomes) {
    await client.openData()
    assert.equal(await client.ask('.'), expected)
  }
})

test('a long answer is wrapped into lines that everybody can read', async () => {
  const text = `${'word '.repeat(300)}${'x'.repeat(700)}`
  await start({filter: async () => ({perRecipient: [], reply: {code: 550, enhanced: '5.7.1', text}})})
  await client.openData()
  const lines = (await client.ask('.')).split('\r\n')
  assert.ok(lines.length > 4)
  for (const [i, line] of lines.entries()) {
    assert.ok(line.length <= 510)
    assert.ok(line.startsWith(i < lines.length - 1 ? '550-5.7.1 ' : '550 5.7.1 '))
  }
  const joined = lines.map(line => line.slice(10)).join('')
  assert.equal(joined.replaceAll(' ', ''), text.replaceAll(' ', ''))
})

test('a filter that fails is a temporary failure that says nothing of us, and evidence is kept', async () => {
  await start({
    filter: async () => {
      throw new Error('/secret/path:17 broke')
    },
  })
  await client.openData()
  assert.equal(await client.ask('evidence\r\n.'), '451 4.5.0 Error in processing, id=04711-01')
  const [folder] = readdirSync(server.base).filter(name => !name.endsWith('.reason'))
  assert.equal(readFileSync(path.join(server.base, folder!, 'email.txt'), 'utf8'), 'evidence\r\n')
  assert.equal(readFileSync(path.join(server.base, `${folder}.reason`), 'utf8'), '/secret/path:17 broke\n')
  assert.ok(server.logged.some(([level, text]) => level === -2 && text.includes('/secret/path:17')))
  assert.equal(await client.ask('NOOP'), '250 2.0.0 Ok NOOP')
})

for (const [size, content] of [
  ['small', 'x'],
  ['large', 'x'.repeat(MEMORY_LIMIT_BYTES)],
] as const) {
  test(`a ${size} mail that fails before it is filtered is a temporary failure, and the next is filtered`, async () => {
    let failures = 1
    await start({
      onEntry(text) {
        if (text.startsWith('SMTP :') && failures-- > 0) throw new Error('/var/log: no space left')
      },
    })
    await client.openData()
    assert.equal(await client.ask(`${content}\r\n.`), '451 4.5.0 Error in processing, id=04711-01')
    assert.equal(server.mails.length, 0)
    await client.openData()
    assert.match(await client.ask('next\r\n.'), /^250 /)
    assert.equal(server.mails.length, 1)
    assert.equal(server.mails[0]?.content.toString(), 'next\r\n')
  })
}

test('a large mail is in a file while it is filtered, and gone after', async () => {
  const content = `${'z'.repeat(10_000_000)}\r\n.dot\n\r\n`.repeat(2)
  await start({settings: {$smtpd_message_size_limit: 30_000_000}})
  for (let round = 0; round < 2; round++) {
    await client.openData()
    client.send(`${content}.\r\n`)
    assert.match(await client.reply(), /^250 /)
  }
  assert.equal(server.mails.length, 2)
  for (const mail of server.mails) {
    assert.equal(mail.octets.memory, undefined)
    assert.equal(mail.octets.size, mail.content.length)
    assert.equal(mail.content.toString(), content.replaceAll('\r\n.dot\n', '\r\ndot\r\n'))
    await until(() => !existsSync(mail.octets.path!))
  }
  assert.equal(readdirSync(server.base).length, 1)
})

test('a mail up to the limit stays in memory', async () => {
  await start()
  await client.openData()
  client.send(`${'x'.repeat(MEMORY_LIMIT_BYTES - 2)}\r\n.\r\n`)
  await client.reply()
  assert.equal(server.mails[0]?.octets.memory?.length, MEMORY_LIMIT_BYTES)
  assert.deepEqual(readdirSync(server.base), [])
})

test('a mail that cannot be kept is a temporary failure', async () => {
  server = await startServer()
  await rm(server.base, {recursive: true})
  client = await Client.connect(server.port)
  await client.openData()
  client.send(`${'x'.repeat(MEMORY_LIMIT_BYTES)}\r\n.\r\n`)
  assert.equal(await client.reply(), '451 4.5.0 Error in processing, id=04711-01')
  assert.equal(server.mails.length, 0)
  assert.equal(await client.ask('NOOP'), '250 2.0.0 Ok NOOP')
})

test('a mail over the size limit is read to its end and refused', async () => {
  await start({settings: {$smtpd_message_size_limit: 65_536}})
  await client.openData()
  client.send(`${'x'.repeat(65_534)}\r\n.\r\n`)
  assert.match(await client.reply(), /^250 /)
  await client.openData()
  client.send(`${'x'.repeat(65_535)}\r\n.\r\nNOOP\r\n`)
  assert.deepEqual(await client.replies(2), [
    '552 5.3.4 Message size (65537 B) exceeds size limit',
    '250 2.0.0 Ok NOOP',
  ])
  assert.equal(server.mails.length, 1)
})

test('more recipients than the limit are put off, the others stand', async () => {
  await start({settings: {$smtpd_recipient_limit: 2}})
  client.send(`MAIL FROM:<s@x>\r\n${'RCPT TO:<r@x>\r\n'.repeat(4)}DATA\r\n`)
  const answers = await client.replies(6)
  assert.deepEqual(
    answers.map(answer => answer.slice(0, 9)),
    ['250 2.1.0', '250 2.1.5', '250 2.1.5', '452 4.5.3', '452 4.5.3', '354 End d'],
  )
  await client.ask('.')
  assert.equal(server.mails[0]?.envelope.recipients.length, 2)
})

test('the answers of a pipelined group come in one packet', async () => {
  await start()
  const packets: string[] = []
  client.socket.on('data', chunk => packets.push(chunk.toString()))
  client.send('EHLO x\r\nMAIL FROM:<s@x>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n')
  await client.replies(5)
  assert.equal(packets.length, 1)
})

test('two mails and QUIT sent in one go are answered one after the other', async () => {
  const release: (() => void)[] = []
  await start({
    filter: () =>
      new Promise(resolve => {
        release.push(() => resolve(OK))
      }),
  })
  const mail = 'MAIL FROM:<s@x>\r\nRCPT TO:<r@x>\r\nDATA\r\nx\r\n.\r\n'
  client.send(`${mail}${mail}QUIT\r\n`)
  await until(() => release.length === 1)
  assert.equal(server.mails.length, 1)
  release[0]!()
  await until(() => release.length === 2)
  release[1]!()
  const codes = (await client.rest()).split('\r\n').map(line => line.slice(0, 3))
  assert.deepEqual(codes, ['250', '250', '354', '250', '250', '250', '354', '250', '221', ''])
  await until(() => server.ends.length === 1)
  assert.deepEqual(server.ends, [{transactions: 2, reason: 'quit'}])
})

test('the report of where the time went is logged after the answer', async () => {
  await start()
  await client.ask('EHLO x')
  await client.openData()
  await client.ask('x\r\n.')
  const report = server.logged.find(([level, text]) => level === 2 && text.includes('TIMING'))?.[1]
  assert.match(report!, /^\(04711-01\) size: 3, TIMING \[total \d+ ms\] - SMTP greeting: /)
  const sections = [...report!.split('] - ')[1]!.matchAll(/([A-Za-z -]+): /g)].map(match => match[1]?.trim())
  assert.deepEqual(sections, [
    'SMTP greeting',
    'SMTP EHLO',
    'SMTP pre-MAIL',
    'SMTP MAIL',
    'SMTP pre-DATA-flush',
    'SMTP DATA',
    'SMTP pre-response',
    'SMTP response',
    'rundown',
  ])
})
