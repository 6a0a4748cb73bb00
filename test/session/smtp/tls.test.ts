import assert from 'node:assert/strict'
import {once} from 'node:events'
import {writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import tls from 'node:tls'
import {TEST_CERTIFICATE, TEST_KEY} from '../../support/certificate.ts'
import {temporaryFolder} from '../../support/wait.ts'
import {Client, startServer} from './harness.ts'

test('nothing of a mail that was begun in the clear is in one that comes encrypted', async t => {
  const folder = temporaryFolder(t)
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  writeFileSync(cert, TEST_CERTIFICATE)
  writeFileSync(key, TEST_KEY)
  const server = await startServer({
    settings: {$tls_security_level_in: 'may', $smtpd_tls_cert_file: cert, $smtpd_tls_key_file: key},
  })
  t.after(() => server.close())
  const client = await Client.connect(server.port)
  for (const line of ['EHLO x', 'MAIL FROM:<evil@x>', 'RCPT TO:<r@x>']) await client.ask(line)
  assert.match(await client.ask('BDAT 15\r\nSubject: evil'), /^250 2\.0\.0 15 octets/)
  assert.match(await client.ask('STARTTLS'), /^220 /)
  client.socket.removeAllListeners('data')
  const secured = tls.connect({socket: client.socket, rejectUnauthorized: false})
  await once(secured, 'secureConnect')
  secured.write('MAIL FROM:<s@x>\r\nRCPT TO:<r@x>\r\nBDAT 15 LAST\r\nSubject: good\r\nQUIT\r\n')
  let said = ''
  for await (const chunk of secured) said += chunk
  assert.match(said, /^250 2\.1\.0 .*\r\n250 2\.1\.5 .*\r\n250 2\.0\.0 .*\r\n221 /)
  assert.deepEqual(
    server.mails.map(({content}) => content.toString()),
    ['Subject: good\r\n'],
  )
})
