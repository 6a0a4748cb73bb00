/**
 * mc-state — what a supervisor knows of its services, in a file beside its pid file.
 *
 * Written anew, as a whole, at each change; a reader sees the old one or the new one.
 */
import {readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import type {Program} from '../process/pid-file.ts'
import {type ServiceName, serviceNamed} from './services.ts'

/** Its title in the process list. */
const SUPERVISOR_TITLE = 'amavis-mc'

export const SUPERVISOR: Program = {
  name: SUPERVISOR_TITLE,
  isNamedBy: line => line.split(' ').some(word => path.basename(word, '.js') === SUPERVISOR_TITLE),
}

export interface ServiceState {
  readonly name: ServiceName
  /** undefined: it is not running */
  readonly pid?: number | undefined
  /** Unix time in ms of the last start */
  readonly startedMs?: number | undefined
  readonly restarts: number
  /** how it ended last: `exit 1`, `killed by SIGKILL` */
  readonly lastEnd?: string | undefined
  /** Unix time in ms of the next start, when it is down */
  readonly nextStartMs?: number | undefined
}

export interface McState {
  readonly pid: number
  readonly services: readonly ServiceState[]
}

/** `amavis-mc.pid` → `amavis-mc.state`. */
export function stateFileOf(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, '')}.state`
}

/** A folder that is not ours to write in leaves `mc status` with the pid alone. */
export function writeMcState(file: string, state: McState): void {
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`, {mode: 0o640})
    renameSync(`${file}.new`, file)
  } catch {
    // see above
  }
}

export function removeMcState(file: string): void {
  try {
    rmSync(file, {force: true})
  } catch {
    // see writeMcState; one that stays names a pid that is gone
  }
}

/** The state of the supervisor with this pid; undefined where there is none, or that of another one. */
export function readMcState(file: string, pid: number): McState | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as McState
    const isWhole =
      Array.isArray(state.services) && state.services.every(({name}) => serviceNamed(name) === name)
    return state.pid === pid && isWhole ? state : undefined
  } catch {
    return undefined
  }
}

/** A line for each service: what it is called, whether it is up and since when, how often it was started again. */
export function mcStateLines({pid, services}: McState, nowMs: number): readonly string[] {
  const lines = services.map(({name, pid: own, startedMs, restarts, lastEnd, nextStartMs}) => {
    const since = `${Math.max(0, Math.round((nowMs - (startedMs ?? nowMs)) / 1000))} s`
    const wait = Math.max(0, Math.ceil(((nextStartMs ?? nowMs) - nowMs) / 1000))
    const what = own === undefined ? `down, starts again in ${wait} s` : `running, PID ${own}, for ${since}`
    const more = restarts > 0 ? `, ${restarts} restarts, last end: ${lastEnd ?? 'unknown'}` : ''
    // the file is the daemon user's, who reads this may be root at a terminal
    return `${name.padEnd(17)}${what}${more}`.replace(/[^\x20-\x7e]/g, '?')
  })
  return [`${'amavis-mc'.padEnd(17)}running, PID ${pid}`, ...lines]
}
