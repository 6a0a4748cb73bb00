/** A real Postfix as a client that our own sessions limit, by the recipe; counted by amavis anvil, and by the anvil of Postfix. */
import assert from 'node:assert/strict'
import {execFile} from 'node:child_process'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {promisify} from 'node:util'
import {startSink} from '../../src/demo/sink.ts'
import {amavis} from '../support/amavis.ts'
import {anvilFolder} from '../support/anvil.ts'
import {daemonLog, startDaemon, writeConfiguration} from '../support/daemon.ts'
import {converse} from '../support/hop.ts'
import {readRecipe} from '../support/recipe.ts'
import {freePort, until} from '../support/wait.ts'
import {startPostfix} from './postfix-server.ts'

const MAILS = 20

/** Postfix sends all its mail to a port of the filter, over up to eight connections, and soon tries again. */
async function startMta(t: TestContext, filter: number) {
  const port = await freePort()
  const postfix = startPostfix(
    `content_filter = smtp-amavis:[127.0.0.1]:${filter}
smtpd_relay_restrictions = permit_mynetworks, reject
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
default_destination_rate_delay = 0s`,
    `smtp-amavis unix - - n - 8 smtp -o smtp_send_xforward_command=yes -o smtp_connection_cache_on_demand=no
127.0.0.1:${port} inet n - n - - smtpd -o receive_override_options=no_address_mappings
`,
  )
  t.after(() => postfix.stop())
  const source = [
    '-m',
    String(MAILS),
    '-s',
    '4',
    '-f',
    's@remote.test',
    '-t',
    'u@example.com',
    `127.0.0.1:${port}`,
  ]
  return {postfix, send: () => promisify(execFile)('smtp-source', source, {timeout: 60_000})}
}

test('by the recipe: a Postfix beyond its limits waits and comes again, and all its mail arrives', async t => {
  const sink = await startSink(() => 20)
  t.after(() => sink.close())
  const home = anvilFolder(t)
  const [plain, port, submit] = [await freePort(), await freePort(), await freePort()]
  const recipe =
    readRecipe('docs/postfix.md', 'Limits at our own port').get('/etc/amavis/conf.d/50-user') ?? ''
  const settings = `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $notify_method = $forward_method;
$anvil_socket = "$MYHOME/postfix"; $enable_zmq = 0;
${recipe.replaceAll('10024', `${plain}, ${port}`).replaceAll('10026', String(submit))}
# another address stands for this machine; and less, to be beyond it soon
@smtpd_client_event_limit_exceptions = qw( 127.0.0.9 );
$interface_policy{'${port}'} = 'MTA';
$policy_bank{'MTA'} = {smtpd_client_connection_count_limit => 2, smtpd_client_message_rate_limit => 5};
$anvil_rate_time_unit = 6; $log_level = 0;`
  const conf = writeConfiguration(home, plain, settings)
  const started = await amavis('anvil', 'start', '--allow-root', '-c', conf)
  assert.equal(started.status, 0, started.stderr)
  await startDaemon(t, home, plain, settings)
  const {postfix, send} = await startMta(t, port)
  await send()
  const arrived = () => {
    if (sink.mails.length >= MAILS && postfix.queued().length === 0) return true
    postfix.lookForMail()
    return false
  }
  await until('all mail', arrived, 120_000)
  assert.equal(sink.mails.length, MAILS)
  const log = daemonLog(home)
  const hit = (limit: string) =>
    log.split('\n').filter(line => line.includes(`$smtpd_client_${limit}_limit is `))
  assert.ok(hit('connection_count').length > 0, log)
  assert.ok(hit('message_rate').length > 0, log)
  assert.match(postfix.log(), /421 4\.7\.0 Too many connections at once from 127\.0\.0\.1/)
  assert.match(postfix.log(), /450 4\.7\.1 Too much mail from 127\.0\.0\.1/)
  assert.doesNotMatch(postfix.log(), /status=bounced/)

  const mail = ['EHLO c', 'MAIL FROM:<s@remote.test>']
  const recipients = Array.from({length: 301}, (_, n) => `RCPT TO:<u${n}@example.com>`)
  const said = await converse(submit, [...mail, ...recipients])
  assert.match(said.at(-3) ?? '', /^250 2\.1\.5 /)
  assert.equal(said.at(-2), '450 4.7.1 Too many recipients from 127.0.0.1')
})

test('the anvil of Postfix counts for us as well', async t => {
  const sink = await startSink()
  t.after(() => sink.close())
  const home = anvilFolder(t)
  const port = await freePort()
  const {postfix} = await startMta(t, port)
  const settings = `$forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $enable_zmq = 0;
$smtpd_anvil_socket = '${path.join(postfix.folder, 'queue/private/anvil')}';
@smtpd_client_event_limit_exceptions = (); $smtpd_client_message_rate_limit = 3; $log_level = 0;`
  await startDaemon(t, home, port, settings)
  const mail = 'MAIL FROM:<s@remote.test>'
  const codes = []
  for (let i = 0; i < 3; i++) codes.push(...(await converse(port, ['HELO c', mail, 'RSET', mail])))
  assert.deepEqual(
    codes.map(line => line.slice(0, 9)).filter(line => /^(?:250 2\.1|4)/.test(line)),
    ['250 2.1.0', '250 2.1.0', '250 2.1.0', '450 4.7.1', '450 4.7.1', '450 4.7.1'],
  )
  assert.doesNotMatch(daemonLog(home), /does not answer/)
})
