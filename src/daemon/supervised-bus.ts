/**
 * supervised-bus — the supervisor of the bus that a master brings up, and stops when it stops.
 *
 * It ends with the master, whatever ends that. One that was started by itself is left alone: ours then
 * says that it is taken and ends, which is a line in the log and no trouble for mail.
 */
import type {ConfiguredBus} from '../bus/configured-bus.ts'
import type {McPlan} from '../bus/mc-plan.ts'
import {startMc} from '../bus/start-mc.ts'
import type {Plan} from './plan.ts'

export interface SupervisedBus {
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** Our user and our log: it is a part of this daemon. */
function mcPlan(
  {endpoints, limits, facility, mtaQueues, recording}: ConfiguredBus,
  {home, log}: Plan,
  allowRoot: boolean,
): McPlan {
  return {
    endpoints,
    limits,
    mtaQueues,
    recording,
    facility,
    level: Math.min(5, log.level),
    log: log.target === 'syslog' ? 'syslog' : 'stderr',
    pidFile: `${home}/amavis-mc.pid`,
    allowRoot,
  }
}

/**
 * Begin to bring it up; what it says goes to `say`.
 * @returns undefined where the configuration does not publish
 */
export function bringUpBus(
  plan: Plan,
  allowRoot: boolean,
  say: (level: number, text: string) => void,
): SupervisedBus | undefined {
  if (!plan.bus) return undefined
  let pid: number | undefined
  const started = startMc(mcPlan(plan.bus, plan, allowRoot), {
    attached: true,
    onLine: line => say(1, withoutHead(line)),
  }).then(result => {
    if (result.kind === 'started') pid = result.pid
    else for (const problem of result.problem.split('\n')) say(-1, `the bus is not up: ${problem}`)
    return result
  })
  return {
    get pid() {
      return pid
    },
    async stop() {
      const result = await started
      if (result.kind === 'started') await result.stop()
    },
  }
}

/** A line of its log without time and host, which ours has. */
function withoutHead(line: string): string {
  return line.replace(/^[A-Z][a-z]{2} [ \d]\d [\d:]{8} \S+ /, '')
}
