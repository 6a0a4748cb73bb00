/** TLS and AUTH between a real Postfix and the filter, in both directions, with good and with bad certificates. */
import assert from 'node:assert/strict'
import {execFileSync} from 'node:child_process'
import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {daemonLog, startDaemon} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'

const NAME = 'mx.example.com'
const PASSWORD = 'not-for-all-eyes'
const ADDRESS = 'recipient@example.com'

/** A certificate authority and certificates: each has its file `NAME.pem`, key and certificate in one. */
function makeCertificates(folder: string): void {
  mkdirSync(folder)
  const file = (name: string) => path.join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, {cwd: folder, stdio: 'pipe'})
  const request = (name: string, host: string, ...rest: string[]) =>
    openssl(
      'req',
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${host}`],
      ...['-addext', `subjectAltName=DNS:${host}`, '-keyout', `${name}.key`, '-out', `${name}.crt`],
      ...rest,
    )
  writeFileSync(
    file('ca.cnf'),
    `[ca]\ndefault_ca=it\n[it]\ndatabase=index\nunique_subject=no\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n`,
  )
  writeFileSync(file('index'), '')
  writeFileSync(file('serial'), '01\n')
  request('ca', 'Test authority', '-x509', '-days', '3650', '-addext', 'basicConstraints=critical,CA:true')
  request('self-signed', NAME, '-x509', '-days', '3650')
  const signed: readonly [name: string, host: string, until: string][] = [
    ['good', NAME, '20991231000000Z'],
    ['wrong-name', 'other.example.net', '20991231000000Z'],
    ['expired', NAME, '20210101000000Z'],
  ]
  for (const [name, host, end] of signed) {
    request(name, host)
    const line = `ca -batch -config ca.cnf -cert ca.crt -keyfile ca.key -in ${name}.crt -out ${name}.signed -notext`
    openssl(...line.split(' '), '-startdate', '20200101000000Z', '-enddate', end)
    execFileSync('mv', [file(`${name}.signed`), file(`${name}.crt`)])
  }
  for (const name of ['good', 'wrong-name', 'expired', 'self-signed'])
    execFileSync('sh', ['-c', `cat ${name}.key ${name}.crt > ${name}.pem`], {cwd: folder})
}

type Outcome = 'encrypted' | 'in the clear' | 'stays' | 'is refused'

/** What our next hop offers, what we are told to do, and what becomes of the mail. */
const OUT: readonly [offers: string, level: string | undefined, verify: boolean, outcome: Outcome][] = [
  ['nothing', undefined, false, 'in the clear'],
  ['nothing', 'may', false, 'in the clear'],
  ['nothing', 'encrypt', false, 'stays'],
  ['good', undefined, false, 'in the clear'],
  ['good', 'may', false, 'encrypted'],
  ['good', 'encrypt', false, 'encrypted'],
  ['good', 'encrypt', true, 'encrypted'],
  ['good', 'may', true, 'encrypted'],
  ['wrong-name', 'may', false, 'encrypted'],
  ['wrong-name', 'encrypt', true, 'stays'],
  ['self-signed', 'encrypt', false, 'encrypted'],
  ['self-signed', 'encrypt', true, 'stays'],
  ['expired', 'may', false, 'encrypted'],
  ['expired', 'encrypt', true, 'stays'],
  ['insists', undefined, false, 'is refused'],
  ['insists', 'may', false, 'encrypted'],
]

const mail = (subject: string) =>
  Buffer.from(
    `Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: <me@example.com>\r\nMessage-ID: <${subject.replaceAll(' ', '.')}@example.com>\r\nSubject: ${subject}\r\n\r\nhello\r\n`,
  )

test('TLS towards a real Postfix', async t => {
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  const certificates = path.join(home, 'certificates')
  makeCertificates(certificates)
  const sink = await startSink()
  t.after(() => sink.close())
  const offers = [...new Set(OUT.map(([offer]) => offer))]
  const hops = new Map<string, number>()
  for (const offer of offers) hops.set(offer, await freePort())
  const services = offers.map(offer => {
    const level = offer === 'nothing' ? 'none' : offer === 'insists' ? 'encrypt' : 'may'
    const certificate = offer === 'insists' || offer === 'nothing' ? 'good' : offer
    return `127.0.0.1:${hops.get(offer)} inet n - n - - smtpd -o smtpd_tls_security_level=${level} -o smtpd_tls_chain_files=${certificates}/${certificate}.pem`
  })
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}\nsmtpd_tls_received_header = yes\n`,
    `${services.join('\n')}\n`,
  )
  t.after(() => postfix.stop())
  const names = [...hops.values()].map(hop => `'[127.0.0.1]:${hop}' => '${NAME}'`)
  const verifying = `%smtp_tls_client_options = (SSL_verify_mode => 1, SSL_ca_file => '${certificates}/ca.crt');
%smtp_tls_client_verifycn_name_maps = (${names.join(', ')});`
  const listens = new Map<string, number>()
  for (const verifies of [false, true]) {
    const banks: string[] = []
    const ports: number[] = []
    for (const [offer, level, verify] of OUT.filter(([, , wanted]) => wanted === verifies)) {
      const port = await freePort()
      ports.push(port)
      listens.set(`${offer} ${level} ${verify}`, port)
      banks.push(
        `$interface_policy{'${port}'} = 'B${port}'; $policy_bank{'B${port}'} = {forward_method => 'smtp:[127.0.0.1]:${hops.get(offer)}', tls_security_level_out => ${level ? `'${level}'` : 'undef'}};`,
      )
    }
    const own = path.join(home, verifies ? 'verifies' : 'trusts')
    mkdirSync(own)
    const port = await freePort()
    await startDaemon(
      t,
      own,
      port,
      `push @listen_sockets, ${ports.join(', ')}; $enable_zmq = 0; $max_servers = 2;
${verifies ? verifying : ''}
${banks.join('\n')}`,
    )
  }
  for (const [n, [offer, level, verify, outcome]] of OUT.entries()) {
    const says = `${level ?? 'no TLS'}${verify ? ' and a certificate that is right' : ''}`
    await t.test(`a next hop that offers "${offer}", told ${says}: ${outcome}`, async () => {
      const subject = `case ${n}`
      const reply = await sendMail(listens.get(`${offer} ${level} ${verify}`)!, {
        sender: 'me@example.com',
        recipient: ADDRESS,
        octets: mail(subject),
      })
      const arrived = () =>
        sink.mails.find(({octets}) => octets.includes(`Subject: ${subject}\r\n`))?.octets.toString('latin1')
      if (outcome === 'stays' || outcome === 'is refused') {
        assert.match(reply, outcome === 'stays' ? /^4\d\d / : /^530 5\.7\.0 .*STARTTLS/)
        assert.equal(arrived(), undefined)
        return
      }
      assert.match(reply, /^250 /, reply)
      const text = await until('the mail', arrived)
      assert.equal(/\(using TLSv1\.[23] with cipher /.test(text), outcome === 'encrypted', text)
    })
  }
})

test('AUTH towards a real Postfix, which takes mail from those only whom it knows', async t => {
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  const certificates = path.join(home, 'certificates')
  makeCertificates(certificates)
  const sasl = temporaryFolder(t)
  chmodSync(sasl, 0o755)
  execFileSync('saslpasswd2', ['-p', '-c', '-f', `${sasl}/users`, '-u', 'example.com', 'relay'], {
    input: PASSWORD,
  })
  execFileSync('chown', ['postfix', `${sasl}/users`])
  const sink = await startSink()
  t.after(() => sink.close())
  const [hop, good, wrong, clear] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}
smtpd_sasl_local_domain = example.com
smtpd_sasl_authenticated_header = yes`,
    `127.0.0.1:${hop} inet n - n - - smtpd -o smtpd_tls_security_level=may -o smtpd_tls_auth_only=yes
  -o smtpd_tls_chain_files=${certificates}/good.pem -o smtpd_sasl_auth_enable=yes -o smtpd_delay_reject=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject`,
  )
  t.after(() => postfix.stop())
  // where Debian's Postfix looks
  mkdirSync(path.join(postfix.folder, 'etc/sasl'))
  writeFileSync(
    path.join(postfix.folder, 'etc/sasl/smtpd.conf'),
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${sasl}/users\nmech_list: PLAIN LOGIN\n`,
  )
  const bank = (port: number, name: string, level: string, password: string) =>
    `$interface_policy{'${port}'} = '${name}'; $policy_bank{'${name}'} = {tls_security_level_out => ${level}, amavis_auth_pass => '${password}'};`
  await startDaemon(
    t,
    home,
    good,
    `$inet_socket_port = [${good}, ${wrong}, ${clear}]; $enable_zmq = 0; $log_level = 5;
$forward_method = 'smtp:[127.0.0.1]:${hop}'; $amavis_auth_user = 'relay'; $auth_reauthenticate_forwarded = 1;
${bank(good, 'GOOD', "'encrypt'", PASSWORD)}
${bank(wrong, 'WRONG', "'encrypt'", 'something-else')}
${bank(clear, 'CLEAR', 'undef', PASSWORD)}`,
  )
  const send = (port: number, subject: string) =>
    sendMail(port, {sender: 'me@example.com', recipient: ADDRESS, octets: mail(subject)})
  assert.match(await send(good, 'known'), /^250 /, postfix.log())
  const known = await until('the mail', () => sink.mails[0])
  assert.match(known.octets.toString('latin1'), /\(Authenticated sender: relay@?/)
  assert.match(await send(wrong, 'unknown'), /^[45]\d\d /)
  assert.match(await send(clear, 'in the clear'), /^[45]\d\d /)
  assert.equal(sink.mails.length, 1)
  for (const written of [PASSWORD, Buffer.from(`\0relay\0${PASSWORD}`).toString('base64')])
    assert.ok(!daemonLog(home).includes(written), 'a password stands in the log')
})

test('a real Postfix comes with TLS and AUTH, and stays outside without', async t => {
  const home = temporaryFolder(t)
  chmodSync(home, 0o755)
  const certificates = path.join(home, 'certificates')
  makeCertificates(certificates)
  const sink = await startSink()
  t.after(() => sink.close())
  const port = await freePort()
  await startDaemon(
    t,
    home,
    port,
    `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0; $log_level = 5;
$tls_security_level_in = 'encrypt'; $smtpd_tls_cert_file = $smtpd_tls_key_file = '${certificates}/good.pem';
@auth_mech_avail = ('PLAIN', 'LOGIN'); $auth_required_inp = 1; %smtpd_auth_users = (relay => '${PASSWORD}');`,
  )
  const transport = (name: string, options: string) =>
    `${name} unix - - n - - smtp -o smtp_sasl_auth_enable=yes -o smtp_sasl_security_options=noanonymous ${options}`
  const password = (text: string) => `-o smtp_sasl_password_maps=inline:{{[127.0.0.1]:${port}=relay:${text}}}`
  const secure = `-o smtp_tls_security_level=secure -o smtp_tls_secure_cert_match=${NAME} -o smtp_tls_CAfile=${certificates}/ca.crt`
  const postfix = startPostfix(
    `transport_maps = inline:{ {good.test=good:[127.0.0.1]:${port}}, {wrong.test=wrong:[127.0.0.1]:${port}}, {clear.test=clear:[127.0.0.1]:${port}}, {login.test=login:[127.0.0.1]:${port}} }
smtp_tls_loglevel = 1`,
    `${transport('good', `${secure} ${password(PASSWORD)}`)}
${transport('login', `${secure} -o smtp_sasl_mechanism_filter=login ${password(PASSWORD)}`)}
${transport('wrong', `${secure} ${password('something-else')}`)}
${transport('clear', `-o smtp_tls_security_level=none ${password(PASSWORD)}`)}`,
  )
  t.after(() => postfix.stop())
  const domains = ['good.test', 'login.test', 'wrong.test', 'clear.test']
  for (const domain of domains) postfix.submit('me@example.com', [`user@${domain}`], mail(domain))
  const statusOf = (domain: string) =>
    new RegExp(`to=<user@${domain}>.* status=(\\w+) \\((.*)\\)`).exec(postfix.log())
  await until('all to be tried', () => domains.every(statusOf))
  assert.equal(statusOf('good.test')?.[1], 'sent', postfix.log())
  assert.equal(statusOf('login.test')?.[1], 'sent', postfix.log())
  assert.match(statusOf('wrong.test')?.[0] ?? '', /status=deferred .*535 5\.7\.8/)
  assert.match(statusOf('clear.test')?.[0] ?? '', /status=\w+ .*STARTTLS/)
  assert.match(postfix.log(), /Verified TLS connection established to 127\.0\.0\.1/)
  assert.equal(sink.mails.length, 2)
  const log = daemonLog(home)
  for (const written of [PASSWORD, 'something-else', Buffer.from(`\0relay\0${PASSWORD}`).toString('base64')])
    assert.ok(!log.includes(written), 'a password stands in the log')
})
