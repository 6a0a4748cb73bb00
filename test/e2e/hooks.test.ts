import assert from 'node:assert/strict'
import {chmodSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {runAmavis} from '../support/amavis.ts'
import {daemonLog, startDaemon, writeConfiguration} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const ROOT_ONLY = {skip: process.getuid?.() === 0 ? false : 'only root can own a module of hooks'}
const EXAMPLES = fileURLToPath(new URL('../../../docs/examples/', import.meta.url))

const mail = (subject: string) =>
  Buffer.from(
    `From: <a@remote.test>\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <m1@remote.test>\r\nSubject: ${subject}\r\n\r\nhello\r\n`,
  )

/** Own hooks as a file that only root can write. */
function hooksFile(home: string, name: string, text: string): string {
  const file = path.join(home, name)
  writeFileSync(file, text)
  chmodSync(file, 0o644)
  return file
}

test('the example of invoices: points for one recipient, a header field, a journal', ROOT_ONLY, async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const sink = await startSink()
  t.after(() => sink.close())
  const journal = path.join(home, 'journal')
  writeFileSync(path.join(home, 'known'), 'friend@remote.test\n')
  const text = readFileSync(path.join(EXAMPLES, 'invoices.ts'), 'utf8')
    .replace("process.env['INVOICES_KNOWN'] ?? '/etc/amavis/known-senders'", `'${home}/known'`)
    .replace("process.env['INVOICES_JOURNAL'] ?? '/var/lib/amavis/invoices.log'", `'${journal}'`)
  const file = hooksFile(home, 'invoices.ts', text)
  await startDaemon(
    t,
    home,
    port,
    `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $sa_tag_level_deflt = -999;`,
  )
  const recipient = ['user@example.com', 'accounting@example.com']
  assert.match(
    await sendMail(port, {sender: 'a@remote.test', recipient, octets: mail('Invoice 17')}),
    /^250 /,
  )
  const copies = sink.mails.map(({recipients, octets}) => [recipients.join(), octets.toString()] as const)
  assert.equal(copies.length, 2)
  for (const [to, sent] of copies) {
    assert.match(sent, /^X-House-Invoice: a@remote\.test has sent no invoice before\r\n/)
    assert.match(sent, to === 'user@example.com' ? /X-Spam-Score: 3\.5\r\n/ : /X-Spam-Score: 0\r\n/)
  }
  assert.match(copies.find(([to]) => to === 'user@example.com')?.[1] ?? '', /HOUSE\.STRANGE_INVOICE=3\.5/)
  assert.deepEqual(JSON.parse(readFileSync(journal, 'utf8')).sent, recipient)
  await sendMail(port, {sender: 'friend@remote.test', recipient, octets: mail('Invoice 18')})
  assert.doesNotMatch(sink.mails.at(-1)!.octets.toString(), /X-House-Invoice/)
  await until('TIMING of all hooks', () =>
    /custom-new: .*custom-checks: .*custom-before_send: .*custom-after_send: .*custom-mail_done: /.test(
      daemonLog(home),
    ),
  )
})

test('the example of partners: a policy bank by the name of the client', ROOT_ONLY, async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const sink = await startSink()
  t.after(() => sink.close())
  const file = hooksFile(home, 'partners.ts', readFileSync(path.join(EXAMPLES, 'partners.ts'), 'utf8'))
  await startDaemon(
    t,
    home,
    port,
    `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}';
$policy_bank{'PARTNER'} = {X_HEADER_LINE => 'by PARTNER'};`,
  )
  await new Promise<void>((resolve, reject) => {
    const lines = [
      'EHLO mta.test',
      'XFORWARD NAME=mx.partner.example ADDR=192.0.2.1',
      'MAIL FROM:<a@remote.test>',
      'RCPT TO:<user@example.com>',
      'DATA',
      `${mail('hi').toString()}.`,
      'QUIT',
    ]
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', reject).on('close', () => resolve())
    socket.on('data', chunk => {
      if (/^\d{3} .*\r\n$/m.test(chunk.toString())) socket.write(`${lines.shift() ?? ''}\r\n`)
    })
  })
  assert.match(sink.mails[0]!.octets.toString(), /X-Virus-Scanned: by PARTNER\r\n/)
  await sendMail(port, {sender: 'a@remote.test', recipient: 'user@example.com', octets: mail('hi')})
  assert.doesNotMatch(sink.mails[1]!.octets.toString(), /by PARTNER/)
})

const failures: readonly [what: string, module: string, answer: RegExp, log: RegExp, delivered: number][] = [
  [
    'new',
    "export {f as new}; function f() { throw new Error('no luck') }",
    /^451 4\.5\.0 Error in processing, id=\S+, custom-new FAILED$/,
    /custom-new FAILED: no luck/,
    0,
  ],
  [
    'checks that never end',
    'export const checks = () => new Promise(() => {})',
    /^451 4\.5\.0 .*custom-checks FAILED$/,
    /custom-checks FAILED: timed out in custom-checks/,
    0,
  ],
  [
    'beforeSend',
    "export const beforeSend = async mail => mail.loadBank('NONE')",
    /^451 4\.5\.0 .*custom-before_send FAILED$/,
    /there is no policy bank "NONE"/,
    0,
  ],
  [
    'afterSend, when the mail is gone',
    "export const afterSend = () => { throw new Error('too late') }",
    /^250 2\.0\.0 /,
    /but must continue: custom-after_send FAILED: too late/,
    1,
  ],
  [
    'a module with a mistake',
    'export const checks = (',
    /^451 4\.5\.0 .*custom-new FAILED$/,
    /\$custom_hooks: \S+hooks\.mjs: Unexpected/,
    0,
  ],
]
for (const [what, module, answer, log, delivered] of failures) {
  test(`hooks fail: ${what}`, ROOT_ONLY, async t => {
    const home = temporaryFolder(t)
    const port = await freePort()
    const sink = await startSink()
    t.after(() => sink.close())
    const file = hooksFile(home, 'hooks.mjs', module)
    await startDaemon(
      t,
      home,
      port,
      `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $child_timeout = 3;`,
    )
    const sent = {sender: 'a@remote.test', recipient: 'user@example.com', octets: mail('hi')}
    assert.match(await sendMail(port, sent), answer)
    await until('the log to say why', () => log.test(daemonLog(home)))
    assert.equal(sink.mails.length, delivered)
  })
}

const refused: readonly [what: string, mode: number | undefined, why: RegExp][] = [
  ['that everybody can write', 0o666, /\$custom_hooks: \S+hooks\.mjs can be written by everybody/],
  ['that is not there', undefined, /\$custom_hooks: \S+hooks\.mjs does not exist/],
]
for (const [what, mode, why] of refused) {
  test(`a module ${what} is refused at the start`, ROOT_ONLY, async t => {
    const home = temporaryFolder(t)
    const file = path.join(home, 'hooks.mjs')
    if (mode !== undefined) chmodSync(hooksFile(home, 'hooks.mjs', 'export function checks() {}'), mode)
    const configuration = writeConfiguration(home, await freePort(), `$custom_hooks = '${file}';`)
    const {status, stderr} = await runAmavis(['test-config', '--allow-root', '-c', configuration])
    assert.notEqual(status, 0)
    assert.match(stderr, why)
  })
}
