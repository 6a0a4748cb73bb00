/**
 * real-bus — the original services and daemon (Debian's amavisd-new with a ZeroMQ binding of our own),
 * run in a folder and on ports of the test's own by ../shared/peers/real-zmq/real-stack.sh.
 */
import {execFile, execFileSync, spawn, spawnSync} from 'node:child_process'
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import path from 'node:path'
import type {TestContext} from 'node:test'
import {fileURLToPath} from 'node:url'
import {promisify} from 'node:util'

const PEERS = path.resolve(fileURLToPath(new URL('../../../', import.meta.url)), '../shared/peers/real-zmq')
const FIRST_PORT = 21_200

const NEEDED: readonly (readonly [file: string, debianPackage: string])[] = [
  ['/usr/sbin/amavisd', 'amavisd-new'],
  ['/usr/sbin/amavis-services', 'amavisd-new'],
  ['/usr/sbin/smtp-sink', 'postfix'],
  ['/usr/bin/swaks', 'swaks'],
  ['/usr/bin/setpriv', 'util-linux'],
  [path.join(PEERS, 'real-stack.sh'), 'none: it is part of ../shared'],
]

export type Part = 'forwarder' | 'minder' | 'responder' | 'amavisd' | 'sink' | 'rejsink'

export interface RealBus {
  /** its home folder; owned by user amavis */
  readonly home: string
  readonly inner: string
  readonly outer: string
  readonly snmp: string
  /** the port for mail from outside */
  readonly mailPort: number
  start(...parts: readonly Part[]): void
  /** what a part has written */
  output(part: Part): string
  /** publish lines of `frame|frame…` with zpub.pl */
  publish(lines: readonly string[]): Promise<void>
  /** ask with zquery.pl; undefined: no answer within 3 s */
  query(question: string): Promise<readonly string[] | undefined>
}

/**
 * A place for the originals; everything started in it ends with the test.
 * @throws Error naming what is not installed
 */
export function realBus(t: TestContext, env: Readonly<Record<string, string>> = {}): RealBus {
  const missing = NEEDED.filter(([file]) => !existsSync(file))
  if (missing.length > 0) {
    throw new Error(`missing: ${missing.map(([file, name]) => `${file} (package ${name})`).join(', ')}`)
  }
  if (process.getuid?.() !== 0) throw new Error('needs root: the originals run as user amavis')
  try {
    execFileSync('perl', ['-MFFI::Platypus', '-MBerkeleyDB', '-e', '1'], {stdio: 'ignore'})
  } catch {
    throw new Error(
      'missing Perl modules: packages libzmq-ffi-perl, libffi-platypus-perl, libberkeleydb-perl',
    )
  }
  const base = mkdtempSync(path.join(tmpdir(), 'amavis-real-'))
  chmodSync(base, 0o755)
  const inner = `ipc://${base}/home/amavisd-zmq.sock`
  const outer = `tcp://127.0.0.1:${FIRST_PORT + 32}`
  const snmp = `tcp://127.0.0.1:${FIRST_PORT + 33}`
  const environment = {...process.env, BASE: base, P0: String(FIRST_PORT), ENABLE_DB: '0', ...env}
  // its status says nothing: that of the last test in a loop
  const stack = (...args: string[]) =>
    spawnSync(path.join(PEERS, 'real-stack.sh'), args, {env: environment, stdio: 'ignore'})
  stack('prepare')
  t.after(() => {
    stack('stop', 'all')
    rmSync(base, {recursive: true, force: true})
  })
  const perl = (script: string, ...args: string[]) => [
    '-T',
    `-I${path.join(PEERS, 'lib')}`,
    path.join(PEERS, script),
    ...args,
  ]
  return {
    home: `${base}/home`,
    inner,
    outer,
    snmp,
    mailPort: FIRST_PORT + 10,
    start: (...parts) => void stack('start', ...parts),
    output: part => (existsSync(`${base}/${part}.out`) ? readFileSync(`${base}/${part}.out`, 'utf8') : ''),
    async publish(lines) {
      const child = spawn('perl', perl('zpub.pl', inner), {stdio: ['pipe', 'inherit', 'inherit']})
      child.stdin.end(`${lines.join('\n')}\n`)
      await new Promise((resolve, reject) => {
        child.once('error', reject)
        child.once('exit', resolve)
      })
    },
    async query(question) {
      const ran = await promisify(execFile)('perl', perl('zquery.pl', snmp, question, '3000')).catch(
        (error: {stdout: string}) => error, // status 1: no answer
      )
      const {t_reply, frames} = JSON.parse(ran.stdout) as {t_reply: number | null; frames: string[]}
      return t_reply === null ? undefined : frames
    },
  }
}
