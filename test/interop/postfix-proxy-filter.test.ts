/** A real Postfix hands each mail on before it answers its client (smtpd_proxy_filter), while the filter reloads. */
import assert from 'node:assert/strict'
import path from 'node:path'
import {test} from 'node:test'
import {demoMail} from '../../src/demo/mails.ts'
import {startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {startDaemon} from '../support/daemon.ts'
import {sendTraffic} from '../support/traffic.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'

test('reloads behind smtpd_proxy_filter cause no 4xx and no queue file write error', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const [entry, reinjection, filter] = [await freePort(), await freePort(), await freePort()]
  const home = temporaryFolder(t)
  await startDaemon(t, home, filter, `$forward_method = 'smtp:[127.0.0.1]:${reinjection}';\n$enable_zmq = 0;`)
  const postfix = startPostfix(
    `relayhost = [127.0.0.1]:${sink.port}`,
    `127.0.0.1:${entry} inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:${filter}
  -o smtpd_client_connection_count_limit=10
127.0.0.1:${reinjection} inet n - n - - smtpd
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o receive_override_options=no_unknown_recipient_checks`,
  )
  t.after(() => postfix.stop())
  const mails = Array.from({length: 700}, (_, n) => demoMail(n)).filter(mail => mail.kind === 'clean')

  const traffic = sendTraffic(entry, mails)
  for (let i = 0; i < 3; i++) {
    const reload = await amavis('reload', '-c', path.join(home, 'amavisd.conf'))
    assert.equal(reload.status, 0, reload.stdout + reload.stderr)
  }
  const {acknowledged, broken, refused} = await traffic

  assert.deepEqual([broken, refused], [[], []])
  assert.equal(acknowledged.size, mails.length)
  await until('every mail to be delivered', () => sink.mails.length >= mails.length, 60_000)
  assert.equal(sink.mails.length, mails.length, 'no mail twice')
  assert.doesNotMatch(postfix.log(), /queue file write error|warning: proxy|status=(?:deferred|bounced)/)
})
