/** A real Postfix hands its mail to the filter (content_filter) and takes it back (reinjection). */
import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {demoMail, EXPECTATIONS, type Kind} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'

const MAILS = 1000

test('1000 mails through Postfix with content_filter are all delivered, or quarantined as due', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const [entry, reinjection, filter] = [await freePort(), await freePort(), await freePort()]
  const home = temporaryFolder(t)
  const daemon = await startDaemon(
    t,
    home,
    filter,
    `
    $forward_method = 'smtp:[127.0.0.1]:${reinjection}';
    $notify_method = $forward_method;
    $final_spam_destiny = D_DISCARD;
  `,
  )
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}\ncontent_filter = smtp-amavis:[127.0.0.1]:${filter}`,
    `127.0.0.1:${entry} inet n - n - - smtpd
127.0.0.1:${reinjection} inet n - n - - smtpd
  -o content_filter=
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
smtp-amavis unix - - n - 4 smtp
  -o smtp_data_done_timeout=1200
  -o smtp_send_xforward_command=yes
  -o max_use=20`,
  )
  t.after(() => postfix.stop())

  const expected = {delivered: 0, dsn: 0}
  const quarantined: Record<string, number> = {}
  const kinds: Kind[] = []
  const next = Array.from({length: MAILS}, (_, n) => n)
  await Promise.all(
    Array.from({length: 4}, async () => {
      for (let n = next.shift(); n !== undefined; n = next.shift()) {
        const mail = demoMail(n)
        // Postfix itself turns NUL into nothing; 8 bits it keeps.
        const octets = Buffer.from(mail.octets.toString('latin1').replaceAll('\0', '\xe9'), 'latin1')
        const reply = await sendMail(entry, {...mail, octets})
        assert.match(reply, /^250 /)
        kinds.push(mail.kind)
      }
    }),
  )
  for (const kind of kinds) {
    const due = EXPECTATIONS[kind]
    if (due.delivered) expected.delivered++
    if (due.dsn) expected.dsn++
    if (due.quarantine) quarantined[due.quarantine] = (quarantined[due.quarantine] ?? 0) + 1
  }
  await until(
    'every mail to be delivered',
    () => sink.mails.length >= expected.delivered + expected.dsn && postfix.queued().length === 0,
    120_000,
  )
  const ids = new Set(
    sink.mails.map(mail => /^Message-ID: (<demo\..*>)\r$/im.exec(mail.octets.toString('latin1'))?.[1]),
  )
  ids.delete(undefined)
  assert.equal(sink.mails.filter(mail => mail.sender === '').length, expected.dsn, 'notifications')
  assert.equal(sink.mails.filter(mail => mail.sender !== '').length, expected.delivered, 'no mail twice')
  assert.equal(ids.size >= expected.delivered, true, 'no mail lost')
  const files = readdirSync(`${home}/quarantine`)
  for (const [prefix, count] of Object.entries(quarantined)) {
    assert.equal(files.filter(name => name.startsWith(prefix)).length, count, `quarantined as ${prefix}`)
  }
  assert.doesNotMatch(postfix.log(), /status=(deferred|bounced)/)
  assert.equal(daemon.exitCode, null)
})
