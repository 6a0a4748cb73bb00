/** The recipes of docs/postfix.md, as they are printed, with a real Postfix and a real daemon. */
import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {listen, onLines} from '../checks/virus/fakes.ts'
import {AMAVIS} from '../support/amavis.ts'
import {greets} from '../support/daemon.ts'
import {until} from '../support/wait.ts'
import {arrived, EICAR, GTUBE, octetsOf, SENDER, type Site, send, startSite, USER} from './recipe-site.ts'

/** What a recipe gives Postfix no reason for. */
const COMPLAINTS = /warning|status=(?:deferred|bounced)/

test('after the queue: what is due goes on, once, with its addresses mapped once', async t => {
  const main = `virtual_alias_maps = inline:{{ ${USER} = real@example.com }}\nalways_bcc = archive@example.com`
  const site = await startSite(t, ['After the queue'], {main, conf: '$final_spam_destiny = D_DISCARD;'})
  assert.match(await send(site, {subject: 'clean'}), /^250 /)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^250 /)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^250 /)

  const clean = await arrived(site, 'clean')
  assert.deepEqual(clean.flatMap(({recipients}) => recipients).sort(), [
    'archive@example.com',
    'real@example.com',
  ])
  assert.match(String(clean[0]?.octets), /^X-Virus-Scanned: /m)
  assert.match(site.log(), new RegExp(`Passed CLEAN .*\\[127\\.0\\.0\\.1\\]:\\d+ .*<${SENDER}> -> <${USER}>`))
  assert.match(site.log(), /Blocked SPAM/)
  assert.match(site.log(), /Blocked INFECTED/)
  assert.deepEqual([await arrived(site, 'spam'), await arrived(site, 'virus')], [[], []])
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('before the queue: the client hears the verdict; mail of this machine is filtered after the queue', async t => {
  const site = await startSite(t, ['After the queue', 'Before the queue'])
  assert.match(await send(site, {subject: 'clean'}), /^250 2\.0\.0 from MTA/)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^554 5\.7\.0 Reject, id=.* - INFECTED/)
  site.postfix.submit(SENDER, [USER], octetsOf({subject: 'local'}))

  const [clean, ...copies] = await arrived(site, 'clean')
  assert.deepEqual([clean?.recipients, copies], [[USER], []])
  const [local, ...more] = await arrived(site, 'local')
  assert.match(String(local?.octets), /^X-Virus-Scanned: /m)
  assert.deepEqual(more, [])
  assert.equal(site.mails.length, 2)
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)

  site.daemon.kill('SIGKILL')
  await until('the filter to be gone', () => site.daemon.signalCode !== null)
  assert.match(await send(site, {subject: 'later'}), /^451 4\.3\.0 /)
})

test('milter: the client hears the verdict, and Postfix keeps the mail', async t => {
  const site = await startSite(t, ['After the queue', 'Milter'])
  assert.match(await send(site, {subject: 'clean'}), /^250 2\.0\.0 Ok: queued/)
  assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
  assert.match(await send(site, {subject: 'virus', body: EICAR}), /^554 5\.7\.0 Reject, id=.* - INFECTED/)
  const [clean, ...copies] = await arrived(site, 'clean')
  assert.match(String(clean?.octets), /^X-Virus-Scanned: /m)
  assert.deepEqual(copies, [])
  site.postfix.submit(SENDER, [USER], octetsOf({subject: 'local'}))
  const [local] = await arrived(site, 'local')
  assert.match(String(local?.octets), /^X-Virus-Scanned: /m)
  assert.equal(site.mails.length, 2)
  assert.match(site.log(), /Passed CLEAN \{AcceptedInbound\}, AM\.PDP-SOCK /)
})

test('milter of our own: the same, with nothing between', async t => {
  const site = await startSite(t, ['After the queue', 'Milter of our own'], {
    main: 'milter_command_timeout = 20s',
  })
  const milter = (...words: readonly string[]) =>
    execFileSync(process.execPath, [AMAVIS, 'milter', ...words, '-c', path.join(site.home, 'amavisd.conf')], {
      encoding: 'utf8',
    })
  // the daemon need not run for it
  site.daemon.kill('SIGTERM')
  assert.match(milter('start', '--allow-root'), /^policy: started \(pid \d+\) on inet:/)
  try {
    await run()
  } finally {
    milter('stop', '-KILL')
  }

  async function run(): Promise<void> {
    assert.match(await send(site, {subject: 'clean'}), /^250 2\.0\.0 Ok: queued/)
    assert.match(await send(site, {subject: 'spam', body: GTUBE}), /^554 5\.7\.0 Reject, id=.* - spam/)
    assert.match(await send(site, {subject: 'virus', body: EICAR}), /^554 5\.7\.0 Reject, id=.* - INFECTED/)
    const [clean, ...copies] = await arrived(site, 'clean')
    assert.match(String(clean?.octets), /^X-Virus-Scanned: /m)
    assert.deepEqual(copies, [])
    site.postfix.submit(SENDER, [USER], octetsOf({subject: 'local'}))
    const [local] = await arrived(site, 'local')
    assert.match(String(local?.octets), /^X-Virus-Scanned: /m)
    assert.match(site.log(), /Passed CLEAN \{AcceptedInbound\}, MILTER /)
    assert.match(milter('status'), /msg=4/)
  }
})

test('LMTP: in and out over Unix sockets, an answer for each recipient', async t => {
  const site = await startSite(t, ['After the queue', 'LMTP'], {
    main: 'relay_domains =',
    conf: "@spam_lovers_maps = ( ['lover@example.com'] );\n$warnspamsender = 0;",
    prepare: async home => {
      execFileSync('install', ['-d', '-g', 'postfix', '-m', '2750', path.join(home, 'amavis')])
      mkdirSync(path.join(home, 'mail'))
      chmodSync(path.join(home, 'mail'), 0o777)
      const args = ['-L', '-u', 'nobody', '-d', path.join(home, 'mail/%M'), `unix:${home}/lmtp`, '20']
      const mailboxes = spawn('smtp-sink', args, {stdio: 'ignore'})
      t.after(() => mailboxes.kill('SIGKILL'))
      await until('the mailboxes', () => existsSync(path.join(home, 'lmtp')))
      chmodSync(path.join(home, 'lmtp'), 0o666)
    },
  })
  const mailboxes = () =>
    readdirSync(path.join(site.home, 'mail')).map(file =>
      readFileSync(path.join(site.home, 'mail', file), 'utf8'),
    )
  assert.match(await send(site, {subject: 'clean', recipients: [USER, 'two@example.com']}), /^250 /)
  assert.match(
    await send(site, {subject: 'spam', body: GTUBE, recipients: [USER, 'lover@example.com']}),
    /^250 /,
  )
  await arrived(site, 'clean')

  assert.equal(mailboxes().length, 2)
  const mail = (subject: string) => mailboxes().find(text => text.includes(`\nSubject: ${subject}\n`)) ?? ''
  const recipients = (text: string) =>
    [...text.matchAll(/^X-Rcpt-Args: <(.*?)>/gm)].map(([, address]) => address)
  assert.deepEqual(recipients(mail('clean')).sort(), ['two@example.com', USER])
  assert.match(mail('clean'), /^X-Virus-Scanned: /m)
  assert.deepEqual(recipients(mail('spam')), ['lover@example.com'])
  assert.match(site.log(), /Passed CLEAN \{RelayedInbound\}, LMTP /)
  assert.match(site.postfix.log(), /to=<lover@example\.com>, relay=\S+lmtp\.sock\], .* status=sent/)
  assert.match(site.postfix.log(), /to=<user@example\.com>, .* status=bounced \(host .*554 5\.7\.0 Reject/)
})

test('only some mail: FILTER for listed senders and recipients', async t => {
  const site = await startSite(t, ['After the queue', 'Only some mail'])
  const other = 'other@example.com'
  for (const [subject, sender, recipients, filtered] of [
    ['recipient', SENDER, [USER], true],
    ['department', SENDER, ['a@dept.example.com'], true],
    ['partner', 'a@partner.example.net', [other], true],
    ['together', SENDER, [other, USER], true],
    ['neither', SENDER, [other], false],
  ] as const) {
    assert.match(await send(site, {subject, sender, recipients}), /^250 /)
    const mails = await arrived(site, subject)
    assert.deepEqual(
      mails.map(mail => mail.recipients),
      [recipients],
      subject,
    )
    assert.equal(mails[0]?.octets.includes('\r\nX-Virus-Scanned: '), filtered, subject)
  }
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('submission and mail of this machine have the bank ORIGINATING', async t => {
  const site = await startSite(t, ['After the queue', 'Submission and mail of this machine'])
  assert.match(await send(site, {subject: 'foreign', sender: 'foreign@remote.test'}), /^250 /)
  assert.match(
    await send(site, {subject: 'own', sender: 'own@example.com', recipients: ['a@remote.test']}, 587),
    /^250 /,
  )
  site.postfix.submit('program@example.com', [USER], octetsOf({subject: 'program'}))
  for (const subject of ['foreign', 'own', 'program']) assert.equal((await arrived(site, subject)).length, 1)
  assert.equal(bankOf(site, 'foreign@remote.test'), '')
  assert.equal(bankOf(site, 'own@example.com'), 'ORIGINATING')
  assert.equal(bankOf(site, 'program@example.com'), 'ORIGINATING')
  assert.match(site.log(), /Passed CLEAN \{RelayedOutbound\}, ORIGINATING /)
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('by client and by sender: tables choose the policy bank', async t => {
  const site = await startSite(t, ['After the queue', 'By client and by sender'], {
    main: 'inet_protocols = all',
  })
  for (const [subject, client, sender, bank] of [
    ['anybody', '192.0.2.7', 'a@remote.test', ''],
    ['client', '192.0.2.130', 'b@remote.test', 'PARTNERS'],
    ['client6', 'IPV6:2001:db8:1::7', 'c@remote.test', 'PARTNERS'],
    ['sender', '192.0.2.7', 'news-d@remote.test', 'NEWS'],
    ['both', '192.0.2.130', 'bounces+e@remote.test', 'NEWS'],
  ] as const) {
    const args = [
      '--server',
      `127.0.0.1:${site.port(25)}`,
      '--xclient-addr',
      client,
      '--to',
      USER,
      '--from',
      sender,
    ]
    execFileSync('swaks', [...args, '--data', octetsOf({subject, sender}).toString('latin1')])
    assert.equal((await arrived(site, subject)).length, 1, subject)
    assert.equal(bankOf(site, sender), bank, subject)
  }
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('classes of mail: a flood of bulk mail does not hold up what is urgent', async t => {
  const site = await startSite(t, ['After the queue', 'Classes of mail'], {
    change: text =>
      text.replace(/\b(?:50|45|40|10)\b(?!\.)/g, number => String(Math.floor(Number(number) / 10))),
    conf: `@av_scanners = ( ['slow', \\&ask_daemon, ["SCAN {}\\n", "$MYHOME/slow.sock"], qr/OK/, qr/FOUND/, qr/(.*)/] );`,
    prepare: async home => {
      await listen(
        t,
        socket => onLines(socket, () => setTimeout(() => socket.end('OK\n'), CHECK_MS)),
        `${home}/slow.sock`,
      )
    },
  })
  let count = 0
  const urgentMs = async (): Promise<number> => {
    const subject = `urgent-${count++}`
    const begin = Date.now()
    assert.match(await send(site, {subject, recipients: ['helpdesk@example.com']}), /^250 /)
    await until('it to arrive', () =>
      site.mails.some(({octets}) => octets.includes(`Subject: ${subject}\r\n`)),
    )
    return Date.now() - begin
  }
  assert.match(await send(site, {subject: 'bounce', sender: ''}), /^250 /)
  assert.match(await send(site, {subject: 'plain'}), /^250 /)
  await until('both to arrive', () => site.mails.length === 2)
  const idle = median([await urgentMs(), await urgentMs(), await urgentMs()])

  const bulk = Array.from({length: 40}, (_, n) => ({subject: `bulk-${n}`, header: 'Precedence: list\r\n'}))
  for (const mail of bulk) assert.match(await send(site, mail), /^250 /)
  const flooded = median([await urgentMs(), await urgentMs(), await urgentMs()])
  const [waiting] = [site.postfix.queued().length]

  assert.ok(waiting > 4, `the flood goes on: ${waiting} mails wait`)
  assert.ok(flooded <= 2 * idle, `${flooded} ms in the flood, ${idle} ms without`)
  const via = (name: string) =>
    site.postfix.log().match(new RegExp(`postfix/${name}/smtp\\[\\d+\\]: .*status=sent`, 'g'))
  await arrived(site, 'bulk-39')
  assert.deepEqual(
    ['prio', 'norm', 'bulk', 'bounce'].map(name => via(name)?.length),
    [6, 1, 40, 1],
  )
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

test('a filter on another host gives the mail back to the MTA that it came from', async t => {
  const hosts = {filter: '127.0.0.25', mta: '127.0.0.10'}
  // Each end speaks from its own address, as it does by itself when it has a host for itself.
  const main = `smtp_bind_address = ${hosts.mta}`
  const conf = `$local_client_bind_address = '${hosts.filter}';`
  const site = await startSite(t, ['After the queue', 'A filter on another host'], {main, conf, hosts})
  const args = [
    '--server',
    `127.0.0.1:${site.port(25)}`,
    '--xclient-addr',
    '192.0.2.7',
    '--to',
    USER,
    '--from',
    SENDER,
  ]
  execFileSync('swaks', [...args, '--data', octetsOf({subject: 'clean'}).toString('latin1')])
  const mails = await arrived(site, 'clean')
  assert.deepEqual(
    mails.map(mail => mail.recipients),
    [[USER]],
  )
  assert.match(site.log(), /Passed CLEAN \{RelayedInbound\}, \[192\.0\.2\.7\]:/)
  assert.match(
    site.postfix.log(),
    /127\.0\.0\.25\]:\d+, .*status=sent \(250 2\.0\.0 from MTA\(smtp:\[127\.0\.0\.10\]:\d+\)/,
  )
  assert.equal(await greets(site.port(10_024), {host: hosts.filter, localAddress: '127.0.0.11'}), false)
  assert.doesNotMatch(site.postfix.log(), COMPLAINTS)
})

/** How long a check takes in the recipe for classes of mail. */
const CHECK_MS = 600

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
}

/** The policy banks that a mail of this sender passed by; undefined when it did not. */
function bankOf(site: Site, sender: string): string | undefined {
  const line = site
    .log()
    .split('\n')
    .find(text => / Passed /.test(text) && text.includes(` <${sender}> -> `))
  return line && / Passed \S+ \{\S+\}, ([^[ ]*)/.exec(line)?.[1]
}
