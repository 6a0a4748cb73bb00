/**
 * locate — which running master a command line means.
 *
 * By the PID file that -P or the configuration names. Where that leads nowhere, because the configuration
 * does not parse any more or the file is gone, by the processes themselves: a master was started with the
 * same files and instance name in its environment.
 */
import {readdirSync, readFileSync} from 'node:fs'
import {type DaemonOptions, optionsIn, sameDaemon} from '../options.ts'
import {isMaster, readPidFile} from '../pid-file.ts'
import type {Plan} from '../plan.ts'
import {readConfiguration} from '../read-configuration.ts'

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

/** systemd names the process it watches in MAINPID. */
function namedByEnvironment(): number | undefined {
  const pid = Number(process.env['MAINPID'])
  return Number.isInteger(pid) && pid > 1 && isMaster(pid) ? pid : undefined
}

export async function locate(options: DaemonOptions, pidFileFlag: string | undefined): Promise<Located> {
  const read = await readConfiguration({options, announce: 0, inspect: true})
  const plan = read.kind === 'ok' ? read.plan : undefined
  const problems = read.kind === 'failed' ? read.problems : []
  const pidFile = plan?.pidFile ?? pidFileFlag
  const named = namedByEnvironment()
  if (named !== undefined) return {pid: named, plan, problems, remark: undefined, pidFile}
  const state = pidFile === undefined ? undefined : readPidFile(pidFile)
  if (state?.kind === 'running') return {pid: state.pid, plan, problems, remark: undefined, pidFile}
  const found = findByEnvironment(options)
  const remark =
    found === undefined
      ? undefined
      : `no usable PID file; found process [${found}] by the command line it was started with`
  return {pid: found, plan, problems, remark, pidFile}
}

/** The running master of the same configuration files and instance; only /proc knows. */
function findByEnvironment(options: DaemonOptions): number | undefined {
  try {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || !isMaster(Number(name))) continue
      const started = optionsIn(environmentOf(name))
      if (started && sameDaemon(started, options)) return Number(name)
    }
  } catch {
    // no /proc here
  }
  return undefined
}

function environmentOf(pid: string): Record<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return Object.fromEntries(entries.map(entry => entry.split(/=(.*)/s, 2) as [string, string]))
  } catch {
    return {}
  }
}
