/** amavis — the built program as a command, for its status and what it says. */
import {execFile} from 'node:child_process'
import {AMAVIS} from './daemon.ts'

export interface Ended {
  readonly status: number
  /** standard output, then standard error */
  readonly output: string
}

/** Run a command to its end. */
export function amavis(...args: string[]): Promise<Ended> {
  return new Promise(resolve => {
    execFile(process.execPath, [AMAVIS, ...args], (error, stdout, stderr) => {
      const status = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      resolve({status, output: stdout + stderr})
    })
  })
}
