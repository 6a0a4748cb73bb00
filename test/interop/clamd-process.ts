/** clamd-process — the true clamd (Debian: clamav-daemon) in the foreground, with signatures of our own. */
import assert from 'node:assert/strict'
import {type ChildProcess, spawn} from 'node:child_process'
import {existsSync, mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {userInfo} from 'node:os'
import path from 'node:path'
import {until} from '../support/wait.ts'

const CLAMD = '/usr/sbin/clamd'
export const MARKER = 'a marker that only this test knows'
/** What it is called. */
export const MARKER_NAME = 'Test.Marker.UNOFFICIAL'

export class Clamd {
  readonly socket: string
  readonly database: string
  readonly config: string
  #process: ChildProcess | undefined

  /** @param port on loopback, beside the Unix socket */
  constructor(folder: string, port: number, settings: readonly string[] = []) {
    assert.ok(existsSync(CLAMD), `${CLAMD} is missing: install the package clamav-daemon`)
    this.socket = path.join(folder, 'clamd.ctl')
    this.database = path.join(folder, 'signatures')
    this.config = path.join(folder, 'clamd.conf')
    mkdirSync(this.database)
    const hex = Buffer.from(MARKER).toString('hex')
    writeFileSync(path.join(this.database, 'test.ndb'), `Test.Marker:0:*:${hex}\n`)
    const lines = [
      `DatabaseDirectory ${this.database}`,
      `LocalSocket ${this.socket}`,
      `TCPSocket ${port}`,
      'TCPAddr 127.0.0.1',
      `User ${userInfo().username}`,
      'Foreground yes',
      'StreamMaxLength 1M',
      'OfficialDatabaseOnly no',
      ...settings,
    ]
    writeFileSync(this.config, `${lines.join('\n')}\n`)
  }

  async start(): Promise<void> {
    rmSync(this.socket, {force: true})
    const daemon = spawn(CLAMD, ['-c', this.config], {stdio: 'ignore'})
    this.#process = daemon
    await until('the socket of clamd', () => existsSync(this.socket) || daemon.exitCode !== null)
    assert.equal(daemon.exitCode, null, 'clamd does not come up')
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(name)
  }

  /** Without a chance to say good-bye. */
  async kill(): Promise<void> {
    const daemon = this.#process
    this.#process = undefined
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return
    const ended = new Promise(resolve => daemon.once('exit', resolve))
    daemon.kill('SIGKILL')
    await ended
  }
}
