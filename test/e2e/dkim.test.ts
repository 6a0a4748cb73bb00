import assert from 'node:assert/strict'
import {generateKeyPairSync} from 'node:crypto'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {startNameServer} from '../support/dns.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const MAIL = `From: Us <a@example.com>\r\nTo: b@other.test\r\nSubject: signed\r\nDate: Mon, 23 Nov 2026 03:00:00 +0000\r\nMessage-ID: <m1@example.com>\r\n\r\nhello\r\n`

test('mail that we sign is valid for us when it comes back, and what was altered is not', async t => {
  const home = temporaryFolder(t)
  const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
  const edwards = generateKeyPairSync('ed25519')
  const write = (name: string, text: string | Buffer) => {
    writeFileSync(path.join(home, name), text)
    return path.join(home, name)
  }
  const rsaFile = write('rsa.pem', rsa.privateKey.export({format: 'pem', type: 'pkcs1'}))
  const edwardsFile = write('ed25519.pem', edwards.privateKey.export({format: 'pem', type: 'pkcs8'}))
  const server = await startNameServer(
    t,
    new Map([
      [
        'r1._domainkey.example.com',
        `v=DKIM1; k=rsa; p=${rsa.publicKey.export({format: 'der', type: 'spki'}).toString('base64')}`,
      ],
      [
        'e1._domainkey.example.com',
        `v=DKIM1; k=ed25519; p=${edwards.publicKey.export({format: 'der', type: 'spki'}).subarray(-32).toString('base64')}`,
      ],
      ['silent._domainkey.example.com', undefined],
    ]),
  )
  const port = await freePort()
  const submission = await freePort()
  const sink = await startSink()
  t.after(() => sink.close())
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = $notify_method = 'smtp:[127.0.0.1]:${sink.port}';
$child_timeout = 6;
$inet_socket_port = [${port}, ${submission}];
@dns_servers = ('${server}');
$enable_dkim_verification = 1;
$enable_dkim_signing = 1;
dkim_key('example.com', 'r1', '${rsaFile}');
dkim_key('example.com', 'e1', '${edwardsFile}');
dkim_key('filter.example.com', 'r1', '${rsaFile}');
$interface_policy{'${submission}'} = 'ORIGINATING';
$policy_bank{'ORIGINATING'} = {originating => 1};
$policy_bank{'FRIEND'} = {};
@author_to_policy_bank_maps = ({'a@example.com' => 'FRIEND'});`,
  )

  const own = await sendMail(submission, {
    sender: 'a@example.com',
    recipient: 'b@other.test',
    octets: Buffer.from(MAIL),
  })
  assert.match(own, /^250 /)
  const signed = sink.mails[0]!.octets
  const head = signed.toString('latin1', 0, 2000)
  assert.match(head, /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/simple; d=example\.com;\s+s=r1;/)
  assert.match(head, /^DKIM-Signature: v=1; a=ed25519-sha256;/m)
  await until('the log entry', () => /dkim_new=r1:example\.com,e1:example\.com, /.test(daemonLog(home)))

  const back = async (octets: Buffer) => {
    const before = sink.mails.length
    assert.match(await sendMail(port, {sender: 'a@example.com', recipient: 'u@example.com', octets}), /^250 /)
    const text = sink.mails[before]!.octets.toString('latin1').split('\r\nDKIM-Signature')[0]!
    return text.replace(/\r\n /g, ' ')
  }
  assert.match(
    await back(signed),
    /^Authentication-Results: filter\.example\.com \(amavis\); dkim=pass \(2048-bit key\) header\.d=example\.com header\.b="[^"]{8}"; dkim=pass \(256-bit key\) header\.d=example\.com header\.b="[^"]{8}"\r?$/m,
  )
  await until('the log entry', () =>
    /Passed CLEAN \{RelayedInbound\}, FRIEND .*dkim_sd=r1:example\.com,e1:example\.com, /.test(
      daemonLog(home),
    ),
  )

  const forged = 'Authentication-Results: filter.example.com; dkim=pass header.d=bank.test\r\n'
  const altered = Buffer.concat([Buffer.from(forged), signed.subarray(0, -7), Buffer.from('HELLO\r\n')])
  const results = await back(altered)
  assert.match(
    results,
    /dkim=fail \(2048-bit key\) reason="body has been altered"|dkim=fail reason="body has been altered"/,
  )
  assert.doesNotMatch(results, /bank\.test/)

  const before = sink.mails.length
  const program = MAIL.replace('hello', 'hi').replace(
    'Message-ID',
    'MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=a.exe\r\nMessage-ID',
  )
  const refused = {sender: 'a@example.com', recipient: 'b@other.test', octets: Buffer.from(program)}
  assert.match(await sendMail(submission, refused), /^250 /)
  await until('the notification', () => sink.mails.length > before)
  const dsn = sink.mails.at(-1)!
  assert.equal(dsn.sender, '')
  assert.match(
    dsn.octets.toString('latin1'),
    /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/simple;\s+d=filter\.example\.com;/,
  )

  const silent = Buffer.from(signed.toString('latin1').replaceAll(/s=[re]1;/g, 's=silent;'), 'latin1')
  assert.match(await back(silent), /dkim=temperror/)
})
