/**
 * start-daemon — a master in a process of its own, or in this one.
 */
import {spawn} from 'node:child_process'
import {entryFile} from '../../process/program-file.ts'
import {FIRST_SOCKET_FD, type MasterOrders, type StartResult} from '../messages.ts'
import type {DaemonOptions} from '../options.ts'
import {takeActivatedSockets} from '../socket-activation.ts'

/**
 * Detached: returns when the master takes mail, or has said why it cannot. In the foreground: returns when
 * it has ended.
 * @returns the exit status
 */
export async function startDaemon(options: DaemonOptions): Promise<number> {
  if (options.mode !== 'daemon') {
    const {runMaster} = await import('../run-master.ts')
    const activated = takeActivatedSockets()
    return await runMaster({options, inheritance: undefined, activated, report: async result => say(result)})
  }
  const result = await startDetached(options)
  say(result)
  return result.kind === 'ready' ? 0 : 1
}

/** What a person should know goes to standard error. */
function say(result: StartResult): void {
  const lines = result.kind === 'failed' ? result.problems : result.warnings
  for (const line of lines) process.stderr.write(`${line}\n`)
}

/** Start a master in a session of its own; resolves when mail can come or never will. */
export function startDetached(options: DaemonOptions): Promise<StartResult> {
  const activated = takeActivatedSockets()
  const master = spawn(process.execPath, [entryFile('master-main')], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...activated.map(({fd}) => fd)],
  })
  const orders: MasterOrders = {
    options,
    inheritance: undefined,
    activated: activated.map(({name}, index) => ({name, fd: FIRST_SOCKET_FD + index})),
  }
  return new Promise(resolve => {
    const fail = (text: string) => resolve({kind: 'failed', problems: [text]})
    master.once('error', error => fail(`cannot start the master: ${error.message}`))
    master.once('exit', (status, signal) => fail(`the master ended early (${signal ?? `exit ${status}`})`))
    master.once('message', message => {
      master.disconnect()
      master.unref()
      resolve(message as StartResult)
    })
    master.send(orders, () => {})
  })
}
