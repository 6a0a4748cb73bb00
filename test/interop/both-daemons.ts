/** both-daemons — Debian's amavisd and ours with the same settings, and the same kinds of mail for both. */
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {type Sink, startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startOriginal} from './original-daemon.ts'

/** A scanner whose answer is the same wherever the parts lie. */
const SCANNER = `#!/bin/sh
if grep -rqs EICAR-STANDARD "$1"; then echo "FOUND Test-Signature here"; exit 1; fi
exit 0
`

const SETTINGS = (sink: Sink, scanner: string) => `
$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $notify_method = $forward_method;
@av_scanners = (['Tester', '${scanner}', '{}', [0], [1], qr/^FOUND (\\S+)/m]);
@spam_scanners = (['SpamAssassin', 'Amavis::SpamControl::SpamAssassin']); $sa_local_tests_only = 1;
@score_sender_maps = ({ '.' => [ { 'spam@remote.test' => 12, 'spammy@remote.test' => 7 } ] });
$sa_tag_level_deflt = 2; $sa_tag2_level_deflt = 6; $sa_kill_level_deflt = 9;
$final_virus_destiny = D_DISCARD; $final_banned_destiny = D_BOUNCE; $final_spam_destiny = D_REJECT;
$final_bad_header_destiny = D_PASS;
$banned_filename_re = new_RE( [ qr'\\.exe$'i => 'Because' ] );
$virus_quarantine_method = 'local:virus-%m'; $banned_files_quarantine_method = 'local:banned-%m'; $spam_quarantine_method = undef;
$path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'; $file = 'file'; $mydomain = 'example.com'; @local_domains_maps = ( ['.example.com'] );
@message_size_limit_maps = ({'small@example.com' => 70000});
$warnbannedrecip = 0; $virus_admin = undef;
`

export const HEADER = `Received: from a.test (a.test [192.0.2.7]) by mx.remote.test with ESMTPS id 1; Sun, 22 Nov 2026 12:00:00 +0000
Received: from [10.0.0.1] (unknown [10.0.0.1]) by a.test with ESMTPA id 2; Sun, 22 Nov 2026 11:59:59 +0000
Date: Sun, 22 Nov 2026 12:00:00 +0000
From: "An Author" <author@remote.test>, second@remote.test
Sender: sender@remote.test
To: user@example.com
Message-ID: <id1@remote.test>
Resent-From: resent@remote.test
Resent-Message-ID: <id2@remote.test>
References: <r1@a.test> <r2@a.test>
User-Agent: Tester/1.0
Subject: =?utf-8?Q?caf=C3=A9?= and more
MIME-Version: 1.0
`
export const part = (name: string) => `Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

text
--b
Content-Type: application/octet-stream; name="${name}"


plain
--b--
`
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(
  '',
)
export const TEXT = 'Content-Type: text/plain\n\n'

export interface Kind {
  readonly name: string
  readonly sender: string
  readonly recipients: readonly string[]
  readonly mail: string
}
export const kind = (
  name: string,
  mail: string,
  sender = 'sender@remote.test',
  recipients = ['user@example.com'],
): Kind => ({
  name,
  sender,
  recipients,
  mail,
})

export const KINDS: readonly Kind[] = [
  kind('clean', `${HEADER}${TEXT}text\n`),
  kind('two recipients', `${HEADER}${TEXT}text\n`, 'sender@remote.test', [
    'user@example.com',
    'far@elsewhere.test',
  ]),
  kind('virus', `${HEADER}${TEXT}${EICAR}\n`),
  kind('banned', HEADER + part('a.exe')),
  kind('bad header', `${HEADER}X-Odd: caf\xe9\n${TEXT}text\n`),
  kind('spammy', `${HEADER}${TEXT}text\n`, 'spammy@remote.test'),
  kind('spam', `${HEADER}${TEXT}text\n`, 'spam@remote.test'),
  kind('null sender', `${HEADER}${TEXT}text\n`, ''),
]

/** The log's entries for each kind of mail: their templates begin with `0=<`. */
export async function entries(port: number, log: () => string, kinds = KINDS): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const {name, sender, recipients, mail} of kinds) {
    const before = log().length
    const octets = Buffer.from(mail.replaceAll('\n', '\r\n'), 'latin1')
    const reply = await sendMail(port, {sender, recipient: [...recipients], octets})
    const entry = await until(
      `the entry of ${name} (${reply})`,
      () => /^.*? (0=<.*) END$/m.exec(joined(log().slice(before)))?.[1],
    )
    found.set(name, entry)
  }
  return found
}

/** The original goes on in a line of its own where an entry is long. */
function joined(log: string): string {
  return log.replace(/\.\.\.\n[^\n]*?\) \.\.\./g, '')
}

export async function bothDaemons(t: TestContext, lines: (folder: string) => string) {
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  writeFileSync(path.join(folder, 'scanner'), SCANNER, {mode: 0o755})
  const sink = await startSink()
  t.after(() => sink.close())
  const settings = `${SETTINGS(sink, path.join(folder, 'scanner'))}${lines(folder)}`
  const original = await startOriginal(t, settings)
  const home = path.join(folder, 'ours')
  mkdirSync(home)
  const port = await freePort()
  const own = '$log_level = 1; $enable_dkim_verification = 0; $enable_zmq = 0;'
  await startDaemon(t, home, port, `${settings}${own}`)
  return {
    sink,
    theirs: {port: original.port, log: () => readFileSync(original.log, 'utf8')},
    ours: {port, log: () => daemonLog(home)},
  }
}
