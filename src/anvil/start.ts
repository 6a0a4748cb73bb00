/**
 * start — a counting server in a process of its own, learning whether it came up.
 */
import {fork} from 'node:child_process'
import {entryFile} from '../process/program-file.ts'
import type {AnvilMessage} from './anvil-main.ts'
import type {AnvilOrder} from './plan.ts'

/** Little garbage is made, and none of it should cost a pause. */
const NODE_FLAGS = ['--max-semi-space-size=1']

/** @returns the pid, or why it did not start */
export function startAnvil(order: AnvilOrder): Promise<{readonly pid: number} | {readonly problem: string}> {
  const child = fork(entryFile('anvil-main'), [JSON.stringify(order)], {
    execArgv: NODE_FLAGS,
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  return new Promise(resolve => {
    child.once('error', error => resolve({problem: error.message}))
    child.once('exit', (status, signal) =>
      resolve({problem: `it ended early (${signal ?? `exit ${status}`})`}),
    )
    child.once('message', told => {
      const message = told as AnvilMessage
      child.unref()
      resolve(message.kind === 'ready' ? {pid: child.pid ?? 0} : {problem: message.problem})
    })
  })
}
