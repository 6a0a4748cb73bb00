/** program — the daemon's commands run as an operator runs them, and SMTP clients that count what happens. */
import {readFileSync, rmSync} from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type {TestContext} from 'node:test'
import type {MasterStatus} from '../../src/daemon/answers.ts'
import {askMaster, type ControlReply} from '../../src/daemon/control.ts'
import type {ChildStatus} from '../../src/daemon/generation.ts'
import {MASTER} from '../../src/daemon/title.ts'
import {isRunning} from '../../src/process/pid-file.ts'
import {amavis, type Ended} from '../support/amavis.ts'
import {writeConfiguration} from '../support/daemon.ts'
import {temporaryFolder, until} from '../support/wait.ts'

const QUIET = `$enable_zmq = 0;
$max_servers = 2;
@spam_scanners = ();
$log_level = 3;
$interface_policy{'SOCK'} = 'UNIX';
$policy_bank{'UNIX'} = {protocol => 'SMTP'};
`

/** A daemon of a test: a home, a configuration in it, and what can be asked of it. */
export class Daemon {
  readonly home: string
  readonly port: number
  readonly file: string
  readonly #seen = new Set<number>()

  constructor(t: TestContext, port: number, lines = '') {
    // before the folder goes
    t.after(() => this.#end())
    this.home = temporaryFolder(t)
    this.port = port
    this.file = writeConfiguration(this.home, port, QUIET + lines)
  }

  /** Write the configuration anew. */
  configure(lines: string, port = this.port): void {
    writeConfiguration(this.home, port, QUIET + lines)
  }

  /** No test leaves its daemon to the next one; that TERM ends it is a part of every test. */
  async #end(): Promise<void> {
    if (this.pid !== undefined) this.#seen.add(this.pid)
    const left = [...this.#seen].filter(pid => isRunning(pid, MASTER))
    for (const pid of left) process.kill(pid, 'SIGTERM')
    try {
      await until('the daemon to end', () => !left.some(pid => isRunning(pid, MASTER)))
    } finally {
      for (const pid of left) if (isRunning(pid, MASTER)) process.kill(pid, 'SIGKILL')
    }
  }

  async run(command: string, ...args: string[]): Promise<Ended> {
    const root = ['start', 'restart', 'foreground', 'test-config'].includes(command) ? ['--allow-root'] : []
    const ran = await amavis(command, '-c', this.file, ...root, ...args)
    if (this.pid !== undefined) this.#seen.add(this.pid)
    return ran
  }

  async start(...args: string[]): Promise<number> {
    const {status, stderr} = await this.run('start', ...args)
    if (status !== 0) throw new Error(`the daemon did not start: ${stderr}`)
    return this.pid ?? 0
  }

  get pid(): number | undefined {
    try {
      return Number(readFileSync(path.join(this.home, 'amavisd.pid'), 'utf8')) || undefined
    } catch {
      return undefined
    }
  }

  get log(): string {
    return readFileSync(path.join(this.home, 'amavis.log'), 'utf8')
  }

  forgetLog(): void {
    rmSync(path.join(this.home, 'amavis.log'), {force: true})
  }

  control(command: 'ping' | 'status' | 'reload'): Promise<ControlReply | undefined> {
    return askMaster(path.join(this.home, 'amavisd.ctl'), {command})
  }

  async status(): Promise<MasterStatus> {
    return (await this.control('status')) as unknown as MasterStatus
  }

  /** Children of the serving generation, all of them up. */
  async children(count: number): Promise<readonly ChildStatus[]> {
    return await until(`${count} children`, async () => {
      const {children, generation} = await this.status()
      const up = children.filter(child => child.generation === generation && child.state !== 'starting')
      return up.length === count && children.length === count ? up : undefined
    })
  }
}

/** A client whose session goes as far as it is told. */
export class Client {
  readonly socket: net.Socket
  said = ''
  closed = false
  error: NodeJS.ErrnoException | undefined

  constructor(where: number | string) {
    this.socket = typeof where === 'number' ? net.connect(where, '127.0.0.1') : net.connect(where)
    this.socket.setEncoding('latin1')
    this.socket.on('data', (chunk: string) => (this.said += chunk))
    this.socket.on('error', error => (this.error = error))
    this.socket.on('close', () => (this.closed = true))
  }

  /** Act on the greeting, now if it has come. */
  onGreeting(act: () => void): void {
    if (this.said !== '') act()
    else this.socket.once('data', act)
  }

  async greeted(limitMs?: number): Promise<this> {
    await until('a greeting', () => this.closed || this.said.startsWith('220'), limitMs)
    if (this.closed) throw this.error ?? new Error('closed before the greeting')
    return this
  }

  async quit(): Promise<void> {
    this.socket.write('QUIT\r\n')
    await until('the end of the session', () => this.closed)
  }
}

/** Sessions one after the other on several lines at once, until stopped; what went wrong is counted. */
export class Load {
  sessions = 0
  readonly troubles: string[] = []
  #stopped = false
  readonly #where: () => number | string
  readonly #lines: Promise<void>[]

  constructor(t: TestContext, where: () => number | string, parallel = 4) {
    this.#where = where
    this.#lines = Array.from({length: parallel}, () => this.#line())
    t.after(() => this.stop())
  }

  async #line(): Promise<void> {
    while (!this.#stopped) await this.#session()
  }

  async #session(): Promise<void> {
    const client = new Client(this.#where())
    client.onGreeting(() => client.socket.write('EHLO load\r\nQUIT\r\n'))
    client.socket.setTimeout(10_000, () => client.socket.destroy(new Error('silence')))
    await new Promise(resolve => client.socket.once('close', resolve))
    if (/^220 .*\n221 /s.test(client.said)) this.sessions++
    else this.troubles.push(`${client.error?.message ?? 'closed'} after ${JSON.stringify(client.said)}`)
  }

  async reached(sessions: number): Promise<void> {
    await until(`${sessions} sessions`, () => this.sessions >= sessions)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#lines)
  }
}
