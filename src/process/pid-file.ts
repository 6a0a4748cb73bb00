/**
 * pid-file — the file that names a running program of ours, and whether to believe it.
 *
 * A file is stale when it holds no number, when there is no such process, or when that process is
 * something else by now: the number was used again (looked up in /proc where there is one).
 * Source: spec/daemon, "pid file, lock, signals"; spec/monitoring §2.1.
 */
import {
  closeSync,
  constants,
  fchownSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import {AmavisError, errorText} from '../errors.ts'
import {liveProcesses, type ProcessTable} from './process-table.ts'

export type PidFileState =
  | {readonly kind: 'none'}
  | {readonly kind: 'stale'; readonly reason: string}
  | {readonly kind: 'running'; readonly pid: number}

/** A program that runs once. */
export interface Program {
  /** as a sentence about it begins */
  readonly name: string
  /** Whether a command line, with spaces, is the program's, or that of a process about to become it. */
  isNamedBy(commandLine: string): boolean
}

/** Whether a process is that program; one that lives and cannot be looked at is taken for it. */
export function isRunning(pid: number, program: Program, processes: ProcessTable = liveProcesses): boolean {
  if (!processes.exists(pid)) return false
  const line = processes.commandLine(pid)
  return line === undefined || program.isNamedBy(line)
}

/** @throws AmavisError AM_DAEMON for a file that is there and cannot be read */
export function readPidFile(
  file: string,
  program: Program,
  processes: ProcessTable = liveProcesses,
): PidFileState {
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
  if (!isRunning(pid, program, processes)) return {kind: 'stale', reason: `process ${pid} is another program`}
  return {kind: 'running', pid}
}

/**
 * Take the file for this process.
 * @param options.owner who is to be able to put a successor's number in; undefined: we
 * @returns why a file that was there was not believed, or undefined
 * @throws AmavisError AM_DAEMON when the program runs already, or when the file cannot be written
 */
export function takePidFile(
  file: string,
  program: Program,
  {
    pid = process.pid,
    successorOf = 0,
    processes = liveProcesses,
    owner = undefined,
  }: {
    readonly pid?: number
    readonly successorOf?: number
    readonly processes?: ProcessTable
    readonly owner?: {readonly uid: number; readonly gid: number} | undefined
  } = {},
): string | undefined {
  const state = readPidFile(file, program, processes)
  if (state.kind === 'running' && state.pid !== pid && state.pid !== successorOf) {
    throw new AmavisError('AM_DAEMON', `${program.name} is already running, PID: [${state.pid}]`)
  }
  try {
    const isThere = state.kind !== 'none' && !(state.kind === 'stale' && remove(file))
    // in place where the folder is root's and the file is ours by now; never through a link
    const {O_WRONLY, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW} = constants
    const how = isThere ? O_TRUNC : O_CREAT | O_EXCL
    const fd = openSync(file, O_WRONLY | O_NOFOLLOW | how, 0o640)
    writeSync(fd, `${pid}\n`)
    // by its descriptor: in a folder of the owner's the name may be something else by now
    if (owner) fchownSync(fd, owner.uid, owner.gid)
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
