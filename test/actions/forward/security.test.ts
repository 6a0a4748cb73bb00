import assert from 'node:assert/strict'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import {after, afterEach, test} from 'node:test'
import {settingsFrom} from '../../lookup/settings.ts'
import {TEST_CERTIFICATE} from '../../support/certificate.ts'
import {type Behaviour, type NextHop, type Script, startNextHop} from './next-hop.ts'
import {type Sender, shown, startSender} from './sending.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-tls-'))
const authority = path.join(folder, 'ca.pem')
writeFileSync(authority, TEST_CERTIFICATE)
after(() => rmSync(folder, {recursive: true}))

let hop: NextHop | undefined
let sender: Sender | undefined
afterEach(async () => {
  await sender?.close()
  await hop?.close()
  hop = sender = undefined
})

const TLS = '250-sink\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS'
const NO_TLS = '250-sink\r\n250-AUTH LOGIN\r\n250 PIPELINING'
const VERIFY = `$smtp_tls_client_options{'SSL_verify_mode'} = 1; $smtp_tls_client_options{'SSL_ca_file'} = '${authority}';`
const AUTH = "$auth_reauthenticate_forwarded = 1; $amavis_auth_user = 'us'; $amavis_auth_pass = 'pw';"

interface Case {
  readonly title: string
  readonly conf: string
  readonly script: Script
  readonly host?: string
  readonly reply: RegExp
  /** what the next hop was told, in order; content left out */
  readonly told: readonly string[]
}

const MAIL = ['MAIL FROM:<s@example.org>', 'RCPT TO:<r@example.com>', 'DATA']
const cases: readonly Case[] = [
  {
    title: 'TLS is not asked for unless it is wanted',
    conf: '',
    script: {ehlo: TLS},
    reply: /^250/,
    told: ['EHLO localhost', ...MAIL],
  },
  {
    title: 'may: TLS where it is offered, and EHLO again',
    conf: "$tls_security_level_out = 'may';",
    script: {ehlo: TLS},
    reply: /^250/,
    told: ['EHLO localhost', 'STARTTLS', 'EHLO localhost', ...MAIL],
  },
  {
    title: 'may: without TLS where it is not offered',
    conf: "$tls_security_level_out = 'may';",
    script: {ehlo: NO_TLS},
    reply: /^250/,
    told: ['EHLO localhost', ...MAIL],
  },
  {
    title: 'may: without TLS where it is refused',
    conf: "$tls_security_level_out = 'may';",
    script: {ehlo: TLS, starttls: '454 4.7.0 not now'},
    reply: /^250/,
    told: ['EHLO localhost', 'STARTTLS', ...MAIL],
  },
  {
    title: 'encrypt: not without TLS',
    conf: "$tls_security_level_out = 'encrypt';",
    script: {ehlo: NO_TLS},
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost'],
  },
  {
    title: 'encrypt: a refusal of STARTTLS is passed on',
    conf: "$tls_security_level_out = 'encrypt';",
    script: {ehlo: TLS, starttls: '454 4.7.0 not now'},
    reply: /^454 4\.7\.0 .*not now/,
    told: ['EHLO localhost', 'STARTTLS'],
  },
  {
    title: 'what is said between STARTTLS and the handshake is not believed',
    conf: "$tls_security_level_out = 'may';",
    script: {ehlo: TLS, injected: '\r\n250 sink'},
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost', 'STARTTLS'],
  },
  {
    title: 'a certificate is verified where that is configured',
    conf: `$tls_security_level_out = 'encrypt'; ${VERIFY}`,
    script: {ehlo: TLS},
    host: 'localhost',
    reply: /^250/,
    told: ['EHLO localhost', 'STARTTLS', 'EHLO localhost', ...MAIL],
  },
  {
    title: 'a certificate for another name is not enough',
    conf: `$tls_security_level_out = 'encrypt'; ${VERIFY}`,
    script: {ehlo: TLS},
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost', 'STARTTLS'],
  },
  {
    title: 'a certificate that nobody has signed is not enough',
    conf: "$tls_security_level_out = 'encrypt'; $smtp_tls_client_options{'SSL_verify_mode'} = 1;",
    script: {ehlo: TLS},
    host: 'localhost',
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost', 'STARTTLS'],
  },
  {
    title: 'AUTH PLAIN after TLS',
    conf: `$tls_security_level_out = 'encrypt'; ${AUTH}`,
    script: {ehlo: TLS},
    reply: /^250/,
    told: ['EHLO localhost', 'STARTTLS', 'EHLO localhost', 'AUTH PLAIN AHVzAHB3', ...MAIL],
  },
  {
    title: 'AUTH LOGIN over the loopback',
    conf: AUTH,
    script: {ehlo: NO_TLS, auth: (_, n) => (n < 2 ? '334 VXNlcm5hbWU6' : '235 2.7.0 Ok')},
    reply: /^250/,
    told: ['EHLO localhost', 'AUTH LOGIN', 'dXM=', 'cHc=', ...MAIL],
  },
  {
    title: 'credentials that are refused keep the mail with the client',
    conf: AUTH,
    script: {ehlo: NO_TLS, auth: () => '535 5.7.8 no'},
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost', 'AUTH LOGIN'],
  },
  {
    title: 'AUTH that is not offered is done without',
    conf: AUTH,
    script: {},
    reply: /^250/,
    told: ['EHLO localhost', ...MAIL],
  },
  {
    title: 'AUTH that is not offered, where it is required',
    conf: `${AUTH} $auth_required_out = 1;`,
    script: {},
    reply: /^451 4\.5\.0/,
    told: ['EHLO localhost'],
  },
  {
    title: "others' mail goes without our credentials",
    conf: "$amavis_auth_user = 'us'; $amavis_auth_pass = 'pw';",
    script: {ehlo: NO_TLS},
    reply: /^250/,
    told: ['EHLO localhost', ...MAIL],
  },
]

for (const protocol of ['smtp', 'lmtp']) {
  for (const {title, conf, script, host = '[127.0.0.1]', reply, told} of cases) {
    test(`${protocol}: ${title}`, async () => {
      hop = await startNextHop(script)
      sender = startSender()
      const settings = settingsFrom(`use strict;\n${conf}\n1;`)
      const [answer] = shown(await sender.send({method: `${protocol}:${host}:${hop.port}`, settings}))
      assert.match(answer!, reply)
      assert.deepEqual(
        hop.commands.filter(line => !/octets\)$/.test(line)),
        protocol === 'lmtp' ? told.map(line => line.replace('EHLO', 'LHLO')) : told,
      )
      // credentials are nobody's business
      assert.doesNotMatch(JSON.stringify(sender.logged), /AHVzAHB3|cHc=/)
    })
  }
}

/** At which step of an encrypted conversation what goes wrong, and what our client is told. */
const FAULTS: readonly [
  step: 'starttls' | 'mail' | 'rcpt' | 'data' | 'dot',
  behaviour: Behaviour,
  reply: RegExp,
][] = [
  ['starttls', 'CLOSE', /^451 4\.[45]\./],
  ['starttls', '421 4.3.2 going down', /^4\d\d 4/],
  ['starttls', '454 4.7.0 not now', /^4\d\d 4/],
  ['mail', 'CLOSE', /^451 4/],
  ['mail', '421 4.3.2 going down', /^4\d\d 4/],
  ['mail', '450 4.7.1 later', /^450 4\.7\.1/],
  ['mail', '550 5.7.1 no', /^550 5\.7\.1/],
  ['rcpt', 'CLOSE', /^451 4/],
  ['rcpt', '421 4.3.2 going down', /^4\d\d 4/],
  ['rcpt', '450 4.2.0 later', /^450 4\.2\.0/],
  ['rcpt', '550 5.1.1 unknown', /^550 5\.1\.1/],
  ['data', 'CLOSE', /^451 4/],
  ['data', '421 4.3.2 going down', /^4\d\d 4/],
  ['data', '451 4.3.0 later', /^451 4\.3\.0/],
  ['data', '554 5.5.1 no', /^554 5\.5\.1/],
  ['dot', 'CLOSE', /^451 4/],
  ['dot', '421 4.3.2 going down', /^4\d\d 4/],
  ['dot', '452 4.3.1 full', /^452 4\.3\.1/],
  ['dot', '554 5.6.0 not this', /^554 5\.6\.0/],
]
for (const protocol of ['smtp', 'lmtp']) {
  for (const [step, behaviour, reply] of FAULTS) {
    test(`${protocol}, encrypted: ${behaviour} at ${step}`, async () => {
      hop = await startNextHop({ehlo: TLS, [step]: behaviour})
      sender = startSender()
      const settings = settingsFrom("use strict;\n$tls_security_level_out = 'encrypt';\n1;")
      const [answer] = shown(await sender.send({method: `${protocol}:[127.0.0.1]:${hop.port}`, settings}))
      assert.match(answer!, reply)
      assert.ok(hop.contents.length <= 1)
    })
  }
}

test('a connection is used again only for mail of the same policy', async () => {
  hop = await startNextHop({ehlo: TLS})
  sender = startSender()
  const method = `smtp:[127.0.0.1]:${hop.port}`
  const encrypting = settingsFrom("use strict;\n$tls_security_level_out = 'encrypt';\n1;")
  await sender.send({method})
  await sender.send({method, settings: encrypting})
  await sender.send({method, settings: encrypting})
  await sender.send({method})
  assert.equal(hop.connections(), 2)
})
