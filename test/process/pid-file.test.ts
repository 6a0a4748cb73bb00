import assert from 'node:assert/strict'
import {existsSync, readFileSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {test} from 'node:test'
import {SUPERVISOR} from '../../src/bus/mc-state.ts'
import {MASTER} from '../../src/daemon/title.ts'
import {isRunning, leavePidFile, readPidFile, takePidFile} from '../../src/process/pid-file.ts'
import type {ProcessTable} from '../../src/process/process-table.ts'
import {temporaryFolder} from '../support/wait.ts'

/** Processes by pid; a command line that cannot be known is undefined. */
const processes = (table: Readonly<Record<number, string | undefined>>): ProcessTable => ({
  exists: pid => pid in table,
  commandLine: pid => table[pid],
})

const RUNNING = processes({7: 'amavis (master)', 8: 'nginx: master process', 9: undefined})

const STATES = [
  ['7\n', 'running'],
  ['9\n', 'running'],
  ['8\n', 'stale'],
  ['4711\n', 'stale'],
  ['', 'stale'],
  ['junk', 'stale'],
  ['-7', 'stale'],
  ['7 8', 'stale'],
] as const

for (const [text, kind] of STATES) {
  test(`a PID file that holds ${JSON.stringify(text)} is ${kind}`, t => {
    const file = path.join(temporaryFolder(t), 'amavisd.pid')
    writeFileSync(file, text)
    assert.equal(readPidFile(file, MASTER, RUNNING).kind, kind)
    const options = {pid: 5000, processes: RUNNING}
    if (kind === 'running') {
      assert.throws(() => takePidFile(file, MASTER, options), /already running, PID: \[[79]\]/)
      assert.equal(readFileSync(file, 'utf8'), text)
    } else {
      assert.equal(
        typeof takePidFile(file, MASTER, options),
        'string',
        'it says why the old one was not believed',
      )
      assert.equal(readFileSync(file, 'utf8'), '5000\n')
    }
  })
}

test('no file is no daemon', t => {
  const file = path.join(temporaryFolder(t), 'amavisd.pid')
  assert.equal(readPidFile(file, MASTER).kind, 'none')
  assert.equal(takePidFile(file, MASTER, {pid: 5000}), undefined)
  assert.equal(readFileSync(file, 'utf8'), '5000\n')
})

test('a successor replaces the number of the one it follows, and nobody else', t => {
  const file = path.join(temporaryFolder(t), 'amavisd.pid')
  writeFileSync(file, '7\n')
  assert.throws(() => takePidFile(file, MASTER, {pid: 5000, successorOf: 6, processes: RUNNING}), {
    code: 'AM_DAEMON',
  })
  takePidFile(file, MASTER, {pid: 5000, successorOf: 7, processes: RUNNING})
  assert.equal(readFileSync(file, 'utf8'), '5000\n')
})

test('leaving removes only a file that still names us', t => {
  const file = path.join(temporaryFolder(t), 'amavisd.pid')
  writeFileSync(file, '7\n')
  leavePidFile(file, 5000)
  assert.equal(existsSync(file), true)
  leavePidFile(file, 7)
  assert.equal(existsSync(file), false)
  leavePidFile(file, 7)
})

test('a PID is never written through a link that someone has put there', t => {
  const folder = temporaryFolder(t)
  const [target, file] = [path.join(folder, 'precious'), path.join(folder, 'amavisd.pid')]
  writeFileSync(target, 'junk')
  symlinkSync(target, file)
  takePidFile(file, MASTER, {pid: 5000, processes: RUNNING})
  assert.equal(readFileSync(target, 'utf8'), 'junk')
})

test('a place that cannot be written is a clear error', t => {
  const file = path.join(temporaryFolder(t), 'no-such-folder', 'amavisd.pid')
  assert.throws(() => takePidFile(file, MASTER), /cannot write the PID file/)
})

const COMMAND_LINES = [
  ['amavis (master)', 'master'],
  ['/opt/node /opt/amavis/dist/bundle/master-main.js', 'master'],
  ['amavis (ch3-avail)', 'neither'],
  ['amavis-mc', 'supervisor'],
  ['/opt/node /usr/sbin/amavis-mc.js -f', 'supervisor'],
  ['amavis-mc-log', 'neither'],
  ['less amavis-mc.pid', 'neither'],
] as const

for (const [line, program] of COMMAND_LINES) {
  test(`a process with the command line ${JSON.stringify(line)} is ${program}`, () => {
    const table = processes({7: line})
    assert.equal(isRunning(7, MASTER, table), program === 'master')
    assert.equal(isRunning(7, SUPERVISOR, table), program === 'supervisor')
  })
}

test('the refusal names the program that runs', t => {
  const file = path.join(temporaryFolder(t), 'amavis-mc.pid')
  writeFileSync(file, '7\n')
  const options = {pid: 5000, processes: processes({7: 'amavis-mc'})}
  assert.throws(
    () => takePidFile(file, SUPERVISOR, options),
    /^AmavisError: amavis-mc is already running, PID: \[7\]$/,
  )
})

test('this very machine: a live process of another kind, one that is gone, one that is us', t => {
  const file = path.join(temporaryFolder(t), 'amavisd.pid')
  for (const pid of [process.ppid, 4_194_305]) {
    writeFileSync(file, `${pid}\n`)
    assert.equal(readPidFile(file, MASTER).kind, 'stale')
    assert.equal(typeof takePidFile(file, MASTER), 'string')
    assert.equal(readFileSync(file, 'utf8'), `${process.pid}\n`)
  }
})

test("the file that root makes is the daemon's user's at once", {skip: process.getuid?.() !== 0}, t => {
  const file = path.join(temporaryFolder(t), 'amavisd.pid')
  takePidFile(file, MASTER, {owner: {uid: 65_534, gid: 65_533}})
  const {uid, gid} = statSync(file)
  assert.deepEqual([uid, gid], [65_534, 65_533])
})
