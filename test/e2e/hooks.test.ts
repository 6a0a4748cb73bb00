import assert from 'node:assert/strict'
import {chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {test} from 'node:test'
import {fileURLToPath} from 'node:url'
import {sendMail} from '../../src/demo/feed.ts'
import {startSink} from '../../src/demo/sink.ts'
import {findUser} from '../../src/process/privileges.ts'
import {runAmavis} from '../support/amavis.ts'
import {daemonLog, greets, startDaemon, writeConfiguration} from '../support/daemon.ts'
import {freePort, temporaryFolder, until} from '../support/wait.ts'

const ROOT_ONLY = {skip: process.getuid?.() === 0 ? false : 'only root can own a module of hooks'}
const EXAMPLES = fileURLToPath(new URL('../../../docs/examples/', import.meta.url))

const mail = (subject: string) =>
  Buffer.from(
    `From: <a@remote.test>\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <m1@remote.test>\r\nSubject: ${subject}\r\n\r\nhello\r\n`,
  )

/** A counter as `amavis agent` shows it; undefined: it was not counted yet. */
async function counter(home: string, name: string): Promise<number | undefined> {
  const bus = ['--connect', `ipc://${home}/outer.sock`, '--snmp-connect', `ipc://${home}/snmp.sock`]
  const {status, stdout} = await runAmavis(['agent', '--once', '--json', ...bus])
  return status === 0 ? JSON.parse(stdout).variables[name]?.value : undefined
}

/** What is published before the subscriber is there is lost: mails by the one child until one was counted. */
async function untilCounted(home: string, port: number): Promise<void> {
  await until('the bus', async () => {
    await sendMail(port, {sender: 'first@remote.test', recipient: 'user@example.com', octets: mail('first')})
    return await counter(home, 'InMsgs')
  })
}

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
    `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $max_servers = 1;
$policy_bank{'PARTNER'} = {X_HEADER_LINE => 'by PARTNER'};`,
  )
  await untilCounted(home, port)
  const first = sink.mails.length
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
  assert.match(sink.mails[first]!.octets.toString(), /X-Virus-Scanned: by PARTNER\r\n/)
  await sendMail(port, {sender: 'a@remote.test', recipient: 'user@example.com', octets: mail('hi')})
  assert.doesNotMatch(sink.mails[first + 1]!.octets.toString(), /by PARTNER/)
  await until('the counter', async () => (await counter(home, 'PartnerPassed')) === 1)
})

test('one module loads a bank, has a mail blocked by its points, and counts it', ROOT_ONLY, async t => {
  const home = temporaryFolder(t)
  const port = await freePort()
  const sink = await startSink()
  t.after(() => sink.close())
  const file = hooksFile(
    home,
    'hooks.mjs',
    `function begin(mail) { if (mail.sender === 'a@remote.test') mail.loadBank('STRICT'); return {seen: 2} }
export {begin as new}
export function checks(mail, {seen}) {
  mail.addPoints('HOUSE.RULE', 4.25)
  if (mail.sender !== 'first@remote.test') mail.count('HouseChecked', seen)
}
`,
  )
  await startDaemon(
    t,
    home,
    port,
    `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $max_servers = 1;
$policy_bank{'STRICT'} = {spam_kill_level_maps => [4], final_spam_destiny => D_REJECT};`,
  )
  await untilCounted(home, port)
  const first = sink.mails.length
  const to = {recipient: 'user@example.com', octets: mail('hi')}
  assert.match(await sendMail(port, {sender: 'a@remote.test', ...to}), /^554 5\.7\.0 Reject, .* - spam$/)
  assert.match(await sendMail(port, {sender: 'b@remote.test', ...to}), /^250 /)
  assert.equal(sink.mails.length, first + 1)
  const log = daemonLog(home)
  assert.match(log, /Blocked SPAM .*STRICT.* <a@remote\.test> -> .*Hits: 4\.25/)
  assert.match(log, /Passed CLEAN .* <b@remote\.test> -> .*Hits: 4\.25/)
  await until('the counter', async () => (await counter(home, 'HouseChecked')) === 4)
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

test(
  'hooks in a loop without an end: the child is killed, the mail stays with the client',
  ROOT_ONLY,
  async t => {
    const home = temporaryFolder(t)
    const port = await freePort()
    const sink = await startSink()
    t.after(() => sink.close())
    const file = hooksFile(
      home,
      'hooks.mjs',
      "export function checks(mail) { while (mail.sender === 'a@remote.test'); }",
    )
    await startDaemon(
      t,
      home,
      port,
      `$custom_hooks = '${file}'; $forward_method = 'smtp:[127.0.0.1]:${sink.port}'; $child_timeout = 2;`,
    )
    const to = {recipient: 'user@example.com', octets: mail('hi')}
    await assert.rejects(sendMail(port, {sender: 'a@remote.test', ...to}))
    assert.match(daemonLog(home), /child \d+ has given no sign of life for 2 s, sending SIGKILL/)
    assert.match(await sendMail(port, {sender: 'b@remote.test', ...to}), /^250 /)
    assert.equal(sink.mails.length, 1)
  },
)

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

const nobody = process.getuid?.() === 0 ? findUser('nobody') : {uid: 0, gid: 0}
const changeable: readonly [what: string, change: (folder: string, file: string) => void, why: RegExp][] = [
  [
    "that is the daemon's own",
    (_, file) => chownSync(file, nobody.uid, nobody.gid),
    /hooks\.mjs is owned by the user of the daemon \(uid \d+\)/,
  ],
  [
    "that the daemon's group can write",
    (_, file) => {
      chownSync(file, 0, nobody.gid)
      chmodSync(file, 0o664)
    },
    /hooks\.mjs can be written by the group of the daemon \(gid \d+\)/,
  ],
  [
    "in a folder of the daemon's",
    folder => chownSync(folder, nobody.uid, nobody.gid),
    /hooks\.mjs is in \S+own, which the user of the daemon can change/,
  ],
]
for (const [what, change, why] of changeable) {
  test(`a module ${what} keeps the daemon from starting`, ROOT_ONLY, async t => {
    const home = temporaryFolder(t)
    const folder = path.join(home, 'own')
    mkdirSync(folder)
    const file = hooksFile(folder, 'hooks.mjs', 'export function checks() {}')
    change(folder, file)
    const port = await freePort()
    const configuration = writeConfiguration(
      home,
      port,
      `$daemon_user = 'nobody'; $custom_hooks = '${file}';`,
    )
    chmodSync(home, 0o755)
    const {status, stderr} = await runAmavis(['foreground', '-c', configuration])
    assert.equal(status, 1)
    assert.match(stderr, why)
    assert.equal(await greets(port), false)
  })
}
