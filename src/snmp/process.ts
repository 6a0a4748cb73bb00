/**
 * process — a process as the SNMP subagent: who it is, where it logs, what ends it.
 */
import path from 'node:path'
import {leaveRoot} from '../bus/leave-root.ts'
import {openMcLog} from '../bus/mc-log.ts'
import type {McPlan} from '../bus/mc-plan.ts'
import {AmavisError} from '../errors.ts'
import {leavePidFile, type Program, takePidFile} from '../process/pid-file.ts'
import {parseMasterAddress} from './master-address.ts'
import {runSubagent} from './subagent.ts'

const TITLE = 'amavis-snmp-subagent'
/** What the original's name in the system's log is. */
const IDENT = 'amavis-agentx'

const PROGRAM: Program = {
  name: TITLE,
  isNamedBy: line =>
    line
      .split(' ')
      .some(word => /^(?:amavisd?-snmp-subagent|snmp-subagent)$/.test(path.basename(word, '.js'))),
}

export interface SubagentPlan extends McPlan {
  /** where the master agent listens, as the settings have it */
  readonly master: string
}

/**
 * Be the subagent until SIGTERM, SIGINT or SIGHUP.
 * @throws AmavisError AM_USAGE for an address that is none, AM_DAEMON when it cannot start
 */
export async function runSubagentProcess(plan: SubagentPlan): Promise<void> {
  const master = parseMasterAddress(plan.master)
  if (!master) {
    throw new AmavisError(
      'AM_USAGE',
      `"${plan.master}" is no address of an SNMP agent: expected /var/agentx/master, tcp:localhost:705 or the like`,
    )
  }
  process.title = TITLE
  // before root is given up: the usual folder is root's
  if (plan.pidFile !== undefined) takePidFile(plan.pidFile, PROGRAM)
  try {
    leaveRoot(plan)
    const end = new AbortController()
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end.abort())
    process.on('SIGUSR1', () => {}) // would open Node's inspector
    const {log, close} = openMcLog(plan, IDENT)
    await runSubagent({
      master,
      responder: plan.endpoints.snmp,
      mtaQueues: plan.mtaQueues,
      log,
      signal: end.signal,
    })
    await close()
  } finally {
    if (plan.pidFile !== undefined) leavePidFile(plan.pidFile)
  }
}
