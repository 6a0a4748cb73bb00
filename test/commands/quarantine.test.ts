import assert from 'node:assert/strict'
import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {startDaemon, writeConfiguration} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const PROGRAM = Buffer.from(
  'From: s@remote.test\r\nSubject: a \x1b[31mprogram\r\nContent-Type: application/octet-stream; name="x.exe"\r\n\r\nxyz\r\n',
)

test('mail in quarantine is listed, shown, released by a filter, and purged', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$unix_socketname = "$MYHOME/amavisd.sock";
$interface_policy{'SOCK'} = 'AM.PDP-SOCK';
$policy_bank{'AM.PDP-SOCK'} = { protocol => 'AM.PDP', auth_required_release => 0 };
$notify_method = 'smtp:[127.0.0.1]:${sink.port}'; $quarantine_subdir_levels = 1;
$final_banned_destiny = D_DISCARD;`,
  )
  const which = ['-c', path.join(home, 'amavisd.conf')]
  const envelope = {sender: 's@remote.test', recipient: 'user@example.com'}
  assert.match(await sendMail(port, {...envelope, octets: PROGRAM}), /^250 2\.7\.0 Ok, discarded/)
  await until('the copy', () => readdirSync(path.join(home, 'quarantine')).length > 0)

  const list = await amavis('quarantine', 'list', ...which, '--category', 'banned')
  assert.equal(list.status, 0, list.stderr)
  assert.match(list.stdout, /\w\/banned-[\w-]{12}/)
  assert.doesNotMatch(list.stdout, /\x1b\[31mprogram/)
  const {items} = JSON.parse((await amavis('quarantine', 'list', ...which, '--json')).stdout)
  assert.equal(items.length, 1)
  assert.deepEqual(items[0].blocked, ['user@example.com'])

  const shown = await amavis('quarantine', 'show', ...which, items[0].mail_id)
  assert.match(shown.stdout, /<user@example\.com> \(did not get it\)/)
  const raw = await amavis('quarantine', 'show', ...which, '--raw', items[0].name)
  assert.match(raw.stdout, /^Return-Path: <s@remote\.test>\n/)

  const none = await amavis('quarantine', 'release', ...which)
  assert.equal(none.status, 2)
  const released = await amavis('quarantine', 'release', ...which, '--sender', '@remote.test')
  assert.equal(released.status, 0, released.stderr)
  assert.match(released.stdout, /banned-\S+: 250 2\.0\.0 from MTA/)
  assert.deepEqual(sink.mails.at(-1)?.recipients, ['user@example.com'])
  const unknown = await amavis('release', ...which, 'banned-AAAAAAAAAAAA')
  assert.deepEqual([unknown.status, unknown.stdout], [1, ''])
  assert.match(unknown.stderr, /^450 4\.5\.0 Failure: File banned-AAAAAAAAAAAA does not exist\n$/)

  assert.equal((await amavis('quarantine', 'purge', ...which)).status, 2)
  const purged = await amavis('quarantine', 'purge', ...which, '--category', 'banned', '--json')
  assert.equal(JSON.parse(purged.stdout).files, 1)
  assert.match((await amavis('quarantine', 'list', ...which)).stdout, /^0 in quarantine/)
})

test('preserved folders are listed, shown and purged, and nothing beside them', async t => {
  const home = temporaryFolder(t)
  const which = ['-c', writeConfiguration(home, 10_024)]
  const folder = path.join(home, 'amavis-20261122T150853-04711-Xy7_abcd')
  mkdirSync(path.join(folder, 'parts'), {recursive: true})
  writeFileSync(path.join(folder, 'email.txt'), 'Subject: \x1b]0;x\x07\r\n\r\nbody\r\n')
  writeFileSync(`${folder}.reason`, 'forward FAILED: no next hop\n')
  writeFileSync(path.join(home, 'other.reason'), 'not ours\n')
  mkdirSync(path.join(home, 'other'))

  const list = await amavis('evidence', 'list', ...which)
  assert.match(list.stdout, /amavis-20261122T150853-04711-Xy7_abcd {2}forward FAILED: no next hop\n$/)
  const shown = await amavis('evidence', 'show', ...which, path.basename(folder))
  assert.match(shown.stdout, /email\.txt \(\d+ octets\)/)
  assert.doesNotMatch(shown.stdout, /\x1b|\x07/)
  assert.equal((await amavis('evidence', 'purge', ...which)).status, 2)
  await amavis('evidence', 'purge', ...which, '--older', '1h')
  assert.ok(existsSync(folder))
  assert.equal((await amavis('evidence', 'purge', ...which, path.join(home, 'other'))).status, 1)
  assert.equal((await amavis('evidence', 'purge', ...which, '--all')).status, 0)
  assert.ok(!existsSync(folder) && !existsSync(`${folder}.reason`))
  assert.ok(existsSync(path.join(home, 'other')) && existsSync(path.join(home, 'other.reason')))
  assert.match((await amavis('evidence', 'list', ...which)).stdout, /^nothing was preserved\n$/)
})
