/**
 * start-mc — start a supervisor: in a process of its own, learning whether it came up, or in this one's place.
 */
import {fork} from 'node:child_process'
import {createInterface} from 'node:readline'
import {AmavisError} from '../errors.ts'
import {entryFile} from '../process/program-file.ts'
import type {McMessage} from './mc-main.ts'
import type {McPlan} from './mc-plan.ts'

/** A supervisor and its services make little garbage. */
const NODE_FLAGS = ['--max-semi-space-size=1']

export type StartedMc =
  | {
      readonly kind: 'started'
      readonly pid: number
      /** End it (SIGTERM) and wait; for an attached one. */
      stop(): Promise<void>
    }
  | {readonly kind: 'failed'; readonly problem: string}

/**
 * Start the bus's supervisor and wait until all services are up, `timeoutMs` at most.
 *
 * An attached one ends when this process does, whatever ends it, and writes its log to our standard error
 * (`plan.log` permitting), or line by line to `onLine`. A detached one is a daemon: a session of its own, no open streams.
 */
export async function startMc(
  plan: McPlan,
  {
    attached = false,
    timeoutMs = 15_000,
    onLine,
  }: {
    readonly attached?: boolean
    readonly timeoutMs?: number
    readonly onLine?: (line: string) => void
  } = {},
): Promise<StartedMc> {
  const child = fork(entryFile('mc-main'), [JSON.stringify(plan), attached ? 'attached' : 'detached'], {
    execArgv: NODE_FLAGS,
    detached: !attached,
    cwd: '/',
    stdio: ['ignore', 'ignore', !attached ? 'ignore' : onLine ? 'pipe' : 'inherit', 'ipc'],
  })
  if (child.stderr && onLine) createInterface(child.stderr).on('line', onLine)
  const exited = new Promise<number | null>(resolve => {
    child.once('error', () => resolve(null))
    child.once('exit', resolve)
  })
  let timer: NodeJS.Timeout | undefined
  const message = await Promise.race([
    new Promise<McMessage>(resolve => child.once('message', told => resolve(told as McMessage))),
    exited.then((code): McMessage => ({kind: 'failed', problem: `amavis-mc ended with status ${code}`})),
    new Promise<McMessage>(resolve => {
      timer = setTimeout(
        () => resolve({kind: 'failed', problem: 'its services did not come up in time; its log tells why'}),
        timeoutMs,
      )
    }),
  ])
  clearTimeout(timer)
  if (message.kind === 'failed') {
    child.kill('SIGTERM')
    await exited
    return message
  }
  if (!attached) child.disconnect()
  child.unref()
  child.channel?.unref()
  return {
    kind: 'started',
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM')
      child.ref()
      await exited
    },
  }
}

/**
 * Go on as the supervisor: this process with its pid and streams, but without what it has loaded so far.
 * @returns never; a supervisor that cannot start says why in its log and ends with status 1
 */
export function becomeMc(plan: McPlan): never {
  const args = [process.execPath, ...NODE_FLAGS, entryFile('mc-main'), JSON.stringify(plan), 'detached']
  if (!process.execve) throw new AmavisError('AM_BUG', 'this Node cannot replace its program')
  return process.execve(process.execPath, args)
}
