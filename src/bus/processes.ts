/**
 * processes — probe and signal the daemon's processes, and no others.
 *
 * What is heard on the bus is only a claim: a pid may have been given to another program since, or never
 * have been a daemon's. Before anything but a probe, and at each probe, the process is looked up in /proc:
 * its title must be that of a child of an amavis daemon. A pid that is now something else counts as gone, and so does
 * a zombie. Without /proc nothing is ever signalled.
 */
import {existsSync, readFileSync} from 'node:fs'
import path from 'node:path'
import type {Processes, ProcessFate} from './minder-table.ts'

/** Whether a process' title (its command line, arguments separated by NUL) is that of a daemon process. */
export type LooksOurs = (title: string) => boolean

/**
 * A child's titles: `amavis (ch3-avail)`, `amavis (virgin child)`, `/usr/sbin/amavisd (ch1-accept)`. Not the
 * master, whom nobody but an operator ends, nor the services, nor `vi amavisd.conf`.
 */
export const childTitle: LooksOurs = title => {
  const [program = '', ...rest] = title.replace(/\0+$/, '').split(/[\0 ]/)
  return (
    /^amavisd?(?:-[\w.]+)?$/.test(path.basename(program)) && /^\((?:ch\d|virgin child)/.test(rest.join(' '))
  )
}

export function daemonProcesses(looksOurs: LooksOurs = childTitle, procFolder = '/proc'): Processes {
  const signal = (pid: number, name: 0 | 'SIGTERM' | 'SIGKILL'): ProcessFate => {
    if (pid <= 1 || pid === process.pid) return 'denied'
    try {
      process.kill(pid, 0)
    } catch (error) {
      return isErrno(error, 'ESRCH') ? 'gone' : 'denied'
    }
    const found = lookUp(pid, looksOurs, procFolder)
    if (found === 'unknown') return name === 0 ? 'alive' : 'denied'
    if (found !== 'ours') return 'gone'
    try {
      process.kill(pid, name)
      return 'alive'
    } catch (error) {
      return isErrno(error, 'ESRCH') ? 'gone' : 'denied'
    }
  }
  return {probe: pid => signal(pid, 0), signal}
}

function lookUp(pid: number, looksOurs: LooksOurs, folder: string): 'ours' | 'other' | 'unknown' {
  if (!existsSync(`${folder}/self`)) return 'unknown'
  try {
    const stat = readFileSync(`${folder}/${pid}/stat`, 'latin1')
    // the program's name stands in parentheses and may hold some itself
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    if (state === 'Z' || state === 'X') return 'other'
    return looksOurs(readFileSync(`${folder}/${pid}/cmdline`, 'latin1')) ? 'ours' : 'other'
  } catch {
    return 'other'
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
