/** amavis — the built program as a command, for its status and what it says. */
import {type ExecFileOptions, execFile} from 'node:child_process'
import {fileURLToPath} from 'node:url'

export interface Ended {
  /** -1: it could not be run, or a signal ended it */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A file of `bin/`. */
export function binary(name: string): string {
  return fileURLToPath(new URL(`../../../bin/${name}`, import.meta.url))
}

/** The program itself. */
export const AMAVIS = binary('amavis.js')

/** Run it to its end, or another file of `bin/` by its path; standard output is no terminal. */
export function runAmavis(
  args: readonly string[],
  {file = AMAVIS, ...options}: {file?: string} & Pick<ExecFileOptions, 'uid' | 'gid' | 'env'> = {},
): Promise<Ended> {
  return new Promise(resolve => {
    execFile(
      process.execPath,
      [file, ...args],
      {...options, timeout: 60_000, encoding: 'utf8'},
      (error, stdout, stderr) => {
        const status = error ? (typeof error.code === 'number' ? error.code : -1) : 0
        resolve({status, stdout, stderr})
      },
    )
  })
}

export function amavis(...args: readonly string[]): Promise<Ended> {
  return runAmavis(args)
}
