import assert from 'node:assert/strict'
import {readdirSync, readFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import zlib from 'node:zlib'
import {sendMail} from '../../src/demo/feed.ts'
import type {DemoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {tar, zip} from '../decode/archives.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

/** In pieces, so that no scanner takes this file for the test file. */
const TEST_FILE = Buffer.from(
  ['X5O!P%@AP[4\\PZX54', '(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(''),
)

function mailWith(name: string, attachment: Buffer): string {
  const body = attachment.toString('base64').replace(/.{76}/g, '$&\r\n')
  return [
    `Message-ID: <${name}@example.net>`,
    'From: a@example.net',
    'To: b@example.com',
    'Subject: an archive',
    'Date: Sun, 22 Nov 2026 12:00:00 +0000',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'see attachment',
    '--b',
    `Content-Type: application/octet-stream; name="${name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    body,
    '--b--',
    '',
  ].join('\r\n')
}

const ARCHIVES: readonly [name: string, archive: Buffer, logged: RegExp][] = [
  [
    'virus.tar.gz',
    zlib.gzipSync(tar([{name: 'v.com', content: TEST_FILE}])),
    /Blocked INFECTED \(Eicar-Test-Signature\)/,
  ],
  [
    'banned.zip',
    zip([{name: 'dir/run.exe', content: Buffer.from('MZ'.padEnd(100))}]),
    /Blocked BANNED \(.*run\.exe\)/,
  ],
  [
    'closed.zip',
    zip([{name: 'c.txt', content: Buffer.from('secret'), flags: 1, crc: 1}]),
    /Passed UNCHECKED-ENCRYPTED/,
  ],
  ['cut.gz', zlib.gzipSync(Buffer.from('some text that is cut off')).subarray(0, 20), /Passed UNCHECKED/],
  ['bomb.zip', zip([{name: 'z', content: Buffer.alloc(30_000_000)}]), /Passed UNCHECKED.*/],
  ['clean.zip', zip([{name: 'c.txt', content: Buffer.from('text')}]), /Passed CLEAN/],
]

test('what is in archives decides what becomes of a mail, and nothing is left behind', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = temporaryFolder(t)
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$enable_zmq = 0; $max_servers = 1; $MAXLEVELS = 14; $MAXFILES = 3000; $final_banned_destiny = D_DISCARD;`,
  )
  for (const [name, archive] of ARCHIVES) {
    const octets = Buffer.from(mailWith(name, archive))
    const sender = 'a@example.net'
    const mail: DemoMail = {kind: 'clean', messageId: name, sender, recipient: 'b@example.com', octets}
    await sendMail(port, mail)
  }
  const log = () => readFileSync(path.join(home, 'amavis.log'), 'utf8')
  await until('all entries', () => log().split(/(?:Passed|Blocked) /).length > ARCHIVES.length)
  for (const [name, , expected] of ARCHIVES) {
    const entry = log()
      .split('\n')
      .find(line => /(?:Passed|Blocked) /.test(line) && line.includes(`<${name}@`))
    assert.match(entry ?? `no entry for ${name}`, expected)
  }
  assert.match(log(), /Decoding of p004 c\.txt \(member\) failed, leaving it unpacked: encrypted/)
  const left = readdirSync(home).flatMap(folder =>
    folder.startsWith('amavis-') ? readdirSync(path.join(home, folder)) : [],
  )
  assert.deepEqual(left, [])
})
