/**
 * subagent-main — the process of the SNMP subagent (start-subagent.ts).
 *
 * Its only argument is a SubagentPlan as JSON. Where there is a channel to the starter it carries one
 * SubagentMessage up. Imports no oclif.
 */
import {openMcLog} from '../bus/mc-log.ts'
import {errorText} from '../errors.ts'
import {runSubagentProcess, type SubagentPlan} from './process.ts'

export type SubagentMessage = {readonly kind: 'ready'} | {readonly kind: 'failed'; readonly problem: string}

/** What the original's name in the system's log is. */
const IDENT = 'amavis-agentx'

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '') as SubagentPlan
  const say = (message: SubagentMessage) => process.connected && process.send?.(message)
  const {log, close} = openMcLog(plan, IDENT)
  try {
    await runSubagentProcess(plan, log, () => say({kind: 'ready'}))
  } catch (error) {
    log.write(-2, errorText(error))
    say({kind: 'failed', problem: errorText(error)})
    process.exitCode = 1
  }
  if (process.connected) process.disconnect()
  await close()
}

void main()
