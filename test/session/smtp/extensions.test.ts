import assert from 'node:assert/strict'
import {afterEach, test} from 'node:test'
import type {Scalar} from '../../../src/config/value.ts'
import type {Outcome} from '../../../src/session/transaction.ts'
import {Client, type Server, startServer} from './harness.ts'

let server: Server
afterEach(() => server.close())

const reply = (code: number, enhanced: string, text: string) => ({code, enhanced, text})
const MIXED: Outcome = {
  reply: reply(450, '4.2.0', 'one of them is busy'),
  perRecipient: [reply(250, '2.0.0', 'Ok'), reply(550, '5.1.1', 'no such user'), reply(450, '4.2.0', 'busy')],
}

async function lmtp(client: Client, recipients: readonly string[]): Promise<void> {
  assert.match(await client.ask('LHLO mx.example.org'), /^250-\[127\.0\.0\.1\]/)
  assert.match(await client.ask('MAIL FROM:<s@example.org>'), /^250 /)
  for (const recipient of recipients) await client.ask(`RCPT TO:<${recipient}>`)
}

test('LMTP has a reply for each recipient that was accepted, in order', async () => {
  server = await startServer({settings: {$protocol: 'LMTP'}, filter: async () => MIXED})
  const client = await Client.connect(server.port)
  await lmtp(client, ['a@x', '', 'b@x', 'c@x'])
  assert.match(await client.ask('DATA'), /^354 /)
  client.send('hi\r\n.\r\n')
  assert.deepEqual(await client.replies(3), ['250 2.0.0 Ok', '550 5.1.1 no such user', '450 4.2.0 busy'])
  assert.match(await client.ask('NOOP'), /^250 /)
  assert.equal(server.mails[0]?.protocol, 'LMTP')
  client.close()
})

test('an LMTP filter that fails, and a mail that is too long, are answered for each recipient', async () => {
  server = await startServer({
    settings: {$smtpd_message_size_limit: 100, $enforce_smtpd_message_size_limit_64kb_min: 0},
    filter: async () => {
      throw new Error('/inner/place')
    },
  })
  const client = await Client.connect(server.port)
  await lmtp(client, ['a@x', 'b@x'])
  await client.ask('DATA')
  client.send('hi\r\n.\r\n')
  for (const line of await client.replies(2))
    assert.match(line, /^451 4\.5\.0 Error in processing, id=[\d-]+$/)
  await lmtp(client, ['a@x', 'b@x'])
  await client.ask('DATA')
  client.send(`${'x'.repeat(200)}\r\n.\r\n`)
  for (const line of await client.replies(2)) assert.match(line, /^552 5\.3\.4 /)
  client.close()
})

test('a good word for all is not taken for one of a recipient', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  await lmtp(client, ['a@x', 'b@x'])
  await client.ask('DATA')
  client.send('hi\r\n.\r\n')
  for (const line of await client.replies(2)) assert.match(line, /^451 /)
  client.close()
})

test('EHLO makes an LMTP session one of SMTP, and LHLO the other way', async () => {
  server = await startServer({settings: {$protocol: 'LMTP'}})
  const client = await Client.connect(server.port)
  await lmtp(client, [])
  assert.match(await client.ask('DATA'), /^503 5\.5\.1 /)
  await client.ask('RCPT TO:<>')
  assert.match(await client.ask('DATA'), /^503 5\.1\.1 /)
  await client.ask('EHLO x')
  await client.openData()
  client.send('.\r\n')
  assert.match(await client.reply(), /^250 /)
  assert.equal(server.mails[0]?.protocol, 'ESMTP')
  client.close()
})

/** BDAT: what is sent after MAIL and RCPT, the codes, and the content that came in. */
const CHUNKS: readonly [string, string, readonly RegExp[], string | undefined][] = [
  ['one chunk', 'BDAT 4 LAST\r\nhi\r\n', [/^250 2\.0\.0 from MTA/], 'hi\r\n'],
  ['several', 'BDAT 3\r\nhi\rBDAT 1\r\n\nBDAT 0 LAST\r\n', [/^250 2/, /^250 2/, /from MTA/], 'hi\r\n'],
  ['dots are content', 'BDAT 9 LAST\r\n.\r\n..x\r\n.', [/from MTA/], '.\r\n..x\r\n.\r\n'],
  ['no end of line', 'BDAT 2 LAST\r\nhi', [/from MTA/], 'hi\r\n'],
  ['a bare LF', 'BDAT 5 LAST\r\na\n.\nb', [/from MTA/], 'a\r\n.\r\nb\r\n'],
  ['a CR at the end', 'BDAT 2 LAST\r\na\r', [/from MTA/], 'a\r\r\n'],
  ['nothing', 'BDAT 0 LAST\r\n', [/from MTA/], ''],
  [
    'DATA between',
    'BDAT 1\r\nxDATA\r\nRSET\r\n',
    [/^250 2/, /^503 5\.5\.1 Error: DATA after/, /^250 /],
    undefined,
  ],
  ['RCPT between', 'BDAT 1\r\nxRCPT TO:<a@x>\r\n', [/^250 2/, /^503 5\.5\.1 Error: RCPT after/], undefined],
  ['RSET between', 'BDAT 1\r\nxRSET\r\nBDAT 6 LAST\r\nQUIT\r\n', [/^250 2/, /^250 /, /^503 /], undefined],
  ['no size', 'BDAT\r\nMAIL FROM:<evil@x>\r\n', [/^421 4\.7\.0 /], undefined],
]
for (const [what, octets, answers, content] of CHUNKS) {
  test(`BDAT: ${what}`, async () => {
    server = await startServer()
    const client = await Client.connect(server.port)
    await client.ask('EHLO x')
    await client.ask('MAIL FROM:<s@example.org>')
    await client.ask('RCPT TO:<r@example.com>')
    client.send(octets)
    const got = await client.replies(answers.length)
    for (const [i, answer] of answers.entries()) assert.match(got[i]!, answer)
    assert.equal(server.mails[0]?.content.toString('latin1'), content)
    assert.ok(server.mails.length <= 1)
    client.close()
  })
}

test('the octets of a refused chunk are never taken for commands', async () => {
  server = await startServer()
  const client = await Client.connect(server.port)
  const hidden = 'MAIL FROM:<evil@x>\r\n'
  client.send(`BDAT ${hidden.length} LAST\r\n${hidden}RCPT TO:<r@x>\r\n`)
  assert.deepEqual(await client.replies(2), [
    '503 5.5.1 Need MAIL command before DATA',
    '503 5.5.1 Need MAIL command before RCPT',
  ])
  client.close()
})

test('a mail in chunks that is too long is refused at each of them', async () => {
  server = await startServer({
    settings: {$smtpd_message_size_limit: 100, $enforce_smtpd_message_size_limit_64kb_min: 0},
  })
  const client = await Client.connect(server.port)
  client.send('EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n')
  await client.replies(3)
  const chunk = 'x'.repeat(90)
  client.send(`BDAT 90\r\n${chunk}BDAT 90\r\n${chunk}BDAT 90 LAST\r\n${chunk}NOOP\r\n`)
  const [first, second, third, fourth] = await client.replies(4)
  assert.match(first!, /^250 /)
  assert.match(second!, /^552 5\.3\.4 /)
  assert.match(third!, /^552 5\.3\.4 /)
  assert.match(fourth!, /^250 2\.0\.0 Ok NOOP/)
  assert.equal(server.mails.length, 0)
  client.close()
})

const base64 = (text: string) => Buffer.from(text).toString('base64')
const USERS = {
  '@auth_mech_avail': ['PLAIN', 'LOGIN'],
  '%smtpd_auth_users': new Map<string, Scalar>([['relay', 'secret']]),
}

/** AUTH: what is said, and what comes back. */
const DIALOGUES: readonly [string, readonly (readonly [string, RegExp])[]][] = [
  ['PLAIN at once', [[`AUTH PLAIN ${base64('\0relay\0secret')}`, /^235 2\.7\.0 /]]],
  [
    'PLAIN after a prompt',
    [
      ['AUTH PLAIN', /^334 ?$/],
      [base64('\0relay\0secret'), /^235 /],
    ],
  ],
  [
    'LOGIN',
    [
      ['auth login', /^334 VXNlcm5hbWU6$/],
      [base64('relay'), /^334 UGFzc3dvcmQ6$/],
      [base64('secret'), /^235 /],
    ],
  ],
  ['a wrong password', [[`AUTH PLAIN ${base64('\0relay\0wrong')}`, /^535 5\.7\.8 /]]],
  ['no password', [[`AUTH PLAIN ${base64('\0relay\0')}`, /^535 5\.7\.8 /]]],
  ['somebody unknown without a password', [[`AUTH PLAIN ${base64('\0nobody\0')}`, /^535 5\.7\.8 /]]],
  ['somebody else by his own password', [[`AUTH PLAIN ${base64('root\0relay\0secret')}`, /^535 5\.7\.8 /]]],
  ['another mechanism', [['AUTH ANONYMOUS', /^504 5\.5\.4 /]]],
  ['no base64', [['AUTH PLAIN !!!', /^501 5\.5\.2 /]]],
  [
    'thought better of it',
    [
      ['AUTH LOGIN', /^334 /],
      ['*', /^501 5\.7\.1 /],
      ['NOOP', /^250 /],
    ],
  ],
  [
    'twice',
    [
      [`AUTH PLAIN ${base64('\0relay\0secret')}`, /^235 /],
      [`AUTH PLAIN ${base64('\0relay\0secret')}`, /^503 5\.5\.1 /],
    ],
  ],
]
for (const [what, lines] of DIALOGUES) {
  test(`AUTH: ${what}`, async () => {
    server = await startServer({settings: USERS})
    const client = await Client.connect(server.port)
    assert.match(await client.ask('EHLO x'), /250-AUTH PLAIN LOGIN\r\n/)
    for (const [line, answer] of lines) assert.match(await client.ask(line), answer)
    client.close()
  })
}

test('where AUTH is demanded, MAIL comes after it, and Received says so', async () => {
  server = await startServer({settings: {...USERS, $auth_required_inp: 1}})
  const client = await Client.connect(server.port)
  await client.ask('EHLO x')
  assert.match(await client.ask('MAIL FROM:<a@x>'), /^530 5\.7\.0 Authentication required/)
  await client.ask(`AUTH PLAIN ${base64('\0relay\0secret')}`)
  await client.openData()
  client.send('.\r\n')
  await client.reply()
  assert.equal(server.mails[0]?.protocol, 'ESMTPA')
  assert.equal(server.mails[0]?.client.user, 'relay')
  client.close()
})

test('mechanisms without users are no way in: neither announced nor accepted', async () => {
  server = await startServer({settings: {'@auth_mech_avail': ['PLAIN', 'LOGIN'], $auth_required_inp: 1}})
  const client = await Client.connect(server.port)
  assert.doesNotMatch(await client.ask('EHLO x'), /AUTH/)
  assert.match(await client.ask(`AUTH PLAIN ${base64('\0relay\0')}`), /^500 5\.5\.2 /)
  assert.match(await client.ask('MAIL FROM:<a@x>'), /^530 /)
  client.close()
})
