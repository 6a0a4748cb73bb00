/** What a client may do, by settings, and what it is told beyond that. */
import assert from 'node:assert/strict'
import {once} from 'node:events'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {memoryStore} from '../../../src/anvil/memory-store.ts'
import {Peaks} from '../../../src/anvil/peaks.ts'
import {createAnvilServer} from '../../../src/anvil/server.ts'
import {AnvilTable} from '../../../src/anvil/table.ts'
import type {Counter} from '../../../src/bus/publisher.ts'
import type {Settings} from '../../../src/config/settings.ts'
import {silentLog} from '../../../src/log/log.ts'
import {ClientGates} from '../../../src/session/limits/gates.ts'
import {limitsOf} from '../../../src/session/limits/limits.ts'
import {serveSmtp} from '../../../src/session/smtp/session.ts'
import {converse} from '../../support/hop.ts'
import {temporaryFolder, until} from '../../support/wait.ts'
import {Client, settingsFrom, startServer} from '../smtp/harness.ts'

const OFF = {
  $smtpd_client_connection_count_limit: 0,
  $smtpd_client_connection_rate_limit: 0,
  $smtpd_client_message_rate_limit: 0,
  $smtpd_client_recipient_rate_limit: 0,
  '@smtpd_client_event_limit_exceptions': [],
}

interface Counting {
  readonly gates: ClientGates
  readonly table: AnvilTable
  /** what came over the bus */
  readonly counters: Counter[]
  readonly asked: string[]
}

/** A counting server and a child's way to it; a window lasts as long as the test. */
async function counting(t: TestContext): Promise<Counting> {
  const socket = path.join(temporaryFolder(t), 'anvil')
  const table = new AnvilTable(60, () => 0)
  const asked: string[] = []
  const server = createAnvilServer(
    memoryStore(table),
    new Peaks(),
    {announce: true, connectionLimit: 10, requestTimeoutMs: 60_000},
    {log: silentLog, asked: request => void asked.push(request)},
  )
  await server.listen(socket)
  const counters: Counter[] = []
  const gates = new ClientGates({
    path: socket,
    log: silentLog,
    publisher: {counters: some => void counters.push(...some)},
  })
  t.after(() => {
    gates.close()
    server.close()
  })
  return {gates, table, counters, asked}
}

/** An SMTP server whose clients are all at one address, and limited. */
async function limited(t: TestContext, {gates}: Pick<Counting, 'gates'>, settings: Settings) {
  const server = await startServer({
    converse: (socket, deps) =>
      serveSmtp(socket, {
        ...deps,
        gate: gates.gateFor(settings, {address: '192.0.2.25', port: 10024, path: undefined}, '192.0.2.7'),
      }),
  })
  t.after(() => server.close())
  return server
}

test('nothing is limited unless a limit is set, and a number below 0 is none', () => {
  assert.equal(limitsOf(settingsFrom(OFF)), undefined)
  assert.equal(limitsOf(settingsFrom({...OFF, $smtpd_client_message_rate_limit: -1})), undefined)
  assert.deepEqual(limitsOf(settingsFrom({...OFF, $smtpd_client_message_rate_limit: '3'})), {
    count: 0,
    rate: 0,
    message: 3,
    recipient: 0,
  })
})

test('a policy bank has limits of its own', () => {
  const settings = settingsFrom(OFF, {SUBMIT: {smtpd_client_recipient_rate_limit: 5}})
  assert.equal(limitsOf(settings), undefined)
  assert.equal(limitsOf(settings.withBanks(['SUBMIT'], () => {}))?.recipient, 5)
})

test('a gate is for clients with an address that no exception names', async t => {
  const {gates} = await counting(t)
  const settings = settingsFrom({
    ...OFF,
    $smtpd_client_message_rate_limit: 3,
    '@smtpd_client_event_limit_exceptions': ['!192.0.2.9', '192.0.2.0/24', '[2001:db8::]/32'],
  })
  const at = {address: '192.0.2.25', port: 10024, path: undefined}
  const has = (address: string | undefined, listener: Parameters<typeof gates.gateFor>[1] = at) =>
    gates.gateFor(settings, listener, address) !== undefined
  assert.equal(has('198.51.100.1'), true)
  assert.equal(has('192.0.2.7'), false)
  assert.equal(has('::ffff:192.0.2.7'), false)
  assert.equal(has('192.0.2.9'), true)
  assert.equal(has('2001:db8::1'), false)
  assert.equal(has(undefined), false)
  assert.equal(has('198.51.100.1', {address: undefined, port: undefined, path: '/run/x'}), false)
  assert.equal(gates.gateFor(settingsFrom(OFF), at, '198.51.100.1'), undefined)
})

test('a list of exceptions that cannot be read exempts nobody', async t => {
  const {gates} = await counting(t)
  const settings = settingsFrom({
    ...OFF,
    $smtpd_client_message_rate_limit: 3,
    '@smtpd_client_event_limit_exceptions': ['everybody'],
  })
  assert.ok(gates.gateFor(settings, {address: '192.0.2.25', port: 10024, path: undefined}, '192.0.2.7'))
})

/** All that a client hears that says these lines one by one. */
const hears = async (port: number, ...lines: readonly string[]) => (await converse(port, lines)).slice(1)

test('beyond the connections at once a client is told 421 in place of the banner', async t => {
  const count = await counting(t)
  const settings = settingsFrom({...OFF, $smtpd_client_connection_count_limit: 2}, {SUBMIT: {}})
  const server = await limited(
    t,
    count,
    settings.withBanks(['SUBMIT'], () => {}),
  )
  const other = count.table.connect('10024:192.0.2.7').client
  count.table.connect('10024:192.0.2.7')
  assert.deepEqual(await converse(server.port, []), ['421 4.7.0 Too many connections at once from 192.0.2.7'])
  await until('its end', () => server.ends.length === 1)
  assert.deepEqual(server.ends, [{transactions: 0, reason: 'protocol'}])
  const note =
    'client limit: [192.0.2.7] has 3 connections at once at port 10024, ' +
    '$smtpd_client_connection_count_limit is 2, policy bank SUBMIT'
  assert.deepEqual(
    server.logged.filter(([level]) => level === 0),
    [[0, note]],
  )
  assert.deepEqual(count.counters, [{name: 'ClientLimitConnections', type: 'C32', value: 1}])
  await until('the refused one to be forgotten', () => count.table.look('10024:192.0.2.7').count === 2)
  count.table.disconnect(other)
  assert.match((await converse(server.port, []))[0] ?? '', /^220 /)
})

test('beyond the connections within the unit, too', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_connection_rate_limit: 2}))
  const greetings = []
  for (let i = 0; i < 4; i++) greetings.push((await converse(server.port, []))[0]?.slice(0, 46))
  assert.deepEqual(
    greetings.map(text => text?.slice(0, 3)),
    ['220', '220', '421', '421'],
  )
  assert.equal(greetings[2], '421 4.7.0 Connections come too fast from 192.0')
  assert.equal(
    server.logged.find(([level]) => level === 0)?.[1],
    'client limit: [192.0.2.7] has 3 connections within the time unit at port 10024, ' +
      '$smtpd_client_connection_rate_limit is 2',
  )
})

test('beyond the messages MAIL is answered 450, over all connections, and the session goes on', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_message_rate_limit: 2}))
  const mail = 'MAIL FROM:<s@example.org>'
  const [, first] = await hears(server.port, 'HELO c', mail)
  assert.match(first ?? '', /^250 /)
  const [, second, , third, noop] = await hears(server.port, 'HELO c', mail, 'RSET', mail, 'NOOP')
  assert.match(second ?? '', /^250 /)
  assert.equal(third, '450 4.7.1 Too much mail from 192.0.2.7')
  assert.match(noop ?? '', /^250 /)
  assert.match(
    server.logged.find(([level]) => level === 0)?.[1] ?? '',
    /^\(\d+-\d+-\d+\) client limit: \[192\.0\.2\.7\] has 3 MAIL commands within the time unit at port 10024, /,
  )
  assert.equal(count.table.look('10024:192.0.2.7').rcpt, 0)
})

test('what is no MAIL within its place is not counted; a client that goes on for ever is sent away', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_message_rate_limit: 2}))
  const mail = 'MAIL FROM:<s@example.org>'
  await hears(server.port, 'HELO c', mail, mail, mail, 'RSET')
  assert.equal(count.table.look('10024:192.0.2.7').mail, 1)
  const said = await hears(server.port, 'HELO c', ...Array.from({length: 30}, () => mail))
  assert.match(said.at(-1) ?? '', /^421 4\.7\.0 Error: too many errors/)
})

test('beyond the recipients RCPT is answered 450, and those before get the mail', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_recipient_rate_limit: 2}))
  const client = await Client.connect(server.port)
  client.send('EHLO c\r\nMAIL FROM:<s@example.org>\r\n')
  for (let i = 0; i < 50; i++) client.send(`RCPT TO:<r${i}@example.com>\r\n`)
  client.send('DATA\r\n')
  const answers = (await client.replies(53)).slice(2)
  assert.deepEqual(
    answers.map(answer => answer.slice(0, 9)),
    ['250 2.1.5', '250 2.1.5', ...Array.from({length: 48}, () => '450 4.7.1'), '354 End d'].map(text =>
      text.slice(0, 9),
    ),
  )
  assert.equal(answers[2], '450 4.7.1 Too many recipients from 192.0.2.7')
  assert.match(await client.ask('Subject: x\r\n\r\nx\r\n.'), /^250 /)
  client.close()
  assert.deepEqual(
    server.mails.map(({envelope}) => envelope.recipients.map(({address}) => address)),
    [['r0@example.com', 'r1@example.com']],
  )
  assert.deepEqual(
    count.counters.map(({name}) => name),
    Array.from({length: 48}, () => 'ClientLimitRecipients'),
  )
})

test('a session asks about what is limited, once each, and says when it is over', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_message_rate_limit: 9}))
  await hears(server.port, 'HELO c', 'MAIL FROM:<s@example.org>', 'RCPT TO:<r@example.com>')
  await until('the end', () => count.asked.includes('disconnect'))
  assert.deepEqual(count.asked, ['connect', 'message', 'disconnect'])
  assert.equal(count.table.look('10024:192.0.2.7').count, 0)
})

test('a client that goes away while it is counted leaves nothing behind', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_connection_count_limit: 9}))
  for (let i = 0; i < 20; i++) {
    const socket = net.connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.resetAndDestroy()
    await until('its end', () => server.ends.length === i + 1)
  }
  await until('all to be forgotten', () => count.table.look('10024:192.0.2.7').count === 0)
  assert.equal(count.table.look('10024:192.0.2.7').rate, 20)
})

test('without an answer there is no limit, and the bus hears of what was not counted', async t => {
  const counters: Counter[] = []
  const gates = new ClientGates({
    path: path.join(temporaryFolder(t), 'nobody'),
    log: silentLog,
    publisher: {counters: some => void counters.push(...some)},
  })
  t.after(() => gates.close())
  const settings = settingsFrom({...OFF, $smtpd_client_message_rate_limit: 1})
  const server = await limited(t, {gates}, settings)
  const mail = 'MAIL FROM:<s@example.org>'
  const said = await hears(server.port, 'HELO c', mail, 'RSET', mail, 'RSET', mail)
  assert.deepEqual(
    said.map(line => line.slice(0, 3)),
    ['250', '250', '250', '250', '250', '250', '221'],
  )
  assert.deepEqual(
    counters.map(({name}) => name),
    Array.from({length: 4}, () => 'ClientLimitNotCounted'),
  )
})

test('LMTP is limited as SMTP is', async t => {
  const count = await counting(t)
  const server = await limited(t, count, settingsFrom({...OFF, $smtpd_client_recipient_rate_limit: 1}))
  const client = await Client.connect(server.port)
  const rcpt = ['a', 'b'].map(name => `RCPT TO:<${name}@example.com>\r\n`).join('')
  client.send(`LHLO c\r\nMAIL FROM:<s@example.org>\r\n${rcpt}DATA\r\n`)
  const answers = (await client.replies(5)).map(answer => answer.slice(0, 3))
  assert.deepEqual(answers, ['250', '250', '250', '450', '354'])
  client.close()
})
