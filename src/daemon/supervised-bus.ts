/**
 * supervised-bus — the `amavis mc` that a master brings up, and stops when it stops.
 *
 * One that was started by itself is left alone: ours then says that it is taken and ends, which is a line
 * in the log and no trouble for mail.
 */
import {type ChildProcess, spawn} from 'node:child_process'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import type {Log} from '../log/log.ts'
import type {DaemonOptions} from './options.ts'

const STOP_LIMIT_MS = 15_000

export interface SupervisedBus {
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** Start `amavis mc` on the daemon's own configuration; what it says goes to our log. */
export function bringUpBus(
  options: DaemonOptions,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): SupervisedBus {
  const program = fileURLToPath(new URL('../../../bin/amavis.js', import.meta.url))
  const args = ['mc', '-f', ...options.files.flatMap(file => ['-c', file])]
  if (options.instance !== '') args.push('-i', options.instance)
  if (options.allowRoot) args.push('--allow-root')
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  })
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      log.write(-1, `amavis mc: ${error.message}`)
      resolve()
    })
    child.once('exit', (status, signal) => {
      log.write(status === 0 ? 1 : -1, `amavis mc [${child.pid}] ended: ${signal ?? `exit ${status}`}`)
      resolve()
    })
  })
  if (child.stderr) createInterface(child.stderr).on('line', line => log.write(1, `amavis mc: ${line}`))
  return {
    pid: child.pid,
    stop: () => stop(child, ended),
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(deadline)
}
