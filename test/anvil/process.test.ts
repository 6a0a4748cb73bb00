/** amavis anvil as a process: start, stop, reload, its socket and its files. */
import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {Subscriber} from 'zeromq'
import {COUNTERS} from '../../src/bus/counters/table.ts'
import {AMAVIS, amavis, runAmavis} from '../support/amavis.ts'
import {anvilFolder} from '../support/anvil.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : []

interface Place {
  readonly home: string
  readonly socket: string
  readonly config: readonly string[]
  readonly pidFile: string
  configure(lines: string): void
}

function place(t: TestContext, lines = ''): Place {
  const home = anvilFolder(t)
  const conf = path.join(home, 'amavisd.conf')
  const socket = path.join(home, 'anvil')
  const configure = (more: string) =>
    writeFileSync(
      conf,
      `$MYHOME = '${home}'; $enable_zmq = 0; $daemon_user = undef;\n$anvil_socket = '${socket}';\n${more}\n1;\n`,
    )
  configure(lines)
  return {home, socket, config: ['-c', conf], pidFile: path.join(home, 'anvil.pid'), configure}
}

/** In the foreground; gone with the test. */
async function foreground(
  t: TestContext,
  {config, socket}: Place,
): Promise<{child: ChildProcess; said(): string}> {
  const child = spawn(process.execPath, [AMAVIS, 'anvil', 'foreground', ...asRoot, ...config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await until('the server to answer', async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${said}`)
    return await connect(socket).then(
      client => {
        client.end()
        return true
      },
      () => false,
    )
  })
  return {child, said: () => said}
}

/** A connection as smtpd has one: the announcement read, then an answer for each request. */
class Client {
  readonly socket: net.Socket
  #text = ''
  isClosed = false
  constructor(socket: net.Socket) {
    this.socket = socket
    socket.setEncoding('latin1').on('data', (text: string) => (this.#text += text))
    socket.on('close', () => (this.isClosed = true)).on('error', () => {})
  }

  async list(): Promise<string> {
    await until('an answer', () => this.#text.includes('\n\n') || this.isClosed)
    const end = this.#text.indexOf('\n\n')
    const list = end < 0 ? '' : this.#text.slice(0, end)
    this.#text = this.#text.slice(end + 2)
    return list.replaceAll('\n', ' ')
  }

  ask(request: string, ident = 'smtp:192.0.2.7'): Promise<string> {
    this.socket.write(`request=${request}\nident=${ident}\n\n`)
    return this.list()
  }

  end(): void {
    this.socket.destroy()
  }
}

async function connect(socketPath: string): Promise<Client> {
  const socket = net.connect(socketPath)
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const client = new Client(socket)
  assert.equal(await client.list(), 'protocol=anvil_protocol')
  return client
}

const ended = (child: ChildProcess) =>
  until('the process to end', () => child.exitCode !== null || child.signalCode !== null)

test('start returns when it answers, status shows the clients, stop leaves nothing behind', async t => {
  const site = place(t)
  const start = await amavis('anvil', 'start', ...asRoot, ...site.config)
  assert.deepEqual([start.status, start.stderr], [0, ''])
  assert.equal(statSync(site.socket).mode & 0o7777, 0o666)
  const client = await connect(site.socket)
  assert.equal(await client.ask('connect', '127.0.0.1:25:192.0.2.7'), 'status=0 count=1 rate=1')

  const json = JSON.parse((await amavis('anvil', 'status', '--json', ...site.config)).stdout)
  assert.deepEqual(json.clients, [
    {
      service: '127.0.0.1:25',
      client: '192.0.2.7',
      count: 1,
      rate: 1,
      mail: 0,
      rcpt: 0,
      newtls: 0,
      auth: 0,
      tlstr: 0,
    },
  ])
  assert.equal(json.pid, Number(readFileSync(site.pidFile, 'latin1')))
  assert.match(
    (await amavis('anvil', 'status', ...site.config)).stdout,
    /^1 clients, 1 connected, 1 requests, rates in 60 s/,
  )

  const second = await amavis('anvil', 'start', ...asRoot, ...site.config)
  assert.equal(second.status, 1)
  assert.match(second.stderr, /amavis anvil is already running, PID: \[\d+\]/)
  assert.equal(await client.ask('connect', '127.0.0.1:25:192.0.2.7'), 'status=0 count=1 rate=2')

  assert.equal((await amavis('anvil', 'stop', ...site.config)).status, 0)
  assert.deepEqual([existsSync(site.socket), existsSync(site.pidFile)], [false, false])
  const status = await amavis('anvil', 'status', '--json', ...site.config)
  assert.deepEqual([status.status, JSON.parse(status.stdout)], [3, {running: false}])
  assert.equal((await amavis('anvil', 'stop', ...site.config)).status, 1)
})

test('reload and SIGHUP take new settings and keep the table; a mistake changes nothing', async t => {
  const site = place(t)
  const {child, said} = await foreground(t, site)
  const client = await connect(site.socket)
  await client.ask('connect')
  site.configure('$anvil_rate_time_unit = 7;')
  assert.equal((await amavis('anvil', 'reload', ...site.config)).status, 0)
  const unit = async () =>
    JSON.parse((await amavis('anvil', 'status', '--json', ...site.config)).stdout).unit_s
  assert.equal(await unit(), 7)
  assert.equal(await client.ask('connect'), 'status=0 count=1 rate=2')

  site.configure('$anvil_rate_time_unit = 8;')
  child.kill('SIGHUP')
  await until('the new unit', async () => (await unit()) === 8)
  assert.equal(await client.ask('message'), 'status=0 rate=1')

  site.configure("$anvil_rate_time_unit = 'x';")
  child.kill('SIGHUP')
  await until('the mistake to be told', () => /error: not reloaded: /.test(said()))
  assert.equal(await client.ask('recipient'), 'status=0 rate=1')
})

test('at SIGTERM the statistics are told, in the words and under the name of the original', async t => {
  const site = place(t)
  const {child, said} = await foreground(t, site)
  const client = await connect(site.socket)
  await client.ask('connect')
  await client.ask('nothing')
  child.kill('SIGTERM')
  await ended(child)
  assert.equal(child.exitCode, 0)
  const head = String.raw`^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ postfix/anvil\[${child.pid}\]: `
  for (const line of [
    'warning: unrecognized request: "nothing", ignored$',
    String.raw`statistics: max connection rate 1/60s for \(smtp:192\.0\.2\.7\) at \w{3} [ \d]\d \d\d:\d\d:\d\d$`,
    String.raw`statistics: max connection count 1 for \(smtp:192\.0\.2\.7\) at `,
    'statistics: max cache size 1 at ',
  ])
    assert.match(said(), new RegExp(head + line, 'm'))
})

test('after kill -9 its dead socket and PID file are in nobody’s way', async t => {
  const site = place(t)
  const {child} = await foreground(t, site)
  child.kill('SIGKILL')
  await ended(child)
  assert.ok(existsSync(site.socket))
  await foreground(t, site)
  const client = await connect(site.socket)
  assert.equal(await client.ask('connect'), 'status=0 count=1 rate=1')
})

test('a path that a file or a living server has is not taken', async t => {
  const site = place(t)
  writeFileSync(site.socket, 'precious')
  const file = await amavis('anvil', 'start', ...asRoot, ...site.config)
  assert.equal(file.status, 1)
  assert.match(file.stderr, /the path is taken by something that is no socket/)
  assert.equal(readFileSync(site.socket, 'latin1'), 'precious')

  const other = place(t)
  const server = net.createServer().listen(other.socket)
  t.after(() => server.close())
  await until('it to listen', () => existsSync(other.socket))
  const taken = await amavis('anvil', 'start', ...asRoot, ...other.config)
  assert.equal(taken.status, 1)
  assert.match(taken.stderr, /another process listens on it; is the anvil line still in master\.cf\?/)
})

test('half a request delays nobody, and its sender is sent away in time', async t => {
  const site = place(t, '$anvil_request_timeout = 1;')
  const {said} = await foreground(t, site)
  const slow = await connect(site.socket)
  slow.socket.write('request=conn')
  const quick = await connect(site.socket)
  assert.equal(await quick.ask('connect'), 'status=0 count=1 rate=1')
  assert.equal(slow.isClosed, false)
  await until('the slow one to be sent away', () => slow.isClosed)
  assert.match(said(), /warning: timeout in the middle of a request on anvil socket/)
  assert.equal(await quick.ask('message'), 'status=0 rate=1')
})

test('connections beyond the limit are closed; one that ends makes room', async t => {
  const site = place(t, '$anvil_connection_limit = 2;')
  await foreground(t, site)
  const room = async () => await until('room', () => connect(site.socket).catch(() => undefined))
  const [one, two] = [await room(), await room()]
  await assert.rejects(connect(site.socket))
  one.end()
  const three = await room()
  assert.equal(await three.ask('connect'), 'status=0 count=1 rate=1')
  assert.equal(await two.ask('connect'), 'status=0 count=2 rate=2')
})

test('the mode is a setting, and without the announcement the client speaks first', async t => {
  const site = place(t, '$anvil_socket_mode = 0600; $anvil_announce = 0;')
  const start = await amavis('anvil', 'start', ...asRoot, ...site.config)
  assert.equal(start.status, 0, start.stderr)
  assert.equal(statSync(site.socket).mode & 0o7777, 0o600)
  const client = new Client(net.connect(site.socket))
  assert.equal(await client.ask('connect'), 'status=0 count=1 rate=1')
})

test('as root it becomes the configured user, having bound in a folder that is not his', async t => {
  if (process.getuid?.() !== 0) return t.skip('only root can become somebody else')
  const site = place(t)
  chmodSync(site.home, 0o777)
  const folder = path.join(site.home, 'private')
  mkdirSync(folder, {mode: 0o700})
  const socket = path.join(folder, 'anvil')
  site.configure(`$daemon_user = 'nobody'; $anvil_socket = '${socket}';`)
  const start = await amavis('anvil', 'start', ...site.config)
  assert.equal(start.status, 0, start.stderr)
  const pid = readFileSync(site.pidFile, 'latin1').trim()
  assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, 'latin1'), /^Uid:.*\b0\b/m)
  assert.equal(await (await connect(socket)).ask('connect'), 'status=0 count=1 rate=1')
})

test('the master of Postfix is told which line of master.cf is to go, without a logger too', async t => {
  const args = ['anvil', '-n', 'anvil', '-t', 'unix', '-u']
  const {status, stderr} = await runAmavis(args, {env: {PATH: temporaryFolder(t)}})
  assert.equal(status, 1)
  assert.match(stderr, /take the line "anvil unix …" out of master\.cf/)
  assert.equal((await amavis('anvil')).status, 2)
})

test('what it was asked goes out on the bus, under names that the table of counters has', async t => {
  const site = place(t)
  const endpoint = `ipc://${site.home}/bus`
  site.configure(`$enable_zmq = 1; @zmq_sockets = ('${endpoint}');`)
  const bus = new Subscriber({linger: 0})
  bus.subscribe('am.snmp ')
  await bus.bind(endpoint)
  t.after(() => bus.close())
  const heard = new Map<string, string>()
  void (async () => {
    for await (const frames of bus) {
      for (const frame of frames) {
        const [, name = '', type, value] = frame.toString().split(' ')
        heard.set(name, `${type} ${value}`)
      }
    }
  })()
  await foreground(t, site)
  const client = await connect(site.socket)
  for (const request of [
    'connect',
    'message',
    'message',
    'recipient',
    'lookup',
    'nonsense',
    'newtls',
    'auth',
  ]) {
    await client.ask(request)
  }
  await until('the counters', () => heard.has('AnvilRequestsAuths'))
  assert.deepEqual([...heard].filter(([name]) => name.startsWith('Anvil')).toSorted(), [
    ['AnvilClients', 'G32 1'],
    ['AnvilRequestsAuths', 'C32 1'],
    ['AnvilRequestsConnections', 'C32 1'],
    ['AnvilRequestsLookups', 'C32 1'],
    ['AnvilRequestsMessages', 'C32 2'],
    ['AnvilRequestsNewTls', 'C32 1'],
    ['AnvilRequestsRecipients', 'C32 1'],
    ['AnvilRequestsRefused', 'C32 1'],
    ['AnvilStreams', 'G32 1'],
  ])
  for (const name of heard.keys())
    assert.ok(
      COUNTERS.some(row => row.name === name),
      name,
    )
})

test('our own sessions have a socket of their own, which speaks first whatever is announced to Postfix', async t => {
  const site = place(t, '$anvil_announce = 0;')
  const start = await amavis('anvil', 'start', ...asRoot, ...site.config)
  assert.deepEqual([start.status, start.stderr], [0, ''])
  const own = path.join(site.home, 'anvil.sock')
  assert.equal(statSync(own).mode & 0o7777, 0o660)
  const client = await connect(own)
  assert.equal(await client.ask('connect', '10024:192.0.2.7'), 'status=0 count=1 rate=1')
  const silent = net.connect(site.socket)
  t.after(() => silent.destroy())
  const postfix = new Client(silent)
  // the same table
  assert.equal(await postfix.ask('connect', '10024:192.0.2.7'), 'status=0 count=2 rate=2')

  // a socket that Postfix's is at the same time is bound once
  assert.equal((await amavis('anvil', 'stop', ...site.config)).status, 0)
  assert.equal(existsSync(own), false)
  site.configure(`$smtpd_anvil_socket = '${site.socket}';`)
  assert.equal((await amavis('anvil', 'start', ...asRoot, ...site.config)).status, 0)
  assert.equal(existsSync(own), false)
  assert.equal(await (await connect(site.socket)).ask('connect'), 'status=0 count=1 rate=1')
})
