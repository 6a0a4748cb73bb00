import assert from 'node:assert/strict'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdirSync} from 'node:fs'
import path from 'node:path'
import {type TestContext, test} from 'node:test'
import {childTitle, daemonProcesses} from '../../src/bus/processes.ts'
import {temporaryFolder, until} from '../support/wait.ts'

/** A process with a title of its own that waits; it ends with the test. */
async function startProcess(t: TestContext, title: string): Promise<number> {
  const script = `process.title = ${JSON.stringify(title)}; setInterval(() => {}, 1000); console.log('up')`
  const child = spawn(process.execPath, ['-e', script], {stdio: ['ignore', 'pipe', 'inherit']})
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

const titles: [string, boolean][] = [
  ['amavis (ch3-avail)', true],
  ['/usr/sbin/amavisd (ch1-accept)\0', true],
  ['amavis-two (ch2-00042-01)', true],
  ['amavis (virgin child)', true],
  ['amavis (master)', false],
  ['amavis-mc', false],
  ['amavis-services childproc-minder', false],
  ['vi\0/etc/amavis/amavisd.conf\0', false],
  ['node\0/usr/lib/amavis/child.js', false],
  ['', false],
]
for (const [title, ours] of titles) {
  test(`"${title.replaceAll('\0', '␀')}" is ${ours ? '' : 'not '}the title of a child`, () => {
    assert.equal(childTitle(title), ours)
  })
}

test('a daemon process is probed and signalled', async t => {
  const pid = await startProcess(t, 'amavis (ch1-avail)')
  const processes = daemonProcesses()
  assert.equal(processes.probe(pid), 'alive')
  assert.equal(processes.signal(pid, 'SIGTERM'), 'alive')
  await until('its end', () => processes.probe(pid) === 'gone')
})

test('a process that is no daemon counts as gone and gets no signal', async t => {
  const pid = await startProcess(t, 'innocent')
  assert.equal(daemonProcesses().probe(pid), 'gone')
  assert.equal(daemonProcesses().signal(pid, 'SIGKILL'), 'gone')
  assert.equal(daemonProcesses(() => true).probe(pid), 'alive')
})

test('a zombie counts as gone', async t => {
  // the shell starts a process, becomes another program, and never asks how the first one ended
  const script = 'sh -c "exec sleep 0" & echo $!; exec sleep 60'
  const parent = spawn('sh', ['-c', script], {stdio: ['ignore', 'pipe', 'inherit']})
  t.after(() => parent.kill('SIGKILL'))
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  await until('the zombie', () => daemonProcesses(() => true).probe(Number(pid)) === 'gone')
  assert.doesNotThrow(() => process.kill(Number(pid), 0))
})

test('without /proc nothing is signalled', async t => {
  const folder = path.join(temporaryFolder(t), 'empty')
  mkdirSync(folder)
  const pid = await startProcess(t, 'amavis (ch1-avail)')
  const processes = daemonProcesses(childTitle, folder)
  assert.equal(processes.probe(pid), 'alive')
  assert.equal(processes.signal(pid, 'SIGTERM'), 'denied')
})

test('neither we ourselves nor process 1 are signalled', () => {
  const processes = daemonProcesses(() => true)
  assert.equal(processes.signal(process.pid, 'SIGKILL'), 'denied')
  assert.equal(processes.signal(1, 'SIGKILL'), 'denied')
})
