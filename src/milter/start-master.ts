/**
 * start-master — the master of a milter in a process of its own, learning whether it came up.
 */
import {fork} from 'node:child_process'
import {entryFile} from '../process/program-file.ts'
import type {MilterMessage} from './milter-main.ts'
import type {MilterOrder} from './plan.ts'

/** Binding, and the start of its first process, take some tenths of a second. */
export const START_LIMIT_MS = 60_000

/** What a master hands over to the one that takes its place. */
export interface Succession {
  readonly pid: number
  /** descriptor of the port */
  readonly descriptor: number
}

/** The descriptor's number in the new process. */
export const INHERITED_FD = 4

export async function startMaster(
  name: string,
  order: MilterOrder,
  succession?: Succession,
): Promise<{readonly pid: number} | {readonly problem: string}> {
  const words = [name, JSON.stringify(order), ...(succession ? [String(succession.pid)] : [])]
  const child = fork(entryFile('milter-main'), words, {
    execArgv: ['--max-semi-space-size=1'],
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc', ...(succession ? [succession.descriptor] : [])],
  })
  const message = await new Promise<MilterMessage>(resolve => {
    const failed = (problem: string) => resolve({kind: 'failed', problem})
    setTimeout(() => failed('it is not ready after a minute'), START_LIMIT_MS).unref()
    child.once('error', error => failed(error.message))
    child.once('exit', (status, signal) => failed(`it ended early (${signal ?? `exit ${status}`})`))
    child.once('message', told => resolve(told as MilterMessage))
  })
  child.unref()
  return message.kind === 'failed' ? {problem: message.problem} : {pid: child.pid ?? 0}
}
