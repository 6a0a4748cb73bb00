/**
 * Our signatures before the eyes of others: Mail::DKIM and dkimpy of Debian (libmail-dkim-perl, python3-dkim) verify
 * mails with odd headers and bodies, signed in every form.
 */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {generateKeyPairSync} from 'node:crypto'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {verifySignatures} from '../../src/checks/dkim/verify.ts'
import {parseHeader} from '../../src/message/header.ts'
import {signOwn} from '../../src/pipeline/signing.ts'
import {settingsFrom} from '../lookup/settings.ts'
import {temporaryFolder} from '../support/wait.ts'

const HEADERS: Readonly<Record<string, string>> = {
  usual:
    'From: A <a@example.com>\r\nTo: b@other.test\r\nSubject: hello\r\nDate: Mon, 23 Nov 2026 03:00:00 +0000\r\n' +
    'Message-ID: <m1@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n',
  folded:
    'Received: from x by y;\r\n\tMon, 23 Nov 2026 03:00:00 +0000\r\nFrom: "A  long\r\n name"\r\n  <a@example.com>\r\n' +
    'SUBJECT:no blank   but  many \t\r\n ends with blanks  \t\r\nDate:\r\n Mon, 23 Nov 2026 03:00:00 +0000\r\n',
  repeated:
    'Received: one\r\nReceived: two\r\nReceived: three\r\nFrom: a@example.com\r\nSubject: first\r\nSubject: second\r\n' +
    'Subject: third\r\nDate: Mon, 23 Nov 2026 03:00:00 +0000\r\n',
  '8-bit': 'From: \xc3\xa9 <a@example.com>\r\nSubject: gr\xfc\xdfe \xc3\xa9\r\nX-Mailer: \xff\xfe\r\n',
  empty:
    'From: a@example.com\r\nSubject:\r\nReply-To: \r\nIn-Reply-To:\t\r\nReferences:\r\n \t\r\n <r@example.com>\r\n',
}
const BODIES: Readonly<Record<string, string>> = {
  none: '',
  'one line': 'hello\r\n',
  'no line end': 'hello',
  'blank lines at the end': 'hello\r\n \t\r\n\r\n\r\n',
  'nothing but blank lines': '\r\n\r\n',
  'blanks everywhere': '  a\t\tb \r\n\tc\r\n d  e \t \r\n',
  'long lines': `${'x'.repeat(3000)}\r\n${'y '.repeat(1500)}\r\n`,
  '8-bit': '\xe9\xff\x80 \xc3\xa9\r\n',
  large: 'The same line, time and again, until it is large.\r\n'.repeat(60_000),
}

const PERL = `
use strict; use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS;
my ($zone, @files) = @ARGV; my %txt;
open(my $z, '<', $zone) or die; while (<$z>) { chomp; my ($name, $text) = split /\\t/, $_, 2; $txt{$name} = $text }
no warnings 'redefine';
sub records { my ($name) = @_; my $text = $txt{lc $name}; defined $text ? (Net::DNS::RR->new(name => $name, type => 'TXT', txtdata => [$text =~ /(.{1,200})/g])) : () }
*Mail::DKIM::DNS::query = sub { records($_[0]) };
*Mail::DKIM::DNS::query_async = sub { my ($name, $type, %more) = @_; my @found = records($name); my $done = $more{Callbacks}{Success}; sub { $done ? $done->(@found) : @found } };
for my $file (@files) {
  my $verifier = Mail::DKIM::Verifier->new(); open(my $mail, '<:raw', $file) or die; local $/; $verifier->PRINT(<$mail>); $verifier->CLOSE;
  print join(' ', $file, map { $_->algorithm . '=' . $_->result_detail } $verifier->signatures), "\\n";
}`

const PYTHON = `
import sys, dkim
zone = dict(line.rstrip('\\n').split('\\t', 1) for line in open(sys.argv[1]))
lookup = lambda name, timeout=5: zone.get(name.decode().rstrip('.').lower(), '').encode()
for name in sys.argv[2:]:
    mail = open(name, 'rb').read()
    count = sum(1 for field, _ in dkim.DKIM(mail).headers if field.lower() == b'dkim-signature')
    results = []
    for n in range(count):
        try: results.append('pass' if dkim.DKIM(mail).verify(idx=n, dnsfunc=lookup) else 'fail')
        except Exception as error: results.append(repr(error))
    print(name, *results)
`

test('Mail::DKIM and dkimpy find our signatures valid, of rsa and ed25519, in all forms', async t => {
  const folder = temporaryFolder(t)
  const rsa = generateKeyPairSync('rsa', {modulusLength: 2048})
  const edwards = generateKeyPairSync('ed25519')
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(path.join(folder, name), text)
    return path.join(folder, name)
  }
  const rsaFile = file('rsa.pem', rsa.privateKey.export({format: 'pem', type: 'pkcs1'}))
  const edwardsFile = file('ed25519.pem', edwards.privateKey.export({format: 'pem', type: 'pkcs8'}))
  const records = new Map([
    [
      'r1._domainkey.example.com',
      `v=DKIM1; k=rsa; p=${rsa.publicKey.export({format: 'der', type: 'spki'}).toString('base64')}`,
    ],
    [
      'e1._domainkey.example.com',
      `v=DKIM1; k=ed25519; p=${edwards.publicKey.export({format: 'der', type: 'spki'}).subarray(-32).toString('base64')}`,
    ],
  ])
  const zone = file('zone', [...records].map(([name, text]) => `${name}\t${text}\n`).join(''))

  const files: string[] = []
  for (const form of ['relaxed/relaxed', 'relaxed/simple', 'simple/relaxed', 'simple/simple']) {
    const settings = settingsFrom(`
dkim_key('example.com', 'r1', '${rsaFile}');
dkim_key('example.com', 'e1', '${edwardsFile}');
@dkim_signature_options_bysender_maps = ({'.' => {c => '${form}', ttl => 86400}});`)
    for (const [n, header] of Object.values(HEADERS).entries()) {
      for (const [m, body] of Object.values(BODIES).entries()) {
        const mail = Buffer.from(`${header}\r\n${body}`, 'latin1')
        const log = {enabled: () => false, write() {}, forTask: () => log}
        const {octets, pairs} = await signOwn(mail, {envelopeSender: 'a@example.com', settings, log})
        assert.deepEqual(pairs, ['r1:example.com', 'e1:example.com'])
        const own = await verifySignatures(octets, parseHeader(octets), async name => [
          [records.get(name) ?? ''],
        ])
        assert.deepEqual(
          own.map(({result, detail}) => result + detail),
          ['pass', 'pass'],
          `${form} header ${n} body ${m}`,
        )
        // SMTP ends every mail with a line end
        const end = octets.subarray(-2).equals(Buffer.from('\r\n')) ? '' : '\r\n'
        files.push(file(`${form.replace('/', '-')}-${n}-${m}.eml`, Buffer.concat([octets, Buffer.from(end)])))
      }
    }
  }
  const lines = (text: string) => text.trim().split('\n')
  const options = {encoding: 'utf8', maxBuffer: 1 << 26} as const

  await t.test(`Mail::DKIM, ${files.length} mails`, () => {
    const said = lines(execFileSync('perl', ['-e', PERL, zone, ...files], options))
    assert.equal(said.length, files.length)
    assert.deepEqual(
      said.filter(line => !line.includes(' rsa-sha256=pass')),
      [],
    )
  })

  await t.test(`dkimpy, ${files.length} mails`, () => {
    const said = lines(execFileSync('/usr/bin/python3', ['-c', PYTHON, zone, ...files], options))
    assert.equal(said.length, files.length)
    assert.deepEqual(
      said.filter(line => !line.endsWith('.eml pass pass')),
      [],
    )
  })
})
