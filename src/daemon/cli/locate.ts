/**
 * locate — which running master a command line means.
 *
 * By the PID file that the configuration or -P names. Where that leads nowhere, because the configuration
 * does not parse any more or the file is gone, by the masters themselves: each that runs is asked on its
 * control socket which files and instance name it was started with.
 */
import {readdirSync, readFileSync, readlinkSync, statSync} from 'node:fs'
import {isRunning, readPidFile} from '../../process/pid-file.ts'
import {askMaster} from '../control.ts'
import {type DaemonOptions, type Identity, sameDaemon} from '../options.ts'
import type {Plan} from '../plan.ts'
import {readConfiguration} from '../read-configuration.ts'
import {MASTER} from '../title.ts'

export interface Located {
  /** undefined: it is not running */
  readonly pid: number | undefined
  /** undefined where the configuration does not parse */
  readonly plan: Plan | undefined
  /** what is wrong with the configuration */
  readonly problems: readonly string[]
  /** how it was found, where not by its PID file; for a person */
  readonly remark: string | undefined
  readonly pidFile: string | undefined
}

/** A master that is asked who it is answers within this time. */
const ANSWER_MS = 2000

/** systemd names the process it watches in MAINPID. */
function namedByEnvironment(): number | undefined {
  const pid = Number(process.env['MAINPID'])
  return Number.isInteger(pid) && pid > 1 && isRunning(pid, MASTER) ? pid : undefined
}

export async function locate(options: DaemonOptions, pidFileFlag: unknown): Promise<Located> {
  const read = await readConfiguration({options, announce: 0, inspect: true})
  const plan = read.kind === 'ok' ? read.plan : undefined
  const problems = read.kind === 'failed' ? read.problems : []
  const pidFile = plan?.pidFile ?? (typeof pidFileFlag === 'string' ? pidFileFlag : undefined)
  const named = namedByEnvironment()
  if (named !== undefined) return {pid: named, plan, problems, remark: undefined, pidFile}
  const state = pidFile === undefined ? undefined : readPidFile(pidFile, MASTER)
  if (state?.kind === 'running') return {pid: state.pid, plan, problems, remark: undefined, pidFile}
  const found = await askAround(options)
  const remark =
    found === undefined
      ? undefined
      : `no usable PID file; process [${found}] says that it was started with the same configuration`
  return {pid: found, plan, problems, remark, pidFile}
}

/** The running master of the same configuration files and instance; only Linux can tell. */
async function askAround(wanted: Identity): Promise<number | undefined> {
  try {
    const sockets = boundSockets()
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || !isRunning(Number(name), MASTER)) continue
      for (const path of controlSockets(name, sockets)) {
        const reply = await askMaster(path, {command: 'ping'}, {timeoutMs: ANSWER_MS})
        if (reply?.kind === 'ok' && sameDaemon(reply as unknown as Identity, wanted)) return Number(name)
      }
    }
  } catch {
    // no /proc here
  }
  return undefined
}

/** Paths of all bound Unix sockets by inode: `address: refs protocol flags type state inode path`. */
function boundSockets(): ReadonlyMap<string, string> {
  const lines = readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1)
  return new Map(
    lines.flatMap(line => {
      const match = /^(?:\S+\s+){6}(\d+)\s+(\/.*)$/.exec(line)
      return match?.[1] && match[2] ? [[match[1], match[2]] as const] : []
    }),
  )
}

/** The sockets of a process that only its user can connect to, which those for mail are not. */
function controlSockets(pid: string, sockets: ReadonlyMap<string, string>): readonly string[] {
  const paths: string[] = []
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
    const path = inode === undefined ? undefined : sockets.get(inode)
    if (path === undefined) continue
    const info = statSync(path, {throwIfNoEntry: false})
    if (info?.isSocket() && (info.mode & 0o777) === 0o600) paths.push(path)
  }
  return paths
}
