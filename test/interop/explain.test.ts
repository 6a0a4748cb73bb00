import assert from 'node:assert/strict'
import {chmodSync, readdirSync, statSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {isExecutable} from '../../src/process/find-program.ts'
import {findUser} from '../../src/process/privileges.ts'
import {runAmavis} from '../support/amavis.ts'
import {temporaryFolder} from '../support/wait.ts'

const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL', '*C.34X'].join('')

const missing = !isExecutable('/usr/bin/spamassassin')
  ? 'there is no SpamAssassin (Debian package spamassassin)'
  : process.getuid?.() === 0
    ? false
    : "only root can become the daemon's user"

test(
  "amavis explain asks the true SpamAssassin as the daemon's user, and leaves nothing of root's",
  {skip: missing},
  async t => {
    const {uid} = findUser('nobody')
    const home = temporaryFolder(t)
    chmodSync(home, 0o777)
    const mail = path.join(home, 'mail.eml')
    writeFileSync(
      mail,
      `From: a@remote.test\nDate: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <m1@remote.test>\nSubject: x\n\n${GTUBE}\n`,
    )
    chmodSync(mail, 0o600)
    const file = path.join(home, 'amavisd.conf')
    writeFileSync(
      file,
      `$daemon_user = 'nobody'; $mydomain = 'example.com'; $myhostname = 'filter.example.com';
$MYHOME = '${home}'; $QUARANTINEDIR = "$MYHOME/q"; @local_domains_maps = (['.example.com']);
$sa_local_tests_only = 1; $final_spam_destiny = D_REJECT; $sa_kill_level_deflt = 6.9;
1;`,
    )
    const {status, stdout, stderr} = await runAmavis([
      'explain',
      mail,
      '--json',
      '-r',
      'user@example.com',
      '-c',
      file,
    ])
    assert.equal(status, 0, stderr)
    const told = JSON.parse(stdout)
    assert.equal(told.scanners[0].name, 'SpamAssassin')
    assert.ok(told.recipients[0].score >= 999)
    assert.ok(told.recipients[0].tests.some(({name}: {name: string}) => name === 'GTUBE'))
    assert.equal(told.recipients[0].destiny, 'REJECT')
    for (const name of readdirSync(home))
      if (!['mail.eml', 'amavisd.conf'].includes(name))
        assert.equal(statSync(path.join(home, name)).uid, uid, name)
  },
)
