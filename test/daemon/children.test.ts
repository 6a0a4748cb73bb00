import assert from 'node:assert/strict'
import {mkdirSync, rmSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {liveProcesses} from '../../src/process/process-table.ts'
import {greets} from '../support/daemon.ts'
import {freePort, until} from '../support/wait.ts'
import {Client, Daemon, Load} from './program.ts'

const PORT = await freePort()

test('a child that is killed closes its session and is replaced; the others never notice', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  const before = await daemon.children(2)
  const [hit, other] = [await new Client(PORT).greeted(), await new Client(PORT).greeted()]
  const busy = (await daemon.status()).children.filter(child => child.state === 'busy')
  assert.equal(busy.length, 2)
  const victim = busy[0]?.pid ?? 0
  process.kill(victim, 'SIGKILL')
  await until('one session to end', () => hit.closed !== other.closed)
  const survivor = hit.closed ? other : hit
  const after = await daemon.children(2)
  assert.equal(
    after.some(child => child.pid === victim),
    false,
  )
  assert.equal(
    after.some(child => !before.some(({pid}) => pid === child.pid)),
    true,
  )
  await survivor.quit()
})

test('a child whose event loop stands still is killed after $child_timeout and replaced', async t => {
  const daemon = new Daemon(t, PORT, '$child_timeout = 1;')
  await daemon.start()
  await daemon.children(2)
  const client = await new Client(PORT).greeted()
  const busy = (await daemon.status()).children.find(child => child.state === 'busy')
  process.kill(busy?.pid ?? 0, 'SIGSTOP')
  await until('the session to end', () => client.closed)
  await until('the child to go', () => !liveProcesses.exists(busy?.pid ?? 0))
  assert.match(daemon.log, /has given no sign of life for 1 s, sending SIGKILL/)
  await daemon.children(2)
})

test('a log that cannot be opened any more stops neither mail nor new children', async t => {
  const daemon = new Daemon(t, PORT, '$logfile = "$MYHOME/logs/amavis.log";')
  const logs = path.join(daemon.home, 'logs')
  mkdirSync(logs)
  await daemon.start()
  const [first] = await daemon.children(2)
  rmSync(logs, {recursive: true})
  process.kill(first?.pid ?? 0, 'SIGKILL')
  await until(
    'another child',
    async () => !(await daemon.children(2)).some(child => child.pid === first?.pid),
  )
  const clients = [await new Client(PORT).greeted(), await new Client(PORT).greeted()]
  for (const client of clients) await client.quit()
})

test('ps shows the mail that a child has in hand', async t => {
  const daemon = new Daemon(t, PORT)
  await daemon.start()
  const client = await new Client(PORT).greeted()
  client.socket.write('EHLO x\r\nMAIL FROM:<a@example.com>\r\n')
  await until('MAIL to be accepted', () => client.said.includes('250 2.1.0'))
  const busy = (await daemon.status()).children.find(child => child.state === 'busy')?.pid ?? 0
  assert.match(liveProcesses.commandLine(busy) ?? '', new RegExp(`^amavis \\(ch1-0*${busy}-01\\)$`))
  await client.quit()
})

test('TTIN makes one child more, TTOU one fewer', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  await daemon.children(2)
  process.kill(pid, 'SIGTTIN')
  await daemon.children(3)
  for (const children of [2, 1]) {
    process.kill(pid, 'SIGTTOU')
    await daemon.children(children)
  }
  assert.equal(await greets(PORT), true)
})

test('after $max_requests mails a child is replaced, the replacement being up first', async t => {
  const daemon = new Daemon(t, PORT, '$max_requests = 3;\n$max_servers = 1;')
  await daemon.start()
  const [first] = await daemon.children(1)
  for (let mail = 0; mail < 3; mail++) {
    const client = await new Client(PORT).greeted()
    client.socket.write('EHLO x\r\nMAIL FROM:<a@example.com>\r\n')
    await until('MAIL to be accepted', () => client.said.includes('250 2.1.0'))
    await client.quit()
  }
  await until('another child', async () => (await daemon.children(1))[0]?.pid !== first?.pid)
  assert.match(daemon.log, /Requesting process rundown after 3 tasks \(and 3 sessions\)/)
  const lines = daemon.log.split('\n')
  const started = lines.findLastIndex(line => /child \d+ started/.test(line))
  const ended = lines.findIndex(line => line.includes(`child ${first?.pid} ended: exit 0`))
  assert.ok(started >= 0 && started < ended, 'started before the other ended')
})

test('a child that uses too much memory is replaced', async t => {
  const daemon = new Daemon(t, PORT, '$child_memory_limit = 1024*1024;\n$max_servers = 1;')
  await daemon.start()
  const [first] = await daemon.children(1)
  await new Client(PORT).greeted().then(client => client.quit())
  await until('another child', async () => (await daemon.children(1))[0]?.pid !== first?.pid)
  assert.match(daemon.log, /Requesting process rundown, \d+ MiB of memory in use/)
})

test('connections wait oldest first up to a bound; the rest waits in the kernel, and all are served', async t => {
  const daemon = new Daemon(t, PORT, '$max_servers = 1;\n$waiting_connections_limit = 3;')
  await daemon.start()
  await until('the spare descriptor', () => greets(PORT))
  const clients: Client[] = []
  for (let n = 0; n < 10; n++) {
    const client = new Client(PORT)
    await until('a connection', () => !client.socket.connecting)
    clients.push(client)
  }
  const status = await until('the line to be full', async () => {
    const now = await daemon.status()
    return now.waiting.length >= 3 ? now : undefined
  })
  assert.deepEqual([status.waiting.length, status.waiting.limit], [3, 3])
  const order: number[] = []
  for (const [index, client] of clients.entries()) {
    client.onGreeting(() => {
      order.push(index)
      client.socket.end('QUIT\r\n')
    })
  }
  await until('all sessions', () => clients.every(client => client.closed))
  assert.deepEqual(
    order.filter(index => index > 0),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  assert.deepEqual(
    clients.filter(client => client.error),
    [],
  )
})

test('children that are killed at random cost no session but their own', async t => {
  const daemon = new Daemon(t, PORT, '$max_servers = 3;')
  await daemon.start()
  await daemon.children(3)
  const load = new Load(t, () => PORT, 3)
  const killed = new Set<number>()
  while (killed.size < 5) {
    await load.reached(load.sessions + 10)
    // one that was killed a moment ago may still be listed
    const {children} = await daemon.status()
    const pid = children.find(child => child.state !== 'starting' && !killed.has(child.pid))?.pid
    if (pid === undefined) continue
    process.kill(pid, 'SIGKILL')
    killed.add(pid)
  }
  await load.reached(load.sessions + 20)
  await load.stop()
  assert.ok(load.troubles.length <= killed.size, load.troubles.join('; '))
  await daemon.children(3)
})

test('QUIT lets open sessions finish their mail and then ends the daemon', async t => {
  const daemon = new Daemon(t, PORT)
  const pid = await daemon.start()
  await daemon.children(2)
  const client = await new Client(PORT).greeted()
  client.socket.write('EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n')
  await until('354', () => client.said.includes('\n354 '))
  process.kill(pid, 'SIGQUIT')
  await until('the port to be closed', async () => !(await greets(PORT)))
  client.socket.write('Subject: x\r\n\r\nx\r\n.\r\n')
  await until('the session to end', () => client.closed)
  assert.match(client.said, /354 [^\n]*\n[245]\d\d [^\n]*\n421 /)
  await until('the daemon to end', () => !liveProcesses.exists(pid))
  assert.equal(daemon.pid, undefined)
})
