/** `amavis log --mta` with the log of a real Postfix: each mail has its lines of both, and nobody else's. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {readdirSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'
import {EICAR, octetsOf, SENDER, USER} from './recipe-site.ts'

const PROGRAM = 'MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name="x.exe"\r\n'

interface Line {
  readonly program: string
  readonly text: string
}

interface Logged {
  readonly am_id: string | null
  readonly mail_id: string | null
  readonly queue_id: string | null
  readonly queued_as: readonly string[]
  readonly lines: readonly Line[]
}

/** With queue ids of both forms; at level 0 we do not say what the MTA answered, but for the main entry. */
for (const [longIds, logLevel, id] of [
  ['no', 1, /^[0-9A-F]{6,14}$/],
  ['yes', 0, /^[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{10,14}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]+$/],
] as const)
  test(`lines of Postfix are found for each kind of mail, with enable_long_queue_ids = ${longIds}`, async t => {
    const sink = await startSink()
    t.after(() => sink.close())
    const home = temporaryFolder(t)
    const [entry, before, waiting] = [await freePort(), await freePort(), await freePort()]
    const [reinjection, filter] = [await freePort(), await freePort()]
    const [later, nobody] = [await freePort(), await freePort()]
    await startDaemon(
      t,
      home,
      filter,
      `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${reinjection}';
      $unix_socketname = "$MYHOME/amavisd.sock";
      $interface_policy{'SOCK'} = 'AM.PDP-SOCK';
      $policy_bank{'AM.PDP-SOCK'} = { protocol => 'AM.PDP', auth_required_release => 0 };
      $log_level = ${logLevel}; $log_recip_templ = undef; $final_virus_destiny = D_REJECT;`,
    )
    const postfix = startPostfix(
      `relayhost = [127.0.0.1]:${sink.port}
enable_long_queue_ids = ${longIds}
transport_maps = inline:{gone.test=error:gone, later.test=smtp:[127.0.0.1]:${later}}
smtpd_reject_unlisted_recipient = no
content_filter = smtp-amavis:[127.0.0.1]:${filter}`,
      `127.0.0.1:${entry} inet n - n - - smtpd
  -o smtpd_recipient_restrictions=check_recipient_access,inline:{no@example.com=REJECT},permit
127.0.0.1:${before} inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:${filter} -o content_filter=
127.0.0.1:${waiting} inet n - n - - smtpd
  -o content_filter=smtp:[127.0.0.1]:${nobody}
127.0.0.1:${reinjection} inet n - n - - smtpd
  -o content_filter= -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
smtp-amavis unix - - n - 2 smtp
  -o smtp_send_xforward_command=yes`,
    )
    t.after(() => postfix.stop())
    const send = async (
      subject: string,
      recipients: readonly string[],
      {port = entry, header = '', body = 'x'} = {},
    ) =>
      await sendMail(port, {sender: SENDER, recipient: recipients, octets: octetsOf({subject, header, body})})
    const idle = () => until('Postfix to have nothing to do', () => postfix.queued().length === 0)
    const log = async (which: string): Promise<readonly Logged[]> => {
      const files = ['--file', path.join(home, 'amavis.log'), '--mta', path.join(postfix.folder, 'mail.log')]
      const ended = await amavis('log', ...files, '--json', which)
      assert.equal(ended.status, 0, ended.stderr)
      return ended.stdout
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line) as Logged)
    }
    const one = async (which: string): Promise<Logged> => {
      const [found, ...more] = await log(which)
      assert.ok(found && more.length === 0, which)
      return found
    }
    /** Words in this order, each in a line of its own. */
    const inOrder = ({lines}: Logged, ...words: readonly (string | RegExp)[]) => {
      const texts = lines.map(({program, text}) => `${program} ${text}`)
      let at = -1
      for (const word of words) {
        const found = texts.findIndex(
          (text, n) => n > at && (typeof word === 'string' ? text.includes(word) : word.test(text)),
        )
        assert.ok(found > at, `${word} in\n${texts.join('\n')}`)
        at = found
      }
    }
    const isOnlyAbout = ({lines}: Logged, ids: readonly string[]) => {
      for (const {program, text} of lines)
        if (program.includes('/'))
          assert.ok(
            ids.some(each => text.startsWith(`${each}: `)),
            text,
          )
    }

    assert.match(await send('two', ['u@later.test', USER]), /^250 /)
    assert.match(await send('gone', ['u@gone.test']), /^250 /)
    assert.match(await send('refused', ['no@example.com']), /^554 /)
    assert.match(await send('program', [USER], {header: PROGRAM}), /^250 /)
    assert.match(await send('proxied', [USER], {port: before}), /^250 /)
    assert.match(await send('virus', [USER], {port: before, body: EICAR}), /^554 /)
    await until('one to be deferred', () => /<u@later\.test>.*status=deferred/.test(postfix.log()))
    const nextHop = net.createServer(socket => {
      const onward = net.connect(sink.port, '127.0.0.1')
      socket.pipe(onward).pipe(socket)
      for (const end of [socket, onward]) end.on('error', () => end.destroy())
    })
    await new Promise<void>(resolve => nextHop.listen(later, '127.0.0.1', resolve))
    t.after(() => nextHop.close())
    execFileSync('postqueue', ['-c', path.join(postfix.folder, 'etc'), '-f'])
    await idle()
    const copy = await until('the copy', () =>
      readdirSync(path.join(home, 'quarantine')).find(name => name.startsWith('banned-')),
    )
    const released = await amavis('quarantine', 'release', '-c', path.join(home, 'amavisd.conf'), copy)
    assert.equal(released.status, 0, released.stderr)
    await idle()

    await t.test('both queue ids; deferred, then delivered', async () => {
      const mail = await one('two@remote.test')
      assert.equal(mail.queued_as.length, 2)
      for (const each of [mail.queue_id ?? '', ...mail.queued_as]) assert.match(each, id)
      isOnlyAbout(mail, [mail.queue_id ?? '', ...mail.queued_as])
      inOrder(
        mail,
        `postfix/smtpd ${mail.queue_id}: client=`,
        `postfix/qmgr ${mail.queue_id}: from=`,
        'orig_queue_id=',
        / (?:FWD from|Passed CLEAN) /,
        'status=deferred',
        /to=<u@later\.test>.*status=sent \(250 2\.0\.0 Ok: queued as SINK/,
        / removed$/,
      )
      for (const each of mail.queued_as) assert.deepEqual(await log(each), [mail])
    })

    await t.test('a bounce, with what becomes of it', async () => {
      const mail = await one('gone@remote.test')
      inOrder(mail, 'Passed CLEAN', 'status=bounced (gone)', 'sender non-delivery notification: ')
      const [bounce = ''] = mail.lines.flatMap(({text}) => / notification: (\w+)$/.exec(text)?.slice(1) ?? [])
      inOrder(
        mail,
        `cleanup ${bounce}: message-id=`,
        `${bounce}: from=<>`,
        new RegExp(`${bounce}: to=.*status=sent`),
      )
      isOnlyAbout(mail, [mail.queue_id ?? '', ...mail.queued_as, bounce])
    })

    await t.test('our own notice; the release from quarantine', async () => {
      const [mail, release, ...more] = await log(/banned-(.*)/.exec(copy)?.[1] ?? '')
      assert.ok(mail && release && more.length === 0)
      inOrder(mail, 'Blocked BANNED', `${mail.queue_id}: to=`)
      inOrder(mail, `message-id=<VS${mail.mail_id}@`, `to=<${SENDER}>`)
      assert.match(release.am_id ?? '', /^rel-/)
      inOrder(
        release,
        'Quarantined message release',
        'resent-message-id=',
        /to=<user@example\.com>.*status=sent/,
      )
    })

    await t.test('before the queue: what was answered', async () => {
      const accepted = await one('proxied@remote.test')
      assert.equal(accepted.queue_id, null)
      inOrder(accepted, 'Passed CLEAN', 'proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA')
      const rejected = await one('virus@remote.test')
      inOrder(rejected, 'Blocked INFECTED', 'proxy-reject: END-OF-MESSAGE: 554 5.7.0 ')
      for (const mail of [accepted, rejected])
        assert.ok(!mail.lines.some(({text}) => text.startsWith('NOQUEUE')), 'NOQUEUE is no queue id')
    })

    await t.test('a mail that we never had: what Postfix says of it', async () => {
      assert.match(await send('waits', [USER], {port: waiting}), /^250 /)
      const deferred = new RegExp(`(\\w+): to=.*status=deferred \\(connect to \\S+:${nobody}: `)
      const [, queueId = ''] = await until('it to be deferred', () => deferred.exec(postfix.log()))
      for (const which of [queueId, 'waits@remote.test']) {
        const mail = await one(which)
        assert.deepEqual([mail.am_id, mail.queue_id], [null, queueId])
        inOrder(mail, `${queueId}: client=`, `${queueId}: message-id=<waits@remote.test>`, 'status=deferred')
      }
    })
  })
