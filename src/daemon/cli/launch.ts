/**
 * launch — how a command becomes, or starts, a master.
 */
import {spawn} from 'node:child_process'
import {MASTER_ENTRY} from '../master-entry.ts'
import type {StartResult} from '../messages.ts'
import {type DaemonOptions, OPTIONS_VARIABLE} from '../options.ts'

function masterEnvironment(options: DaemonOptions): Record<string, string> {
  const environment: Record<string, string> = {[OPTIONS_VARIABLE]: JSON.stringify(options)}
  for (const [name, value] of Object.entries(process.env))
    if (value !== undefined) environment[name] ??= value
  return environment
}

/** Start a master in a session of its own; resolves when mail can come or never will. */
export function startDetached(options: DaemonOptions): Promise<StartResult> {
  const master = spawn(process.execPath, [MASTER_ENTRY], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: masterEnvironment(options),
  })
  return new Promise(resolve => {
    const fail = (text: string) => resolve({kind: 'failed', problems: [text]})
    master.once('error', error => fail(`cannot start the master: ${error.message}`))
    master.once('exit', (status, signal) => fail(`the master ended early (${signal ?? `exit ${status}`})`))
    master.once('message', message => {
      master.disconnect()
      master.unref()
      resolve(message as StartResult)
    })
  })
}

/**
 * Be the master from now on, in the same process: its parent, often systemd, sees one process from the
 * first moment, and nothing of the command line's program stays in memory.
 */
export function becomeMaster(options: DaemonOptions): never {
  process.execve?.(process.execPath, [process.execPath, MASTER_ENTRY], masterEnvironment(options))
  throw new Error('this platform cannot replace a running program; use "amavis start"')
}
