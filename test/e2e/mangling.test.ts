import assert from 'node:assert/strict'
import {chmodSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const LIMITS = {maxParts: 100, maxLevels: 10}

/** No Date: a bad header section. */
const mail = (body: string, from = 'a@remote.test') =>
  Buffer.from(
    `From: <${from}>\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n` +
      `Content-Transfer-Encoding: 8bit\r\nMessage-ID: <m1@remote.test>\r\n\r\n${body}`,
    'utf8',
  )

test('mail whose policy wants it is wrapped for local recipients, and the original is in it octet for octet', async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const sink = await startSink()
  const again = await startSink()
  t.after(() => Promise.all([sink.close(), again.close()]))
  const altermime = path.join(home, 'altermime')
  writeFileSync(altermime, '#!/bin/sh\nf="${1#--input=}"\nprintf -- "-- \\r\\n$2\\r\\n" >>"$f"\n')
  chmodSync(altermime, 0o755)
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$resend_method = 'smtp:[127.0.0.1]:${again.port}';
%defang_by_ccat = (CC_BADH, [{'anomy@example.com' => 'anomy'}, 1], CC_CATCHALL, 'disclaimer');
$allow_disclaimers = 1;
$altermime = '${altermime}';
@altermime_args_disclaimer = ('_OPTION_');
@disclaimer_options_bysender_maps = ( {'boss@example.com' => 'Boss', '.' => 'Us'} );`,
  )

  await t.test('small and large mail', async () => {
    for (const body of [
      'gr\u00fc\u00dfe\r\n.dot\r\nno line end',
      'x'.repeat(70).concat('\r\n').repeat(20_000),
    ]) {
      const original = mail(body)
      const before = again.mails.length
      const answer = await sendMail(port, {
        sender: 'a@remote.test',
        recipient: ['user@example.com', 'far@other.test'],
        octets: Buffer.concat([
          original,
          Buffer.from(original.subarray(-2).equals(Buffer.from('\r\n')) ? '' : '\r\n'),
        ]),
      })
      assert.match(answer, /^250 2\.0\.0/)
      const wrapped = again.mails[before]!
      assert.deepEqual(wrapped.recipients, ['user@example.com'])
      const foreign = sink.mails.at(-1)!
      assert.deepEqual(foreign.recipients, ['far@other.test'])
      assert.doesNotMatch(foreign.octets.subarray(0, 500).toString(), /X-Amavis-Modified/)
      const header = parseHeader(wrapped.octets)
      const head = wrapped.octets.toString('utf8', 0, header.size)
      assert.match(head, /^X-Amavis-Modified: Mail body modified \(defanged\) - filter\.example\.com\r\n/m)
      assert.match(head, /^Subject: hello\r\n/m)
      assert.equal(head.match(/^Content-/gm)?.length, 1, head)
      const [text, attached] = readMime(wrapped.octets, header, LIMITS, false).parts.filter(
        ({kind}) => kind === 'leaf',
      )
      assert.match(text!.content.toString(), /malformed: Missing required header field: "Date"/i)
      assert.equal(attached?.declaredTypes[0], 'message/rfc822')
      assert.ok(wrapped.octets.includes(original), 'the original is not there')
    }
  })

  await t.test('a name that nobody knows is an attachment, and the log says so', async () => {
    const before = again.mails.length
    await sendMail(port, {sender: 'a@remote.test', recipient: 'anomy@example.com', octets: mail('x\r\n')})
    assert.match(again.mails[before]!.octets.toString(), /multipart\/mixed/)
    await until('the line', () => /mangling by \(anomy\) is not available/.test(daemonLog(home)))
  })

  await t.test('a disclaimer of the author is added by the program', async () => {
    const before = again.mails.length
    const octets = Buffer.concat([
      Buffer.from('Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n'),
      mail('x\r\n', 'boss@example.com'),
    ])
    await sendMail(port, {sender: 'boss@example.com', recipient: 'far@other.test', octets})
    const sent = again.mails[before]!.octets.toString()
    assert.match(
      sent,
      /^X-Amavis-Modified: Mail body modified \(using altermime\) - filter\.example\.com\r\n/m,
    )
    assert.match(sent, /\r\n\r\nx\r\n-- \r\nBoss\r\n$/)
  })

  await t.test('TIMING names the changes', async () => {
    for (const section of [/TIMING .* defang: /, /TIMING .* mangle-disclaimer: /])
      await until(String(section), () => section.test(daemonLog(home)))
  })
})
