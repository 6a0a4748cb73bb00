/**
 * process-table — what can be learnt of another process of this machine by its pid.
 */
import {readFileSync} from 'node:fs'

/** Handed in for tests. */
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
