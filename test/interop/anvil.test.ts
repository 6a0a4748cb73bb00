/** amavis anvil with a real Postfix, in the place of its anvil by the recipe of docs/postfix.md, and beside it. */
import assert from 'node:assert/strict'
import {execFile, execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {promisify} from 'node:util'
import {AMAVIS, amavis} from '../support/amavis.ts'
import {anvilFolder} from '../support/anvil.ts'
import {TEST_CERTIFICATE, TEST_KEY} from '../support/certificate.ts'
import {readRecipe} from '../support/recipe.ts'
import {freePort, until} from '../support/wait.ts'
import {startAuthServer, twoServers} from './anvil-ends.ts'
import {type Postfix, startPostfix} from './postfix-server.ts'
import {SmtpClient} from './smtp-client.ts'

const HEADING = 'Limits for clients'

/** Each limit by a service of its own that has it at two; clients on loopback are counted as any other. */
const LIMITS = {
  count: 'connection_count',
  rate: 'connection_rate',
  message: 'message_rate',
  recipient: 'recipient_rate',
  auth: 'auth_rate',
  tls: 'new_tls_session_rate',
} as const
type Kind = keyof typeof LIMITS
const KINDS = Object.keys(LIMITS) as readonly Kind[]

interface Site {
  readonly postfix: Postfix
  readonly ports: Readonly<Record<Kind, number>>
  /** arguments that name our configuration */
  readonly config: readonly string[]
  status(): Promise<{readonly size: number; readonly clients: readonly Record<string, unknown>[]} | undefined>
}

async function startSite(t: TestContext, settings: string, services = ''): Promise<Site> {
  const home = anvilFolder(t)
  chmodSync(home, 0o755)
  const file = (name: string) => path.join(home, name)
  writeFileSync(file('key.pem'), TEST_KEY)
  writeFileSync(file('cert.pem'), TEST_CERTIFICATE)
  await startAuthServer(t, file('auth'))
  chmodSync(file('auth'), 0o666)
  const ports = {} as Record<Kind, number>
  for (const kind of KINDS) ports[kind] = await freePort()
  const recipe = readRecipe('docs/postfix.md', HEADING)
  const postfix = startPostfix(
    `${recipe.get('/etc/postfix/main.cf')}
mynetworks = 10.255.255.255/32
relay_domains = dest.test
relay_transport = discard:
smtpd_relay_restrictions = permit_auth_destination, reject
smtpd_peername_lookup = no
smtpd_error_sleep_time = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${file('auth')}
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${file('cert.pem')}
smtpd_tls_key_file = ${file('key.pem')}`,
    KINDS.map(
      kind => `127.0.0.1:${ports[kind]} inet n - n - - smtpd -o smtpd_client_${LIMITS[kind]}_limit=2\n`,
    ).join('') + services,
  )
  t.after(() => postfix.stop())
  const socket = path.join(postfix.folder, 'queue/private/anvil')
  const conf = file('amavisd.conf')
  writeFileSync(
    conf,
    `$MYHOME = '${home}'; $daemon_user = 'postfix'; $daemon_group = 'postfix'; $enable_zmq = 0;
${recipe.get('/etc/amavis/conf.d/50-user')?.replaceAll('/var/spool/postfix/private/anvil', socket)}
${settings}
1;
`,
  )
  execFileSync('chown', ['postfix', home])
  const config = ['-c', conf]
  return {
    postfix,
    ports,
    config,
    async status() {
      const {status, stdout} = await amavis('anvil', 'status', '--json', ...config)
      return status === 0 ? JSON.parse(stdout) : undefined
    },
  }
}

/** The commands that the recipe prints between two of its sentences, run as they are for this instance. */
async function runPrinted({postfix, config}: Site, after: string): Promise<void> {
  const page = readFileSync(new URL('../../../docs/postfix.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf(`## ${HEADING}\n`))
  const block = section.slice(section.indexOf(after) + after.length).split(/\n\n(?=\S)/)[0] ?? ''
  const commands = block.split('\n').filter(line => line.startsWith('    '))
  assert.equal(commands.length, 3)
  const script = commands
    .join('\n')
    .replace(/\b(postconf|postfix) /g, `$1 -c ${postfix.folder}/etc `)
    .replace(/\bamavis (.*)/g, `${process.execPath} ${AMAVIS} $1 ${config.join(' ')}`)
  await promisify(execFile)('/bin/sh', ['-ec', script], {timeout: 30_000})
}

/** What a client is told that goes one or two beyond each limit. */
async function goBeyond(ports: Site['ports']): Promise<Record<Kind, string[]>> {
  const said: Record<Kind, string[]> = {count: [], rate: [], message: [], recipient: [], auth: [], tls: []}
  const open = (kind: Kind) => SmtpClient.connect(ports[kind])
  const held = []
  for (let i = 0; i < 3; i++) {
    const client = await open('count')
    said.count.push(client.greeting)
    held.push(client)
  }
  for (const client of held) client.end()
  for (let i = 0; i < 4; i++) {
    const client = await open('rate')
    said.rate.push(client.greeting)
    client.end()
  }
  const messages = await open('message')
  await messages.say('EHLO client.test')
  for (let i = 0; i < 4; i++) {
    said.message.push(await messages.say('MAIL FROM:<a@remote.test>'))
    await messages.say('RSET')
  }
  messages.end()
  const recipients = await open('recipient')
  await recipients.say('EHLO client.test')
  await recipients.say('MAIL FROM:<a@remote.test>')
  for (let i = 0; i < 4; i++) said.recipient.push(await recipients.say(`RCPT TO:<u${i}@dest.test>`))
  recipients.end()
  const auths = await open('auth')
  await auths.say('EHLO client.test')
  for (let i = 0; i < 4; i++) said.auth.push(await auths.say('AUTH PLAIN AHUAcA=='))
  auths.end()
  for (let i = 0; i < 4; i++) {
    const client = await open('tls')
    await client.say('EHLO client.test')
    const answer = await client.say('STARTTLS')
    said.tls.push(answer)
    if (answer.startsWith('220')) {
      await client.startTls()
      said.tls.push((await client.say('EHLO client.test')).split('\n')[0] ?? '')
    }
    client.end()
  }
  return said
}

/** What smtpd has logged of limits, without dates and process numbers. */
const complaints = (log: string) =>
  log
    .split('\n')
    .filter(line => /limit exceeded|Refusing STARTTLS/.test(line))
    .map(line => line.replace(/^.*?smtpd\[\d+\]: /, ''))

test('by the recipe there and back: each limit acts as with the anvil of Postfix', async t => {
  const site = await startSite(t, '')
  const {postfix, ports} = site
  const original = await goBeyond(ports)
  for (const [kind, code] of [
    ['count', '421 4.7.0'],
    ['rate', '421 4.7.0'],
    ['message', '450 4.7.1'],
    ['recipient', '450 4.7.1'],
    ['auth', '450 4.7.1'],
    ['tls', '454 4.7.0'],
  ] as const) {
    const last = original[kind].at(-1) ?? ''
    assert.ok(last.startsWith(code), `${kind}: ${last}`)
  }
  await until('the warnings', () => complaints(postfix.log()).length >= 11)
  const warned = complaints(postfix.log())

  await runPrinted(site, 'becomes `$daemon_user`:')
  assert.deepEqual(await goBeyond(ports), original)
  await until('the warnings', () => complaints(postfix.log()).length >= 2 * warned.length)
  assert.deepEqual(complaints(postfix.log()).slice(warned.length), warned)
  assert.equal((await site.status())?.size, KINDS.length)
  assert.doesNotMatch(postfix.log(), /problem talking to server private\/anvil/)
  const pid = readFileSync(path.join(path.dirname(site.config[1] ?? ''), 'anvil.pid'), 'latin1').trim()
  const owner = execFileSync('ps', ['-o', 'user=', '-p', pid], {encoding: 'utf8'}).trim()
  assert.equal(owner, 'postfix')

  await runPrinted(site, 'Back again:')
  assert.equal(await site.status(), undefined)
  assert.deepEqual(await goBeyond(ports), original)
})

test('an smtpd that is killed frees its connection; a restart and an absence lose no mail', async t => {
  const site = await startSite(t, '')
  const {postfix, ports} = site
  await runPrinted(site, 'becomes `$daemon_user`:')
  ;(await SmtpClient.connect(ports.recipient)).end()
  const delays: number[] = []
  for (let i = 0; i < 5; i++) {
    const begun = performance.now()
    const client = await SmtpClient.connect(ports.recipient)
    delays.push(performance.now() - begun)
    assert.match(client.greeting, /^220 /)
    client.end()
  }
  assert.ok(Math.min(...delays) < 50, `banners after ${delays.map(ms => ms.toFixed(1)).join(' ')} ms`)

  const connections = async () =>
    (await site.status())?.clients.find(({service}) => service === `127.0.0.1:${ports.count}`)?.['count']
  const client = await SmtpClient.connect(ports.count)
  assert.equal(await connections(), 1)
  const smtpd = [...postfix.log().matchAll(/smtpd\[(\d+)\]: connect from/g)].at(-1)?.[1]
  process.kill(Number(smtpd), 'SIGKILL')
  await until('the connection to be free', async () => (await connections()) === 0)
  client.end()

  assert.equal((await amavis('anvil', 'stop', ...site.config)).status, 0)
  const alone = await SmtpClient.connect(ports.message)
  assert.match(alone.greeting, /^220 /)
  alone.end()
  assert.equal((await amavis('anvil', 'start', ...site.config)).status, 0)
  const again = await SmtpClient.connect(ports.message)
  assert.match(again.greeting, /^220 /)
  again.end()
  assert.equal((await site.status())?.size, 1)
})

test('side by side with the anvil of Postfix, every answer is the same', async t => {
  const load = `127.0.0.1:${await freePort()}`
  const unlimited = Object.values(LIMITS).map(limit => ` -o smtpd_client_${limit}_limit=100000`)
  const site = await startSite(
    t,
    '$anvil_socket = "$MYHOME/ours";',
    `anvil-real unix - - n - 1 anvil\n${load} inet n - n - - smtpd${unlimited.join('')}\n`,
  )
  const {postfix, ports, config} = site
  execFileSync('postconf', ['-c', `${postfix.folder}/etc`, '-M#', 'anvil/unix'])
  execFileSync('postfix', ['-c', `${postfix.folder}/etc`, 'reload'], {stdio: 'ignore'})
  const {status, stderr} = await amavis('anvil', 'start', ...config)
  assert.equal(status, 0, stderr)
  const queue = (name: string) => path.join(postfix.folder, 'queue/private', name)
  await until('the original to answer', () => answers(queue('anvil-real')))
  rmSync(queue('anvil'), {force: true})
  const relay = await twoServers(t, queue('anvil'), {
    ours: path.join(path.dirname(config[1] ?? ''), 'ours'),
    theirs: queue('anvil-real'),
  })

  await goBeyond(ports)
  const source = ['-m', '200', '-s', '10', '-f', 'a@remote.test', '-t', 'u@dest.test', load]
  await promisify(execFile)('smtp-source', source, {timeout: 60_000})
  const bySmtpd = relay.answers
  assert.ok(bySmtpd > 800, `${bySmtpd} answers`)

  const kinds = ['connect', 'disconnect', 'message', 'recipient', 'newtls', 'newtls_status', 'auth', 'lookup']
  let state = 9
  const below = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return Math.floor((state / 0x8000_0000) * limit)
  }
  const streams: (net.Socket | undefined)[] = []
  for (let i = 0; i < 3000; i++) {
    const which = below(8)
    let stream = streams[which]
    if (below(50) === 0) {
      stream?.destroy()
      stream = undefined
    }
    stream ??= await connected(queue('anvil'))
    streams[which] = stream
    const kind = below(100) === 0 ? 'nothing' : kinds[below(kinds.length)]
    const answered = new Promise(resolve => stream.once('data', resolve))
    stream.write(`request=${kind}\nident=smtp:192.0.2.${below(20)}\n\n`)
    await answered
  }
  for (const stream of streams) stream?.destroy()
  await relay.settled()
  assert.equal(relay.answers, bySmtpd + 3000)
  assert.deepEqual(relay.differences, [])
})

/** With the announcement read. */
async function connected(socketPath: string): Promise<net.Socket> {
  const socket = net.connect(socketPath)
  await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject))
  return socket
}

function answers(socketPath: string): Promise<boolean> {
  return connected(socketPath).then(
    socket => {
      socket.destroy()
      return true
    },
    () => false,
  )
}

/** A folder of Postfix's programs, with shell scripts in the place of some. */
function daemonFolder(home: string, scripts: Readonly<Record<string, string>>): string {
  const folder = path.join(home, 'postfix')
  mkdirSync(folder)
  const original = '/usr/lib/postfix/sbin'
  for (const name of readdirSync(original)) {
    if (!(name in scripts)) symlinkSync(path.join(original, name), path.join(folder, name))
  }
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, {mode: 0o755})
  }
  return folder
}

for (const [line, command] of [
  ['anvil unix - - n - 1 anvil', 'anvil'],
  ['anvil unix - - n - 1 amavis-anvil -v', 'anvil foreground'],
] as const) {
  test(`as a service of the master ("${line}") it tells the system's log what to do, and doing so helps`, async t => {
    const home = anvilFolder(t)
    chmodSync(home, 0o755)
    const at = (name: string) => path.join(home, name)
    writeFileSync(at('logger'), `#!/bin/sh\necho "$@" >>${at('logged')}; cat >>${at('logged')}\n`, {
      mode: 0o755,
    })
    const script = `PATH=${home}:$PATH exec ${process.execPath} ${AMAVIS} ${command} "$@"`
    const port = await freePort()
    const postfix = startPostfix(
      `daemon_directory = ${daemonFolder(home, {anvil: script, 'amavis-anvil': script})}
mynetworks = 10.255.255.255/32
smtpd_client_connection_rate_limit = 1`,
      `${line}\n127.0.0.1:${port} inet n - n - - smtpd\n`,
    )
    try {
      // smtpd waits for the service, so nobody is greeted
      const waiting = net.connect(port, '127.0.0.1')
      const logged = () => (existsSync(at('logged')) ? readFileSync(at('logged'), 'utf8') : '')
      await until('the advice', () => /fatal.*\n/.test(logged()))
      assert.match(
        logged(),
        /^--id=\d+ --tag=postfix\/anvil --priority=mail\.info --prio-prefix\n<19>fatal: amavis anvil is no service of the master of Postfix: take the line "anvil unix …" out of master\.cf \("postconf -M# anvil\/unix"\), then "amavis anvil start" and "postfix reload"\n/,
      )
      await until('the master to tell', () => /anvil: bad command startup/.test(postfix.log()))
      waiting.destroy()

      const etc = `${postfix.folder}/etc`
      execFileSync('postconf', ['-c', etc, '-M#', 'anvil/unix'])
      const socket = `${postfix.folder}/queue/private/anvil`
      writeFileSync(at('conf'), `$MYHOME = '${home}'; $enable_zmq = 0; $anvil_socket = '${socket}';\n1;\n`)
      execFileSync('postfix', ['-c', etc, 'reload'], {stdio: 'ignore'})
      await until('an anvil of ours', async () => {
        const {status} = await amavis('anvil', 'start', '--allow-root', '-c', at('conf'))
        return status === 0
      })
      assert.match(await greeting(port), /^220 /)
      assert.match(await greeting(port), /^421 4\.7\.0 /)
    } finally {
      // before the programs that it runs go with their folder
      postfix.stop()
    }
  })
}

/** What a client is greeted with; '' when nothing comes for a while. */
async function greeting(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  try {
    const [chunk] = await once(socket, 'data', {signal: AbortSignal.timeout(10_000)})
    return String(chunk)
  } catch {
    return ''
  } finally {
    socket.destroy()
  }
}
