/**
 * pid-file — the file that names the running master, and whether to believe it.
 *
 * A file is stale when it holds no number, when there is no such process, or when that process is
 * something else by now: the number was used again (looked up in /proc where there is one).
 * Source: spec/daemon, "pid file, lock, signals".
 */
import {closeSync, constants, openSync, readFileSync, rmSync, truncateSync, writeSync} from 'node:fs'
import {AmavisError, errorText} from '../errors.ts'

export type PidFileState =
  | {readonly kind: 'none'}
  | {readonly kind: 'stale'; readonly reason: string}
  | {readonly kind: 'running'; readonly pid: number}

/** The title of a master, as /proc and ps show it. */
export const MASTER_TITLE = 'amavis (master)'

/** What can be learnt of a process; handed in for tests. */
export interface ProcessTable {
  exists(pid: number): boolean
  /** its command line with spaces; undefined when it cannot be known */
  commandLine(pid: number): string | undefined
}

export const liveProcesses: ProcessTable = {
  exists(pid) {
    try {
      process.kill(pid, 0)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
    return !isDefunct(pid)
  },
  commandLine(pid) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    } catch {
      return undefined
    }
  },
}

/** A process that has ended is still listed until its parent takes notice, which in a container may be never. */
function isDefunct(pid: number): boolean {
  try {
    return /\) Z [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Whether a process is a master of ours, or about to become one. */
export function isMaster(pid: number, processes: ProcessTable = liveProcesses): boolean {
  if (!processes.exists(pid)) return false
  const line = processes.commandLine(pid)
  return line === undefined || line.startsWith(MASTER_TITLE) || line.includes('master-main.')
}

export function readPidFile(file: string, processes: ProcessTable = liveProcesses): PidFileState {
  let text: string
  try {
    text = readFileSync(file, 'latin1').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {kind: 'none'}
    throw new AmavisError('AM_DAEMON', `cannot read the PID file: ${errorText(error)}`, {cause: error})
  }
  if (!/^[1-9]\d{0,9}$/.test(text)) return {kind: 'stale', reason: 'it holds no process number'}
  const pid = Number(text)
  if (!processes.exists(pid)) return {kind: 'stale', reason: `there is no process ${pid}`}
  if (!isMaster(pid, processes)) return {kind: 'stale', reason: `process ${pid} is another program`}
  return {kind: 'running', pid}
}

/**
 * Take the file for this process.
 * @returns why a file that was there was not believed, or undefined
 * @throws AmavisError AM_DAEMON when another master runs, or when the file cannot be written
 */
export function takePidFile(
  file: string,
  {pid = process.pid, successorOf = 0, processes = liveProcesses} = {},
): string | undefined {
  const state = readPidFile(file, processes)
  if (state.kind === 'running' && state.pid !== pid && state.pid !== successorOf) {
    throw new AmavisError('AM_DAEMON', `The amavisd daemon is already running, PID: [${state.pid}]`)
  }
  try {
    const isThere = state.kind !== 'none' && !(state.kind === 'stale' && remove(file))
    // in place where the folder is root's and the file is ours by now; never through a link
    const {O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW} = constants
    const how = isThere ? O_TRUNC : O_CREAT | O_EXCL
    const fd = openSync(file, O_WRONLY | O_NOFOLLOW | how, 0o644)
    writeSync(fd, `${pid}\n`)
    closeSync(fd)
  } catch (error) {
    throw new AmavisError('AM_DAEMON', `cannot write the PID file: ${errorText(error)}`, {cause: error})
  }
  return state.kind === 'stale' ? state.reason : undefined
}

/** Remove the file if it still names this process; empty it where its folder is not ours to change. */
export function leavePidFile(file: string, pid = process.pid): void {
  try {
    if (readFileSync(file, 'latin1').trim() !== String(pid)) return
    if (!remove(file)) truncateSync(file)
  } catch {
    // gone already; and one that stays is recognised as stale
  }
}

function remove(file: string): boolean {
  try {
    rmSync(file, {force: true})
    return true
  } catch {
    return false
  }
}
