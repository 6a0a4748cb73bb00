import assert from 'node:assert/strict'
import {after, before, test} from 'node:test'
import {Client, type Server, startServer} from './harness.ts'

let server: Server
before(async () => {
  server = await startServer()
})
after(() => server.close())

const LONG = 'x'.repeat(5000)

/** Commands and their answers, each list in a session of its own. */
const DIALOGUES: [title: string, lines: [line: string, reply: string | RegExp][]][] = [
  ['HELP says what there is', [['HELP', /^214-2\.0\.0 .*\r\n214 2\.0\.0 .*$/]]],
  [
    'NOOP takes an argument',
    [
      ['NOOP', '250 2.0.0 Ok NOOP'],
      ['NOOP x', '250 2.0.0 Ok NOOP'],
    ],
  ],
  [
    'RSET takes no argument',
    [
      ['RSET', '250 2.0.0 Ok RSET'],
      ['RSET x', '501 5.5.4 Error: RSET does not accept arguments'],
    ],
  ],
  [
    'QUIT takes no argument',
    [
      ['QUIT x', '501 5.5.4 Error: QUIT does not accept arguments'],
      ['QUIT', '221 2.0.0 [127.0.0.1] amavis closing transmission channel'],
    ],
  ],
  [
    'VRFY checks nothing',
    [
      ['VRFY', '501 5.5.2 Syntax: VRFY address'],
      ['VRFY a@b', '252 2.0.0 Argument not checked'],
    ],
  ],
  ['EXPN is known and not implemented', [['expn x', '502 5.5.1 Error: command EXPN not implemented']]],
  [
    'STARTTLS and AUTH are there where they are configured',
    [
      ['STARTTLS', '502 5.5.1 Error: command not available'],
      ['AUTH PLAIN', '500 5.5.2 Error: command AUTH not recognized'],
    ],
  ],
  ['an unknown verb is refused by name', [['FOO bar', '500 5.5.2 Error: command FOO not recognized']]],
  [
    'what is no command at all',
    [
      ['', '500 5.5.2 Error: bad syntax'],
      ['?!', '500 5.5.2 Error: bad syntax'],
      ['NO\0OP', '500 5.5.2 Error: bad syntax'],
      ['NOOP\rQUIT', '500 5.5.2 Error: bad syntax'],
    ],
  ],
  [
    'an over-long line is refused as a whole',
    [
      [`NOOP ${LONG}`, '500 5.5.6 Error: line too long'],
      ['NOOP', '250 2.0.0 Ok NOOP'],
    ],
  ],
  [
    'HELO answers with one line',
    [
      ['HELO x', '250 [127.0.0.1]'],
      ['HELO', '501 5.5.2 Syntax: HELO hostname'],
    ],
  ],
  [
    'commands out of order',
    [
      ['RCPT TO:<a@b>', '503 5.5.1 Need MAIL command before RCPT'],
      ['DATA', '503 5.5.1 Need MAIL command before DATA'],
      ['MAIL FROM:<a@b>', '250 2.1.0 Sender <a@b> OK'],
      ['MAIL FROM:<a@b>', '503 5.5.1 Error: nested MAIL command'],
      ['XFORWARD ADDR=1.2.3.4', /^503 5\.5\.1 /],
      ['DATA', '503 5.5.1 Need RCPT command before DATA'],
      ['DATA x', '501 5.5.4 Error: DATA does not accept arguments'],
      ['RCPT TO:<>', /^501 5\.1\.3 /],
      ['DATA', '554 5.1.1 Error (DATA): no valid recipients'],
      ['EHLO again', /^250-/],
      ['RCPT TO:<a@b>', '503 5.5.1 Need MAIL command before RCPT'],
    ],
  ],
  [
    'MAIL with all its parameters',
    [
      ['MAIL FROM:<> SIZE=123 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=abc+2B', '250 2.1.0 Sender <> OK'],
      ['RCPT TO:<a@b> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A+2Bx@b', '250 2.1.5 Recipient <a@b> OK'],
      ['RCPT TO:<a@b> NOTIFY=NEVER,FAILURE', /^501 5\.5\.4 /],
      ['RCPT TO:<a@b> NOTIFY=OFTEN', /^501 5\.5\.4 /],
      ['RCPT TO:<a@b> ORCPT=nonsense', /^501 5\.5\.4 /],
      ['RCPT TO:<a@b> FOO=1', '555 5.5.4 RCPT command parameter unrecognized: FOO'],
    ],
  ],
  [
    'MAIL with bad parameters',
    [
      ['MAIL FROM:<a@b> SIZE=x', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> SIZE=1 SIZE=2', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> BODY=9BIT', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> BODY', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> RET=SOME', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> ENVID=+zz', /^501 5\.5\.4 /],
      ['MAIL FROM:<a@b> AUTH=<>', '504 5.5.4 MAIL command parameter error: AUTH=<>'],
      ['MAIL FROM:a@b', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL FROM:<a@b', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL FROM:<a b@c>', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL', '501 5.5.2 Syntax: MAIL FROM:<address>'],
      ['MAIL FROM:<\xfc@b> SMTPUTF8', /^553 5\.6\.7 /],
    ],
  ],
  [
    'addresses lose needless quotes and source routes only',
    [
      ['mail from: <"simple"@x>', '250 2.1.0 Sender <simple@x> OK'],
      ['rcpt to:<"two words"@x>', '250 2.1.5 Recipient <"two words"@x> OK'],
      ['rcpt to:<"a\\"b>c"@x>', '250 2.1.5 Recipient <"a\\"b>c"@x> OK'],
      ['rcpt to:<@one,@two:user@x>', '250 2.1.5 Recipient <user@x> OK'],
      ['rcpt to:<postmaster>', '250 2.1.5 Recipient <postmaster> OK'],
    ],
  ],
  [
    '8-bit addresses come back octet for octet',
    [
      ['MAIL FROM:<\xfc@x>', '250 2.1.0 Sender <\xfc@x> OK'],
      ['RSET', '250 2.0.0 Ok RSET'],
      ['MAIL FROM:<\xc3\xbc@x> SMTPUTF8', '250 2.1.0 Sender <\xc3\xbc@x> OK'],
    ],
  ],
  [
    'XFORWARD',
    [
      ['XFORWARD NAME=mx.test ADDR=203.0.113.5 PORT=41234 PROTO=ESMTP', '250 2.5.0 Ok XFORWARD'],
      ['XFORWARD HELO=x+20y IDENT=4ABCD SOURCE=REMOTE', '250 2.5.0 Ok XFORWARD'],
      ['XFORWARD ADDR=IPv6:2001:db8::1', '250 2.5.0 Ok XFORWARD'],
      ['XFORWARD ADDR=nonsense', /^501 5\.5\.4 /],
      ['XFORWARD SOURCE=MOON', /^501 5\.5\.4 /],
      ['XFORWARD FOO=1', /^501 5\.5\.4 /],
      ['XFORWARD', /^501 5\.5\.4 /],
      [`XFORWARD NAME=${'x'.repeat(256)}`, /^501 5\.5\.4 /],
    ],
  ],
]

for (const [title, lines] of DIALOGUES) {
  test(title, async () => {
    const client = await Client.connect(server.port)
    for (const [line, expected] of lines) {
      const reply = await client.ask(line)
      if (typeof expected === 'string') assert.equal(reply, expected, line)
      else assert.match(reply, expected, line)
    }
    client.close()
  })
}

test('the greeting and the keywords are those of the settings', async () => {
  const small = await startServer({
    settings: {$smtpd_message_size_limit: 10, '@smtpd_discard_ehlo_keywords': ['8bitmime', 'DSN']},
  })
  const client = await Client.connect(small.port)
  assert.deepEqual((await client.ask('EHLO x')).split('\r\n'), [
    '250-[127.0.0.1]',
    '250-VRFY',
    '250-PIPELINING',
    '250-SIZE 65536',
    '250-ENHANCEDSTATUSCODES',
    '250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE',
    '250 CHUNKING',
  ])
  assert.match(await client.ask('MAIL FROM:<a@b> RET=FULL'), /^504 /)
  assert.match(await client.ask('MAIL FROM:<a@b> SIZE=65537'), /^552 5\.3\.4 /)
  assert.match(await client.ask('MAIL FROM:<a@b> SIZE=65536'), /^250 /)
  client.close()
  await small.close()
})

test('all keywords are announced in the original order', async () => {
  const client = await Client.connect(server.port)
  const reply = await client.ask('EHLO x')
  assert.equal(
    reply.replaceAll('\r\n', ' '),
    '250-[127.0.0.1] 250-VRFY 250-PIPELINING 250-SIZE 250-ENHANCEDSTATUSCODES 250-8BITMIME 250-SMTPUTF8 250-DSN ' +
      '250-XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE 250 CHUNKING',
  )
  client.close()
})

test('a session ends after too many bad commands', async () => {
  const client = await Client.connect(server.port)
  client.send('FOO\r\n'.repeat(100))
  const answers = (await client.rest()).trimEnd().split('\r\n')
  assert.equal(answers.length, 22)
  assert.match(answers.at(-1)!, /^421 4\.7\.0 /)
})

test('a line that ends with a bare LF is no command', async () => {
  const client = await Client.connect(server.port)
  client.send('NOOP\nNOOP\r\n')
  assert.deepEqual(await client.replies(2), ['500 5.5.2 Error: bad syntax', '250 2.0.0 Ok NOOP'])
  client.close()
})
