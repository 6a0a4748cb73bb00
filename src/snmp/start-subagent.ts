/**
 * start-subagent — start the SNMP subagent: as a daemon, learning whether it came up, or in this process's place.
 */
import {fork} from 'node:child_process'
import {AmavisError} from '../errors.ts'
import {entryFile} from '../process/program-file.ts'
import type {SubagentPlan} from './process.ts'
import type {SubagentMessage} from './subagent-main.ts'

const NODE_FLAGS = ['--max-semi-space-size=1']

/**
 * Start it in a session of its own, without open streams; resolves when it runs, whether or not there is a
 * master agent already.
 * @throws AmavisError AM_DAEMON with its reason when it cannot start
 */
export async function startSubagent(plan: SubagentPlan): Promise<void> {
  const child = fork(entryFile('subagent-main'), [JSON.stringify(plan)], {
    execArgv: NODE_FLAGS,
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const message = await new Promise<SubagentMessage>(resolve => {
    child.once('message', told => resolve(told as SubagentMessage))
    child.once('error', error => resolve({kind: 'failed', problem: error.message}))
    child.once('exit', code => resolve({kind: 'failed', problem: `it ended with status ${code}`}))
  })
  if (message.kind === 'failed') throw new AmavisError('AM_DAEMON', message.problem)
  child.disconnect()
  child.unref()
}

/**
 * Go on as the subagent: this process with its pid and streams, but without what it has loaded so far.
 * @returns never; one that cannot start says why in its log and ends with status 1
 */
export function becomeSubagent(plan: SubagentPlan): never {
  if (!process.execve) throw new AmavisError('AM_BUG', 'this Node cannot replace its program')
  const args = [process.execPath, ...NODE_FLAGS, entryFile('subagent-main'), JSON.stringify(plan)]
  return process.execve(process.execPath, args)
}
