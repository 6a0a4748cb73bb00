/** Mail of a megabyte in shapes that cost more than their size where something is looked at again and again. */
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder} from '../support/wait.ts'

const OCTETS = 1_200_000
/** Linear ones take some tenths of a second; what was found here took a minute and more. */
const LONGEST_MS = 15_000

const many = (piece: string) => piece.repeat(Math.floor(OCTETS / piece.length))
const header = (...fields: readonly string[]) =>
  `From: a@remote.test\r\n${fields.join('\r\n')}\r\n\r\ntext\r\n`
const body = (text: string, type = 'text/plain', encoding = '8bit') =>
  `From: a@remote.test\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${text}\r\n`
const mixed = (text: string) => body(text, 'multipart/mixed; boundary=x')
const SIGNATURE =
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.test; s=s; h=from; bh=AAAA; b=AAAA'

const SHAPES: Readonly<Record<string, () => string>> = {
  'a signed mail with a field of folds': () => header(SIGNATURE, `X: a${many('\r\n ')}x`),
  'signatures of a part of a body of blank lines': () =>
    `${Array.from({length: 20}, (_, n) => `${SIGNATURE.replace('h=', `l=${n}00; h=`)}\r\n`).join('')}${body(many(' \r\n'))}`,
  'a Subject of folds': () => header(`Subject: a${many('\r\n x')}`),
  'a Subject of encoded words': () => header(`Subject: ${many('=?utf-8?b?w7w=?= ')}`),
  'a From of addresses': () => header(`From: ${many('a@b.test, ')}c@d.test`),
  'a From of brackets': () => header(`From: ${many('(')}`),
  'fields without end': () => header(many('X: y\r\n')),
  'lines that are no fields': () => header(many('abc def\r\n')),
  'bare CRs': () => header(`X: ${many('\r')}x`),
  'parameters of a type': () => header(`Content-Type: text/plain${many('; name*0=a')}`),
  'folds of a type': () => header(`Content-Type: text/plain${many('\r\n ;')}`),
  delimiters: () => mixed(many('--x\r\n')),
  'parts with two types': () =>
    mixed(many('--x\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\n')),
  'messages within messages': () => many('Content-Type: message/rfc822\r\n\r\n'),
  'soft line ends': () => body(many('=\r\n'), 'text/plain', 'quoted-printable'),
  'uuencoded files': () => body(many('begin 644 x\r\n#0V%T\r\n`\r\nend\r\n')),
  'uuencoded zeros': () => body(`begin 644 x\r\n${many('M\r\n')}`),
  'words of yEnc': () => body(many('=ybegin ')),
  'signatures of zip members': () => body(many('PK\x03\x04'), 'application/zip'),
  'headers of zip members with long names': () =>
    body(
      many(`PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\x07\0\0\0\0\xff\0\0`),
      'application/zip',
    ),
  'objects of OneNote': () =>
    body(
      Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex').toString('latin1') +
        many(
          `${Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex').toString('latin1')}${'\0'.repeat(20)}`,
        ),
    ),
  'a program with signatures of archives': () => body(`MZ${many('PK\x03\x04Rar!\x1a\x07\0')}`),
  'objects of RTF': () => body(`{\\rtf1${many('{\\objdata 01')}`),
}

test('no shape of a mail costs much more than its size', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  const lines = `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0;
$enable_dkim_verification = 1; $enable_arc_verification = 1; @dns_servers = ('127.0.0.1:9');
$bounce_killer_score = 5; $max_servers = 2; $log_level = 0;`
  await startDaemon(t, temporaryFolder(t), port, lines)
  for (const [title, make] of Object.entries(SHAPES)) {
    await t.test(title, async () => {
      const started = performance.now()
      const octets = Buffer.from(make(), 'latin1')
      assert.match(
        await sendMail(port, {sender: 'a@remote.test', recipient: 'u@example.com', octets}),
        /^250 /,
      )
      const ms = performance.now() - started
      assert.ok(ms < LONGEST_MS, `${Math.round(ms)} ms`)
    })
  }
})
