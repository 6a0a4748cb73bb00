/**
 * pid-file — the supervisor's pid file: made, found stale, removed.
 *
 * A file is stale when it holds no pid, when the process has gone, or when the pid was given to another
 * program since (its title tells, on Linux).
 */
import {readFileSync, renameSync, unlinkSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {AmavisError, errorText} from '../errors.ts'

/** Our title in the process list. */
export const SUPERVISOR_TITLE = 'amavis-mc'

/** The live supervisor that a pid file names; undefined when there is none. */
export function runningSupervisor(file: string): number | undefined {
  const pid = pidIn(file)
  if (pid === undefined || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return undefined
  }
  try {
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return title.split(/[\0 ]/).some(word => path.basename(word).replace(/\.js$/, '') === SUPERVISOR_TITLE)
      ? pid
      : undefined
  } catch {
    return pid // no /proc: the signal's word has to do
  }
}

/**
 * Write our pid, mode 0640, replacing a stale file.
 * @throws AmavisError AM_DAEMON when a supervisor is running, AM_STORAGE when the file cannot be written
 */
export function writePidFile(file: string): void {
  const pid = runningSupervisor(file)
  if (pid !== undefined) {
    throw new AmavisError('AM_DAEMON', `amavis-mc is already running, pid ${pid} (${file})`)
  }
  const temporary = `${file}.${process.pid}`
  try {
    writeFileSync(temporary, `${process.pid}\n`, {mode: 0o640, flag: 'wx'})
    renameSync(temporary, file)
  } catch (error) {
    throw new AmavisError('AM_STORAGE', `cannot write the pid file ${file}: ${errorText(error)}`, {
      cause: error,
    })
  }
}

/** Remove the file if it is still ours; what cannot be removed is found stale by the next start. */
export function removePidFile(file: string): void {
  try {
    if (pidIn(file) === process.pid) unlinkSync(file)
  } catch {
    // not our folder any more
  }
}

function pidIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
  } catch {
    return undefined
  }
}
