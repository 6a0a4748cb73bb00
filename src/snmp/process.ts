/**
 * process — a process as the SNMP subagent: its pid file, who it is, what ends it.
 */
import path from 'node:path'
import {leaveRoot} from '../bus/leave-root.ts'
import type {McPlan} from '../bus/mc-plan.ts'
import type {Log} from '../log/log.ts'
import {leavePidFile, type Program, takePidFile} from '../process/pid-file.ts'
import type {MasterAddress} from './master-address.ts'
import {runSubagent} from './subagent.ts'

const TITLE = 'amavis-snmp-subagent'

const PROGRAM: Program = {
  name: TITLE,
  isNamedBy: line =>
    line.split(' ').some(word => [TITLE, 'subagent-main'].includes(path.basename(word, '.js'))),
}

export interface SubagentPlan
  extends Pick<
    McPlan,
    'endpoints' | 'mtaQueues' | 'level' | 'log' | 'facility' | 'pidFile' | 'user' | 'allowRoot'
  > {
  readonly master: MasterAddress
}

/**
 * Be the subagent until SIGTERM, SIGINT or SIGHUP.
 * @param ready called when it works, with or without a master agent
 * @throws AmavisError AM_DAEMON when it cannot start
 */
export async function runSubagentProcess(plan: SubagentPlan, log: Log, ready: () => void): Promise<void> {
  process.title = TITLE
  // before root is given up: the usual folder is root's
  if (plan.pidFile !== undefined) takePidFile(plan.pidFile, PROGRAM)
  try {
    leaveRoot(plan)
    const end = new AbortController()
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end.abort())
    process.on('SIGUSR1', () => {}) // would open Node's inspector
    ready()
    await runSubagent({
      master: plan.master,
      responder: plan.endpoints.snmp,
      mtaQueues: plan.mtaQueues,
      log,
      signal: end.signal,
    })
  } finally {
    if (plan.pidFile !== undefined) leavePidFile(plan.pidFile)
  }
}
