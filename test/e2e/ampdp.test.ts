/** AM.PDP: a client that has the mail in a file and delivers it itself, in front of a running daemon. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {existsSync, readdirSync, symlinkSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {demoMail} from '../../src/demo/mails.ts'
import {ask, mailFolder, type Request} from '../support/ampdp.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const BANKS = (home: string) => `
$unix_socketname = '${home}/amavisd.sock';
$interface_policy{'SOCK'} = 'AM.PDP-SOCK';
$policy_bank{'AM.PDP-SOCK'} = { protocol => 'AM.PDP', forward_method => undef };
$policy_bank{'LOVE'} = { spam_lovers_maps => ['lover@example.com'], final_spam_destiny_maps => undef };
@spam_lovers_maps = ( ['lover@example.com'] );
$final_spam_destiny = D_DISCARD;
@spam_scanners = ();
$sa_tag_level_deflt = -999;
$sa_spam_subject_tag = '***SPAM*** ';
`

async function start(t: TestContext): Promise<{home: string; socket: string}> {
  const home = temporaryFolder(t)
  await startDaemon(t, home, await freePort(), BANKS(home))
  return {home, socket: path.join(home, 'amavisd.sock')}
}

const CLIENT = {
  queue_id: 'ABC123',
  client_address: '198.51.100.7',
  client_name: 'mx.remote.test',
  helo_name: 'mx.remote.test',
  protocol_name: 'ESMTP',
}
const GTUBE = ['XJS*C4JDBQADN1', '.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE', '-TEST-EMAIL*C.34X'].join('')
const SPAM = `Date: Sun, 22 Nov 2026 12:00:00 +0000\nFrom: a@remote.test\nSubject: test\nX-Spam-Flag: NO\nX-Spam-Flag: MAYBE\n\n${GTUBE}\n`

test('what the client is told', async t => {
  const {home, socket} = await start(t)

  await t.test('a clean mail: fields to insert, and its folder is gone', async () => {
    const tempdir = mailFolder(home, demoMail(0).octets)
    const [lines] = await ask(socket, {
      request: 'AM.PDP',
      sender: '<sender@remote.test>',
      recipient: '<user@example.com>',
      tempdir,
      ...CLIENT,
    })
    assert.equal(lines![0], 'version_server=2')
    const id = /^log_id=(\w+-\d\d)$/.exec(lines![1]!)![1]
    assert.ok(tempdir.endsWith(id!.replace(/-\d\d$/, '')))
    assert.equal(lines![2], `setreply=250 2.5.0 Ok,%20id=${id},%20continue%20delivery`)
    assert.ok(lines!.includes('insheader=0 X-Virus-Scanned amavis%20at%20example.com'))
    assert.deepEqual(lines!.slice(-2), ['return_value=continue', 'exit_code=0'])
    assert.ok(!lines!.some(line => /Received/i.test(line)))
    assert.equal(existsSync(tempdir), false)
    assert.match(
      daemonLog(home),
      new RegExp(
        `\\(${id}\\) Passed CLEAN \\{AcceptedInbound\\}, AM\\.PDP-SOCK \\[198\\.51\\.100\\.7\\] .*Queue-ID: ABC123`,
      ),
    )
  })

  await t.test('spam that one recipient loves: the other is taken away, the header edited', async () => {
    const tempdir = mailFolder(home, SPAM)
    const [lines] = await ask(socket, {
      request: 'AM.PDP',
      sender: '<sender@remote.test>',
      recipient: ['<lover@example.com>', '<user@example.com>'],
      tempdir,
      ...CLIENT,
    })
    assert.match(
      lines![2]!,
      /^setreply=250 2\.5\.0 Ok,%20id=[\w-]+,%20continue%20delivery,%20but%201%20DISCARD$/,
    )
    assert.deepEqual(lines!.slice(3, 7), [
      'delrcpt=<user@example.com>',
      'delheader=2 X-Spam-Flag',
      'delheader=1 X-Spam-Flag',
      'chgheader=1 Subject ***SPAM***%20test',
    ])
    assert.deepEqual(
      lines!.slice(7).map(line => line.split(' ').slice(0, 2).join(' ')),
      [
        'insheader=0 X-Spam-Status',
        'insheader=0 X-Spam-Level',
        'insheader=0 X-Spam-Score',
        'insheader=0 X-Spam-Flag',
        'insheader=0 X-Virus-Scanned',
        'insheader=0 X-Quarantine-ID',
        'return_value=continue',
        'exit_code=0',
      ],
    )
  })

  const verdicts: readonly (readonly [
    title: string,
    mail: Buffer | string,
    last: readonly string[],
    reply: RegExp,
  ])[] = [
    [
      'spam is discarded',
      SPAM,
      ['return_value=discard', 'exit_code=99'],
      /^setreply=250 2\.7\.0 Ok,%20discarded/,
    ],
  ]
  for (const [title, mail, last, reply] of verdicts) {
    await t.test(title, async () => {
      const tempdir = mailFolder(home, mail)
      const [lines] = await ask(socket, {
        request: 'AM.PDP',
        sender: '<s@remote.test>',
        recipient: '<user@example.com>',
        tempdir,
      })
      assert.deepEqual(lines!.slice(-2), last)
      assert.match(lines![2]!, reply)
    })
  }

  await t.test('several requests on a connection, and a folder that the client keeps', async () => {
    const one = mailFolder(home, demoMail(0).octets)
    const two = mailFolder(home, demoMail(0).octets, 'mail')
    const common = {request: 'AM.PDP', sender: '<>', recipient: '<user@example.com>'}
    const answers = await ask(
      socket,
      {...common, tempdir: one, tempdir_removed_by: 'client'},
      {...common, tempdir: two, mail_file: `${two}/mail`},
      {request: 'smtpd_access_policy'},
      {request: 'unheard'},
    )
    assert.deepEqual(
      answers.map(lines => lines.at(-1)),
      ['exit_code=0', 'exit_code=0', 'action=DUNNO', 'exit_code=75'],
    )
    assert.deepEqual(readdirSync(one), ['email.txt'])
  })

  const refused: readonly (readonly [title: string, request: (folder: string) => Request])[] = [
    ['no sender', folder => ({recipient: '<a@x>', tempdir: folder})],
    ['no recipient', folder => ({sender: '<a@x>', tempdir: folder})],
    ['no mail', () => ({sender: '<a@x>', recipient: '<b@x>'})],
    [
      'a folder elsewhere',
      () => ({sender: '<a@x>', recipient: '<b@x>', tempdir: '/etc', mail_file: '/etc/passwd'}),
    ],
    [
      'a way out',
      folder => ({
        sender: '<a@x>',
        recipient: '<b@x>',
        tempdir: folder,
        mail_file: `${folder}/../../../etc/passwd`,
      }),
    ],
    [
      'a link',
      folder => {
        symlinkSync('/etc/passwd', path.join(folder, 'link'))
        return {sender: '<a@x>', recipient: '<b@x>', tempdir: folder, mail_file: `${folder}/link`}
      },
    ],
    [
      'a pipe',
      folder => {
        execFileSync('mkfifo', [path.join(folder, 'pipe')])
        return {sender: '<a@x>', recipient: '<b@x>', tempdir: folder, mail_file: `${folder}/pipe`}
      },
    ],
    [
      'a folder for a file',
      folder => ({sender: '<a@x>', recipient: '<b@x>', tempdir: folder, mail_file: folder}),
    ],
  ]
  for (const [title, request] of refused) {
    await t.test(`${title}: the mail stays with the client, who learns nothing of us`, async () => {
      const folder = mailFolder(home, 'x')
      const [lines] = await ask(socket, {request: 'AM.PDP', ...request(folder), tempdir_removed_by: 'client'})
      assert.deepEqual(lines!.slice(-2), ['return_value=tempfail', 'exit_code=75'])
      assert.match(lines![2]!, /^setreply=45[01] 4\.5\.0 /)
      assert.doesNotMatch(lines!.join('\n'), /passwd|\/tmp/)
    })
  }
})
