/**
 * The true clamd (Debian: clamav-daemon), with a signature of our own.
 */
import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir, userInfo} from 'node:os'
import path from 'node:path'
import {after, before, test} from 'node:test'
import {scanClamd} from '../../src/checks/virus/clamd.ts'
import {parseHeader} from '../../src/message/header.ts'
import {readMime} from '../../src/message/mime/read.ts'
import {octetsOf} from '../../src/message/octets.ts'
import {until} from '../support/wait.ts'

const CLAMD = '/usr/sbin/clamd'
const MARKER = 'a marker that only this test knows'

const folder = mkdtempSync(path.join(tmpdir(), 'amavis-true-clamd-'))
const socket = path.join(folder, 'clamd.ctl')
let daemon: ChildProcess | undefined

before(async () => {
  assert.ok(existsSync(CLAMD), `${CLAMD} is missing: install the package clamav-daemon`)
  writeFileSync(path.join(folder, 'test.ndb'), `Test.Marker:0:*:${Buffer.from(MARKER).toString('hex')}\n`)
  const config = path.join(folder, 'clamd.conf')
  const settings = [
    `DatabaseDirectory ${folder}`,
    `LocalSocket ${socket}`,
    `User ${userInfo().username}`,
    'Foreground yes',
    'StreamMaxLength 1M',
    'OfficialDatabaseOnly no',
  ]
  writeFileSync(config, `${settings.join('\n')}\n`)
  daemon = spawn(CLAMD, ['-c', config], {stdio: 'ignore'})
  await until('the socket of clamd', () => existsSync(socket) || daemon?.exitCode !== null)
  assert.equal(daemon.exitCode, null, 'clamd does not come up')
})

after(async () => {
  if (daemon && daemon.exitCode === null) {
    daemon.kill()
    await new Promise(resolve => daemon?.once('exit', resolve))
  }
  rmSync(folder, {recursive: true})
})

function scan(mail: string) {
  const octets = Buffer.from(mail.replaceAll('\n', '\r\n'))
  const {parts} = readMime(octets, parseHeader(octets), {maxParts: 100, maxLevels: 10})
  return scanClamd(octetsOf(octets), parts, {endpoint: {path: socket}, timeoutMs: 30_000})
}

test('a clean mail with encoded parts is clean', async () => {
  const base64 = Buffer.from('harmless').toString('base64')
  const part = `--b\nContent-Transfer-Encoding: base64\n\n${base64}\n`
  const mail = `Content-Type: multipart/mixed; boundary=b\n\n${part.repeat(20)}--b--\n`
  assert.deepEqual(await scan(mail), {kind: 'clean'})
})

test('a signature is found in a body, and in an attachment', async () => {
  const infected = {kind: 'infected', names: ['Test.Marker.UNOFFICIAL']}
  assert.deepEqual(await scan(`Subject: x\n\n${MARKER}\n`), infected)
  const base64 = Buffer.from(`before ${MARKER}`).toString('base64')
  assert.deepEqual(await scan(`Content-Transfer-Encoding: base64\n\n${base64}\n`), infected)
})

test('a mail that is larger than the daemon takes gets no answer', async () => {
  const answer = await scan(`Subject: x\n\n${'large\n'.repeat(500_000)}`)
  assert.equal(answer.kind, 'failed')
  assert.match(answer.kind === 'failed' ? answer.reason : '', /size limit exceeded|closed|EPIPE|ECONNRESET/)
})
